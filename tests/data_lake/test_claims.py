"""Claims as a thread knows them are those of the log, and knowing them costs an append no request more with time."""

import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from deltalake import DeltaTable

from contracts.releases import RELEASES
from data_lake.claims import claim_count
from data_lake.delta import ClaimTaken
from data_lake.lake import open_lake
from data_lake.opening import open_table, table_address
from tests.builders import head, record
from tests.object_store import serve_objects


def commit(lake, number: int, *, by: str = "") -> None:
    month = f"{2000 + number // 12}-{number % 12 + 1:02}"
    record(lake, head(source=by or "smm", review_month=month, document=f"{number:064}"), {"period": month})


def counted(lake, claim: str) -> tuple[int | None, int | None]:
    """A claim as we know it, and as the Delta library reads it out of the log."""
    found = open_table(lake.storage, "releases")
    plain = DeltaTable(table_address(lake.storage, "releases"))
    return claim_count(lake.storage, "releases", found, claim), plain.transaction_version(claim)


@pytest.fixture
def another() -> Iterator[ThreadPoolExecutor]:
    """A thread with its own idea of the log, as another process has."""
    with ThreadPoolExecutor(1) as thread:
        yield thread


@pytest.mark.parametrize("commits", [1, 6])
def test_a_claim_is_known_as_the_log_has_it_across_checkpoints_and_other_writers(lake, another, commits):
    for number in range(commits):
        commit(lake, number)
        another.submit(commit, lake, number, by="other").result()
    ids = lake.table(RELEASES).scan().collect()["release_id"].to_list()
    assert len(ids) == 2 * commits
    for claim in [*(f"release:{release_id}" for release_id in ids), "release:none"]:
        known, plain = counted(lake, claim)
        assert known == plain == (None if claim == "release:none" else 0)


def test_a_claim_that_others_counted_up_meanwhile_is_refused(lake, another):
    commit(lake, 0)
    row = lake.table(RELEASES).scan().collect()
    assert lake.table(RELEASES).claim_version("turn") is None
    another.submit(lake.table(RELEASES).append, row, claim="turn", expect=None).result()
    with pytest.raises(ClaimTaken):
        lake.table(RELEASES).append(row, claim="turn", expect=None)
    lake.table(RELEASES).append(row, claim="turn", expect=0)
    assert counted(lake, "turn") == (1, 1)


def test_an_append_to_an_object_store_takes_a_dozen_requests_however_long_the_history(tmp_path, monkeypatch):
    log = tmp_path / "requests"
    with log.open("w") as file, serve_objects(file) as environment:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        lake, seen, taken = open_lake("s3://bucket/lake"), 0, []
        for number in range(13):
            commit(lake, number)
            time.sleep(0.05)
            now = len(re.findall(r'"(?:GET|PUT|HEAD|POST) /bucket', log.read_text()))
            seen, taken = now, [*taken, now - seen]
    looks = 3  # whether the release is there already
    between = [taken[n] for n in (*range(2, 8), 11, 12)]  # the tenth entry and the first after it: checkpoints
    assert max(between) <= 2 * 12 + looks, taken
    assert between[-1] <= between[0], taken
