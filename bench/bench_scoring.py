"""Marking and track record at size, against peers and against the floor of one polars pass.

Run `python bench/bench_scoring.py --pairs 10000000` from the root of the repository. Random figures with a
fixed seed: 2,000 series, five leads, one actual in ten restated once. Every number is the median of
`--repeat` runs in one process; peak memory is that of a fresh process that does nothing else.
"""

import argparse
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from functools import partial

import numpy as np
import polars as pl

from bench.measure import Result, hold, median_of, show
from contracts.chain import load_chain
from contracts.figures import SERIES
from contracts.text import fill_text
from contracts.track_record import RECORD_KEY
from tasks.scoring import build_record, score_forecasts

SEED = 20260205
LEADS = 5
SERIES_COUNT = 2000
RESTATED = 0.1
SMALL = ["--pairs", "2000", "--repeat", "1", "--boe-pairs", "200"]


def make_figures(pairs: int, *, leads: int = LEADS, seed: int = SEED) -> pl.DataFrame:
    """Figures that hold `pairs` forecast/actual pairs: monthly growth of up to 2,000 series, several leads.

    Actuals follow an AR(1) around 3 % with a spread of 8 pp; a forecast at lead h misses by 4·√h pp.
    Numbers are rounded to 0.1, as published. One actual in ten is restated after 40 days.
    """
    rng = np.random.default_rng(seed)
    series = min(SERIES_COUNT, max(1, pairs // (leads * 20)))
    months = max(1, round(pairs / (leads * series)))
    size = series * months
    noise = rng.normal(0, 8 * np.sqrt(1 - 0.3**2), (series, months))
    actual = np.empty((series, months))
    actual[:, 0] = noise[:, 0]
    for m in range(1, months):
        actual[:, m] = 0.3 * actual[:, m - 1] + noise[:, m]
    actual = np.round(actual + 3, 1).ravel()
    base = pl.DataFrame(
        {
            "s": np.repeat(np.arange(series, dtype=np.int32), months),
            "m": np.tile(np.arange(months, dtype=np.int32), series),
        }
    )
    known = base.with_columns(
        pl.Series("value", actual), pl.lit("actual").alias("kind"), pl.lit(0, pl.Int32).alias("lead")
    )
    again = known.filter(pl.Series(rng.random(size) < RESTATED)).with_columns(
        (pl.col("value") + 1.5).round(1), pl.lit(40, pl.Int32).alias("days")
    )
    forecasts = [
        base.with_columns(
            pl.Series("value", np.round(actual + rng.normal(0, 4 * np.sqrt(h), size), 1)),
            pl.lit("forecast").alias("kind"),
            pl.lit(h, pl.Int32).alias("lead"),
            pl.lit(0, pl.Int32).alias("days"),
        )
        for h in range(1, leads + 1)
    ]
    rows = pl.concat([known.with_columns(pl.lit(0, pl.Int32).alias("days")), again, *forecasts])
    return _dress(rows)


def _dress(rows: pl.DataFrame) -> pl.DataFrame:
    """The columns that marking reads, with words and instants."""
    start = date(1960, 1, 1)
    months = pl.DataFrame({"m": pl.int_range(-24, rows["m"].max() + 2, eager=True).cast(pl.Int32)}).with_columns(
        pl.lit(start).dt.offset_by(fill_text("{}mo", pl.col("m"))).alias("month")
    )
    months = months.with_columns(pl.col("month").dt.strftime("%Y-%m").alias("text"))
    words = pl.DataFrame({"s": pl.int_range(0, rows["s"].max() + 1, eager=True).cast(pl.Int32)}).with_columns(
        pl.lit("smm").alias("source"),
        pl.lit("sodium_ion").alias("chain"),
        fill_text("segment_{}", pl.col("s") // 20).alias("segment"),
        fill_text("product_{}", pl.col("s") % 20).alias("product"),
        pl.lit("production").alias("metric"),
        pl.lit("mom_pct").alias("measure"),
    )
    review = months.rename({"m": "r", "month": "reviewed", "text": "review_month"})
    frame = (
        rows.with_columns((pl.col("m") - pl.col("lead")).alias("r"))
        .join(words, on="s", how="left")
        .join(months.rename({"text": "period"}), on="m", how="left")
        .join(review, on="r", how="left")
    )
    at = pl.col("reviewed").dt.offset_by("1mo").cast(pl.Datetime("us")) + pl.duration(days=pl.col("days") + 4)
    return frame.select(
        *SERIES,
        "period",
        "month",
        pl.lit(value=True).alias("is_monthly"),
        "kind",
        "value",
        pl.lit(None, pl.Float64).alias("lower"),
        pl.lit(None, pl.Float64).alias("upper"),
        pl.lit(0.05).alias("half_width"),
        pl.lit("%").alias("unit"),
        pl.lit("exact").alias("qualifier"),
        at.dt.replace_time_zone("UTC").alias("published_at"),
        at.dt.replace_time_zone("UTC").alias("recorded_at"),
        pl.lit(value=False).alias("is_published_assumed"),
        "review_month",
        fill_text("r{}", pl.col("r")).alias("release_id"),
        fill_text("f{}", pl.int_range(pl.len())).alias("figure_id"),
    )


# ------------------------------------------------------------------ peers, each on the same pairs


def measure_floor(scores: pl.DataFrame, keys: list[str]) -> pl.DataFrame:
    """The floor: one pass that computes only MAE by group."""
    return scores.lazy().group_by(keys).agg((pl.col("actual") - pl.col("forecast")).abs().mean()).collect()


def measure_plain(scores: pl.DataFrame) -> pl.DataFrame:
    """The plain record through the same code as the whole one."""
    return build_record(scores, detail="plain")


def run_utilsforecast(scores: pl.DataFrame) -> tuple[Callable[[], object], Callable[[], object]]:
    """`utilsforecast.evaluate` on polars (MAE, RMSE, bias, MASE), and ours for the same four.

    Both get the same pairs with one ready-made key, `unique_id`, in the same order.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from utilsforecast.evaluation import evaluate
        from utilsforecast.losses import bias, mae, mase, rmse

    frame = (
        scores.filter(pl.col("lead_months") == 1)
        .select(
            pl.concat_str(SERIES, separator="|").alias("unique_id"),
            pl.col("month").alias("ds"),
            pl.col("actual").alias("y"),
            pl.col("forecast").alias("f"),
        )
        .sort("unique_id", "ds")
    )
    train = frame.select("unique_id", "ds", "y")
    ours = (
        scores.filter(pl.col("lead_months") == 1)
        .with_columns(pl.concat_str(SERIES, separator="|").alias("unique_id"))
        .sort("unique_id", "month")
    )
    return (
        lambda: evaluate(frame, [mae, rmse, bias, partial(mase, seasonality=1)], train_df=train),
        lambda: build_record(ours, group_by=["unique_id"], series=["unique_id"], detail="errors"),
    )


def run_bank_of_england(pairs: int) -> float:
    """Seconds a pair of `forecast-evaluation`: its main table, accuracy, bias and Diebold-Mariano."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import forecast_evaluation as fe
        import pandas as pd

        leads, months = 4, pairs // 4
        rng = np.random.default_rng(SEED)
        dates = pd.period_range("1900-01", periods=months + leads, freq="M").to_timestamp("M")
        truth = rng.normal(3, 8, months + leads)
        outturns = pd.DataFrame(
            {
                "date": dates,
                "variable": "output",
                "vintage_date": dates + pd.offsets.MonthEnd(1),
                "frequency": "M",
                "forecast_horizon": -1,
                "value": truth,
            }
        )
        rows = [
            {
                "date": dates[i + h],
                "variable": "output",
                "vintage_date": dates[i],
                "source": source,
                "frequency": "M",
                "forecast_horizon": h,
                "value": truth[i + h] + noise,
            }
            for i in range(months // 2)
            for h in range(leads)
            for source, noise in (("agency", rng.normal(0, 4)), ("naive", rng.normal(0, 8)))
        ]
        forecasts = pd.DataFrame(rows)
        start = time.perf_counter()
        data = fe.ForecastData(outturns_data=outturns, forecasts_data=forecasts, metric="levels")
        fe.compute_accuracy_statistics(data=data, k=0)
        fe.bias_analysis(data=data, k=0)
        fe.diebold_mariano_table(data=data, benchmark_model="naive", k=0)
        return (time.perf_counter() - start) / len(forecasts)


# ------------------------------------------------------------------ the run


def measure_pairs(pairs: int, repeat: int) -> Iterator[Result]:
    """Each step for this many pairs, by the wall; records against one pass of MAE, and like against like."""
    chains = {"sodium_ion": load_chain("sodium_ion")}
    figures = make_figures(pairs)
    scores = score_forecasts(figures, chains=chains)
    build_record(scores.head(1000))  # imports are paid once a process, not once a pair
    floor = ("MAE", median_of(partial(measure_floor, scores, list(RECORD_KEY)), repeat))
    yield hold("one pass: MAE by group", pairs, "pairs", floor[1])
    yield hold("score forecasts", pairs, "pairs", median_of(partial(score_forecasts, figures, chains=chains), repeat))
    del figures
    plain, whole = (median_of(partial(work, scores), repeat) for work in (measure_plain, build_record))
    yield hold("plain record", pairs, "pairs", plain, against=floor, target="≤ 6×")
    yield hold("whole record", pairs, "pairs", whole, against=floor, target="≤ 18×")
    theirs, ours = (median_of(work, repeat) for work in run_utilsforecast(scores))
    yield hold("utilsforecast, four metrics, one lead", pairs, "pairs", theirs)
    yield hold("the same four metrics", pairs, "pairs", ours, against=("utilsforecast", theirs), target="≤ 1×")


def measure_bank_of_england(pairs: int, repeat: int) -> Iterator[Result]:
    """Their tables and ours over as many pairs."""
    theirs = run_bank_of_england(pairs) * pairs
    yield hold("forecast-evaluation, its tables", pairs, "pairs", theirs)
    scores = score_forecasts(make_figures(pairs), chains={"sodium_ion": load_chain("sodium_ion")})
    build_record(scores)
    ours = median_of(partial(build_record, scores), repeat)
    yield hold("whole record", pairs, "pairs", ours, against=("forecast-evaluation", theirs))


def measure_peak(pairs: int) -> tuple[float, float]:
    """Peak resident memory of a fresh process that makes the figures, and of one that also marks and records."""
    code = (
        "import resource,sys;sys.path.insert(0,'.');sys.path.insert(0,'bench');import bench_scoring as b;"
        "from contracts.chain import load_chain;f=b.make_figures({n});"
        "m=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss/1e6;"
        "s=b.score_forecasts(f,chains={{'sodium_ion':load_chain('sodium_ion')}});del f;b.build_record(s);"
        "print(m,resource.getrusage(resource.RUSAGE_SELF).ru_maxrss/1e6)"
    )
    out = subprocess.run([sys.executable, "-c", code.format(n=pairs)], capture_output=True, text=True, check=True)
    made, whole = (float(x) for x in out.stdout.split())
    return made, whole


def measure_all(options: Sequence[str] = ()) -> Iterator[Result]:
    """Each number of pairs, and forecast-evaluation at the number it can do."""
    asked = _parse(options)
    for pairs in asked.pairs:
        yield from measure_pairs(pairs, asked.repeat)
        if asked.peak:
            made, whole = measure_peak(pairs)
            print(f"  peak memory: figures alone {made:.1f} GB, with scores and record {whole:.1f} GB")
    if asked.boe_pairs:
        yield from measure_bank_of_england(asked.boe_pairs, asked.repeat)


def _parse(options: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--boe-pairs", type=int, default=4000)
    parser.add_argument("--peak", action="store_true")
    return parser.parse_args(options)


if __name__ == "__main__":
    show(measure_all(sys.argv[1:]))
