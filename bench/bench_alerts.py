"""Deciding on 100,000 scores against a ledger of a million rows, and whether its length matters.

Measured: the rules over one month of 100,000 marked forecasts; the decision and the append against ledgers of 10⁴, 10⁵
and 10⁶ rows in as many months as they need (about 4,000 alerts a month), where only the month's partition is read; and
the same decision with the whole ledger in hand, for comparison. Fixed seed, medians of three.

    python -m bench.bench_alerts
"""

import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime

import numpy as np
import polars as pl

from contracts.alerts import ALERTS
from contracts.chain import Chain, Segment, load_chain
from contracts.period import add_months
from contracts.scores import SCORES
from contracts.text import fill_text
from data_lake.lake import Lake, open_lake
from data_lake.ledger import read_ledger, read_notices, read_silences, record_alerts
from tasks.alerts import Entry, Evaluation, decide, find_alerts

SERIES, PER_MONTH = 100_000, 4_000
MONTH = date(2026, 5, 1)
NOW = datetime(2026, 6, 5, 12, tzinfo=UTC)


def make_chain(segments: int = 2_000) -> Chain:
    """A chain with so many segments, made from the shipped one."""
    base = load_chain("sodium_ion")
    names = [f"s{i:04}" for i in range(segments)]
    return replace(base, segments=tuple(Segment(n, n, {"en": (n,)}, {}, ()) for n in names), links=(), thresholds={})


def make_scores(rng: np.random.Generator) -> pl.DataFrame:
    """100,000 marked forecasts of one month: 50 sources by 2,000 segments, one in 25 missed by 10 pp."""
    missed = rng.random(SERIES) < PER_MONTH / SERIES
    forecast = rng.integers(-20, 20, SERIES).astype(float)
    actual = forecast + np.where(missed, rng.choice([-10.0, 10.0], SERIES), rng.integers(-2, 3, SERIES))
    row = pl.int_range(SERIES, eager=True)
    frame = pl.DataFrame({"row": row, "forecast": forecast, "actual": actual}).with_columns(
        fill_text("source{}", pl.col("row") % 50).alias("source"),
        pl.lit("sodium_ion").alias("chain"),
        ("s" + (pl.col("row") // 50).cast(pl.String).str.zfill(4)).alias("segment"),
        pl.lit("").alias("product"),
        pl.lit("production").alias("metric"),
        pl.lit("mom_pct").alias("measure"),
        pl.lit(MONTH).alias("month"),
        (pl.col("actual") - pl.col("forecast")).alias("surprise_pp"),
        pl.lit("scored").alias("status"),
        pl.lit("only").alias("issue"),
        pl.lit("%").alias("unit"),
        pl.lit(5.0).alias("tolerance_pp"),
        pl.lit(0.5).alias("forecast_half_width"),
        pl.lit(0.5).alias("actual_half_width"),
        fill_text("f{}", "row").alias("forecast_id"),
        fill_text("a{}", "row").alias("actual_id"),
        pl.lit(1).alias("lead_months"),
        pl.lit(1).alias("span_months"),
        pl.lit(NOW).alias("forecast_at"),
        pl.lit(NOW).alias("actual_at"),
    )
    return SCORES.conform(frame)


def run_rules(scores: pl.DataFrame, chain: Chain) -> pl.DataFrame:
    """All rules over the month."""
    return find_alerts(Evaluation(scores=scores, chains={chain.name: chain}, months=(MONTH, MONTH), as_of=NOW))


def fill_ledger(lake: Lake, found: pl.DataFrame, rows: int) -> None:
    """A ledger of so many rows in the months before, each month the same alerts; and this month's, once."""
    for back in range(rows // PER_MONTH):
        month = add_months(MONTH, -back)
        past = found.head(PER_MONTH).with_columns(pl.lit(month).alias("month"))
        fresh = decide(past, ALERTS.empty(), read_silences(lake), Entry(NOW, NOW, "fill"))
        record_alerts(lake, lambda _, fresh=fresh: fresh, months=(month, month))


def time_of(work: Callable[[], object], repeat: int = 3) -> float:
    """Median seconds."""
    taken = []
    for _ in range(repeat):
        begin = time.perf_counter()
        work()
        taken.append(time.perf_counter() - begin)
    return statistics.median(taken)


def main() -> None:
    """Print a table of medians."""
    threads = f"{platform.machine()}, {pl.thread_pool_size()} threads"
    print(f"python {sys.version.split()[0]}, polars {pl.__version__}, {threads}")
    chain = make_chain()
    scores = make_scores(np.random.default_rng(5))
    found = run_rules(scores, chain)
    taken = time_of(lambda: run_rules(scores, chain))
    print(f"rules over {scores.height:,} scores ({found.height:,} findings): {taken:.2f} s")
    for rows in (10_000, 100_000, 1_000_000):
        with tempfile.TemporaryDirectory() as folder:
            lake = open_lake(folder)
            fill_ledger(lake, found, rows)
            measure_ledger(lake, found)


def measure_ledger(lake: Lake, found: pl.DataFrame) -> None:
    """One line about a ledger: deciding on the month, on everything, and looking for what is untold."""
    silences = read_silences(lake)

    def judge(ledger: pl.DataFrame) -> pl.DataFrame:
        return decide(found, ledger, silences, Entry(NOW, NOW, "bench", quiet=True))

    month = time_of(lambda: judge(read_ledger(lake, (MONTH, MONTH))))
    whole = time_of(lambda: judge(read_ledger(lake)), repeat=1)
    notices = time_of(lambda: read_notices(lake))
    print(f"ledger of {read_ledger(lake).height:>9,} rows: read the month and decide {month:.2f} s;", end=" ")
    print(f"with all of it in hand {whole:.2f} s; look for what is untold {notices:.2f} s")


if __name__ == "__main__":
    main()
