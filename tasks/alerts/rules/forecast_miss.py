"""Rule forecast_miss: the outcome lies outside what the forecast's record and the chain's tolerance allow."""

import polars as pl

from contracts.text import fill_text
from tasks.alerts.evaluation import Evaluation
from tasks.alerts.registry import Rule, register
from tasks.alerts.scored import MISS_LIMITS
from tasks.alerts.wording import (
    measure_words,
    name_quantity,
    write_rough,
    write_value,
)

NAME = "forecast_miss"


def find_forecast_misses(evaluation: Evaluation) -> pl.DataFrame:
    """Candidates among scored forecasts (see `prepare_scored`), all distances taken beyond rounding.

    - info: |error| above the static tolerance and, once known, above the 80 % band
    - warning: moreover above the 90 % band, and the level at least `level_pct` from its forecast
      (a share or rate: `points_pp` from it)

    While the record is too short for a band the static tolerance stands in for the 90 % band.
    """
    scored = evaluation.scored.filter(pl.col("month").is_between(*evaluation.months))
    practical = (
        pl.when(pl.col("family").is_in(["growth", "level"]) & pl.col("level_near").is_not_null())
        .then(pl.col("level_near") >= pl.col("level_pct"))
        .otherwise(pl.col("near") >= pl.col("points_pp"))
    )
    outside_80 = (pl.col("near") > pl.col("band_80")).fill_null(True)
    outside_90 = (pl.col("near") > pl.col("band_90")).fill_null(True)
    return scored.filter(pl.col("is_missed") & outside_80).select(
        pl.when(outside_90 & practical).then(pl.lit("warning")).otherwise(pl.lit("info")).alias("severity"),
        *("source", "chain", "segment", "product", "metric", "measure", "month"),
        _write_title().alias("title"),
        describe_miss().alias("detail"),
        pl.concat_str("forecast_id", "used_id", separator=" ", ignore_nulls=True).alias("figure_ids"),
    )


def describe_miss() -> pl.Expr:
    """The numbers behind a marked forecast, as JSON with rounded floats so that the same inputs give the same text."""
    return pl.struct(
        pl.col("aim").alias("forecast"),
        pl.col("forecast_lower"),
        pl.col("forecast_upper"),
        pl.col("outcome").alias("actual"),
        pl.col("first_actual"),
        pl.col("unit"),
        pl.col("error").round(4).alias("surprise"),
        pl.col("near").round(4).alias("surprise_beyond_rounding"),
        pl.col("level_surprise").round(4).alias("level_surprise_pct"),
        pl.coalesce("band_90", "band_80", "tolerance_pp", "level_tolerance_pct").round(4).alias("band"),
        pl.when(pl.col("band_90").is_not_null())
        .then(pl.lit("usual error, 9 of 10"))
        .when(pl.col("band_80").is_not_null())
        .then(pl.lit("usual error, 4 of 5"))
        .otherwise(pl.lit("static tolerance"))
        .alias("band_kind"),
        pl.col("band_n"),
    ).struct.json_encode()


def write_forecast() -> pl.Expr:
    """The forecast as it was made: `−70 %`, `3 % to 5 %`, `more than 25 %`."""
    lower, upper = (
        write_value(pl.col(name), pl.col("measure"), pl.col("unit")) for name in ("forecast_lower", "forecast_upper")
    )
    return pl.coalesce(
        write_value(pl.col("forecast"), pl.col("measure"), pl.col("unit")),
        fill_text("{} to {}", lower, upper),
        pl.lit("more than ") + lower,
        pl.lit("less than ") + upper,
    )


def _write_title() -> pl.Expr:
    above = pl.col("outcome") > pl.col("aim")
    is_amount = pl.col("metric").is_in(["production", "shipments", "demand"]) & (pl.col("family") != "share")
    verb = (
        pl.when(is_amount & above)
        .then(pl.lit("beat"))
        .when(is_amount)
        .then(pl.lit("fell short of"))
        .when(above)
        .then(pl.lit("came in above"))
        .otherwise(pl.lit("came in below"))
    )
    measure = pl.col("measure")
    level = (
        pl.when((pl.col("family") == "growth") & (pl.col("level_surprise").abs() >= 0.05))
        .then(
            fill_text(
                "; level {} % {}",
                write_rough(pl.col("level_surprise")),
                pl.when(above).then(pl.lit("higher")).otherwise(pl.lit("lower")),
            )
        )
        .otherwise(pl.lit(""))
    )
    return fill_text(
        "{} {} {} the forecast: {} against {}{}{}",
        "subject",
        name_quantity(pl.col("metric"), measure),
        verb,
        write_value(pl.col("outcome"), measure, pl.col("unit")),
        write_forecast(),
        measure_words(measure),
        level.fill_null(""),
    )


RULE = register(
    Rule(
        name=NAME,
        kind="event",
        severities=("info", "warning"),
        says="the outcome lies outside the tolerance and the usual error",
        find=find_forecast_misses,
        thresholds=MISS_LIMITS,
        rank=3,
        is_cause=True,
        labels={
            "forecast": "forecast",
            "forecast_lower": "forecast at least",
            "forecast_upper": "forecast at most",
            "actual": "outcome",
            "first_actual": "first published outcome",
            "surprise": "surprise",
            "surprise_beyond_rounding": "surprise that rounding cannot explain",
            "level_surprise_pct": "level against its forecast, %",
            "band": "usual size",
            "band_kind": "usual size is",
            "band_n": "past forecasts behind it",
        },
    )
)
