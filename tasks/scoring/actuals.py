"""The actuals that forecasts are marked against, including a direction where nothing better was published.

A forecast direction ("to decline") is marked against a published direction or, as is usual, against
the month's MoM with the dead band. A forecast MoM whose month has only a published direction is
marked against the half-line that the direction says: up = above 0, down = below 0, flat = within ±1 pp.
"""

import polars as pl

from tasks.scoring.naive import series_month
from tasks.scoring.surprise import classify_direction
from tasks.scoring.vintages import fold_repetitions

_COLUMNS = ("key", "at", "value", "lower", "upper", "half_width", "unit", "figure_id", "assumed", "direction_only")


def collect_actuals(figures: pl.DataFrame, series: pl.DataFrame) -> pl.DataFrame:
    """Folded vintages of every monthly actual, by `key` of series and month.

    `figures` are coded actuals with `series`, `base`, `month_no`, `family`, `measure`; `series` the
    series that are forecast, so that directions are made only where one is asked for.
    """
    plain = figures.with_columns(
        series_month(pl.col("month_no")).alias("key"), pl.lit(value=False).alias("direction_only")
    )
    mom = _make_directions(figures, series, plain)
    direction = _make_half_lines(figures, series, plain)
    return fold_repetitions(pl.concat([f.select(_COLUMNS) for f in (plain, mom, direction) if f.height or f is plain]))


def _make_directions(figures: pl.DataFrame, series: pl.DataFrame, plain: pl.DataFrame) -> pl.DataFrame:
    """Directions that follow from MoM, for direction series; a direction published at that instant goes first."""
    wanted = series.filter(pl.col("measure") == "direction").select("base", pl.col("series").alias("_to"))
    rows = figures.filter(pl.col("measure") == "mom_pct").join(wanted, on="base").drop("series")
    rows = rows.rename({"_to": "series", "value": "actual", "lower": "actual_lower", "upper": "actual_upper"})
    rows = rows.rename({"half_width": "actual_half_width"}).with_columns(
        classify_direction("actual").cast(pl.Float64).alias("value")
    )
    rows = rows.filter(pl.col("value").is_not_null()).with_columns(
        series_month(pl.col("month_no")).alias("key"),
        pl.lit(None, pl.Float64).alias("lower"),
        pl.lit(None, pl.Float64).alias("upper"),
        pl.lit(0.0).alias("half_width"),
        pl.lit("sign").alias("unit"),
        pl.lit(value=False).alias("direction_only"),
    )
    return rows.join(plain.select("key", "at"), on=["key", "at"], how="anti")


def _make_half_lines(figures: pl.DataFrame, series: pl.DataFrame, plain: pl.DataFrame) -> pl.DataFrame:
    """Half-lines that follow from directions, for MoM series in months without any MoM actual."""
    wanted = series.filter(pl.col("measure") == "mom_pct").select("base", pl.col("series").alias("_to"))
    rows = figures.filter(pl.col("measure") == "direction").join(wanted, on="base").drop("series")
    sign = pl.col("value")
    rows = rows.rename({"_to": "series"}).with_columns(
        series_month(pl.col("month_no")).alias("key"),
        pl.lit(None, pl.Float64).alias("value"),
        pl.when(sign > 0).then(0.0).when(sign == 0).then(-1.0).alias("lower"),
        pl.when(sign < 0).then(0.0).when(sign == 0).then(1.0).alias("upper"),
        pl.lit(0.0).alias("half_width"),
        pl.lit("%").alias("unit"),
        pl.lit(value=True).alias("direction_only"),
    )
    return rows.join(plain.select("key"), on="key", how="anti")
