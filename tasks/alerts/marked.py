"""Marked forecasts as the rules see them: the outcome as now published, its distance beyond rounding, its band."""

from collections.abc import Mapping
from datetime import date

import polars as pl

from contracts.chain import Chain
from tasks.alerts.bands import add_bands
from tasks.alerts.thresholds import read_thresholds
from tasks.alerts.wording import FAMILIES, name_subjects, unit_of_measure

SERIES = ("source", "chain", "segment", "product", "metric", "measure")


def prepare_marked(
    scores: pl.DataFrame,
    figures: pl.DataFrame,
    chains: Mapping[str, Chain],
    months: tuple[date, date],
) -> pl.DataFrame:
    """One row per series and month of `chains` that was forecast and has an outcome, up to the last of `months`.

    Of several forecasts the last one before the outcome counts. The outcome is the latest published one, so that a
    restated month is judged anew; the first one stands in `first_actual`. Added columns:

    - error: actual − forecast in pp; of a level 100·(a/f − 1)
    - near: the smallest |error| that rounding allows; is_missed: it exceeds the static tolerance
    - level_pct: 100·((1+a/100)/(1+f/100) − 1), level_near its smallest size that rounding allows; null where undefined
    - n_past, band_80, band_90: how far the series usually strays, as known when the forecast was made; only for rows
      inside `months`, else null
    - subject, unit, family, and the thresholds of the rule forecast_miss
    """
    marked = _last_forecasts(scores, chains, months)
    marked = _measure_distance(_add_rounding(marked, figures))
    marked = marked.join(name_subjects(chains), on=["chain", "segment", "product"], how="left").with_columns(
        pl.col("subject").fill_null(pl.col("segment"))
    )
    marked = marked.join(read_thresholds(chains, "forecast_miss"), on=["chain", "segment", "measure"], how="inner")
    marked = marked.with_columns(_is_missed().fill_null(False).alias("is_missed")).with_row_index("row")
    return _add_usual_bands(marked, months)


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
        .sort(*SERIES, "month")
        .collect()
    )


def _add_rounding(marked: pl.DataFrame, figures: pl.DataFrame) -> pl.DataFrame:
    """Half-widths of forecast and latest outcome; where a figure is not at hand, half of the score's own interval."""
    known = figures.select("figure_id", "half_width", "value", "unit").unique("figure_id", keep="first")
    forecast = known.rename({"figure_id": "forecast_id", "half_width": "forecast_half", "value": "forecast_value"})
    actual = known.rename({"figure_id": "used_id", "half_width": "actual_half", "value": "used_value"}).drop("unit")
    share = (pl.col("surprise_upper_pp") - pl.col("surprise_lower_pp")) / 4
    return (
        marked.with_columns(
            pl.coalesce("latest_actual_id", "actual_id").alias("used_id"),
            pl.coalesce("latest_actual", "actual").alias("outcome"),
            pl.col("actual").alias("first_actual"),
        )
        .join(forecast.drop("forecast_value"), on="forecast_id", how="left")
        .join(actual, on="used_id", how="left")
        .with_columns(
            pl.coalesce("forecast_half", share, 0.0).alias("forecast_half"),
            pl.coalesce("actual_half", share, 0.0).alias("actual_half"),
            pl.coalesce(unit_of_measure(pl.col("measure")), pl.col("unit"), pl.lit("")).alias("unit"),
        )
    )


def _measure_distance(marked: pl.DataFrame) -> pl.DataFrame:
    f, a = pl.col("forecast"), pl.col("outcome")
    is_level, is_growth = pl.col("family") == "level", pl.col("family") == "growth"
    shrink = pl.col("forecast_half") + pl.col("actual_half")
    error = pl.when(is_level).then(_ratio_pct(a, f)).otherwise(a - f)
    level = pl.when(is_level).then(_ratio_pct(a, f)).when(is_growth).then(_ratio_pct(100 + a, 100 + f))
    sign = (a - f).sign()
    near_a, near_f = a - sign * pl.col("actual_half"), f + sign * pl.col("forecast_half")
    crossed = (near_a - near_f) * sign <= 0
    level_near = (
        pl.when(is_level).then(_ratio_pct(near_a, near_f)).when(is_growth).then(_ratio_pct(100 + near_a, 100 + near_f))
    )
    return marked.with_columns(
        error.alias("error"),
        level.alias("level_pct_surprise"),
        pl.when(crossed).then(0.0).otherwise(level_near.abs()).alias("level_near"),
    ).with_columns(
        pl.when(is_level)
        .then(pl.col("level_near"))
        .otherwise(((a - f).abs() - shrink).clip(lower_bound=0))
        .alias("near")
    )


def _ratio_pct(numerator: pl.Expr, denominator: pl.Expr) -> pl.Expr:
    """100·(numerator/denominator − 1); null where the denominator is not above zero: there is no ratio to a nothing."""
    return pl.when(denominator > 0).then(100 * (numerator / denominator - 1))


def _is_missed() -> pl.Expr:
    tolerance = pl.when(pl.col("family") == "level").then("level_tolerance_pct").otherwise("tolerance_pp")
    return pl.col("family").is_in(["growth", "share", "points", "level"]) & (pl.col("near") > tolerance + 1e-9)


def _add_usual_bands(marked: pl.DataFrame, months: tuple[date, date]) -> pl.DataFrame:
    """Bands of the rows inside the window; the past is judged by first outcomes, as people then saw them."""
    by = [*SERIES, "lead_months"]
    first_error = (
        pl.when(pl.col("family") == "level")
        .then(_ratio_pct(pl.col("first_actual"), pl.col("forecast")))
        .otherwise(pl.col("first_actual") - pl.col("forecast"))
    )
    past = marked.select(*by, first_error.alias("error"), pl.col("actual_at").alias("happened_at"))
    window = marked.filter(pl.col("month").is_between(*months)).with_columns(pl.col("forecast_at").alias("known_at"))
    banded = add_bands(window, past, by=by).drop("known_at")
    # Where the rows handed in do not reach back, the band that the score itself was marked with.
    banded = banded.with_columns(
        pl.coalesce(name, pl.when(pl.col("band_kind") == kind).then("band_pp")).alias(name)
        for name, kind in (("band_80", "conformal_80"), ("band_90", "conformal_90"))
    )
    return pl.concat([marked.filter(~pl.col("month").is_between(*months)), banded], how="diagonal")
