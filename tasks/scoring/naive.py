"""Naive forecasts built only from what was known when the forecast was issued.

The last month is the last one before the month forecast whose actual was public when the forecast was issued,
whatever the forecast's lead. Months are those of the calendar: a missing one gives null, and never the row
before it. What each assumes, k months (quarters, years) after the last known one:

| naive forecast | MoM and alike | YoY and alike | shares | levels |
|---|---|---|---|---|
| no change | 0 | last published | last published | last published |
| same growth | last published | last published | last plus k last changes | last times last growth, k times |
| seasonal | same month last year | same | same | same |
"""

import polars as pl

from tasks.scoring.expanding_quantiles import look_up_past, sort_by_group
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

    `frame` has `series`, `month_no`, `span_months`, `forecast_at`, `family` and `is_yearly`; `vintages` the actuals'
    `key`, `at`, `value`. Null where a month was not known by then, or was a bound.
    """
    persists, changes = is_family("share", "level"), is_family("growth", "points", "change")
    frame = frame.with_columns(_find_last_known(frame, vintages))
    asks = {
        "_last": pl.col("_last_month"),
        "_last_year": pl.col("month_no") - 12,
        "_before_last": pl.when(persists).then(pl.col("_last_month") - pl.col("span_months")),
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
    steps = (pl.col("month_no") - pl.col("_last_month")) // pl.col("span_months")
    grown = (
        pl.when(pl.col("family") == "share")
        .then(last + steps * (last - before))
        .when((pl.col("family") == "level") & (before > 0))
        .then(last * (last / before).pow(steps))
    )
    stays = persists | pl.col("is_yearly")
    return frame.with_columns(
        pl.when(stays).then(last).when(changes).then(0.0).alias("naive_no_change"),
        pl.when(changes).then(last).when(persists).then(grown).alias("naive_same_growth"),
        pl.when(changes | persists).then("_last_year").alias("naive_seasonal"),
    ).drop("_last", "_before_last", "_last_year", "_last_month")


def _find_last_known(frame: pl.DataFrame, vintages: pl.DataFrame) -> pl.Series:
    """Number of the last month before the one forecast whose actual was public at issue, as `_last_month`.

    Where a later month than the one forecast was public already, it is the month before the one forecast.
    """
    numbers = vintages.filter(pl.col("value").is_not_null()).select(
        (pl.col("key") // MONTHS).alias("group"), "at", (pl.col("key") % MONTHS).alias("month")
    )
    reached = sort_by_group(numbers).select("group", "at", pl.col("month").cum_max().over("group").alias("reached"))
    asked = frame.select(pl.col("series").cast(pl.Int64).alias("group"), pl.col("forecast_at").alias("at"))
    last = look_up_past(asked, reached, strictly_before=False)["reached"]
    before = pl.col("month_no") - pl.col("span_months")
    known = pl.when(pl.lit(last).is_not_null()).then(pl.min_horizontal(pl.lit(last), before))
    return frame.select(known.alias("_last_month")).to_series()
