"""A disk that takes no more is told in five parts with exit code 4, and leaves nothing half-written under a name."""

import json
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from contracts.errors import SourceUnavailable
from data_lake.opening import forget_open_tables
from flows.service.access import make_password, read_password
from tests.flows.command import Command
from tests.flows.conftest import ROOT
from tests.tasks.interrupted import take_in_all

EXAMPLES = ROOT / "examples" / "figures" / "smm" / "sodium_ion"
REVIEW = ROOT / "examples" / "review.txt"


@pytest.fixture(scope="module")
def one_release(tmp_path_factory):
    folder = tmp_path_factory.mktemp("one") / "lake"
    take_in_all(str(folder), [str(EXAMPLES / "2026-01.csv")])
    return folder


@pytest.fixture
def trona(capfdbinary, monkeypatch, tmp_path, one_release):
    monkeypatch.chdir(tmp_path)
    forget_open_tables()
    return Command(capfdbinary, monkeypatch, one_release)


# what a person names, by the file that it writes first
WRITES = {
    "book.xlsx": ["export", "book.xlsx", "--overwrite", "--lake"],
    "site/index.html": ["page", "--out", "site", "--lake"],
    "marked.html": ["extract", str(REVIEW), "--html", "marked.html"],
    "sodium_ion_2026-01.csv": ["template", "sodium_ion", "--overwrite", "--month", "2026-01"],
    "trona.toml": ["init", "--overwrite"],
}


@pytest.fixture(scope="module")
def full(tmp_path_factory, one_release):
    """Every command in one process whose files cannot grow beyond 100 bytes: what it said, and what is there then."""
    folder = tmp_path_factory.mktemp("full")
    for name in WRITES:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text("# the one before")
    calls = [[*words, str(one_release)] if words[-1] == "--lake" else words for words in WRITES.values()]
    ended = subprocess.run(
        [sys.executable, "-c", _LIMITED, "100", json.dumps(calls)],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert "Exception ignored" not in ended.stderr
    return folder, dict(zip(WRITES, json.loads(ended.stdout), strict=True))


_LIMITED = """
import contextlib, io, json, resource, sys
from flows.cli import main
from flows.service.access import make_password
from pathlib import Path

resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), resource.RLIM_INFINITY))  # the system's own error, EFBIG
told = []
for words in json.loads(sys.argv[2]):
    sys.argv = ["trona", *words]
    with contextlib.redirect_stderr(io.StringIO()) as err, contextlib.redirect_stdout(io.TextIOWrapper(io.BytesIO())):
        try:
            main()
        except SystemExit as left:
            told.append([left.code, err.getvalue()])
print(json.dumps(told))
"""


@pytest.mark.parametrize("name", WRITES)
def test_a_file_that_a_person_named_is_whole_or_as_it_was_before(full, name):
    folder, told = full
    code, said = told[name]
    assert code == 4, said
    assert [line.split()[0] for line in said.splitlines()[-5:]] == ["the", "where", "found", "effect", "next"], said
    assert name in said
    assert "File too large" in said
    assert (folder / name).read_text() == "# the one before"
    assert not list(folder.rglob(".writing-*"))


READS = {
    "figures": ["figures"],
    "csv": ["figures", "--format", "csv"],
    "json": ["figures", "--format", "json"],
    "parquet": ["figures", "--format", "parquet"],
    "month": ["month"],
    "doctor": ["doctor", "--json"],
}


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize("name", READS)
def test_output_that_is_not_taken_is_exit_code_4_in_five_parts(trona, monkeypatch, name):
    with suppress(OSError), Path("/dev/full").open("w") as full:  # what is left in it fails once more at its end
        monkeypatch.setattr(sys, "stdout", full)
        told = trona(*READS[name], code=4).err
    assert "Traceback" not in told
    assert "the output cannot be written" in told
    assert "No space left on device" in told


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_messages_that_are_not_taken_stop_nothing(trona, monkeypatch, tmp_path):
    with suppress(OSError), Path("/dev/full").open("w", buffering=1) as full:
        monkeypatch.setattr(sys, "stderr", full)
        trona("export", "book.xlsx")
        trona("figures", "--columns", "nowhere", code=2)
    assert (tmp_path / "book.xlsx").stat().st_size > 5000


def test_streams_that_are_closed_go_nowhere_and_no_file_takes_their_number(tmp_path, one_release):
    command = (
        f"exec {sys.executable} -c 'from flows.cli import main; main()' export book.xlsx --lake {one_release} >&- 2>&-"
    )
    ended = subprocess.run(
        ["sh", "-c", command],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 0
    assert (tmp_path / "book.xlsx").read_bytes().startswith(b"PK")


def test_a_password_is_there_whole_or_not_at_all(tmp_path):
    (tmp_path / "home").write_text("a file where the folder should be")
    with pytest.raises(SourceUnavailable, match="cannot be written"):
        make_password(tmp_path / "home")
    (tmp_path / "home").unlink()
    assert [path.name for path in (make_password(tmp_path / "home").parent).iterdir()] == ["password"]
    assert len(str(read_password(make_password(tmp_path / "home")).reveal())) > 30


def test_an_empty_password_lets_nobody_in(tmp_path):
    (tmp_path / "password").write_text("")
    with pytest.raises(SourceUnavailable, match="is empty"):
        read_password(tmp_path / "password")
