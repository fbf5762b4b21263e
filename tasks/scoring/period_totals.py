"""Actuals of quarters, half-years and years from those of their months, where the months make the total known.

- level of a flow (production, shipments, demand): the sum of its months
- growth against the period a year (or a quarter) before: the ratio of two such sums, or, without levels, of
  sums of an index that the chain of MoM gives: I(m) = Π (1 + MoM/100), I = 1 in the first month of the base

The first published number of each month counts; the total is known when the last of them is. Rounding: half-widths
of a sum add up; of the ratio R they give R·(Σ h/level of both periods), or R·Σ h/(100 + MoM) over the chain.
"""

import polars as pl

from contracts.vocabulary import FLOWS
from tasks.scoring.naive import series_month
from tasks.scoring.vintages import ORDER

_LAGS = {"yoy_pct": 12, "qoq_pct": 3}
_KEY = ("series", "month_no")


def total_periods(figures: pl.DataFrame, asked: pl.DataFrame, table: pl.DataFrame) -> pl.DataFrame:
    """One row per period of `asked` (`series`, `month_no`) and way by which its actual is known.

    `figures` are coded actuals, `table` the series by number with their words, `node` and `span_months`. Columns are
    those of a vintage; `figure_id` holds the ids of all months, separated by spaces.
    """
    names = ("series", "metric", "measure", "node", "span_months")
    periods = asked.join(table.select(names), on="series").with_columns(
        pl.col("measure").replace_strict(_LAGS, default=0, return_dtype=pl.Int64).alias("lag")
    )
    periods = periods.filter(pl.col("metric").is_in(FLOWS))
    first = _find_first(figures, table)
    by_level = _add_levels(periods, first.filter(pl.col("measure") == "level"))
    growths = periods.filter(pl.col("lag") > 0)
    by_chain = _chain_growth(growths, first.filter(pl.col("measure") == "mom_pct"))
    by_chain = by_chain.join(by_level, on=["key", "at"], how="anti")
    return pl.concat([by_level, by_chain])


def _find_first(figures: pl.DataFrame, table: pl.DataFrame) -> pl.DataFrame:
    """The first published actual of each month of series of months: `node`, `measure`, `m`, value and knowledge."""
    monthly = table.filter(pl.col("span_months") == 1, pl.col("measure").is_in(["level", "mom_pct"]))
    rows = figures.join(monthly.select("series", "node", "measure"), on="series")
    rows = rows.filter(pl.col("value").is_not_null())
    return (
        rows.sort(*_KEY, *ORDER, "figure_id").unique(_KEY, keep="first", maintain_order=True).rename({"month_no": "m"})
    )


def _spread(months: pl.DataFrame, first: pl.DataFrame) -> pl.DataFrame:
    """The actuals of the months `m` of each period, in order; only of periods of which all are known."""
    rows = months.join(
        first.select("node", "m", "value", "half_width", "unit", "figure_id", "recorded_at", "at", "assumed"),
        on=["node", "m"],
        how="left",
    )
    return rows.filter(pl.col("value").is_not_null().all().over(_KEY)).sort(*_KEY, "m")


def _list_months(periods: pl.DataFrame, start: pl.Expr, stop: pl.Expr) -> pl.DataFrame:
    return periods.with_columns(pl.int_ranges(start, stop).alias("m")).explode("m")


def _add_levels(periods: pl.DataFrame, first: pl.DataFrame) -> pl.DataFrame:
    """Sums of levels, and their growth."""
    start, span = pl.col("month_no"), pl.col("span_months")
    both = _list_months(periods, start - pl.col("lag"), start + span)
    rows = _spread(both.filter((pl.col("m") >= start) | (pl.col("m") < start - pl.col("lag") + span)), first)
    now = pl.col("m") >= start
    totals = rows.group_by(_KEY, maintain_order=True).agg(
        *_knowledge(),
        pl.col("value").filter(now).sum().alias("total"),
        pl.col("half_width").filter(now).sum().alias("half"),
        pl.col("value").filter(~now).sum().alias("before"),
        pl.col("half_width").filter(~now).sum().alias("half_before"),
    )
    ratio = pl.when(pl.col("before") > 0).then(pl.col("total") / pl.col("before"))
    reach = ratio * (pl.col("half") / pl.col("total") + pl.col("half_before") / pl.col("before"))
    is_level = pl.col("lag") == 0
    return _arrange(
        totals.filter(pl.col("units") == 1),
        pl.when(is_level).then("total").otherwise(100 * (ratio - 1)),
        pl.when(is_level).then("half").otherwise(100 * reach),
        pl.when(is_level).then("unit").otherwise(pl.lit("%")),
    )


def _chain_growth(periods: pl.DataFrame, first: pl.DataFrame) -> pl.DataFrame:
    """Growth of the sums of the index that a chain of MoM gives."""
    start, lag, span = pl.col("month_no"), pl.col("lag"), pl.col("span_months")
    rows = _spread(_list_months(periods, start - lag + 1, start + span), first)
    rows = rows.with_columns((1 + pl.col("value") / 100).cum_prod().over(_KEY).alias("index"))
    now, base = pl.col("m") >= start, pl.col("m") < start - lag + span
    totals = rows.group_by(_KEY, maintain_order=True).agg(
        *_knowledge(),
        pl.col("index").filter(now).sum().alias("total"),
        (1 + pl.col("index").filter(base).sum()).alias("before"),
        (pl.col("half_width") / (100 + pl.col("value"))).sum().alias("reach"),
    )
    ratio = pl.col("total") / pl.col("before")
    return _arrange(totals, 100 * (ratio - 1), 100 * ratio * pl.col("reach"), pl.lit("%"))


def _knowledge() -> list[pl.Expr]:
    return [
        pl.col("at", "recorded_at").max(),
        pl.col("unit", "lag").first(),
        pl.col("unit").n_unique().alias("units"),
        pl.col("figure_id").str.join(" "),
        pl.col("assumed").any(),
    ]


def _arrange(totals: pl.DataFrame, value: pl.Expr, half: pl.Expr, unit: pl.Expr) -> pl.DataFrame:
    nothing = pl.lit(None, pl.Float64)
    return totals.select(
        series_month(pl.col("month_no")).alias("key"),
        "at",
        value.alias("value"),
        nothing.alias("lower"),
        nothing.alias("upper"),
        half.alias("half_width"),
        unit.alias("unit"),
        "figure_id",
        "recorded_at",
        pl.lit("").alias("release_id"),
        "assumed",
        pl.lit(value=False).alias("direction_only"),
        pl.lit(value=True).alias("from_months"),
    ).filter(pl.col("value").is_finite())
