"""Damage to a log's entries: reading changes nothing, what was acknowledged is missed aloud, what was torn is not."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from contracts.errors import Exit, SourceUnavailable
from contracts.figures import FIGURES
from contracts.releases import QUARANTINE
from data_lake.audit import audit_lake
from data_lake.entries import Entries, LakeDamaged
from data_lake.figures import read_figures
from data_lake.lake import Lake, open_lake
from data_lake.opening import forget_open_tables
from data_lake.storage import hold
from tests.accounts import another_account
from tests.builders import head, record
from tests.data_lake.test_delta import found, row

Harm = Callable[[Path], object]
HARMS: dict[str, Harm] = {
    "cut": lambda path: path.write_bytes(path.read_bytes()[:40]),
    "cut at the end of a line": lambda path: path.write_bytes(path.read_bytes().splitlines()[0]),
    "empty": lambda path: path.write_bytes(b""),
    "zeros": lambda path: path.write_bytes(bytes(path.stat().st_size)),
}


def entry(lake: Lake, table: str, *, kept: bool = False) -> Path:
    """The newest entry of a table, or its copy."""
    return max((Path(lake.uri) / table / ("_kept" if kept else "_delta_log")).glob("*.json"))


def look(lake: Lake) -> dict[str, bytes]:
    """Every file of the lake with its bytes."""
    return {str(path): path.read_bytes() for path in sorted(Path(lake.uri).rglob("*")) if path.is_file()}


@pytest.fixture
def rows_ab(lake) -> Lake:
    for value in "ab":
        lake.table(QUARANTINE).append(row(value))
    return lake


@pytest.mark.parametrize("harm", HARMS.values(), ids=HARMS)
def test_a_torn_entry_that_was_never_acknowledged_is_passed_over_by_readers_and_set_aside_by_writers(rows_ab, harm):
    entry(rows_ab, "quarantine", kept=True).unlink()
    harm(entry(rows_ab, "quarantine"))
    forget_open_tables()
    before = look(rows_ab)
    assert found(rows_ab) == ["a"]
    assert look(rows_ab) == before
    rows_ab.table(QUARANTINE).append(row("c"))
    assert found(rows_ab) == ["a", "c"]
    assert len(list(Path(rows_ab.uri).rglob("*.torn"))) == 1


@pytest.mark.parametrize("is_open", [True, False], ids=["table open", "table opened afresh"])
@pytest.mark.parametrize("harm", [*HARMS.values(), Path.unlink], ids=[*HARMS, "gone"])
def test_an_acknowledged_entry_that_is_damaged_is_told_and_nothing_is_changed(lake, harm, is_open):
    """181 bytes less, or none: no command answers as if the release had never been there."""
    record(lake, head(), {"value": 1.0})
    record(lake, head(review_month="2026-02", document_name="2026-02.csv"), {"value": 2.0}, {"period": "2026-02"})
    if is_open:
        Lake(lake.storage).table(QUARANTINE)
    harm(entry(lake, "figures"))
    if not is_open:
        forget_open_tables()
    before = look(lake)
    for act in (lambda: read_figures(lake), lambda: record(lake, head(review_month="2026-03"), {"value": 3.0})):
        if is_open and harm is not Path.unlink:
            continue  # what this process has read whole stands; the next one to open the table misses it
        with pytest.raises(LakeDamaged) as caught:
            act()
        told = str(caught.value)
        assert caught.value.exit_code == Exit.SOURCE
        assert "2 rows in 1 file of release" in told
        assert "smm sodium_ion 2026-02, document 2026-02.csv, 2 figures" in told
        assert "trona repair" in told
        assert {name: data for name, data in look(lake).items() if name in before} == before


def test_an_older_entry_that_is_damaged_is_told_too(rows_ab):
    path = min((Path(rows_ab.uri) / "quarantine" / "_delta_log").glob("*.json"))
    path.write_text("{not json")
    forget_open_tables()
    with pytest.raises(LakeDamaged, match="entry 0 of the table quarantine was acknowledged and is damaged"):
        found(rows_ab)


def test_in_a_lake_without_copies_nothing_is_taken_for_torn(rows_ab):
    """Of a lake that older versions wrote it cannot be known what was acknowledged."""
    shutil.rmtree(Path(rows_ab.uri) / "quarantine" / "_kept")
    HARMS["cut"](entry(rows_ab, "quarantine"))
    forget_open_tables()
    before = look(rows_ab)
    for act in (lambda: found(rows_ab), lambda: rows_ab.table(QUARANTINE).append(row("c"))):
        with pytest.raises(LakeDamaged, match="what it recorded is not known"):
            act()
    assert {name: data for name, data in look(rows_ab).items() if name in before} == before


def test_a_lake_without_copies_gets_them_with_the_next_commit(rows_ab):
    shutil.rmtree(Path(rows_ab.uri) / "quarantine" / "_kept")
    forget_open_tables()
    assert found(rows_ab) == ["a", "b"]
    rows_ab.table(QUARANTINE).append(row("c"))
    entries = Entries(rows_ab.storage, "quarantine")
    assert entries.kept_versions() == entries.versions() == [0, 1, 2, 3]
    assert all(entries.look(version, thoroughly=True) == "whole" for version in range(4))


def test_a_torn_entry_is_not_set_aside_while_others_write(rows_ab):
    entry(rows_ab, "quarantine", kept=True).unlink()
    HARMS["cut"](entry(rows_ab, "quarantine"))
    forget_open_tables()
    with (
        hold(Path(rows_ab.uri) / "quarantine" / "_delta_log", alone=False),
        pytest.raises(SourceUnavailable, match="others are writing"),
    ):
        rows_ab.table(QUARANTINE).append(row("c"))
    assert not list(Path(rows_ab.uri).rglob("*.torn"))


@pytest.fixture
def shared() -> Iterator[Lake]:
    """A lake with a release, in a folder that every account may enter."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    lake = open_lake(folder / "lake")
    record(lake, head(), {"value": 1.0})
    yield lake
    for path in folder.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
    shutil.rmtree(folder)


