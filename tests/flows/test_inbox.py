"""The inbox: what is a document, when it is whole, and where it goes."""

import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import pytest

from contracts.errors import ContractBroken, SourceUnavailable
from flows.inbox.pickup import take_from_inbox
from flows.inbox.stores import DONE, REFUSED, is_document_name, is_open_for_writing, open_inbox, write_reason
from flows.inbox.watcher import Watch, watch_inbox
from tests.accounts import another_account


@pytest.fixture
def inbox(tmp_path):
    return open_inbox(str(tmp_path / "inbox"))


def put(inbox, name, text="x"):
    path = inbox.folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


@pytest.mark.parametrize("name", ["2026-01.csv", "smm/2026-01.xlsx", "review.txt", "钠电.docx"])
def test_documents(name):
    assert is_document_name(name)


@pytest.mark.parametrize(
    "name",
    [".hidden.csv", "~$open.xlsx", "big.csv.part", "x.CRDOWNLOAD", "done/a.csv", "refused/a.csv", "a.mapping.toml"],
)
def test_no_documents(name):
    assert not is_document_name(name)


def test_lists_by_name_and_leaves_out_what_was_dealt_with(inbox):
    for name in ("b.csv", "a.csv", "sub/c.csv", "done/old.csv", ".d.csv"):
        put(inbox, name)
    assert [d.name for d in inbox.list()] == ["a.csv", "b.csv", "sub/c.csv"]


def test_accepts_into_done(inbox):
    put(inbox, "sub/a.csv", "bytes")
    inbox.accept(inbox.list()[0])
    assert (inbox.folder / "done/sub/a.csv").read_text() == "bytes"
    assert inbox.list() == []


def test_refuses_with_the_reason_beside_it(inbox):
    put(inbox, "a.csv")
    error = ContractBroken("the document is empty", where="a.csv", found="0 bytes", next="copy it again")
    inbox.refuse(inbox.list()[0], write_reason("a.csv", error))
    reason = (inbox.folder / "refused/a.csv.reason.txt").read_text()
    assert "a.csv was refused" in reason
    assert "0 bytes" in reason
    assert "copy it again" in reason


def test_the_same_name_again_overwrites_nothing(inbox):
    for text in ("first", "second"):
        put(inbox, "a.csv", text)
        inbox.accept(inbox.list()[0])
    assert sorted(p.read_text() for p in (inbox.folder / "done").glob("a*.csv")) == ["first", "second"]


def test_a_document_that_changed_meanwhile_stays(inbox):
    path = put(inbox, "a.csv", "read")
    seen = inbox.list()[0]
    path.write_text("written since, longer")
    inbox.accept(seen)
    assert [d.name for d in inbox.list()] == ["a.csv"]


def test_a_document_that_is_gone_is_passed_over(inbox):
    path = put(inbox, "a.csv")
    seen = inbox.list()[0]
    path.unlink()
    inbox.refuse(seen, "reason")
    assert not list((inbox.folder / "refused").iterdir())


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="leases are of Linux")
def test_knows_who_is_writing(tmp_path):
    path = tmp_path / "a.csv"
    with path.open("w") as file:
        file.write("half")
        file.flush()
        assert is_open_for_writing(path)
    assert is_open_for_writing(path) is False


def test_an_inbox_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(SourceUnavailable, match="inbox cannot be made"):
        open_inbox(str(tmp_path / "file" / "inbox"))


