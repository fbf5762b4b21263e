"""Commits: whole or not at all, once per claim, on disk when they return."""

import multiprocessing
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import polars as pl
import pytest

from contracts.errors import SourceUnavailable
from contracts.releases import QUARANTINE
from data_lake.delta import ClaimTaken
from data_lake.derived import replace_months
from data_lake.lake import open_lake
from tests.builders import day


def row(value: str, month: str = "2026-01") -> pl.DataFrame:
    texts = {name: value for name, dtype in QUARANTINE.schema.items() if dtype == pl.String}
    texts["review_month"] = month
    return QUARANTINE.conform(pl.DataFrame([texts]).with_columns(recorded_at=pl.lit(day("2026-01-01"))))


def found(lake) -> list[str]:
    return lake.table(QUARANTINE).scan().collect()["value"].sort().to_list()


def test_a_table_that_was_never_written_is_empty_and_nothing_is_created(lake):
    assert found(lake) == []
    assert not Path(lake.uri).exists()


def test_a_claim_is_given_once(lake):
    log = lake.table(QUARANTINE)
    assert log.claim_version("x") is None
    log.append(row("a"), claim="x")
    assert log.claim_version("x") == 0
    with pytest.raises(ClaimTaken):
        log.append(row("b"), claim="x")
    log.append(row("c"), claim="x", expect=0)
    assert log.claim_version("x") == 1
    assert found(lake) == ["a", "c"]


def count_up(arguments: tuple[str, int]) -> int:
    """Append ten rows, each as the next count of one claim; how often another was faster."""
    uri, worker = arguments
    log = open_lake(uri).table(QUARANTINE)
    lost = 0
    for index in range(10):
        while True:
            try:
                log.append(row(f"{worker}-{index}"), claim="counter", expect=log.claim_version("counter"))
                break
            except ClaimTaken:
                lost += 1
    return lost


def test_two_processes_that_count_up_one_claim_lose_and_double_nothing(lake):
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        pool.map(count_up, [(lake.uri, 0), (lake.uri, 1)])
    assert found(lake) == sorted(f"{w}-{i}" for w in range(2) for i in range(10))
    assert lake.table(QUARANTINE).claim_version("counter") == 19


def test_replacing_a_partition_leaves_the_others_and_equal_bytes_alone(lake):
    log = lake.table(QUARANTINE)
    log.replace(pl.concat([row("a", "2026-01"), row("b", "2026-02")]), set())
    version = log.replace(row("c", "2026-02"), {"2026-02"})
    assert found(lake) == ["a", "c"]
    assert log.replace(row("c", "2026-02"), {"2026-02"}) == version
    log.replace(QUARANTINE.empty(), {"2026-01"})
    assert found(lake) == ["c"]


def test_replacing_from_two_threads_at_once_doubles_nothing(lake):
    log = lake.table(QUARANTINE)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda i: log.replace(row(str(i)), {"2026-01"}), range(12)))
    assert len(found(lake)) == 1


def test_a_lake_without_permission_says_so(lake, monkeypatch):
    def refuse(*_args, **_kwargs):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("data_lake.storage._put_local", refuse)
    with pytest.raises(SourceUnavailable) as caught:
        lake.table(QUARANTINE).append(row("a"))
    assert "Permission denied" in str(caught.value)
    assert "next" in str(caught.value)


def test_a_full_disk_leaves_nothing_half_written(lake, monkeypatch):
    lake.table(QUARANTINE).append(row("a"))

    def full(_descriptor):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", full)
        with pytest.raises(SourceUnavailable, match="cannot be written"):
            lake.table(QUARANTINE).append(row("b"))
    assert found(lake) == ["a"]
    assert not list(Path(lake.uri).rglob(".writing-*"))
    lake.table(QUARANTINE).append(row("b"))
    assert found(lake) == ["a", "b"]


def test_a_commit_whose_copy_is_not_taken_says_that_it_is_recorded(lake, monkeypatch):
    """Its entry is in the log and its copy is not: what is said must not be that nothing was written."""
    lake.table(QUARANTINE).append(row("a"))

    def full(*_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("data_lake.storage.Storage.copy", full)
        with pytest.raises(SourceUnavailable, match="could not be secured") as told:
            lake.table(QUARANTINE).append(row("b"))
    assert told.value.found == "No space left on device"
    assert "it is recorded" in told.value.effect
    assert found(lake) == ["a", "b"]
    lake.table(QUARANTINE).append(row("c"))
    assert found(lake) == ["a", "b", "c"]
    kept, log = (Path(lake.uri) / "quarantine" / name for name in ("_kept", "_delta_log"))
    assert {path.name: path.read_bytes() for path in kept.iterdir()} == {
        path.name: path.read_bytes() for path in log.glob("*.json")
    }


def test_every_data_file_and_log_entry_is_flushed_before_a_commit_returns(lake, monkeypatch):
    """fsync is asked of each data file before the log names it, and of the log before the call returns."""
    import os

    flushed: list[str] = []
    real = os.fsync

    def watch(descriptor):
        flushed.append(str(Path(f"/proc/self/fd/{descriptor}").readlink()))
        real(descriptor)

    monkeypatch.setattr("os.fsync", watch)
    version = lake.table(QUARANTINE).append(row("a"))
    log = f"/{version:020}.json"
    assert any(name.endswith(log) for name in flushed)
    data = next(i for i, name in enumerate(flushed) if "/.writing-" in name)
    assert data < next(i for i, name in enumerate(flushed) if name.endswith(log))
    assert any(name.endswith("/_delta_log") for name in flushed)


def test_derived_months_from_one_on_are_replaced(lake):
    from contracts.comparisons import COMPARISONS

    def month(number: int, value: float) -> pl.DataFrame:
        texts = {name: "x" for name, dtype in COMPARISONS.schema.items() if dtype == pl.String}
        return COMPARISONS.conform(
            pl.DataFrame([texts]).with_columns(
                month=pl.date(2026, number, 1), value=pl.lit(value), published_at=pl.lit(day("2026-01-01"))
            )
        )

    first = day("2026-02-01").date()
    replace_months(
        lake, COMPARISONS, pl.concat([month(1, 1), month(2, 2), month(3, 3)]), first=day("2026-01-01").date()
    )
    replace_months(lake, COMPARISONS, month(2, 20), first=first)
    kept = lake.table(COMPARISONS).scan().sort("month").collect()
    assert kept["value"].to_list() == [1.0, 20.0]
