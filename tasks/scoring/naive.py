"""Naive forecasts built only from what was known when the forecast was issued.

The last month that a forecaster knew lies `lead_months` before the month forecast (the month reviewed),
never later than the month before it. Months are those of the calendar: a missing one gives null, and
never the row before it.

| naive forecast | growth, points, changes | shares | levels |
|---|---|---|---|
| no change | 0 | last month's | last month's |
| same growth | last month's | last plus its last change | last times its last growth |
| seasonal | same month last year | same | same |
"""

import polars as pl

from tasks.scoring.keys import is_family
from tasks.scoring.vintages import look_up_known

MONTHS = 65536  # room for months in a key of series and month


def month_number(month: pl.Expr) -> pl.Expr:
    """Months since year 0, so that calendar lags are subtractions."""
    return month.dt.year().cast(pl.Int64) * 12 + month.dt.month() - 1


def series_month(month_no: pl.Expr) -> pl.Expr:
    """One integer per series and month."""
    return pl.col("series").cast(pl.Int64) * MONTHS + month_no


def add_naive(frame: pl.DataFrame, vintages: pl.DataFrame) -> pl.DataFrame:
    """Add `naive_no_change`, `naive_same_growth`, `naive_seasonal`, in the figure's unit.

    `frame` has `series`, `month_no`, `lead_months`, `forecast_at`, `family`; `vintages` the actuals'
    `key`, `at`, `value`. Null where a month was not known by then, or was a bound.
    """
    back = pl.max_horizontal(pl.col("lead_months").cast(pl.Int64), pl.lit(1, pl.Int64))
    persists = is_family("share", "level")
    asks = {
        "_last": pl.col("month_no") - back,
        "_last_year": pl.col("month_no") - 12,
        "_before_last": pl.when(persists).then(pl.col("month_no") - back - 1),
    }
    keyed = frame.select(pl.col("forecast_at").alias("at"), *(series_month(m).alias(n) for n, m in asks.items()))
    found = []
    for name in asks:
        asked = keyed.select(pl.col(name).alias("key"), "at")
        unasked = asked["key"].null_count() == asked.height
        nothing = pl.repeat(None, asked.height, dtype=pl.Float64, eager=True)
        found.append((nothing if unasked else look_up_known(asked, vintages)).alias(name))
    frame = frame.with_columns(found)
    last, before = pl.col("_last"), pl.col("_before_last")
    grown = (
        pl.when(pl.col("family") == "share")
        .then(2 * last - before)
        .when((pl.col("family") == "level") & (before > 0))
        .then(last * last / before)
    )
    changes = is_family("growth", "points", "change")
    return frame.with_columns(
        pl.when(changes).then(0.0).when(persists).then(last).alias("naive_no_change"),
        pl.when(changes).then(last).when(persists).then(grown).alias("naive_same_growth"),
        pl.when(changes | persists).then("_last_year").alias("naive_seasonal"),
    ).drop("_last", "_before_last", "_last_year")
