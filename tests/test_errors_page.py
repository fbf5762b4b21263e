"""docs/errors.md: what commands really say stands on it, under the code with which they leave."""

import re
from pathlib import Path

import pytest

from contracts.errors import Exit, TronaError
from contracts.period import parse_month
from data_lake.lake import open_lake
from tasks.delivery import load_receivers
from tasks.intake.documents import find_documents

PAGE = (Path(__file__).parents[1] / "docs" / "errors.md").read_text(encoding="utf-8")


def find_code(error: TronaError) -> int | None:
    """The code of the section in which a row of the page has the words of an error."""
    code = None
    for line in PAGE.splitlines():
        if found := re.match(r"## (\d+): ", line):
            code = int(found[1])
        elif line.startswith("| "):
            cells = [re.sub(r"\\(.)", r"\1", cell) for cell in re.split(r" \| ", line.strip("| "))]
            words = [re.escape(part) for part in cells[0].split("…")]
            if code and re.fullmatch(".*".join(words), error.what):
                return code
    return None


@pytest.mark.parametrize(
    ("act", "code"),
    [
        (lambda _: parse_month("soon"), Exit.USAGE),
        (lambda folder: load_receivers(folder / "none.toml"), Exit.USAGE),
        (lambda folder: find_documents([folder / "none.csv"]), Exit.SOURCE),
        (lambda folder: open_lake(folder / "a%20b"), Exit.USAGE),
    ],
)
def test_what_is_raised_is_on_the_page_under_its_code(tmp_path, act, code):
    with pytest.raises(TronaError) as raised:
        act(tmp_path)
    assert raised.value.exit_code == code
    assert find_code(raised.value) == code


def test_every_code_is_explained():
    for code in Exit:
        assert re.search(rf"^\| {int(code)} \| [A-Z]", PAGE, re.MULTILINE)
