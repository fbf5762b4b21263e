"""docs/guarantees.md and docs/situations.md name tests: each of them is there, in the file it is said to be in."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "guarantees.md").read_text(encoding="utf-8")
SITUATIONS = (ROOT / "docs" / "situations.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("page", [PAGE, SITUATIONS], ids=["guarantees", "situations"])
def test_every_test_that_shows_a_promise_is_there(page):
    files = {path.name: path for path in (ROOT / "tests").rglob("test_*.py")}
    missing, current = [], None
    for name in re.findall(r"`((?:tests/[\w/]*)?test_\w+(?:\.py)?)`", page):
        if name.endswith(".py"):
            current = ROOT / name if "/" in name else files.get(name)
            if current is None or not current.exists():
                missing.append(name)
        elif current is not None and current.exists() and f"def {name}(" not in current.read_text(encoding="utf-8"):
            missing.append(f"{name} in {current.name}")
    assert missing == []


def test_every_promise_names_a_test():
    rows = [line for line in PAGE.splitlines() if line.startswith("| ") and not line.startswith("| promise")]
    assert len(rows) > 40
    assert [row for row in rows if "test_" not in row] == []


def test_every_situation_names_its_tracker_and_a_test():
    rows = [line for line in SITUATIONS.splitlines() if line.startswith("| ") and not line.startswith("| elsewhere")]
    assert len(rows) >= 30
    assert [row for row in rows if not re.search(r"\| [\w.-]+/[\w.-]+ \d+.*`test_", row)] == []
