"""All comparison columns of 2,000 series × 240 months, against a polars pass that computes only MoM and YoY.

The floor joins each level with the one a month and a year before, by the calendar, and sorts by key: no interval, no evidence, no
working days. By processor, in turn, from a fixed seed. Target: 6×.

    python -m bench.bench_comparing [2000]
"""

import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import cache

import numpy as np
import polars as pl

from bench.measure import Result, Timing, hold, measure_in_turn, show
from contracts.chain import Chain, load_chain
from contracts.period import add_months
from tasks.comparing.comparisons import compare_months

MONTHS, SEED = 240, 20260205
SMALL = ["5"]
NODE = ["source", "chain", "segment", "product", "metric"]


@cache
def make_figures(series: int) -> pl.DataFrame:
    """Levels that wander, with one decimal, of segments of one chain."""
    random = np.random.default_rng(SEED)
    levels = 100 * np.exp(np.cumsum(random.normal(0, 0.05, (series, MONTHS)), axis=1))
    months = [add_months(date(2006, 1, 1), i) for i in range(MONTHS)]
    texts = {"source": "made", "chain": "made", "product": "", "metric": "production", "measure": "level", "unit": "t"}
    texts |= {"kind": "actual", "qualifier": "exact"}
    return pl.DataFrame(
        {
            "segment": np.repeat([f"s{i:05}" for i in range(series)], MONTHS),
            "month": months * series,
            "value": levels.round(1).ravel(),
        }
    ).with_columns(
        *(pl.lit(text).alias(name) for name, text in texts.items()),
        *(pl.lit(None, pl.Float64).alias(name) for name in ("lower", "upper")),
        half_width=pl.lit(0.05),
        is_monthly=pl.lit(value=True),
        period=pl.col("month").dt.strftime("%Y-%m"),
        published_at=pl.lit(datetime(2026, 1, 1, tzinfo=UTC)),
        figure_id=pl.int_range(pl.len()).hash().cast(pl.String).str.zfill(20).str.slice(0, 16),
    )


def pass_over(series: int) -> tuple[float, int]:
    """MoM and YoY alone; processor seconds and rows."""
    figures = make_figures(series)
    started = time.process_time()
    levels = figures.filter(kind="actual", is_monthly=True).select(*NODE, "month", "value")
    parts = []
    for name, lag in (("mom_pct", 1), ("yoy_pct", 12)):
        base = levels.with_columns(pl.col("month").dt.offset_by(f"{lag}mo"))
        change = 100 * (pl.col("value") / pl.col("value_base") - 1)
        joined = levels.join(base, on=[*NODE, "month"], suffix="_base")
        parts.append(joined.select(*NODE, pl.lit(name).alias("measure"), "month", value=change))
    rows = pl.concat(parts).sort(*NODE, "measure", "month")
    return time.process_time() - started, rows.height


def compare(series: int) -> tuple[float, int]:
    """Everything; processor seconds and rows."""
    figures, chain = make_figures(series), _made_chain()
    started = time.process_time()
    rows = compare_months(figures, chains={"made": chain})
    return time.process_time() - started, rows.height


def _made_chain() -> Chain:
    return replace(load_chain("sodium_ion"), name="made")


def measure_all(options: Sequence[str] = ()) -> Iterator[Result]:
    """The pass and everything, in turn, by processor."""
    series = int(options[0]) if options else 2000
    works = {"floor": (pass_over, (series,)), "all": (compare, (series,))}
    found = {
        name: Timing([timing.result[0]], timing.peak_mb) for name, timing in measure_in_turn(works, rounds=5).items()
    }
    rows = series * MONTHS
    yield hold("MoM and YoY alone", rows, "levels", found["floor"])
    yield hold("all columns", rows, "levels", found["all"], against=("MoM and YoY", found["floor"]), target="≤ 6×")


if __name__ == "__main__":
    show(measure_all(sys.argv[1:]))