@pytest.mark.parametrize("what", ["entry", "log", "copies", "table"])
def test_what_may_not_be_opened_is_not_taken_for_torn_or_absent(shared, what):
    table = Path(shared.uri) / "releases"
    places = {"log": table / "_delta_log", "copies": table / "_kept", "table": table}
    place = places.get(what) or entry(shared, "releases")
    before = look(shared)
    forget_open_tables()
    place.chmod(0)
    with another_account(), pytest.raises(SourceUnavailable) as caught:
        read_figures(shared)
    assert not isinstance(caught.value, LakeDamaged)
    assert "ermission denied" in str(caught.value)
    place.chmod(0o755 if place.is_dir() else 0o644)
    assert look(shared) == before


def test_an_entry_that_cannot_be_read_is_not_taken_for_torn(rows_ab):
    """A real I/O error: the first bytes of `/proc/self/mem` are no memory of anybody."""
    entry(rows_ab, "quarantine", kept=True).unlink()
    path = entry(rows_ab, "quarantine")
    path.unlink()
    path.symlink_to("/proc/self/mem")
    forget_open_tables()
    for act in (lambda: found(rows_ab), lambda: rows_ab.table(QUARANTINE).append(row("c"))):
        with pytest.raises(SourceUnavailable) as caught:
            act()
        assert "Input/output error" in str(caught.value)
        assert caught.value.exit_code == Exit.SOURCE
    assert path.is_symlink()
    (fault,) = audit_lake(rows_ab)  # the other tables are looked at all the same
    assert (fault.kind, fault.table, fault.found) == ("entry", "quarantine", "cannot be read: Input/output error")
    assert fault.name == str(path.relative_to(rows_ab.uri))
    assert fault.version == int(path.stem)


@pytest.mark.parametrize("mask", [0o022, 0o027, 0o077])
def test_who_may_read_is_what_the_umask_says(tmp_path, mask):
    """One rule for data files, log entries, copies and documents: 0666 and 0777 less the umask."""
    before = os.umask(mask)
    try:
        lake = open_lake(tmp_path / "lake")
        lake.keep_document("ab" * 32, b"as it came")
        record(lake, head(), {"value": 1.0})
    finally:
        os.umask(before)
    modes = {path: path.stat().st_mode & 0o777 for path in Path(lake.uri).rglob("*")}
    assert {mode for path, mode in modes.items() if path.is_file()} == {0o666 & ~mask}
    assert {mode for path, mode in modes.items() if path.is_dir()} == {0o777 & ~mask}


def test_another_account_reads_what_the_umask_lets_it_read(shared):
    forget_open_tables()
    with another_account():
        assert read_figures(shared).height == 1
        with pytest.raises(SourceUnavailable, match="cannot be written"):
            shared.table(FIGURES).append(FIGURES.empty().clear(1))