@pytest.fixture
def public_inbox():
    """An inbox into which every account may drop documents; of theirs the system does not say who writes them."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    inbox = open_inbox(str(folder / "in"))
    for path in (inbox.folder, inbox.folder / "done", inbox.folder / "refused"):
        path.chmod(0o777)
    yield inbox
    shutil.rmtree(folder)


def drop(inbox, name: str, text: str) -> Path:
    """A document of the account that runs the tests, dropped while `another_account` watches."""
    path = inbox.folder / name
    path.write_text(text)
    path.chmod(0o644)
    return path


IS_ROOT = pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="two accounts need root")


@IS_ROOT
def test_of_a_file_of_another_account_it_is_not_known_who_writes_it(public_inbox):
    path = drop(public_inbox, "a.csv", "half")
    with another_account():
        assert is_open_for_writing(path) is None
        assert not public_inbox.is_whole("a.csv")
        assert not public_inbox.is_still_written("a.csv")


@IS_ROOT
def test_waits_until_it_is_left_alone(public_inbox):
    watch = Watch(public_inbox, settle_seconds=10.0)
    path = drop(public_inbox, "a.csv", "half")
    with another_account():
        assert watch.look(0.0) == []
        assert watch.look(9.0) == []
    path.write_text("all of it")
    with another_account():
        assert watch.look(11.0) == []  # it grew: its ten seconds begin anew
        assert watch.look(20.0) == []
        assert [d.name for d in watch.look(22.0)] == ["a.csv"]
        assert watch.look(30.0) == []  # handed over once


def test_what_nobody_writes_is_taken_at_once(inbox):
    watch = Watch(inbox, settle_seconds=10.0)
    put(inbox, "a.csv")
    assert watch.look(0.0) == []
    assert [d.name for d in watch.look(0.6)] == ["a.csv"]


def test_what_stays_open_although_nobody_writes_is_taken_in_the_end(inbox):
    """As shares report it: ten times the settling time, here 100 s."""
    watch = Watch(inbox, settle_seconds=10.0)
    with (inbox.folder / "a.csv").open("w") as file:
        file.write("all of it")
        file.flush()
        assert watch.look(0.0) == []
        assert watch.look(99.0) == []
        assert [d.name for d in watch.look(101.0)] == ["a.csv"]


@IS_ROOT
def test_an_upload_that_pauses_and_grows_after_it_was_taken_is_read_again(public_inbox):
    """Another account pauses for longer than the settling time, then goes on writing into `done/`."""
    said = []
    watch = Watch(public_inbox, settle_seconds=1.0, say=said.append)
    path = drop(public_inbox, "2026-01.csv", "")
    with path.open("w") as upload:
        upload.write("first half\n")
        upload.flush()
        with another_account():
            assert watch.look(0.0) == []
            (taken,) = watch.look(1.5)
            public_inbox.accept(taken)
            assert watch.look(2.0) == []
            assert watch.look(6.0) == []
        upload.write("second half\n")
        upload.flush()
        with another_account():
            assert watch.look(7.0) == []  # it changed; it may go on changing
            assert said == []
    with another_account():
        watch.look(9.5)
        assert said == ["2026-01.csv changed after it was taken; it is read again as 2026-01.csv"]
        watch.look(9.6)
        (again,) = watch.look(20.0)
    assert again.size == len("first half\nsecond half\n")
    assert not list((public_inbox.folder / "done").iterdir())


def test_a_document_that_was_taken_and_stays_as_it_is_is_left_in_done(inbox):
    said = []
    watch = Watch(inbox, settle_seconds=0.0, say=said.append)
    put(inbox, "a.csv")
    (taken,) = watch.look(0.0)
    inbox.accept(taken)
    assert [watch.look(float(t)) for t in range(1, 4000, 100)] == [[]] * 40
    assert said == []
    assert [p.name for p in (inbox.folder / "done").iterdir()] == ["a.csv"]


def test_what_is_left_is_handed_over_again_only_when_it_changes(inbox):
    watch = Watch(inbox, settle_seconds=0.0)
    path = put(inbox, "a.csv")
    watch.leave(watch.look(0.0))
    assert not any(watch.look(float(t)) for t in range(1, 4000, 7))
    path.write_text("mended by hand")
    assert [d.name for d in watch.look(4001.0)] == ["a.csv"]


@IS_ROOT
def test_a_run_without_a_watcher_leaves_what_may_not_be_whole(public_inbox, monkeypatch):
    monkeypatch.setenv("TRONA_SETTLE_SECONDS", "5")
    said, path = [], drop(public_inbox, "a.csv", "half")
    with another_account(), take_from_inbox(public_inbox.address, None, said.append) as pickup:
        assert pickup.paths == ()
    assert said == ["  a.csv is left in the inbox: it was touched 0 s ago and may not be whole yet"]
    os.utime(path, (time.time() - 6, time.time() - 6))
    with another_account(), take_from_inbox(public_inbox.address, None, said.append) as pickup:
        assert [p.name for p in pickup.paths] == ["a.csv"]


def test_hands_over_again_what_still_lies_there_with_longer_pauses(inbox):
    watch = Watch(inbox, settle_seconds=0.0)
    put(inbox, "a.csv")
    times = [t for t in range(100) if watch.look(float(t))]
    assert times == [0, 10, 30, 70]  # pauses of 10, 20, 40 s


def test_waits_while_somebody_is_at_work(inbox):
    busy = True
    watch = Watch(inbox, settle_seconds=0.0, is_busy=lambda: busy)
    put(inbox, "a.csv")
    assert watch.look(0.0)
    assert not any(watch.look(float(t)) for t in range(1, 60))
    busy = False
    assert any(watch.look(float(t)) for t in range(60, 75))


def test_a_slow_copy_is_taken_whole(inbox):
    """A copy that pauses for longer than the settling time, as over a slow line."""
    got, stop = [], threading.Event()
    watch = Watch(inbox, settle_seconds=0.2)

    def take(documents):
        got.extend((d.name, (inbox.folder / d.name).read_text()) for d in documents)
        stop.set()

    thread = threading.Thread(
        target=watch_inbox, args=(watch, take), kwargs={"poll_seconds": 0.2, "stop": stop, "say": lambda _: None}
    )
    thread.start()
    code = (
        "import sys, time\nwith open(sys.argv[1], 'w') as f:\n"
        "    for _ in range(4):\n        f.write('x' * 1000)\n        f.flush()\n        time.sleep(0.6)\n"
    )
    subprocess.run([sys.executable, "-c", code, str(inbox.folder / "slow.csv")], check=True)
    thread.join(10)
    assert not thread.is_alive()
    assert got == [("slow.csv", "x" * 4000)]


def test_a_rename_into_place_is_seen_at_once(inbox):
    stop, seen = threading.Event(), []
    watch = Watch(inbox, settle_seconds=0.2)

    def take(documents):
        seen.append((time.monotonic(), documents[0].name))
        stop.set()

    thread = threading.Thread(
        target=watch_inbox, args=(watch, take), kwargs={"poll_seconds": 1.0, "stop": stop, "say": lambda _: None}
    )
    thread.start()
    time.sleep(0.5)
    hidden = put(inbox, ".a.csv")
    begun = time.monotonic()
    Path(hidden).rename(inbox.folder / "a.csv")
    thread.join(10)
    assert seen
    assert seen[0][1] == "a.csv"
    assert seen[0][0] - begun < 3.0


# --- names ---------------------------------------------------------------------

ODD = [b"\xce\xf7\xb0\xb2.csv", b"a\nb.csv", b"n" * 251 + b".csv", b"\xff" * 200 + b".csv", b"\xff/\xfe.csv"]


@pytest.mark.parametrize("name", ODD)
@pytest.mark.parametrize("is_good", [True, False])
def test_documents_of_every_name_are_found_fetched_and_moved(inbox, tmp_path, name, is_good):
    path = inbox.folder / os.fsdecode(name)
    path.parent.mkdir(exist_ok=True)
    path.write_text("bytes")
    (document,) = inbox.list()
    document.name.encode()  # text that any server can take
    assert inbox.fetch(document.name, tmp_path).read_text() == "bytes"
    assert not inbox.is_still_written(document.name)
    if is_good:
        inbox.accept(document)
    else:
        inbox.refuse(document, "because\n")
        (reason,) = (inbox.folder / "refused").rglob("*.reason.txt")
        assert reason.read_text() == "because\n"
    assert inbox.list() == []
    moved = [p for p in inbox.folder.rglob("*") if p.is_file() and not p.name.endswith(".reason.txt")]
    assert [p.read_text() for p in moved] == ["bytes"]
    assert moved[0].suffix == ".csv"


@pytest.mark.parametrize("name", ODD)
def test_a_name_that_is_there_already_is_set_apart(inbox, name):
    for text in ("one", "two"):
        path = inbox.folder / os.fsdecode(name)
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        inbox.accept(inbox.list()[0])
    assert sorted(p.read_text() for p in (inbox.folder / "done").rglob("*.csv")) == ["one", "two"]


@pytest.mark.parametrize("name", ODD)
def test_removing_a_document_always_helps(inbox, name):
    path = inbox.folder / os.fsdecode(name)
    path.parent.mkdir(exist_ok=True)
    path.write_text("bytes")
    (document,) = inbox.list()
    path.unlink()
    assert inbox.list() == []
    inbox.accept(document)
    inbox.refuse(document, "because")


def test_a_document_is_not_moved_to_refused_before_its_reason_lies_there(inbox):
    """As on a full disk: where the reason cannot be written, the document stays and is looked at again."""
    (inbox.folder / "a.csv").write_text("bytes")
    (document,) = inbox.list()
    in_the_way = inbox.folder / REFUSED / "a.csv.reason.txt"
    in_the_way.mkdir()
    with pytest.raises(SourceUnavailable) as told:
        inbox.refuse(document, "because")
    assert told.value.found == "Is a directory"
    assert inbox.list() == [document]
    in_the_way.rmdir()
    inbox.refuse(document, "because")
    assert inbox.list() == []
    assert (inbox.folder / REFUSED / "a.csv").read_text() == "bytes"
    assert in_the_way.read_text() == "because"


def test_a_document_that_cannot_be_moved_is_told_in_five_parts(inbox):
    (inbox.folder / "a.csv").write_text("bytes")
    (document,) = inbox.list()
    shutil.rmtree(inbox.folder / DONE)
    (inbox.folder / DONE).write_text("a file where the folder should be")
    with pytest.raises(SourceUnavailable, match="cannot be moved out of the inbox") as told:
        inbox.accept(document)
    assert all((told.value.where, told.value.found, told.value.effect, told.value.next))
    assert inbox.list() == [document]
