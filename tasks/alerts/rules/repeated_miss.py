"""Rule repeated_miss: several misses of one sign in a row say that the forecaster is off, not the month."""

import polars as pl

from contracts.text import fill_text
from tasks.alerts.evaluation import Evaluation
from tasks.alerts.registry import Rule, register
from tasks.alerts.scored import SERIES
from tasks.alerts.thresholds import Threshold, read_thresholds
from tasks.alerts.wording import measure_words, name_quantity, write_number

NAME = "repeated_miss"
LIMITS = {
    "misses": Threshold(3, "so many misses of one sign in a row"),
    "within_months": Threshold(6, "all inside so many months"),
}


def find_repeated_misses(evaluation: Evaluation) -> pl.DataFrame:
    """Candidates (error) where a run of misses of one sign reaches `misses`, and again at each multiple of it.

    A run is of consecutive marked forecasts of a series; a marked forecast that was no miss, or a miss of the other
    sign, ends it. The last `misses` of the run lie inside `within_months`. All from `is_missed`, hence beyond rounding.
    """
    limits = read_thresholds(evaluation.chains, NAME, LIMITS)
    series = list(SERIES)
    signed = pl.when(pl.col("is_missed")).then(pl.col("error").sign()).otherwise(0.0)
    runs = (
        evaluation.scored.sort(*series, "month")
        .with_columns(signed.alias("side"))
        .with_columns(pl.col("side").rle_id().over(series).alias("run"))
        .with_columns(pl.int_range(1, pl.len() + 1).over(*series, "run").alias("length"))
        .join(limits, on=["chain", "segment", "measure"], how="inner")
        .with_columns(pl.col("misses").cast(pl.Int64))
        .filter(pl.col("side") != 0)
    )
    if runs.is_empty():
        return _write(runs.with_columns(_no_history()))
    history = (
        runs.select(*series, "run", "misses", "length", "month", "error", "forecast_id", "used_id")
        .rename({"month": "past_month", "length": "past_length", "error": "past_error"})
        .rename({"forecast_id": "past_forecast", "used_id": "past_used"})
        .drop("misses")
    )
    reached = runs.filter(
        pl.col("month").is_between(*evaluation.months),
        pl.col("length") >= pl.col("misses"),
        pl.col("length") % pl.col("misses") == 0,
    )
    found = (
        reached.join(history, on=[*series, "run"], how="left")
        .filter(pl.col("past_length").is_between(pl.col("length") - pl.col("misses") + 1, pl.col("length")))
        .sort(*series, "month", "past_month")
        .group_by([*series, "month"], maintain_order=True)
        .agg(
            pl.first("subject", "side", "misses", "within_months", "unit", "family"),
            pl.col("past_month").min().alias("since"),
            pl.col("past_error").abs().mean().alias("mean_size"),
            pl.col("past_error").round(4).alias("errors"),
            pl.concat_str("past_forecast", "past_used", separator=" ", ignore_nulls=True)
            .str.join(" ")
            .alias("figure_ids"),
        )
        .filter(_months_between(pl.col("since"), pl.col("month")) < pl.col("within_months"))
    )
    return _write(found)


def _months_between(first: pl.Expr, last: pl.Expr) -> pl.Expr:
    return (last.dt.year() - first.dt.year()) * 12 + (last.dt.month().cast(pl.Int32) - first.dt.month().cast(pl.Int32))


def _no_history() -> list[pl.Expr]:
    return [
        pl.lit(None, pl.Date).alias("since"),
        pl.lit(None, pl.Float64).alias("mean_size"),
        pl.lit(None, pl.List(pl.Float64)).alias("errors"),
        pl.lit("").alias("figure_ids"),
    ]


def _write(found: pl.DataFrame) -> pl.DataFrame:
    unit = pl.when(pl.col("family") == "level").then(pl.lit("%")).otherwise(pl.lit("pp"))
    title = fill_text(
        "{} {}: {} forecasts in a row too {}, by {} {} on average{}",
        "subject",
        name_quantity(pl.col("metric"), pl.col("measure")),
        "misses",
        pl.when(pl.col("side") > 0).then(pl.lit("low")).otherwise(pl.lit("high")),
        write_number(pl.col("mean_size").round(1)),
        unit,
        measure_words(pl.col("measure")),
    )
    return found.select(
        pl.lit("error").alias("severity"),
        *("source", "chain", "segment", "product", "metric", "measure", "month"),
        title.alias("title"),
        pl.struct(
            pl.col("misses"),
            pl.col("since").dt.strftime("%Y-%m"),
            pl.col("errors").alias("surprises"),
            pl.col("mean_size").round(4).alias("mean_size"),
            unit.alias("unit"),
        )
        .struct.json_encode()
        .alias("detail"),
        "figure_ids",
    )


RULE = register(
    Rule(
        name=NAME,
        kind="event",
        severities=("error",),
        says="three misses of one sign in a row",
        find=find_repeated_misses,
        thresholds=LIMITS,
        rank=3,
    )
)
