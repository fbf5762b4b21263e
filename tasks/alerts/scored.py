"""Scored forecasts as the rules see them: the outcome, its distance beyond rounding, the limits it is held against.

Growth, and levels in a unit, are judged on the log ratio of outcome to forecast, since points mislead far from zero:
−96 % against −92 % is output doubled, +400 % against +412 % is 2.4 % of level. Shares, changes of shares and rates are
judged in points.
"""

from collections.abc import Mapping
from datetime import date

import polars as pl

from contracts.chain import Chain
from contracts.wording import FAMILIES, name_subjects, unit_of_measure
from tasks.alerts.thresholds import Threshold, read_thresholds

SERIES = ("source", "chain", "segment", "product", "metric", "measure")
MISS_LIMITS = {
    "level_pct": Threshold(5.0, "a warning: level this far from its forecast, in percent, beyond rounding"),
    "points_pp": Threshold(5.0, "the same for shares and rates, in points"),
    "level_tolerance_pct": Threshold(3.0, "a level is a miss from here on where the chain has no tolerance for it"),
}
"""Thresholds of the rule forecast_miss, which also say what a miss is for the rules beside it."""
DEAD_BAND_PP = 1.0
LEAST_USUAL = 8
"""Past forecasts from which on a size may be called usual."""


def prepare_scored(
    scores: pl.DataFrame,
    figures: pl.DataFrame,
    chains: Mapping[str, Chain],
    months: tuple[date, date],
) -> pl.DataFrame:
    """One row per series and month of `chains` that was forecast and has an outcome, up to the last of `months`.

    Of several forecasts the last one before the outcome counts. The outcome is the latest published one, so that a
    restated month is judged anew, unless latest ones of one instant differ: then the first published one. Added:

    - outcome, actual_is: the outcome and which it is, `first` or `latest`; the first one stands in `first_actual`
    - aim: the forecast; of a bound or range its end that is nearest to the outcome, or the outcome itself inside it
    - error: outcome − aim in points; of a level 100·(outcome/aim − 1)
    - size: the smallest |error| that rounding allows on the scale it is judged on: 100·|ln(level ratio)| or points
    - limit, usual_80, usual_90: on the same scale, the static tolerance and the forecast's own band as known when it
      was made (half-width h in pp of a band around the growth factor g: asinh(h/100g)); null where there is none
    - level_surprise: 100·((1+outcome/100)/(1+aim/100) − 1), level_near its smallest size that rounding allows; null
      where undefined
    - is_missed: size exceeds limit; is_reversed: forecast and outcome have opposite signs, both outside the dead band
      max(half-width, 1 pp), or a forecast in words is of the other sign
    - subject, unit, family, is_level, and the thresholds of the rule forecast_miss
    """
    last = _last_forecasts(scores, chains, months)
    limits = read_thresholds(chains, "forecast_miss", MISS_LIMITS)
    return (
        _add_outcome(last, figures)
        .join(name_subjects(chains), on=["chain", "segment", "product"], how="left")
        .with_columns(pl.col("subject").fill_null(pl.col("segment")))
        .join(limits, on=["chain", "segment", "measure"], how="inner")
        .pipe(_measure_distance)
        .with_columns(_add_limits())
        .with_columns(
            (pl.col("size") > pl.col("limit") + 1e-9).fill_null(False).alias("is_missed"),
            _is_reversed().fill_null(False).alias("is_reversed"),
        )
        .sort(*SERIES, "month")
    )


def _last_forecasts(scores: pl.DataFrame, chains: Mapping[str, Chain], months: tuple[date, date]) -> pl.DataFrame:
    return (
        scores.lazy()
        .filter(
            pl.col("chain").is_in(list(chains)),
            pl.col("status") == "scored",
            pl.col("span_months") == 1,
            pl.col("month") <= months[1],
            pl.col("issue").is_in(["last", "only"]),
        )
        .with_columns(pl.col("measure").replace_strict(FAMILIES, default="").alias("family"))
        .sort("forecast_at", "forecast_id")
        .unique([*SERIES, "month"], keep="last", maintain_order=True)
        .collect()
    )


