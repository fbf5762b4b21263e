"""Marked forecasts as the rules see them: the outcome as now published, its distance beyond rounding, its band."""

from collections.abc import Mapping
from datetime import date

import polars as pl

from contracts.chain import Chain
from tasks.alerts.thresholds import Threshold, read_thresholds
from tasks.alerts.wording import FAMILIES, name_subjects, unit_of_measure

MISS_LIMITS = {
    "level_pct": Threshold(5.0, "a warning: level this far from its forecast, in percent, beyond rounding"),
    "points_pp": Threshold(5.0, "the same for shares and rates, in points"),
    "level_tolerance_pct": Threshold(3.0, "a level is a miss from here on"),
}
"""Thresholds of the rule forecast_miss, which also say what a miss is for the rules beside it."""
SERIES = ("source", "chain", "segment", "product", "metric", "measure")


def prepare_scored(
    scores: pl.DataFrame,
    figures: pl.DataFrame,
    chains: Mapping[str, Chain],
    months: tuple[date, date],
) -> pl.DataFrame:
    """One row per series and month of `chains` that was forecast and has an outcome, up to the last of `months`.

    Of several forecasts the last one before the outcome counts. The outcome is the latest published one, so that a
    restated month is judged anew; the first one stands in `first_actual`. Added columns:

    - aim: the forecast; of a bound or range its end that is nearest to the outcome, or the outcome itself inside it
    - error: outcome − aim in pp; of a level 100·(outcome/aim − 1)
    - near: the smallest |error| that rounding allows; is_missed: it exceeds the static tolerance
    - level_surprise: 100·((1+outcome/100)/(1+aim/100) − 1), level_near its smallest size that rounding allows; null
      where undefined
    - band_80, band_90: usual size of the error as known when the forecast was made, in the unit of error; null while
      the record is short
    - subject, unit, family, and the thresholds of the rule forecast_miss
    """
    marked = _measure_distance(_add_outcome(_last_forecasts(scores, chains, months), figures))
    return (
        marked.join(name_subjects(chains), on=["chain", "segment", "product"], how="left")
        .with_columns(pl.col("subject").fill_null(pl.col("segment")))
        .join(read_thresholds(chains, "forecast_miss", MISS_LIMITS), on=["chain", "segment", "measure"], how="inner")
        .with_columns(_is_missed().fill_null(False).alias("is_missed"))
        .sort(*SERIES, "month")
    )


def _last_forecasts(scores: pl.DataFrame, chains: Mapping[str, Chain], months: tuple[date, date]) -> pl.DataFrame:
    return (
        scores.lazy()
        .filter(
            pl.col("chain").is_in(list(chains)),
            pl.col("status") == "scored",
            pl.col("month") <= months[1],
            pl.col("issue").is_in(["last", "only"]),
        )
        .with_columns(pl.col("measure").replace_strict(FAMILIES, default="").alias("family"))
        .sort("forecast_at", "forecast_id")
        .unique([*SERIES, "month"], keep="last", maintain_order=True)
        .collect()
    )


def _add_outcome(marked: pl.DataFrame, figures: pl.DataFrame) -> pl.DataFrame:
    """The latest outcome, the aim, and the rounding half-widths of both.

    A score knows the half-width of the first outcome; that of a later one is its figure's.
    """
    halves = figures.select(pl.col("figure_id").alias("used_id"), pl.col("half_width").alias("used_half"))
    outcome = pl.coalesce("latest_actual", "actual")
    lower, upper = pl.col("forecast_lower"), pl.col("forecast_upper")
    end = pl.when(outcome > upper).then(upper).when(outcome < lower).then(lower).otherwise(outcome)
    is_open = pl.col("forecast").is_null() & (lower.is_not_null() | upper.is_not_null())
    share = (pl.col("surprise_upper_pp") - pl.col("surprise_lower_pp")) / 4
    return (
        marked.with_columns(
            pl.coalesce("latest_actual_id", "actual_id").alias("used_id"),
            outcome.alias("outcome"),
            pl.col("actual").alias("first_actual"),
            pl.when(is_open).then(end).otherwise("forecast").alias("aim"),
            pl.coalesce(pl.col("unit").replace("", None), unit_of_measure(pl.col("measure")), pl.lit("")).alias("unit"),
        )
        .join(halves.unique("used_id", keep="first"), on="used_id", how="left")
        .with_columns(
            pl.coalesce("forecast_half_width", share, 0.0).alias("forecast_half"),
            pl.coalesce("used_half", "actual_half_width", share, 0.0).alias("actual_half"),
        )
    )


def _measure_distance(marked: pl.DataFrame) -> pl.DataFrame:
    f, a = pl.col("aim"), pl.col("outcome")
    is_level, is_growth = pl.col("family") == "level", pl.col("family") == "growth"
    sign = (a - f).sign()
    near_a, near_f = a - sign * pl.col("actual_half"), f + sign * pl.col("forecast_half")
    crossed = (near_a - near_f) * sign <= 0
    level_near = (
        pl.when(is_level).then(_ratio_pct(near_a, near_f)).when(is_growth).then(_ratio_pct(100 + near_a, 100 + near_f))
    )
    level_size = pl.when(crossed).then(0.0).otherwise(level_near.abs())
    shrunk = ((a - f).abs() - pl.col("forecast_half") - pl.col("actual_half")).clip(lower_bound=0)
    # The record of a level is kept in its unit.
    in_pct = pl.when(is_level & (f > 0)).then(100 / f).otherwise(1.0)
    return marked.with_columns(
        pl.when(is_level).then(_ratio_pct(a, f)).otherwise(a - f).alias("error"),
        pl.when(is_level)
        .then(_ratio_pct(a, f))
        .when(is_growth)
        .then(_ratio_pct(100 + a, 100 + f))
        .alias("level_surprise"),
        level_size.alias("level_near"),
        pl.when(is_level).then(level_size).otherwise(shrunk).alias("near"),
        (pl.col("band_80_pp") * in_pct).alias("band_80"),
        (pl.col("band_90_pp") * in_pct).alias("band_90"),
    )


def _ratio_pct(numerator: pl.Expr, denominator: pl.Expr) -> pl.Expr:
    """100·(numerator/denominator − 1); null where the denominator is not above zero: there is no ratio to a nothing."""
    return pl.when(denominator > 0).then(100 * (numerator / denominator - 1))


def _is_missed() -> pl.Expr:
    tolerance = pl.when(pl.col("family") == "level").then("level_tolerance_pct").otherwise("tolerance_pp")
    return pl.col("family").is_in(["growth", "share", "points", "level"]) & (pl.col("near") > tolerance + 1e-9)
