"""Writers that are killed or that meet: a release is in completely or not at all, and nothing is lost or doubled."""

import multiprocessing
from pathlib import Path

import polars as pl
import pytest

from contracts.figures import FIGURES
from contracts.releases import QUARANTINE, RELEASES
from data_lake.figures import read_vintages
from data_lake.lake import open_lake
from tests.tasks.interrupted import take_in_all, take_in_until

HEADER = "source,chain,review_month,published,segment,product,metric,period,kind,measure,value,unit,qualifier\n"
FEW_KILLS, KILLS = 10, 24


@pytest.fixture(scope="module")
def context():
    """Processes that start from one that has imported everything and run nothing."""
    spawned = multiprocessing.get_context("forkserver")
    spawned.set_forkserver_preload(["tests.tasks.interrupted"])
    return spawned


def write_documents(folder: Path, months: int) -> list[str]:
    """A document a month: two good figures and one that goes to quarantine."""
    paths = []
    for number in range(months):
        year, month = 2021 + number // 12, number % 12 + 1
        about, following = f"{year}-{month:02}", f"{year + month // 12}-{month % 12 + 1:02}"
        rows = "".join(
            f"smm,sodium_ion,{about},{following}-05,{segment},,production,{about},actual,mom_pct,{value},%,exact\n"
            for segment, value in (("cathode", number % 7), ("cell", -(number % 5)), ("electrolyte", -140))
        )
        path = folder / f"{about}.csv"
        path.write_text(HEADER + rows, encoding="utf-8")
        paths.append(str(path))
    return paths


def contents(uri: str) -> dict[str, pl.DataFrame]:
    """Every row of the recorded tables, in one order."""
    lake = open_lake(uri)
    seen = read_vintages(lake).collect()
    stored = lake.table(FIGURES).scan().collect()
    assert stored.height == seen.height, "figures of a release that is not recorded"
    return {
        "figures": seen.sort("figure_id"),
        "releases": lake.table(RELEASES).scan().collect().sort("release_id", "event"),
        "quarantine": lake.table(QUARANTINE).scan().collect().sort("release_id", "row", "rule"),
    }


def assert_same(left: dict[str, pl.DataFrame], right: dict[str, pl.DataFrame]) -> None:
    for name, frame in left.items():
        assert frame.equals(right[name]), name


@pytest.mark.parametrize(("months", "kills"), [(1, FEW_KILLS), pytest.param(3, KILLS, marks=pytest.mark.soak)])
def test_a_writer_killed_at_any_step_leaves_whole_releases_and_the_next_run_finishes(tmp_path, context, months, kills):
    folder = tmp_path / "documents"
    folder.mkdir()
    paths = write_documents(folder, months)
    clean, counted = str(tmp_path / "clean"), tmp_path / "steps"
    process = context.Process(target=take_in_until, args=(clean, paths, 0, counted))
    process.start()
    process.join()
    assert process.exitcode == 0
    expected, steps = contents(clean), int(counted.read_text())
    points = sorted({1 + index * (steps - 1) // (kills - 1) for index in range(kills)})
    assert len(points) == kills
    for point in points:
        uri = str(tmp_path / f"killed-{point}")
        process = context.Process(target=take_in_until, args=(uri, paths, point))
        process.start()
        process.join()
        assert process.exitcode == -9, f"not killed at step {point}"
        recorded = open_lake(uri).table(RELEASES).scan().collect()
        for row in recorded.to_dicts():
            there = read_vintages(open_lake(uri)).filter(pl.col("release_id") == row["release_id"]).collect()
            assert there.height == row["figures"], f"half a release after a kill at step {point}"
        take_in_all(uri, paths)
        assert_same(expected, contents(uri))


@pytest.mark.parametrize("count", [12, pytest.param(50, marks=pytest.mark.soak)])
def test_two_processes_taking_in_the_same_documents_lose_and_double_nothing(tmp_path, context, count):
    folder = tmp_path / "documents"
    folder.mkdir()
    paths = write_documents(folder, count)
    uri = str(tmp_path / "lake")
    writers = [
        context.Process(target=take_in_all, args=(uri, paths)),
        context.Process(target=take_in_all, args=(uri, [*paths[1::2], *paths[::2]])),
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert [writer.exitcode for writer in writers] == [0, 0]
    found = contents(uri)
    assert found["releases"].height == count
    assert found["releases"]["figures"].sum() == found["figures"].height == 2 * count
    assert found["quarantine"].height == count
    assert found["figures"]["figure_id"].is_duplicated().sum() == 0
