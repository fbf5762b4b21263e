"""What is told, to the word, where a lake, a file of it or an id cannot be had."""

import errno
import re
from collections import OrderedDict
from pathlib import Path

import polars as pl
import pytest

from contracts.errors import SourceUnavailable, UsageError
from contracts.figures import FIGURES
from data_lake.damage import find_damage, tell_damage
from data_lake.delta import _unwritable
from data_lake.entries import LakeDamaged, describe_actions
from data_lake.figures import read_figures
from data_lake.files import fill_file, write_file
from data_lake.ids import find_by_prefix
from data_lake.lake import Lake, open_lake
from data_lake.opening import forget_open_tables
from data_lake.storage import Storage
from tests.builders import head, record
from tests.data_lake.harm import cut, data_files, remove


def told(error: Exception, root: Path) -> str:
    """The five parts, with `LAKE` for the folder and no names of data files."""
    return re.sub(r"[0-9a-f]{20,}", "FILE", str(error).replace(str(root), "LAKE"))


@pytest.fixture
def made(lake, monkeypatch) -> Lake:
    """A lake with figures of two reviews, each in its own file, in a process that has seen no other."""
    monkeypatch.setattr("data_lake.opening._SEEN", OrderedDict())
    record(lake, head(), {"value": 2.0})
    record(lake, head(review_month="2026-02", document="2" * 64), {"value": 3.0, "period": "2026-02"})
    forget_open_tables()
    return lake


def test_a_data_file_that_is_gone_or_cut_is_told_with_its_table(made):
    read_figures(made)
    assert find_damage() is None
    first, second = data_files(made, "figures")
    cut(made.storage, first)
    with pytest.raises(LakeDamaged) as caught, tell_damage():
        read_figures(made)
    said = told(caught.value, Path(made.uri))
    assert re.fullmatch(
        r"1 data file of the table figures is damaged or gone\n"
        r"  where   LAKE/figures/.*FILE.*\.parquet\n"
        r"  found   .*FILE.*\.parquet: damaged: [\d,]+ bytes, .+\n"
        r"  effect  nothing was changed; commands that need these rows stop\n"
        r"  next    trona doctor --deep shows all that is damaged, trona repair rebuilds it from the kept documents",
        said,
    ), said
    remove(made.storage, second)
    both = find_damage()
    assert both is not None
    assert both.what == "2 data files of the table figures are damaged or gone"
    assert str(both.found).count("damaged: ") == str(both.found).count("missing") == 1


@pytest.mark.parametrize(
    "error", [ValueError("of our own"), BrokenPipeError(), ConnectionResetError(), KeyboardInterrupt()]
)
def test_what_is_no_error_of_reading_is_left_as_it_is(made, error):
    """Also where a table is damaged: nobody has looked for it."""
    read_figures(made)
    remove(made.storage, data_files(made, "figures")[0])
    with pytest.raises(type(error)) as caught, tell_damage():
        raise error
    assert caught.value is error
    for reading in (
        pl.exceptions.ComputeError("x"),
        FileNotFoundError("x"),
        type("PanicException", (BaseException,), {})(),
    ):
        with pytest.raises(LakeDamaged) as turned, tell_damage():
            raise reading
        assert turned.value.__cause__ is reading


def test_a_lake_that_must_exist_and_does_not(tmp_path):
    open_lake(tmp_path / "there").storage.put("documents/x", b"")
    open_lake(tmp_path / "there").require()
    with pytest.raises(SourceUnavailable) as caught:
        open_lake(tmp_path / "none").require()
    assert told(caught.value, tmp_path / "none") == (
        "there is no lake here, and none may be made\n"
        "  where   LAKE\n"
        "  effect  nothing was read or written\n"
        "  next    mount the share or correct the address; to make a new lake here: "
        "TRONA_LAKE_MUST_EXIST=false for one command"
    )


@pytest.mark.parametrize(
    ("do", "verb"),
    [
        (lambda storage: storage.get("none"), "read"),
        (lambda storage: storage.put("file/below", b""), "written"),
        (lambda storage: storage.copy("none", "other"), "read"),
        (lambda storage: storage.size("file/below"), "found"),
        (lambda storage: storage.set_aside("none", ".torn"), "set aside"),
    ],
    ids=["get", "put", "copy", "size", "set aside"],
)
def test_a_file_of_the_lake_that_cannot_be_had_says_what_could_not_be_done(lake, do, verb):
    lake.storage.put("file", b"x")
    with pytest.raises(SourceUnavailable) as caught:
        do(lake.storage)
    reason = errno.ENOTDIR if "below" in str(caught.value.where) else errno.ENOENT
    assert isinstance(caught.value.__cause__, OSError)
    assert caught.value.__cause__.errno in {reason, errno.EEXIST}
    assert (caught.value.what, caught.value.found) == (
        f"a file of the lake cannot be {verb}",
        caught.value.__cause__.strerror,
    )
    assert str(caught.value.where).startswith(str(lake.uri))
    assert caught.value.effect == "nothing was recorded by this step; what was recorded before is whole"


