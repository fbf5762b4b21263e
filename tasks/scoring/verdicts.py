"""The verdict on a scored forecast, by the chain's tolerance; and beside it whether it was usual for the series.

Growth and levels are judged on the log ratio of outcome to forecast, since points mislead far from zero:
-96 % against -92 % is output doubled, +400 % against +412 % is 2.4 %. A tolerance of t % means a ratio between
1/(1+t/100) and 1+t/100. Shares, points and rates are judged in points. All tests use the rounding interval.
"""

import polars as pl

from tasks.scoring.bands import is_by_log
from tasks.scoring.surprise import is_bounded

_GRAIN = 1e-9  # differences of printed decimals are not exact in binary: 0.3 - 0.1 is not 0.2


def add_verdicts(frame: pl.DataFrame) -> pl.DataFrame:
    """Add `verdict` and `own_verdict`; both empty where the row is not scored or nothing can be said.

    `frame` has what `add_bands` leaves, the surprises, both directions and `direction`.
    """
    scored = pl.col("status") == "scored"
    low, high = _find_ends()
    frame = frame.with_columns(low.alias("_low"), high.alias("_high"))
    verdict = (
        pl.when(~scored)
        .then(pl.lit(""))
        .when(pl.col("family") == "direction")
        .then("direction")
        .when(is_bounded())
        .then(_judge_range())
        .when(pl.col("forecast").is_not_null())
        .then(_judge_point())
        .otherwise(pl.lit(""))
    )
    own = pl.when(scored & pl.col("forecast").is_not_null()).then(_compare_with_own()).otherwise(pl.lit(""))
    return frame.with_columns(verdict.alias("verdict"), own.alias("own_verdict")).drop("_low", "_high")


def _find_ends() -> tuple[pl.Expr, pl.Expr]:
    """Ends of the error that rounding allows, on the scale of `limit`; null where the actual leaves an end open.

    A forecast or outcome that rounding lets be a level of zero makes the ratio 0 or endless.
    """
    base = pl.when(pl.col("family") == "growth").then(100.0).otherwise(0.0)
    f, h = pl.col("forecast") + base, pl.col("forecast_half_width")
    a_low, a_high = pl.col("surprise_lower") + f + h, pl.col("surprise_upper") + f - h
    endless, nothing = pl.lit(float("inf")), pl.lit(float("-inf"))
    low = pl.when(a_low <= _GRAIN).then(nothing).when(f + h <= _GRAIN).then(endless).otherwise("log_surprise_lower")
    high = pl.when(f - h <= _GRAIN).then(endless).when(a_high <= _GRAIN).then(nothing).otherwise("log_surprise_upper")
    return (
        pl.when(is_by_log() & pl.col("surprise_lower").is_not_null()).then(low).otherwise("surprise_lower"),
        pl.when(is_by_log() & pl.col("surprise_upper").is_not_null()).then(high).otherwise("surprise_upper"),
    )


def _judge_point() -> pl.Expr:
    """Verdict of the error's interval against the tolerance; either end may be open.

    `hit`: the whole interval lies inside the tolerance. `within_rounding`: not inside, but zero is in the
    interval, so that forecast and actual may be the same number. `miss`: wholly outside, or of the wrong
    sign beyond rounding. `indeterminate`: the tolerance ends inside the interval. Empty without tolerance.
    """
    limit = pl.col("limit")
    low, high = pl.col("_low").fill_null(float("-inf")), pl.col("_high").fill_null(float("inf"))
    closed = pl.col("_low").is_not_null() & pl.col("_high").is_not_null()
    bounded = pl.col("_low").is_not_null() | pl.col("_high").is_not_null()
    return (
        pl.when(limit.is_not_null() & _has_wrong_sign())
        .then(pl.lit("miss"))
        .when((low >= -limit - _GRAIN) & (high <= limit + _GRAIN))
        .then(pl.lit("hit"))
        .when(closed & (low <= _GRAIN) & (high >= -_GRAIN))
        .then(pl.lit("within_rounding"))
        .when((low > limit + _GRAIN) | (high < -limit - _GRAIN))
        .then(pl.lit("miss"))
        .when(bounded & limit.is_not_null())
        .then(pl.lit("indeterminate"))
        .otherwise(pl.lit(""))
    )


def _has_wrong_sign() -> pl.Expr:
    """Whether forecast and outcome of a change lie on two sides of zero, whatever the rounding."""
    f, h = pl.col("forecast"), pl.col("forecast_half_width").fill_null(0.0)
    low = pl.coalesce(pl.col("actual") - pl.col("actual_half_width"), "actual_lower")
    high = pl.coalesce(pl.col("actual") + pl.col("actual_half_width"), "actual_upper")
    changes = pl.col("family").is_in(["growth", "points", "change"])
    opposite = ((f - h > 0) & (high < 0)) | ((f + h < 0) & (low > 0))
    return changes & opposite.fill_null(value=False)


def _judge_range() -> pl.Expr:
    """Verdict of a forecast range or bound: hit where it holds the actual, a miss only beyond rounding.

    One that holds the actual but is wider than the usual error is `vague`; a bound has no other end and always is.
    """
    slack = pl.col("forecast_half_width").fill_null(0.0) + pl.col("actual_half_width").fill_null(0.0)
    near = (pl.col("actual") + slack >= pl.col("forecast_lower")).fill_null(value=True) & (
        pl.col("actual") - slack <= pl.col("forecast_upper")
    ).fill_null(value=True)
    return (
        pl.when(pl.col("is_covered").is_null())
        .then(pl.lit(""))
        .when(~near)
        .then(pl.lit("miss"))
        .when(is_vague())
        .then(pl.lit("vague"))
        .when("is_covered")
        .then(pl.lit("hit"))
        .otherwise(pl.lit("within_rounding"))
    )


def is_vague() -> pl.Expr:
    """Whether a range is wider than ± the usual error: the own 80 % band from 8 past errors on, else the tolerance."""
    low, high = pl.col("forecast_lower"), pl.col("forecast_upper")
    base = pl.when(pl.col("family") == "growth").then(100.0).otherwise(0.0)
    half_log = pl.when(low + base > 0).then(50 * ((high + base) / (low + base)).log()).otherwise(float("inf"))
    half = pl.when(is_by_log()).then(half_log).otherwise((high - low) / 2)
    usual = pl.coalesce("usual_size", "limit")
    return low.is_null() | high.is_null() | (half > usual + _GRAIN).fill_null(value=False)


def _compare_with_own() -> pl.Expr:
    """`usual` where rounding lets the error lie inside the series' own band, `unusual` where not; else empty."""
    size = pl.col("own_size")
    low, high = pl.col("_low"), pl.col("_high")
    inside = (low <= size + _GRAIN) & (high >= -size - _GRAIN)
    return pl.when(inside).then(pl.lit("usual")).when(inside.not_()).then(pl.lit("unusual")).otherwise(pl.lit(""))
