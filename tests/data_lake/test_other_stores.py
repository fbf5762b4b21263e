"""Situations from public bug trackers of Delta tables and object stores: each is listed in docs/situations.md."""

from pathlib import Path

import pytest

from contracts.errors import SourceUnavailable
from contracts.releases import QUARANTINE
from data_lake.lake import open_lake
from data_lake.opening import forget_open_tables
from flows.inbox.stores import open_inbox
from tests.data_lake.test_delta import row
from tests.tasks.delivery.servers import HttpServer


def read(lake) -> list[str]:
    forget_open_tables()
    return sorted(open_lake(lake.uri).table(QUARANTINE).scan().collect()["value"].to_list())


def log_of(lake) -> Path:
    return Path(lake.uri) / QUARANTINE.name / "_delta_log"


def test_a_first_commit_that_was_never_finished_does_not_keep_the_table_from_being_made(lake):
    log_of(lake).mkdir(parents=True)
    (log_of(lake) / "_commit_2f1c.json.tmp").write_bytes(b"")
    lake.table(QUARANTINE).append(row("a"))
    assert read(lake) == ["a"]


@pytest.mark.parametrize("name", ["_last_checkpoint", "00000000000000000001.crc", "_commit_1.json.tmp", "notes.txt"])
@pytest.mark.parametrize("content", [b"", b"\0" * 40, b"{"])
def test_an_empty_or_torn_note_beside_the_log_is_no_part_of_the_table(lake, name, content):
    for value in "ab":
        lake.table(QUARANTINE).append(row(value))
    (log_of(lake) / name).write_bytes(content)
    assert read(lake) == ["a", "b"]
    lake.table(QUARANTINE).append(row("c"))
    assert read(lake) == ["a", "b", "c"]


LISTING = """<?xml version="1.0" encoding="UTF-8"?>
<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>bucket</Name><Prefix>inbox/</Prefix>
<KeyCount>1</KeyCount><MaxKeys>1000</MaxKeys><IsTruncated>false</IsTruncated><Contents><Key>inbox/2026-01.csv</Key>
<LastModified>2026-02-05T09:00:00.000Z</LastModified><ETag>"1"</ETag><Size>7</Size></Contents></ListBucketResult>"""
XML = {"Content-Type": "application/xml"}


@pytest.fixture
def store(monkeypatch):
    """A store that answers as its `answers` say."""
    server = HttpServer()
    names = {"AWS_ENDPOINT_URL": server.url, "AWS_REGION": "r", "AWS_ALLOW_HTTP": "true"}
    for name, value in {**names, "AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s"}.items():
        monkeypatch.setenv(name, value)
    yield server
    server.close()


def test_a_store_that_asks_to_slow_down_is_asked_again(store):
    busy = "<Error><Code>SlowDown</Code><Message>Please reduce your request rate</Message></Error>"
    store.answers += [(503, XML, busy), (503, XML, busy), (200, XML, LISTING)]
    assert [document.name for document in open_inbox("s3://bucket/inbox").list()] == ["2026-01.csv"]
    assert len(store.requests) == 3


def test_a_store_that_refuses_is_no_empty_inbox(store):
    store.answers.append((403, XML, "<Error><Code>AccessDenied</Code></Error>"))
    with pytest.raises(SourceUnavailable, match="the inbox cannot be listed"):
        open_inbox("s3://bucket/inbox").list()
