"""A month by hand: start of the command, a month of many series through all steps, months 1 to 60, with Prefect.

python -m bench.bench_month [--series 2000] [--months 60] [--backfill]
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl

from bench.direct import work_directly
from bench.measure import machine
from contracts.period import add_months, format_month

SEED = 20260205
START = date(2006, 1, 1)
HEAD = (
    'title = "Made"\nnames = {en = ["made"]}\n[calendar]\ntime_zone = "Asia/Shanghai"\npublication_day = 5\n'
    "grace_business_days = 5\n[tolerance_pp]\nmom_pct = 5.0\n"
)


def main() -> None:
    """Print medians and ratios."""
    options = argparse.ArgumentParser()
    options.add_argument("--series", type=int, default=2000)
    options.add_argument("--months", type=int, default=60)
    options.add_argument("--no-prefect", action="store_true")
    asked = options.parse_args()
    print(f"month: {machine()}")
    measure_start()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        documents = write_documents(root, asked.series, asked.months + 1)
        seconds = [follow_month(root, path) for path in documents[:-1]]
        report_slope(seconds, asked.series)
        if not asked.no_prefect:
            measure_prefect(root, documents[-1], statistics.median(seconds[-5:]))


def measure_start(rounds: int = 7) -> None:
    """The start of the command against the bare import of polars, in turn."""
    command = "import sys; sys.argv = ['trona', 'figures', '--help']; from flows.cli import main; main()"
    found: dict[str, list[float]] = {"import polars": [], command: []}
    for _ in range(rounds):
        for script, seconds in found.items():
            started = time.perf_counter()
            subprocess.run([sys.executable, "-c", script], check=True, stdout=subprocess.DEVNULL)
            seconds.append(time.perf_counter() - started)
    floor, own = (statistics.median(seconds) for seconds in found.values())
    print(f"  python -c 'import polars'             {floor * 1e3:8.0f} ms")
    print(f"  trona figures --help                  {own * 1e3:8.0f} ms {own / floor:5.2f}×  target ≤ 2×")


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


def report_slope(seconds: list[float], series: int) -> None:
    """The first months are cheaper (no past to look back on); from the fourth year on a month costs the same."""
    print(f"  a month of {series:,} series, all steps, no Prefect (medians of 5)")
    for count in (6, 12, 24, 36, 48, 60, 120, 240):
        if count <= len(seconds):
            print(
                f"    months {count - 4:3} to {count:3}                   {statistics.median(seconds[count - 5 : count]) * 1e3:8.0f} ms"
            )
    print(f"    all {len(seconds)} months                       {sum(seconds):8.1f} s")


def measure_prefect(root: Path, path: Path, floor: float) -> None:
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
    print(f"  the next month as a flow, server running    {own * 1e3:8.0f} ms, {own - floor:+.2f} s over the functions")


if __name__ == "__main__":
    main()
