"""Deciding on 100,000 scores against a ledger of a million rows, and whether its length matters.

Measured: the rules over one month of 100,000 marked forecasts; the decision and the append against ledgers of 10⁴, 10⁵
and 10⁶ rows in as many months as they need (about 4,000 alerts a month), where only the month's partition is read; and
the same decision with the whole ledger in hand, for comparison. Fixed seed, medians of three.

    python -m bench.bench_alerts
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime

import numpy as np
import polars as pl

from bench.measure import Result, hold, median_of, show
from contracts.alerts import ALERTS
from contracts.chain import Chain, Segment, load_chain
from contracts.period import add_months
from contracts.scores import SCORES
from contracts.text import fill_text
from data_lake.lake import Lake, open_lake
from data_lake.ledger import read_ledger, read_notices, read_silences, record_alerts
from tasks.alerts import Entry, Evaluation, decide, find_alerts

SERIES, PER_MONTH = 100_000, 4_000
SMALL = ["--scores", "2000", "--ledger", "5000"]
MONTH = date(2026, 5, 1)
NOW = datetime(2026, 6, 5, 12, tzinfo=UTC)


def make_chain(segments: int = 2_000) -> Chain:
    """A chain with so many segments, made from the shipped one."""
    base = load_chain("sodium_ion")
    names = [f"s{i:04}" for i in range(segments)]
    return replace(base, segments=tuple(Segment(n, n, {"en": (n,)}, {}, ()) for n in names), links=(), thresholds={})


def make_scores(rng: np.random.Generator, count: int = SERIES) -> pl.DataFrame:
    """Marked forecasts of one month: 50 sources by 2,000 segments, one in 25 missed by 10 pp."""
    missed = rng.random(count) < PER_MONTH / SERIES
    forecast = rng.integers(-20, 20, count).astype(float)
    actual = forecast + np.where(missed, rng.choice([-10.0, 10.0], count), rng.integers(-2, 3, count))
    row = pl.int_range(count, eager=True)
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


def measure_all(options: Sequence[str] = ()) -> Iterator[Result]:
    """The rules over the scores of a month, and decisions on a ledger of each size."""
    chain = make_chain()
    asked = _parse(options)
    scores = make_scores(np.random.default_rng(5), asked.scores)
    found = run_rules(scores, chain)
    yield hold("all rules", scores.height, "scores", median_of(lambda: run_rules(scores, chain)))
    for rows in asked.ledger:
        with tempfile.TemporaryDirectory() as folder:
            lake = open_lake(folder)
            fill_ledger(lake, found, rows)
            yield from measure_ledger(lake, found)


def _parse(options: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scores", type=int, default=SERIES)
    parser.add_argument("--ledger", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    return parser.parse_args(options)


def measure_ledger(lake: Lake, found: pl.DataFrame) -> Iterator[Result]:
    """Deciding on the month, on everything, and looking for what is untold."""
    silences, rows = read_silences(lake), read_ledger(lake).height

    def judge(ledger: pl.DataFrame) -> pl.DataFrame:
        return decide(found, ledger, silences, Entry(NOW, NOW, "bench", quiet=True))

    whole = median_of(lambda: judge(read_ledger(lake)), 1)
    month = median_of(lambda: judge(read_ledger(lake, (MONTH, MONTH))))
    yield hold("read a month's alerts and decide", rows, "entries", month, against=("all read", whole))
    yield hold("look for what is untold", rows, "entries", median_of(lambda: read_notices(lake)))


if __name__ == "__main__":
    show(measure_all(sys.argv[1:]))