def _add_outcome(scored: pl.DataFrame, figures: pl.DataFrame) -> pl.DataFrame:
    """The outcome, the aim, and the rounding half-widths of both.

    A score knows the half-width of the first outcome; that of a later one is its figure's.
    """
    halves = figures.select(pl.col("figure_id").alias("used_id"), pl.col("half_width").alias("used_half"))
    is_disputed = pl.col("reason").str.contains("latest_disputed", literal=True)
    is_later = pl.col("latest_actual").is_not_null() & (pl.col("latest_actual_id") != pl.col("actual_id"))
    is_latest = (is_later & ~is_disputed).fill_null(False)
    outcome = pl.when(is_latest).then("latest_actual").otherwise("actual")
    lower, upper = pl.col("forecast_lower"), pl.col("forecast_upper")
    end = pl.when(outcome > upper).then(upper).when(outcome < lower).then(lower).otherwise(outcome)
    is_open = pl.col("forecast").is_null() & (lower.is_not_null() | upper.is_not_null())
    share = (pl.col("surprise_upper_pp") - pl.col("surprise_lower_pp")) / 4
    return (
        scored.with_columns(
            pl.when(is_latest).then("latest_actual_id").otherwise("actual_id").alias("used_id"),
            pl.when(is_latest).then(pl.lit("latest")).otherwise(pl.lit("first")).alias("actual_is"),
            outcome.alias("outcome"),
            pl.col("actual").alias("first_actual"),
            pl.when(is_open).then(end).otherwise("forecast").alias("aim"),
            pl.coalesce(pl.col("unit").replace("", None), unit_of_measure(pl.col("measure")), pl.lit("")).alias("unit"),
        )
        .with_columns(((pl.col("family") == "level") & (pl.col("unit") != "%")).alias("is_level"))
        .join(halves.unique("used_id", keep="first"), on="used_id", how="left")
        .with_columns(
            pl.coalesce("forecast_half_width", share, 0.0).alias("forecast_half"),
            pl.coalesce("used_half", "actual_half_width", share, 0.0).alias("actual_half"),
        )
    )


def _measure_distance(scored: pl.DataFrame) -> pl.DataFrame:
    f, a = pl.col("aim"), pl.col("outcome")
    sign = (a - f).sign()
    near_a, near_f = a - sign * pl.col("actual_half"), f + sign * pl.col("forecast_half")
    crossed = (near_a - near_f) * sign <= 0
    ratio = pl.when(crossed).then(1.0).otherwise(_level_ratio(near_a, near_f))
    points = ((a - f).abs() - pl.col("forecast_half") - pl.col("actual_half")).clip(lower_bound=0)
    surprise = 100 * (_level_ratio(a, f) - 1)
    return scored.with_columns(
        pl.when("is_level").then(surprise).otherwise(a - f).alias("error"),
        surprise.alias("level_surprise"),
        (100 * (ratio - 1)).abs().alias("level_near"),
        ratio.is_not_null().alias("is_by_log"),
        pl.when(ratio > 0).then((100 * ratio.log()).abs()).when(ratio.is_null()).then(points).alias("size"),
        pl.when("is_level").then((100 * (ratio - 1)).abs()).otherwise(points).alias("near"),
    )


def _level_ratio(a: pl.Expr, f: pl.Expr) -> pl.Expr:
    """Level of `a` over that of `f`, from levels or growth; null elsewhere and where there is no level to divide by."""
    is_growth = pl.col("family") == "growth"
    return pl.when(is_growth & (f > -100)).then((100 + a) / (100 + f)).when(pl.col("is_level") & (f > 0)).then(a / f)


def _add_limits() -> list[pl.Expr]:
    """Static tolerance and band on the scale that `size` is on."""
    of_level = pl.coalesce("tolerance_pct", pl.when("is_level").then("level_tolerance_pct"))
    factor = pl.when("is_level").then(1.0).otherwise(1 + pl.col("aim") / 100)
    judged = pl.col("family").is_in(["growth", "share", "points", "level"])
    by_log = judged & pl.col("is_by_log")
    return [
        pl.when(by_log).then(100 * (of_level / 100).log1p()).when(judged).then("tolerance_pp").alias("limit"),
        *(
            pl.when(by_log)
            .then(100 * (pl.col(f"band_{k}_pp") / (100 * factor)).arcsinh())
            .when(judged)
            .then(f"band_{k}_pp")
            .alias(f"usual_{k}")
            for k in (80, 90)
        ),
    ]


def _is_reversed() -> pl.Expr:
    is_word = pl.col("family") == "direction"
    limit = pl.lit(DEAD_BAND_PP)
    moves = (pl.col("aim").abs() > pl.max_horizontal("forecast_half", limit)) & (
        pl.col("outcome").abs() > pl.max_horizontal("actual_half", limit)
    )
    opposite = pl.col("aim").sign() * pl.col("outcome").sign() < 0
    return opposite & (is_word | (pl.col("family").is_in(["growth", "points", "change"]) & moves))
