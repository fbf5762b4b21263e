"""What one forecast and one actual say about each other: surprise, level surprise, direction, verdict.

Expressions over columns `forecast`, `actual` and their `_lower`, `_upper`, `_half_width`, with `family`
(growth, share, points, level, change, direction) and `unit`. A percent p stands for the factor 1 + p/100.
"""

import polars as pl

from tasks.scoring.keys import is_family, is_in_points

_DEAD_BAND_PP = 1.0
_RANGE_ALPHA = 0.2
_GRAIN = 1e-9  # differences of printed decimals are not exact in binary: 0.3 - 0.1 is not 0.2


def add_surprises(frame: pl.DataFrame) -> pl.DataFrame:
    """Add the surprise with its rounding interval, by difference, by level and by logarithm of level.

    e = a - f in `unit`, interval e ± (h_a + h_f); E = 100((1+a/100)/(1+f/100) - 1) for growth and
    100(a/f - 1) for levels; ε = 100 ln of the same ratio. Where the actual is a bound or range, only
    the ends that it has are given. E and ε are null for shares and points, and where a factor is zero.
    E is null too where the base of the growth was itself still to come (`is_base_forecast`): the ratio of
    growth factors, whose logarithm ε stays, is then no ratio of levels.
    """
    h_f, h_a = pl.col("forecast_half_width"), pl.col("actual_half_width")
    low_a = pl.coalesce(pl.col("actual") - h_a, "actual_lower")
    high_a = pl.coalesce(pl.col("actual") + h_a, "actual_upper")
    number = pl.col("family") != "direction"
    frame = frame.with_columns(
        pl.when(number).then(pl.col("actual") - pl.col("forecast")).alias("surprise"),
        pl.when(number).then(low_a - pl.col("forecast") - h_f).alias("surprise_lower"),
        pl.when(number).then(high_a - pl.col("forecast") + h_f).alias("surprise_upper"),
        _ratio(pl.col("actual"), pl.col("forecast")).alias("_ratio"),
        _ratio(low_a, pl.col("forecast") + h_f).alias("_ratio_lower"),
        _ratio(high_a, pl.col("forecast") - h_f).alias("_ratio_upper"),
        is_in_points().alias("in_points"),
        _is_base_forecast().alias("is_base_forecast"),
    )
    return frame.with_columns(
        *(
            pl.when(~pl.col("is_base_forecast")).then(100 * (pl.col(ratio) - 1)).alias(name)
            for ratio, name in (
                ("_ratio", "level_surprise_pct"),
                ("_ratio_lower", "level_surprise_lower_pct"),
                ("_ratio_upper", "level_surprise_upper_pct"),
            )
        ),
        *(
            (100 * pl.when(pl.col(ratio) > 0).then(pl.col(ratio)).log()).alias(name)
            for ratio, name in (
                ("_ratio", "log_surprise"),
                ("_ratio_lower", "log_surprise_lower"),
                ("_ratio_upper", "log_surprise_upper"),
            )
        ),
        *(
            pl.when("in_points").then(name).alias(f"{name}_pp")
            for name in ("surprise", "surprise_lower", "surprise_upper")
        ),
        _absolute_error().alias("abs_error"),
        _is_covered().alias("is_covered"),
        (pl.col("forecast_upper") - pl.col("forecast_lower")).alias("width"),
        _score_range().alias("interval_score"),
    ).drop("_ratio", "_ratio_lower", "_ratio_upper")


def _is_base_forecast() -> pl.Expr:
    """Whether a growth's base month lies after the month reviewed, by `route` (1 MoM, 2 YoY, 4 QoQ), lead and span.

    Of a longer period the last month of its base counts.
    """
    lag = pl.col("route").replace_strict({1: 1, 2: 12, 4: 3}, default=None, return_dtype=pl.Int32)
    return (pl.col("lead_months") > lag + 1 - pl.col("span_months")).fill_null(value=False)


def _ratio(actual: pl.Expr, forecast: pl.Expr) -> pl.Expr:
    """Level of the actual over level of the forecast; null where a level has no meaning or is zero."""
    growth = pl.when(forecast > -100, actual >= -100).then((100 + actual) / (100 + forecast))
    level = pl.when(forecast > 0, actual >= 0).then(actual / forecast)
    return pl.when(pl.col("family") == "growth").then(growth).when(pl.col("family") == "level").then(level)


def _absolute_error() -> pl.Expr:
    """|e| of a point; of a range the distance of its midpoint; a bound never becomes a point."""
    middle = (pl.col("forecast_lower") + pl.col("forecast_upper")) / 2
    error = (pl.col("actual") - pl.coalesce("forecast", middle)).abs()
    return pl.when(pl.col("family") != "direction").then(error)


def _is_covered() -> pl.Expr:
    """Whether the actual lies inside a forecast bound or range; null for points."""
    above = (pl.col("actual") >= pl.col("forecast_lower")).fill_null(value=True)
    below = (pl.col("actual") <= pl.col("forecast_upper")).fill_null(value=True)
    return pl.when(is_bounded(), pl.col("actual").is_not_null()).then(above & below)


def _score_range() -> pl.Expr:
    """Interval score of a forecast range, read as a central 80 % interval since it names no level."""
    low, high, a = pl.col("forecast_lower"), pl.col("forecast_upper"), pl.col("actual")
    outside = (low - a).clip(0) + (a - high).clip(0)
    return pl.when(is_bounded()).then(high - low + 2 / _RANGE_ALPHA * outside)


def is_bounded() -> pl.Expr:
    """Whether the forecast is a bound or range: no value, but an end."""
    ends = pl.col("forecast_lower").is_not_null() | pl.col("forecast_upper").is_not_null()
    return pl.col("forecast").is_null() & ends


def classify_direction(side: str) -> pl.Expr:
    """Direction of `forecast` or `actual`: 1, 0 or -1; flat where |p| ≤ max(h, 1 pp), null where undecided.

    A bound or range has a direction only where both its ends have the same. Of shares and levels there
    is none: they state no change.
    """
    value, lower, upper = pl.col(side), pl.col(f"{side}_lower"), pl.col(f"{side}_upper")
    half = pl.col(f"{side}_half_width").fill_null(0.0)
    band = pl.when(pl.col("family") == "change").then(half).otherwise(pl.max_horizontal(half, pl.lit(_DEAD_BAND_PP)))
    point = pl.when(value > band).then(1).when(value < -band).then(-1).when(value.is_not_null()).then(0)
    ends = (
        pl.when(lower > band)
        .then(1)
        .when(upper < -band)
        .then(-1)
        .when(lower >= -band, upper <= band)
        .then(0)
        .cast(pl.Int32)
    )
    changes = is_family("growth", "points", "change")
    stated = pl.when(pl.col("family") == "direction").then(value.sign().cast(pl.Int32))
    return pl.when(changes).then(pl.coalesce(point, ends)).otherwise(stated).cast(pl.Int8)


def compare_directions() -> pl.Expr:
    """`hit` where forecast and actual direction agree, `miss` where not, empty where either is unknown."""
    same = pl.col("forecast_direction") == pl.col("actual_direction")
    return pl.when(same).then(pl.lit("hit")).when(~same).then(pl.lit("miss")).otherwise(pl.lit(""))
