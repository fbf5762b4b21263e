"""The lake on an object store: the same code, a server on loopback."""

import json
import socket
import subprocess
import sys
import time
from urllib.error import URLError
from urllib.request import Request, urlopen

import polars as pl
import pytest

from contracts.errors import UsageError
from contracts.releases import QUARANTINE
from data_lake.delta import ClaimTaken
from data_lake.lake import open_lake


@pytest.fixture(scope="module")
def store():
    """An object store in a process of its own: the store's client holds Python's lock while it waits."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    endpoint = f"http://127.0.0.1:{port}"
    server = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        create_bucket(endpoint)
        yield {
            "AWS_ENDPOINT_URL": endpoint,
            "AWS_ACCESS_KEY_ID": "k",
            "AWS_SECRET_ACCESS_KEY": "s",
            "AWS_REGION": "us-east-1",
            "AWS_ALLOW_HTTP": "true",
        }
    finally:
        server.terminate()
        server.wait()


def create_bucket(endpoint: str) -> None:
    key = "AWS4-HMAC-SHA256 Credential=k/20260101/us-east-1/s3/aws4_request"
    request = Request(f"{endpoint}/lake", method="PUT", headers={"Authorization": key})
    for _ in range(100):
        try:
            urlopen(request).close()
        except URLError:
            time.sleep(0.1)
        else:
            return
    pytest.fail("the object store did not start")


def row(value: str) -> pl.DataFrame:
    return QUARANTINE.conform(
        pl.DataFrame({name: value for name in QUARANTINE.schema if name != "recorded_at"}).with_columns(
            recorded_at=pl.datetime(2026, 1, 1, time_zone="UTC")
        )
    )


def test_documents_and_tables_are_kept_in_an_object_store(store):
    lake = open_lake("s3://lake/first", store)
    lake.keep_document("ab12", b"as it came")
    lake.keep_document("ab12", b"never written: the name is there")
    assert lake.read_document("ab12") == b"as it came"

    log = lake.table(QUARANTINE)
    assert log.scan().collect().is_empty()
    log.append(row("one"), claim="release:one")
    with pytest.raises(ClaimTaken):
        log.append(row("two"), claim="release:one")
    log.append(row("two"), claim="release:two")
    again = open_lake("s3://lake/first", store).table(QUARANTINE)
    assert again.scan().collect()["value"].sort().to_list() == ["one", "two"]
    assert again.claim_version("release:two") == 0


def test_an_address_of_an_unknown_kind_is_refused():
    with pytest.raises(UsageError, match="unknown scheme: ftp"):
        open_lake("ftp://host/lake")


def test_secrets_of_the_store_are_not_in_its_representation(store):
    assert json.dumps("s3://lake/x")[1:-1] in repr(open_lake("s3://lake/x", store))
    assert "AWS_SECRET" not in repr(open_lake("s3://lake/x", store))