@pytest.mark.parametrize(
    ("do", "verb"),
    [
        (lambda storage: storage.has("a"), "found"),
        (lambda storage: storage.size("a"), "found"),
        (lambda storage: storage.get("a"), "read"),
        (lambda storage: storage.list("a"), "listed"),
        (lambda storage: storage.has_any("a"), "listed"),
        (lambda storage: storage.copy("a", "b"), "written"),
        (lambda storage: storage.set_aside("a", ".torn"), "set aside"),
    ],
    ids=["has", "size", "get", "list", "has_any", "copy", "set aside"],
)
def test_an_object_store_that_refuses_is_told_in_its_words(monkeypatch, do, verb):
    def refuse(_: Storage) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Storage, "_objects", refuse)
    with pytest.raises(SourceUnavailable) as caught:
        do(open_lake("s3://bucket/lake").storage)
    assert (caught.value.what, caught.value.found) == (f"a file of the lake cannot be {verb}", "Permission denied")
    assert str(caught.value.where).startswith("s3://bucket/lake/")
    assert isinstance(caught.value.__cause__, PermissionError)


@pytest.mark.parametrize(("error", "found"), [(OSError("first\nsecond"), "first"), (TimeoutError(), "TimeoutError")])
def test_a_table_that_cannot_be_written_gives_the_first_line_of_the_reason(error, found):
    assert str(_unwritable("LAKE/figures", error)) == (
        "a table of the lake cannot be written\n"
        "  where   LAKE/figures\n"
        f"  found   {found}\n"
        "  effect  nothing was written; earlier data is intact\n"
        "  next    check permissions and free space, then run the same command again"
    )


def test_a_file_is_written_whole_below_folders_that_were_not_there(tmp_path):
    write_file(tmp_path / "a" / "b" / "file", b"first")
    assert (tmp_path / "a" / "b" / "file").read_bytes() == b"first"

    def fill(file) -> None:
        file.write(b"half of the sec")
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(SourceUnavailable) as caught:
        fill_file(tmp_path / "a" / "b" / "file", fill)
    assert told(caught.value, tmp_path) == (
        "the file cannot be written\n"
        "  where   LAKE/a/b/file\n"
        "  found   No space left on device\n"
        "  effect  what was there before is as it was; files written before it are whole\n"
        "  next    make room there (or in the folder for temporary files, TMPDIR), or name another place"
    )
    assert [path.name for path in (tmp_path / "a" / "b").iterdir()] == ["file"]
    assert (tmp_path / "a" / "b" / "file").read_bytes() == b"first"
    with pytest.raises(SourceUnavailable, match="the file cannot be written"):
        write_file(tmp_path / "a" / "b" / "file" / "below", b"")


IDS = pl.Series(["smm-2026-01-abcd1", "smm-2026-02-abcd2", "smm-2026-03-abcd3", "lme-2026-01-0123"])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("abc", ("'abc' is too short for a release", None, "give at least 4 characters; see `trona releases`")),
        ("nope", ("unknown release 'nope'", None, "see `trona releases`")),
        (
            "abcd",
            (
                "3 releases begin with 'abcd'",
                "smm-2026-01-abcd1, smm-2026-02-abcd2, smm-2026-03-abcd3",
                "give more of its characters",
            ),
        ),
    ],
)
def test_an_id_that_is_none_or_many(text, said):
    with pytest.raises(UsageError) as caught:
        find_by_prefix(text, IDS, "release", "see `trona releases`")
    assert (caught.value.what, caught.value.found or None, caught.value.next) == said
    assert find_by_prefix("abcd2", IDS, "release", "") == "smm-2026-02-abcd2"
    assert find_by_prefix("lme-", IDS, "release", "") == "lme-2026-01-0123"


def test_of_many_ids_three_are_named():
    with pytest.raises(UsageError) as caught:
        find_by_prefix("abcd", pl.concat([IDS, pl.Series(["abcd4"])]), "release", "")
    assert caught.value.found == "abcd4, smm-2026-01-abcd1, smm-2026-02-abcd2 …"


def test_what_an_entry_held_is_told_by_its_claims_where_it_says_nothing_else():
    """The release's id may hold colons; claims of other things are no releases."""
    actions = [{"txn": {"appId": name}} for name in ("release:smm:2026-01", "retract:smm:2026-02", "other release:x")]
    assert describe_actions(actions) == "0 rows in 0 files of release smm:2026-01"
    many = [{"txn": {"appId": f"release:r{number}"}} for number in range(12)]
    assert describe_actions([*many, {"add": {"stats": '{"numRecords": 7}'}}, {"add": {}}]).startswith(
        "7 rows in 2 files of release r0, release r1"
    )


def test_a_table_is_named_by_its_lake(lake):
    assert lake.table(FIGURES).address == f"{lake.uri}/figures"


def test_a_lake_that_cannot_be_read_hides_no_other_failure(lake, monkeypatch):
    (lake.storage.local / "figures" / "_delta_log" / f"{0:020}.json").mkdir(parents=True)  # no file: cannot be read
    monkeypatch.setattr("data_lake.opening.list_seen", lambda: [(lake.storage, "figures")])
    with pytest.raises(OSError, match="no space left"), tell_damage():
        raise OSError("no space left")


def test_a_full_disk_is_no_damage_also_where_a_lake_is_damaged(made):
    remove(made.storage, data_files(made, "figures")[0])
    with pytest.raises(OSError, match="No space"), tell_damage():
        raise OSError(errno.ENOSPC, "No space left on device")
