"""An inbox in an object store: the same as a folder, with a server on loopback."""

import threading

import pytest

from contracts.errors import SourceUnavailable
from flows.inbox.stores import open_inbox
from flows.inbox.watcher import Watch, watch_inbox


@pytest.fixture
def inbox(object_store, monkeypatch, request):
    for name, value in object_store.items():
        monkeypatch.setenv(name, value)
    return open_inbox(f"s3://bucket/{request.node.name}/inbox")


def put(inbox, name, text):
    inbox._store().put(name, text.encode())


def names(inbox):
    return sorted(inbox._list_all())


def test_lists_fetches_and_accepts(inbox, tmp_path):
    for name in ("b.csv", "sub/a.csv", ".hidden.csv", "c.csv.part", "done/old.csv"):
        put(inbox, name, f"bytes of {name}")
    listed = inbox.list()
    assert [d.name for d in listed] == ["b.csv", "sub/a.csv"]
    assert inbox.fetch("sub/a.csv", tmp_path).read_text() == "bytes of sub/a.csv"
    inbox.accept(listed[1])
    assert names(inbox) == [".hidden.csv", "b.csv", "c.csv.part", "done/old.csv", "done/sub/a.csv"]


def test_refuses_with_the_reason_and_overwrites_nothing(inbox):
    for text in ("first", "second"):
        put(inbox, "a.csv", text)
        inbox.refuse(inbox.list()[0], f"reason of {text}")
    there = names(inbox)
    assert len(there) == 4
    assert there[-1].endswith(".reason.txt")
    assert "refused/a.csv" in there


def test_an_object_that_was_replaced_stays(inbox):
    put(inbox, "a.csv", "read")
    seen = inbox.list()[0]
    put(inbox, "a.csv", "written since")
    inbox.accept(seen)
    assert names(inbox) == ["a.csv"]


def test_is_watched_by_polling(inbox):
    stop, got = threading.Event(), []

    def take(documents):
        got.extend(d.name for d in documents)
        stop.set()

    watch = Watch(inbox, settle_seconds=0.1)
    thread = threading.Thread(
        target=watch_inbox, args=(watch, take), kwargs={"poll_seconds": 0.2, "stop": stop, "say": lambda _: None}
    )
    thread.start()
    put(inbox, "2026-01.csv", "x")
    thread.join(15)
    stop.set()
    assert got == ["2026-01.csv"]


def test_a_store_that_cannot_be_reached_is_said(monkeypatch):
    for name, value in {"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_REGION": "r", "AWS_ALLOW_HTTP": "true"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "k")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s")
    from obstore.store import from_url

    inbox = open_inbox("s3://bucket/prefix")
    quick = from_url("s3://bucket/prefix", client_options={"allow_http": True}, retry_config={"max_retries": 0})
    monkeypatch.setattr(type(inbox), "_store", lambda _: quick)
    with pytest.raises(SourceUnavailable, match="cannot be listed"):
        inbox.list()
