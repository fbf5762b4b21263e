"""What else follows: the tightest interval for the change between two months, with the figures it follows from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from math import isfinite

import numpy as np
import polars as pl

from contracts.chain import Chain
from contracts.period import format_month
from contracts.reconciled import IMPLIED
from tasks.reconciling.constraints import COMPONENT, build_constraints
from tasks.reconciling.contradictions import drop_contradictory, find_contradictions
from tasks.reconciling.difference_system import DifferenceSystem, LinkedSeries, link_series
from tasks.reconciling.shortest_paths import Paths, find_paths, list_path

_DIGITS = 10


@dataclass(frozen=True)
class Reconciled:
    """The constraints that can all be true, and the contradictions whose figures were left out of them."""

    constraints: pl.DataFrame
    contradictions: pl.DataFrame


def reconcile(figures: pl.DataFrame, chains: Mapping[str, Chain]) -> Reconciled:
    """The figures (one per key) as constraints without those that contradict one another.

    Actuals are proved by themselves. Forecasts among the figures then join; where they contradict actuals or one
    another, only forecasts are left out.
    """
    of_actuals = build_constraints(figures.filter(kind="actual"), chains)
    contradictions = find_contradictions(of_actuals)
    kept = drop_contradictory(of_actuals, contradictions)
    usable = figures.filter(~pl.col("figure_id").is_in(_list_figures(contradictions)))
    forecasts = usable.filter(kind="forecast")["figure_id"]
    found = [contradictions]
    while forecasts.len():
        kept = build_constraints(usable, chains)
        found.append(find_contradictions(kept))
        wrong = _list_figures(found[-1])
        if not wrong:
            break
        usable = usable.filter(~(pl.col("figure_id").is_in(wrong) & pl.col("figure_id").is_in(forecasts.to_list())))
    return Reconciled(kept, pl.concat(found))


def select_known(figures: pl.DataFrame, *, with_forecasts: bool) -> pl.DataFrame:
    """The actuals, and on request the forecasts of periods that the same thing has no actual for yet."""
    actuals = figures.filter(kind="actual")
    if not with_forecasts:
        return actuals
    sized = actuals.filter(pl.col("measure") != "direction")
    pending = figures.filter(kind="forecast").join(sized, on=[*COMPONENT, "product", "period"], how="anti")
    return pl.concat([actuals, pending])


def _list_figures(contradictions: pl.DataFrame) -> list[str]:
    return [name for text in contradictions["figure_ids"] for name in text.split()]


def imply_changes(reconciled: Reconciled, products: Sequence[str], *, first: date, last: date) -> pl.DataFrame:
    """The change from `first` to `last` in %, for every component: `IMPLIED`, one row per component.

    Of `products` (the segment's total is the empty name) the first that the figures link at both months is taken.
    `lower` and `upper` are the tightest that follow from the figures together, null where that side is open. `value`
    is what the published numbers give along the way where both ends follow from the same figures, else the middle of
    the interval on the log scale; null where a side is open. `reason` says why there is nothing, and which figures
    were left out because they contradict one another.
    """
    rows = [
        _imply(linked, reconciled, series, products, (first, last))
        for linked in link_series(reconciled.constraints)
        for series in range(linked.system.series)
    ]
    return IMPLIED.conform(pl.DataFrame(rows, schema=IMPLIED.schema)).sort(IMPLIED.key)


@dataclass(frozen=True)
class Interval:
    """A change on the log scale with the constraints that its two ends follow from."""

    lower: float
    upper: float
    point: float | None
    figure_ids: tuple[str, ...]


def bound_change(linked: LinkedSeries, series: int, tail: int, head: int) -> Interval:
    """The interval of x_head − x_tail in one series, its middle, and the figures of the shortest paths both ways."""
    return bound_changes(linked, series, [(tail, head)])[0]


def bound_changes(linked: LinkedSeries, series: int, pairs: Sequence[tuple[int, int]]) -> list[Interval]:
    """`bound_change` of several pairs (tail, head), all at once."""
    if not pairs:
        return []
    tails, heads = (np.array(ends) for ends in zip(*pairs, strict=True))
    system = linked.system.take(np.full(len(pairs), series))
    paths = find_paths(system, tails, with_arcs=True), find_paths(system, heads, with_arcs=True)
    return [_read_interval(linked, series, system, paths, column, pair) for column, pair in enumerate(pairs)]


def _read_interval(
    linked: LinkedSeries,
    series: int,
    system: DifferenceSystem,
    paths: tuple[Paths, Paths],
    column: int,
    pair: tuple[int, int],
) -> Interval:
    (there, back), (tail, head) = paths, pair
    up, down = list_path(system, there, head, column), list_path(system, back, tail, column)
    lower, upper = -float(back.distance[tail, column]), float(there.distance[head, column])
    edges = [arc // 2 for arc in up], [arc // 2 for arc in down]
    rows = [int(linked.row[edge, series]) for edge in dict.fromkeys([*edges[0], *edges[1]])]
    texts = [linked.constraints["figure_ids"][row] for row in rows]
    ids = tuple(dict.fromkeys(name for text in texts for name in text.split()))
    if not (isfinite(lower) and isfinite(upper)):
        return Interval(lower, upper, None, ids)
    point = _sum_points(linked, series, up) if sorted(edges[0]) == sorted(edges[1]) else None
    return Interval(lower, upper, (lower + upper) / 2 if point is None else point, ids)


def _sum_points(linked: LinkedSeries, series: int, arcs: list[int]) -> float | None:
    points = [linked.constraints["point"][int(linked.row[arc // 2, series])] for arc in arcs]
    if any(point is None for point in points):
        return None
    return float(sum(-point if arc % 2 else point for point, arc in zip(points, arcs, strict=True)))


def _imply(
    linked: LinkedSeries, reconciled: Reconciled, series: int, products: Sequence[str], months: tuple[date, date]
) -> dict[str, object]:
    component = dict(zip(COMPONENT, linked.components.row(series), strict=True))
    periods = [format_month(month) for month in months]
    for product in products:
        ends = [linked.node_numbers.get((product, period)) for period in periods]
        if ends[0] is None or ends[1] is None:
            continue
        found = bound_change(linked, series, ends[0], ends[1])
        if isfinite(found.lower) or isfinite(found.upper):
            return {
                **component,
                "product": product,
                "from_month": months[0],
                "to_month": months[1],
                "value": None if found.point is None else to_percent(found.point),
                "lower": to_percent(found.lower),
                "upper": to_percent(found.upper),
                "figure_ids": " ".join(found.figure_ids),
                "reason": explain_left_out(reconciled, component),
            }
    nothing = f"no figures link {periods[0]} and {periods[1]}"
    left_out = explain_left_out(reconciled, component)
    return {
        **component,
        "product": products[0],
        "from_month": months[0],
        "to_month": months[1],
        "figure_ids": "",
        "reason": f"{nothing}; {left_out}" if left_out else nothing,
    }


def to_percent(log_ratio: float) -> float | None:
    """The change in % of a ratio's logarithm, to ten decimals; null where it is open."""
    return round(100.0 * float(np.expm1(log_ratio)), _DIGITS) if isfinite(log_ratio) else None


def explain_left_out(reconciled: Reconciled, component: Mapping[str, str]) -> str:
    """Which figures of a component are not used because they contradict one another; empty where none are."""
    of_it = reconciled.contradictions.filter(*(pl.col(name) == component[name] for name in COMPONENT))
    if of_it.is_empty():
        return ""
    figures = [name[:8] for text in of_it["figure_ids"] for name in text.split()]
    return f"left out because they contradict one another: {', '.join(figures)}"
