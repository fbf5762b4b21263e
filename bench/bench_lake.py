"""The lake: as-of reads against one plain Parquet file and DuckDB, appends as the history grows, both sizes.

python -m bench.bench_lake [--series 2000] [--months 240] [--releases 1200]
"""

import argparse
import statistics
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import polars as pl

from bench.made_lake import make_releases, record_made
from bench.measure import Timing, line, machine, measure_in_turn
from contracts.figures import FIGURE_KEY, FIGURES
from contracts.readings import ReleaseHead
from data_lake.figures import read_figures
from data_lake.lake import open_lake
from data_lake.selection import Selection

AS_OF = datetime(2020, 1, 6, tzinfo=UTC)
ONE = "s00007"


def main() -> None:
    """Make the lake, then measure; print ratios."""
    options = argparse.ArgumentParser()
    options.add_argument("--series", type=int, default=2000)
    options.add_argument("--months", type=int, default=240)
    options.add_argument("--releases", type=int, default=1200)
    asked = options.parse_args()
    print(f"lake: {machine()}")
    with tempfile.TemporaryDirectory() as folder:
        measure_small_appends(str(Path(folder) / "small"), asked.releases)
        for series in (asked.series // 10, asked.series):
            measure_lake(Path(folder) / str(series), series, asked.months)


def measure_lake(folder: Path, series: int, months: int) -> None:
    """Appends, then reads, of one size."""
    uri, one_file = str(folder / "lake"), str(folder / "one.parquet")
    seconds = append_months(uri, series, months)
    count = pl.scan_delta(f"{uri}/figures").select(pl.len()).collect().item()
    print(f"{series:,} series × {months} months: {count:,} figures")
    early, late = statistics.median(seconds[5:15]), statistics.median(seconds[-10:])
    print(
        f"  append of a month, 10th and last (medians of 10)  {early * 1e3:6.1f} ms {late * 1e3:6.1f} ms "
        f"{late / early:6.2f}×  target ≤ 1.5×"
    )
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
    report(found)


def measure_small_appends(uri: str, releases: int) -> None:
    """Releases of one figure, one after another: what the 10th, 240th and last cost, as medians of 9 around them."""
    lake, seconds = open_lake(uri), []
    for number in range(releases):
        document = f"{number:064x}"
        head = ReleaseHead("made", "made", f"{2000 + number % 20}-01", AS_OF, document, f"{number}.csv")
        _, rows = next(make_releases(series=1, months=1))
        started = time.perf_counter()
        record_made(lake, head, rows)
        seconds.append(time.perf_counter() - started)
    tenth = statistics.median(seconds[5:14])
    print(f"{releases:,} releases of 4 figures")
    for number in sorted({min(n, releases - 5) for n in (10, 240, releases)}):
        found = statistics.median(seconds[number - 5 : number + 4])
        print(f"  append of release {number:>5,}  {found * 1e3:6.1f} ms {found / tenth:6.2f}×  target ≤ 1.1×")


def report(found: dict[str, Timing]) -> None:
    """Print the reads beside what they are held against."""
    line("as of T, everything: polars on one Parquet file", found["floor"])
    line("as of T, everything: the lake", found["all"], found["floor"], "target ≤ 2×")
    line("as of T, one series: DuckDB on the lake's files", found["duckdb"])
    line("as of T, one series: the lake", found["one"], found["duckdb"], "target ≤ 3×")


def append_months(uri: str, series: int, months: int) -> list[float]:
    """Seconds of each month's append: rows built, written, flushed, committed."""
    lake, seconds = open_lake(uri), []
    for head, rows in make_releases(series=series, months=months):
        started = time.perf_counter()
        record_made(lake, head, rows)
        seconds.append(time.perf_counter() - started)
    return seconds


def read_plain(path: str) -> tuple[int, float]:
    """The floor: the same rows from one file, the same group-by, no log, no releases."""
    rows = (
        pl.scan_parquet(path)
        .filter(pl.col("published_at") <= AS_OF)
        .sort("published_at")
        .group_by(FIGURE_KEY)
        .last()
        .select(FIGURES.schema.names())
        .collect()
    )
    return rows.height, round(rows["value"].sum() or 0.0, 3)


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
    main()
