"""Rule repeated_miss: several misses of one sign in a row say that the forecaster is off, not the month."""

import polars as pl

from contracts.text import fill_text
from contracts.wording import measure_words, name_quantity, write_number
from tasks.alerts.evaluation import Evaluation
from tasks.alerts.registry import Rule, register
from tasks.alerts.scored import SERIES
from tasks.alerts.thresholds import Threshold, read_thresholds

NAME = "repeated_miss"
LIMITS = {
    "misses": Threshold(3, "so many misses of one sign in a row"),
    "within_months": Threshold(6, "all inside so many months"),
}
_MEASURES = ("mom_pct", "level", "yoy_pct")
_KEPT = ("month", "error", "forecast_id", "used_id", "actual_is")


def find_repeated_misses(evaluation: Evaluation) -> pl.DataFrame:
    """Candidates (error) where a run of misses of one sign reaches `misses`, and again at each multiple of it.

    A run is of consecutive scored forecasts of a series; a scored forecast that was no miss, or a miss of the other
    sign, ends it. It is counted from January of the year before the month, so that a month is judged alike whatever
    else is evaluated. The last `misses` of the run lie inside `within_months`. All from `is_missed`, hence beyond
    rounding. Runs by MoM, level and YoY that reach it in one month are one finding, told by the first of them.
    """
    runs = _count_runs(evaluation.scored, read_thresholds(evaluation.chains, NAME, LIMITS))
    reached = runs.filter(
        pl.col("month").is_between(*evaluation.months),
        pl.col("month").dt.year() == pl.col("view"),
        pl.col("length") >= pl.col("misses"),
        pl.col("length") % pl.col("misses") == 0,
    )
    past = runs.select(*SERIES, "view", "run", "length", *_KEPT).rename({c: f"past_{c}" for c in ("length", *_KEPT)})
    found = (
        reached.join(past, on=[*SERIES, "view", "run"])
        .filter(pl.col("past_length").is_between(pl.col("length") - pl.col("misses") + 1, pl.col("length")))
        .sort(*SERIES, "month", "past_month")
        .group_by([*SERIES, "month"], maintain_order=True)
        .agg(
            pl.first("subject", "side", "misses", "within_months", "family", "is_level"),
            pl.col("past_month").min().alias("since"),
            pl.col("past_error").abs().mean().alias("mean_size"),
            pl.col("past_error").round(4).alias("errors"),
            pl.col("past_actual_is").alias("actuals_are"),
            pl.concat_str("past_forecast_id", "past_used_id", separator=" ", ignore_nulls=True)
            .str.join(" ")
            .alias("figure_ids"),
        )
        .filter(_months_between(pl.col("since"), pl.col("month")) < pl.col("within_months"))
    )
    return _write(_keep_first(found))


def _count_runs(scored: pl.DataFrame, limits: pl.DataFrame) -> pl.DataFrame:
    """Misses with `run` and `length` so far, as counted in each year's `view`: that year and the one before."""
    signed = pl.when(pl.col("is_missed")).then(pl.col("error").sign()).otherwise(0.0)
    year = pl.col("month").dt.year()
    return (
        scored.with_columns(signed.alias("side"), pl.concat_list(year, year + 1).alias("view"))
        .explode("view", empty_as_null=True)
        .sort(*SERIES, "view", "month")
        .with_columns(pl.col("side").rle_id().over(*SERIES, "view").alias("run"))
        .with_columns(pl.int_range(1, pl.len() + 1).over(*SERIES, "view", "run").alias("length"))
        .join(limits, on=["chain", "segment", "measure"], how="inner", maintain_order="left")
        .with_columns(pl.col("misses").cast(pl.Int64))
        .filter(pl.col("side") != 0)
    )


def _keep_first(found: pl.DataFrame) -> pl.DataFrame:
    """One run per fact: of MoM, level and YoY the first that reached it; shares and rates are facts of their own."""
    order = pl.col("measure").replace_strict({m: i for i, m in enumerate(_MEASURES)}, default=None)
    is_joint = order.is_not_null() & (pl.col("is_level") | (pl.col("family") == "growth"))
    fact = pl.when(is_joint).then(pl.lit("")).otherwise("measure").alias("fact")
    key = ["source", "chain", "segment", "product", "metric", "fact", "month"]
    return found.with_columns(fact).sort(*key, order).unique(key, keep="first", maintain_order=True)


def _months_between(first: pl.Expr, last: pl.Expr) -> pl.Expr:
    return (last.dt.year() - first.dt.year()) * 12 + (last.dt.month().cast(pl.Int32) - first.dt.month().cast(pl.Int32))


def _write(found: pl.DataFrame) -> pl.DataFrame:
    unit = pl.when("is_level").then(pl.lit("%")).otherwise(pl.lit("pp"))
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
        *("source", "chain", "segment", "product", "metric", "month"),
        pl.col("fact").alias("measure"),
        title.alias("title"),
        pl.struct(
            pl.col("misses"),
            pl.col("measure").alias("by"),
            pl.col("since").dt.strftime("%Y-%m"),
            pl.col("errors").alias("surprises"),
            pl.col("actuals_are"),
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
        rank=4,
        labels={"actuals_are": "outcomes as published", "by": "measure"},
    )
)
