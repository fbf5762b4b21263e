"""Calibration of quantile forecasts: how often outcomes lie at or below each quantile, beside how often they should."""

import polars as pl

from contracts.track_record import CALIBRATION
from tasks.scoring.proportions import bound_share
from tasks.scoring.quantiles import find_levels


def tabulate_calibration(scores: pl.DataFrame) -> pl.DataFrame:
    """One row per forecaster, measure and quantile level: share of outcomes at or below it, with n and interval.

    `scores` as from `score_table`; of several forecasts for a month the last issued in time counts. Returns
    `CALIBRATION`, empty where the table has no quantiles. `is_off` says that the level lies outside the interval.
    """
    levels = find_levels(scores.columns)
    if not levels:
        return CALIBRATION.empty()
    scored = scores.filter(pl.col("status") == "scored", pl.col("issue").is_in(["last", "only"]))
    rows = scored.unpivot(
        list(levels), index=["forecaster", "measure", "month", "actual"], variable_name="name", value_name="quantile"
    ).filter(pl.col("quantile").is_not_null(), pl.col("actual").is_not_null())
    groups = rows.group_by("forecaster", "measure", "name").agg(
        pl.len().cast(pl.Int64).alias("n"),
        pl.col("month").min().alias("first_month"),
        pl.col("month").max().alias("last_month"),
        (pl.col("actual") <= pl.col("quantile")).sum().cast(pl.Int64).alias("below"),
    )
    lower, upper = bound_share(groups["below"], groups["n"])
    level = pl.col("name").replace_strict(levels, return_dtype=pl.Float64)
    found = groups.with_columns(
        level.alias("level"), (pl.col("below") / pl.col("n")).alias("share"), lower.alias("lower"), upper.alias("upper")
    )
    off = (pl.col("level") < pl.col("lower")) | (pl.col("level") > pl.col("upper"))
    return CALIBRATION.conform(found.with_columns(off.alias("is_off"))).sort("forecaster", "measure", "level")
