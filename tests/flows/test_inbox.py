"""The inbox: what is a document, when it is whole, and where it goes."""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from contracts.errors import ContractBroken, SourceUnavailable
from flows.inbox.stores import is_document_name, is_open_for_writing, open_inbox, write_reason
from flows.inbox.watcher import Watch, watch_inbox


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
    assert not is_open_for_writing(path)


def test_an_inbox_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(SourceUnavailable, match="inbox cannot be made"):
        open_inbox(str(tmp_path / "file" / "inbox"))


def test_waits_until_it_is_left_alone(inbox):
    watch = Watch(inbox, settle_seconds=1.0)
    path = put(inbox, "a.csv", "half")
    assert watch.look(0.0) == []
    assert watch.look(0.9) == []
    path.write_text("all of it")
    assert watch.look(1.1) == []  # it grew: its second begins anew
    assert watch.look(2.0) == []
    assert [d.name for d in watch.look(2.2)] == ["a.csv"]
    assert watch.look(3.0) == []  # handed over once


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
