"""The lake: as-of reads against one plain Parquet file and DuckDB, appends as the history grows, both sizes.

python -m bench.bench_lake [--series 500] [--months 120] [--releases 480]
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import polars as pl

from bench.made_lake import make_releases, record_made
from bench.measure import Result, hold, measure_in_turn, show
from contracts.figures import FIGURE_KEY
from contracts.readings import ReleaseHead
from data_lake.figures import read_figures
from data_lake.lake import open_lake
from data_lake.selection import Selection

AS_OF = datetime(2020, 1, 6, tzinfo=UTC)
ONE = "s00007"


SMALL = ["--series", "20", "--months", "3", "--releases", "15"]


def measure_all(options: Sequence[str] = ()) -> Iterator[Result]:
    """Small releases one after another, then months of a tenth of the series, and of all."""
    asked = _parse(options)
    with tempfile.TemporaryDirectory() as folder:
        yield from measure_small_appends(str(Path(folder) / "small"), asked.releases)
        for series in (asked.series // 10, asked.series):
            yield from measure_lake(Path(folder) / str(series), series, asked.months)


def _parse(options: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--series", type=int, default=500)
    parser.add_argument("--months", type=int, default=120)
    parser.add_argument("--releases", type=int, default=480)
    return parser.parse_args(options)


def measure_lake(folder: Path, series: int, months: int) -> Iterator[Result]:
    """Appends, then reads, of one size."""
    uri, one_file = str(folder / "lake"), str(folder / "one.parquet")
    seconds = append_months(uri, series, months)
    count = pl.scan_delta(f"{uri}/figures").select(pl.len()).collect().item()
    early, late = statistics.median(seconds[5:15] or seconds), statistics.median(seconds[-10:])
    yield hold("append of the last month", count, "figures", late, against=("the 10th", early), target="≤ 1.1×")
    pl.scan_delta(f"{uri}/figures").sink_parquet(one_file)
    found = measure_in_turn(
        {
            "floor": (read_plain, (one_file,)),
            "all": (read_as_of, (uri,)),
            "one": (read_one, (uri,)),
            "duckdb": (read_one_duckdb, (uri,)),
        }
    )
    results = {name: timing.result for name, timing in found.items()}
    assert results["floor"] == results["all"], results
    assert results["one"] == results["duckdb"], results
    floor, duck = ("one Parquet file", found["floor"]), ("DuckDB", found["duckdb"])
    yield hold("as of T, everything: one Parquet file", count, "figures", found["floor"])
    yield hold("as of T, everything", count, "figures", found["all"], against=floor, target="≤ 1.3×")
    yield hold("as of T, one series: DuckDB on the same files", count, "figures", found["duckdb"])
    yield hold("as of T, one series", count, "figures", found["one"], against=duck, target="≤ 1.2×")


def measure_small_appends(uri: str, releases: int) -> Iterator[Result]:
    """Releases of 4 figures, one after another: what the 10th, 240th and last cost, as medians of 9 around them."""
    lake, seconds = open_lake(uri), []
    for number in range(releases):
        document = f"{number:064x}"
        head = ReleaseHead("made", "made", f"{2000 + number % 20}-01", AS_OF, document, f"{number}.csv")
        _, rows = next(make_releases(series=1, months=1))
        started = time.perf_counter()
        record_made(lake, head, rows)
        seconds.append(time.perf_counter() - started)
    tenth = statistics.median(seconds[5:14])
    for number in sorted({min(n, releases - 5) for n in (10, 240, releases)}):
        found = statistics.median(seconds[number - 5 : number + 4])
        yield hold("append of a small release", number, "releases", found, against=("the 10th", tenth), target="≤ 1.1×")


def append_months(uri: str, series: int, months: int) -> list[float]:
    """Seconds of each month's append: rows built, written, flushed, committed."""
    lake, seconds = open_lake(uri), []
    for head, rows in make_releases(series=series, months=months):
        started = time.perf_counter()
        record_made(lake, head, rows)
        seconds.append(time.perf_counter() - started)
    return seconds


def read_plain(path: str) -> tuple[int, float]:
    """The floor: the newest row of each key by a narrow sort, then one gather; one file, no log, no releases."""
    rows = pl.read_parquet(path).filter(pl.col("published_at") <= AS_OF)
    newest = (
        rows.select(*FIGURE_KEY, "published_at")
        .with_row_index("row")
        .group_by(FIGURE_KEY)
        .agg(pl.col("row").get(pl.col("published_at").arg_max()))
    )
    found = rows[newest["row"]]
    return found.height, round(found["value"].sum() or 0.0, 3)


def read_as_of(uri: str) -> tuple[int, float]:
    """The lake's own read of everything."""
    rows = read_figures(open_lake(uri), as_of=AS_OF)
    return rows.height, round(rows["value"].sum() or 0.0, 3)


def read_one(uri: str) -> tuple[int, float]:
    """The lake's own read of one series."""
    rows = read_figures(open_lake(uri), Selection(segment=ONE), as_of=AS_OF)
    return rows.height, round(rows["value"].sum() or 0.0, 3)


def read_one_duckdb(uri: str) -> tuple[int, float]:
    """DuckDB on the same files: newest row per key, published by then."""
    key = ", ".join(FIGURE_KEY)
    count, total = duckdb.sql(
        f"select count(*), sum(value) from (select value, row_number() over (partition by {key} "  # noqa: S608
        f"order by published_at desc) as n from read_parquet('{uri}/figures/review_month=*/*.parquet') "
        f"where segment = '{ONE}' and published_at <= timestamptz '{AS_OF.isoformat()}') where n = 1"
    ).fetchall()[0]
    return count, round(total or 0.0, 3)


if __name__ == "__main__":
    show(measure_all(sys.argv[1:]))
