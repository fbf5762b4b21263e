"""A month by hand: start of the command, a month of many series through all steps, months 1 to 60, with Prefect.

python -m bench.bench_month [--series 200] [--months 30] [--no-prefect]
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl

from bench.direct import work_directly
from bench.measure import Result, hold, show
from contracts.period import add_months, format_month

SEED = 20260205
SMALL = ["--series", "5", "--months", "2", "--rounds", "1", "--no-prefect"]
START = date(2006, 1, 1)
HEAD = (
    'title = "Made"\nnames = {en = ["made"]}\n[calendar]\ntime_zone = "Asia/Shanghai"\npublication_day = 5\n'
    "grace_business_days = 5\n[tolerance_pp]\nmom_pct = 5.0\n"
)


def measure_all(options: Sequence[str] = ()) -> Iterator[Result]:
    """The start of the command, months without Prefect, and the next month with it."""
    asked = _parse(options)
    yield from measure_start(asked.rounds)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        documents = write_documents(root, asked.series, asked.months + 1)
        seconds = [follow_month(root, path) for path in documents[:-1]]
        yield from report_slope(seconds, asked.series)
        if not asked.no_prefect:
            yield measure_prefect(root, documents[-1], statistics.median(seconds[-5:]), asked.series)


def _parse(options: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--series", type=int, default=200)
    parser.add_argument("--months", type=int, default=30)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--no-prefect", action="store_true")
    return parser.parse_args(options)


def measure_start(rounds: int) -> Iterator[Result]:
    """The start of the command against the bare import of polars, in turn."""
    command = "import sys; sys.argv = ['trona', 'figures', '--help']; from flows.cli import main; main()"
    found: dict[str, list[float]] = {"import polars": [], command: []}
    for _ in range(rounds):
        for script, seconds in found.items():
            started = time.perf_counter()
            subprocess.run([sys.executable, "-c", script], check=True, stdout=subprocess.DEVNULL)
            seconds.append(time.perf_counter() - started)
    floor, own = (statistics.median(seconds) for seconds in found.values())
    yield hold("python -c 'import polars'", 1, "starts", floor)
    yield hold("trona figures --help", 1, "starts", own, against=("import polars", floor), target="≤ 2×")


def write_documents(root: Path, series: int, months: int, start: date = START) -> list[Path]:
    """A chain of many segments, and a document a month: its actuals and the forecasts of the next."""
    chains, folder = root / "chains", root / "documents"
    chains.mkdir()
    folder.mkdir()
    names = [f"s{index:05}" for index in range(series)]
    segments = "".join(
        f'[[segment]]\nname = "{name}"\ntitle = "{name}"\nnames = {{en = ["{name}"]}}\nunits = {{production = "t"}}\n'
        for name in names
    )
    (chains / "made.toml").write_text(HEAD + segments, encoding="utf-8")
    random = np.random.default_rng(SEED)
    paths = []
    for number in range(months):
        month = add_months(start, number)
        parts = [
            pl.DataFrame(
                {"segment": names, "value": random.normal(2, 6, series).round(1).clip(-90, None)}
            ).with_columns(period=pl.lit(format_month(add_months(month, shift))), kind=pl.lit(kind))
            for shift, kind in ((0, "actual"), (1, "forecast"))
        ]
        rows = pl.concat(parts).select(
            *(pl.lit(v).alias(n) for n, v in (("source", "made"), ("chain", "made"))),
            pl.lit(format_month(month)).alias("review_month"),
            pl.lit(f"{add_months(month, 1):%Y-%m}-05").alias("published"),
            "segment",
            *(pl.lit(v).alias(n) for n, v in (("product", ""), ("metric", "production"), ("measure", "mom_pct"))),
            "period",
            "kind",
            "value",
            pl.lit("%").alias("unit"),
        )
        paths.append(folder / f"{month:%Y-%m}.csv")
        rows.write_csv(paths[-1])
    return paths


def follow_month(root: Path, path: Path) -> float:
    """All steps of a month, called directly; seconds."""
    started = time.perf_counter()
    outcomes = work_directly(root / "lake", [path], chains_folder=root / "chains")
    assert [o.status for o in outcomes] == ["recorded"], outcomes
    return time.perf_counter() - started


def report_slope(seconds: list[float], series: int) -> Iterator[Result]:
    """The first months are cheaper (no past to look back on); from the fourth year on a month costs the same."""
    first = statistics.median(seconds[1:6] or seconds)
    for count in (1, 6, 12, 24, 36, 48, 60, 120, 240):
        if count <= len(seconds):
            found = statistics.median(seconds[max(0, count - 5) : count])
            yield hold(
                f"month {count}, all steps, no Prefect", series, "series", found, against=("months 2 to 6", first)
            )


def measure_prefect(root: Path, path: Path, floor: float, series: int) -> Result:
    """The next month as a flow, with a server running, against the same functions called directly."""
    from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings
    from prefect.testing.utilities import prefect_test_harness

    from flows.backfill import backfill
    from flows.run.progress import Reporter, use_reporter

    reporter = Reporter(lambda _: None, lambda _: None)
    with (
        prefect_test_harness(server_startup_timeout=120),
        temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}),
    ):
        with use_reporter(reporter):
            backfill(str(root / "other"), chains_folder=root / "chains")  # the first flow pays for imports
            started = time.perf_counter()
            backfill(str(root / "lake"), documents=[path], chains_folder=root / "chains")
            own = time.perf_counter() - started
    return hold("the next month as a flow, server running", series, "series", own, against=("its functions", floor))


if __name__ == "__main__":
    show(measure_all(sys.argv[1:]))
