"""The index: a centre line inside the feasible set and the envelope around it, against a base month.

The envelope's ends are what shortest paths from the base allow. The centre is the middle of both on the log scale:
the mean of two levels that can be true can be true itself, so the line as a whole keeps every inequality.
"""

from datetime import date

import numpy as np
import polars as pl

from contracts.period import format_month
from contracts.reconciled import INDEX
from tasks.reconciling.difference_system import DifferenceSystem, Floats, LinkedSeries
from tasks.reconciling.shortest_paths import find_paths

_DIGITS = 10


def bound_levels(system: DifferenceSystem, base: int) -> tuple[Floats, Floats]:
    """Smallest and largest log level of every node against the node `base`, per series: two arrays nodes × series.

    Infinite where a side is open. The series must be free of contradictions.
    """
    return -find_paths(system.reverse(), base).distance, find_paths(system, base).distance


def index_months(linked: LinkedSeries, series: int, product: str, *, base: date) -> pl.DataFrame:
    """The index of one product of one series, base month = 100: `INDEX`, one row per month that is named.

    Months from the first to the last that figures of the product name, or the base. A month out of reach of the base
    is null with a reason; where one side is open, its end and the value are null.
    """
    months = _list_months(linked, product, base)
    of_months = [linked.node_numbers.get((product, format_month(month))) for month in months]
    root = linked.node_numbers.get((product, format_month(base)))
    if root is None:
        return _finish(months, np.full(len(months), -np.inf), np.full(len(months), np.inf), base)
    lows, highs = bound_levels(linked.system.take(np.array([series])), root)
    low = np.array([-np.inf if node is None else lows[node, 0] for node in of_months])
    high = np.array([np.inf if node is None else highs[node, 0] for node in of_months])
    return _finish(months, low, high, base)


def _list_months(linked: LinkedSeries, product: str, base: date) -> list[date]:
    named = linked.nodes.filter(product=product).filter(pl.col("period").str.contains(r"^\d{4}-\d\d$"))
    days = [date.fromisoformat(f"{period}-01") for period in named["period"]] + [base]
    return pl.date_range(min(days), max(days), "1mo", eager=True).to_list()


def _finish(months: list[date], low: Floats, high: Floats, base: date) -> pl.DataFrame:
    def level(name: str) -> pl.Expr:
        return pl.when(pl.col(name).is_finite()).then((100.0 * pl.col(name).exp()).round(_DIGITS))

    is_open = [~pl.col(name).is_finite() for name in ("low", "high")]
    rows = pl.DataFrame({"month": months, "low": low, "high": high}).select(
        "month",
        value=pl.when(~is_open[0] & ~is_open[1]).then(
            (100.0 * ((pl.col("low") + pl.col("high")) / 2).exp()).round(_DIGITS)
        ),
        lower=level("low"),
        upper=level("high"),
        reason=pl.when(is_open[0] & is_open[1])
        .then(pl.lit(f"no figures link it to {format_month(base)}"))
        .when(is_open[0] | is_open[1])
        .then(pl.lit("the figures bound one side only"))
        .otherwise(pl.lit("")),
    )
    return INDEX.conform(rows)
