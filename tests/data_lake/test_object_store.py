"""The lake on an object store: the same code, a server on loopback."""

import json
import random
from contextlib import suppress

import polars as pl
import pytest

from contracts.errors import SourceUnavailable, UsageError
from contracts.releases import QUARANTINE
from data_lake.delta import ClaimTaken
from data_lake.lake import open_lake
from tests.attack.faulty_store import FaultyProxy


def row(value: str) -> pl.DataFrame:
    return QUARANTINE.conform(
        pl.DataFrame({name: value for name in QUARANTINE.schema if name != "recorded_at"}).with_columns(
            recorded_at=pl.datetime(2026, 1, 1, time_zone="UTC")
        )
    )


def test_documents_and_tables_are_kept_in_an_object_store(object_store):
    lake = open_lake("s3://bucket/first", object_store)
    lake.keep_document("ab12", b"as it came")
    lake.keep_document("ab12", b"AS IT CAME")
    assert lake.read_document("ab12") == b"as it came"

    log = lake.table(QUARANTINE)
    assert log.scan().collect().is_empty()
    log.append(row("one"), claim="release:one")
    with pytest.raises(ClaimTaken):
        log.append(row("two"), claim="release:one")
    log.append(row("two"), claim="release:two")
    again = open_lake("s3://bucket/first", object_store).table(QUARANTINE)
    assert again.scan().collect()["value"].sort().to_list() == ["one", "two"]
    assert again.claim_version("release:two") == 0


def test_an_address_of_an_unknown_kind_is_refused():
    with pytest.raises(UsageError, match="unknown scheme: ftp"):
        open_lake("ftp://host/lake")


def test_secrets_of_the_store_are_not_in_its_representation(object_store):
    assert json.dumps("s3://bucket/x")[1:-1] in repr(open_lake("s3://bucket/x", object_store))
    assert "AWS_SECRET" not in repr(open_lake("s3://bucket/x", object_store))


@pytest.mark.parametrize("fault", ["lost", "half"])
def test_a_store_that_fails_for_a_while_loses_and_doubles_nothing(object_store, fault):
    """A third of the answers is lost or cut off, those to a commit's write too: it is there once, as its claim says."""
    proxy = FaultyProxy(object_store["AWS_ENDPOINT_URL"], random.Random(3))
    log = open_lake(f"s3://bucket/fails-{fault}", {**object_store, "AWS_ENDPOINT_URL": proxy.url}).table(QUARANTINE)
    whole = open_lake(f"s3://bucket/fails-{fault}", object_store).table(QUARANTINE)
    log.append(row("before"), claim="release:before")
    acknowledged = ["before"]
    proxy.chances = {fault: 0.3}
    for value in ("one", "two"):
        with suppress(SourceUnavailable, ClaimTaken):
            log.append(row(value), claim=f"release:{value}")
            acknowledged.append(value)
    assert proxy.seen[fault]
    assert set(acknowledged) <= set(whole.scan().collect()["value"])
    proxy.chances = {}
    for value in ("one", "two"):
        with suppress(ClaimTaken):
            log.append(row(value), claim=f"release:{value}")
    proxy.close()
    assert whole.scan().collect()["value"].sort().to_list() == ["before", "one", "two"]
