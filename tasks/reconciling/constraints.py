"""Published figures as inequalities about log levels.

The unknown of a node (product, period) is x = ln level. A figure with the interval [a, b] that its printed digits
allow says `lower ≤ x_head − x_tail ≤ upper`:

    growth p        ln(1 + a/100) … ln(1 + b/100)     tail = the base period
    share s         ln(a/100) … ln(b/100)             tail = the segment's total of the period
    level L         ln a … ln b                       tail = one node per unit
    change d        bounds the share or level of the base from that of the period, and the other way round

Only figures of one source, chain, segment and metric are linked (`COMPONENT`); two segments share nothing that could
close a circle. A direction ("up", "stable") has no size, and does not always say against what: it takes no part.
"""

import re
from collections.abc import Mapping

import polars as pl

from contracts.chain import Chain
from contracts.vocabulary import measures_of
from tasks.reconciling.periods import add_bases, end_month
from tasks.reconciling.wholes import ADDITIVE, bound_parts, bound_products, mean_growth, sum_levels

COMPONENT = ("source", "chain", "segment", "metric")
CONSTRAINT_SCHEMA = {
    **dict.fromkeys((*COMPONENT, "tail_product", "tail_period", "head_product", "head_period", "route"), pl.String()),
    **dict.fromkeys(("lower", "upper", "point"), pl.Float64()),
    "figure_ids": pl.String(),
    "month": pl.Date(),
}
"""One inequality: its component, its two nodes, how it came about (`route`: a measure, or a way of deriving), its ends
and the published number on the log scale (open ends are infinite, no number is null), the figures it rests on and the
last month that they are about (null where it rests on none). The node of a unit has the unit as its product and no
period."""

_OPEN = float("inf")
_ENDS = ("low", "high", "value")
_MONTH = re.compile(r"\d{4}-\d\d")
_CHANGES = {
    "share_mom_pp": ("share_pct", 1),
    "share_yoy_pp": ("share_pct", 12),
    "mom_abs": ("level", 1),
    "yoy_abs": ("level", 12),
    "mom_pp": ("level", 1),
    "yoy_pp": ("level", 12),
}


def build_constraints(figures: pl.DataFrame, chains: Mapping[str, Chain]) -> pl.DataFrame:
    """Every inequality that follows from the figures: `CONSTRAINT_SCHEMA`, in a fixed order.

    `figures` has the columns of `FIGURES` with one row per key, so of one vintage; whether forecasts are among them is
    the caller's choice. Beside what single figures say there are the inequalities that need none (a product is no more
    than what it is part of, a month no more than its quarter) and those of parts that make up a whole. What has no
    logarithm says nothing here: a level of exactly 0, a change of exactly −100 %.
    """
    stated = add_bases(add_interval(figures)).with_columns(month=end_month())
    growth = stated.filter(pl.col("measure").is_in(measures_of("growth")), pl.col("base_period").is_not_null())
    quantities = stated.filter(
        (pl.col("measure") == "level") | ((pl.col("measure") == "share_pct") & pl.col("metric").is_in(ADDITIVE))
    )
    wholes = _list_wholes(growth, quantities)
    direct = [
        _state_growth(growth),
        _state_quantities(quantities),
        _state_quantities(shift_by_changes(quantities, stated), "_change"),
        _state_quantities(sum_levels(quantities.filter(measure="level"), wholes), "_sum"),
        _state_growth(mean_growth(growth.filter(measure="yoy_pct"), wholes), "_mean"),
    ]
    known = pl.concat(direct).filter(pl.col("lower").is_finite() | pl.col("upper").is_finite())
    rows = pl.concat([known, bound_products(known, chains), bound_parts(known)])
    order = ("head_period", "head_product", "tail_period", "tail_product", "route", "figure_ids")
    return rows.select(pl.col(name).cast(dtype) for name, dtype in CONSTRAINT_SCHEMA.items()).sort(*COMPONENT, *order)


def add_interval(figures: pl.DataFrame) -> pl.DataFrame:
    """The figures with `low` and `high`: the ends of what was published, open ones infinite.

    value ± half a unit of its last printed digit; a bound or range has its own ends. "About" says that the printed
    digits are not all meant: half a unit of the last digit that is not zero ("about 20 %": 15 … 25), and at least a
    whole unit of the last printed one ("about 43 %": 42 … 44). Shares end at 0 and 100, growth at −100, levels at 0.
    """
    half = pl.col("half_width")
    printed = (pl.col("value").abs() / (2.0 * half)).round(0).cast(pl.Int64, strict=False).fill_null(1)
    meant = pl.max_horizontal(
        2.0 * half, *(pl.when((printed != 0) & (printed % 10**n == 0)).then(half * 10**n) for n in range(1, 7))
    )
    half = pl.when((pl.col("qualifier") == "about") & (half > 0)).then(meant).otherwise(half)
    is_share, is_growth = (pl.col("measure").is_in(measures_of(family)) for family in ("share", "growth"))
    floor = pl.when(is_growth).then(-100.0).when(is_share | (pl.col("measure") == "level")).then(0.0)
    high = pl.coalesce("upper", pl.when(pl.col("value").is_not_null()).then(pl.col("value") + half), pl.lit(_OPEN))
    low = pl.coalesce("lower", pl.when(pl.col("value").is_not_null()).then(pl.col("value") - half), pl.lit(-_OPEN))
    return figures.with_columns(
        low=pl.max_horizontal(low, floor),
        high=pl.when(is_share).then(pl.min_horizontal(high, 100.0)).otherwise(high),
    )


def shift_by_changes(quantities: pl.DataFrame, stated: pl.DataFrame) -> pl.DataFrame:
    """Shares and levels of the base that follow from those of the period and the change between them, and vice versa.

    q_base ∈ [q.low − d.high, q.high − d.low]; q ∈ [q_base.low + d.low, q_base.high + d.high].
    """
    parts = [quantities.clear()]
    for change, (measure, lag) in _CHANGES.items():
        base = "month_before" if lag == 1 else "year_before"
        changes = stated.filter(pl.col("measure") == change, pl.col(base).is_not_null())
        rows = quantities.filter(pl.col("measure") == measure)
        if change in {"mom_pp", "yoy_pp"}:
            rows = rows.filter(unit="%")
        if changes.height and rows.height:
            parts += _shift(rows, changes, base)
    return pl.concat(parts)


def _shift(rows: pl.DataFrame, changes: pl.DataFrame, base: str) -> list[pl.DataFrame]:
    on = [*COMPONENT, "product", "period"]
    change = changes.select(
        *on,
        "month",
        pl.col(base).alias("other"),
        *(pl.col(name).alias(f"d_{name}") for name in (*_ENDS, "figure_id")),
    )
    back = (
        rows.drop("month")
        .join(change, on=on)
        .with_columns(
            pl.col("other").alias("period"),
            low=pl.col("low") - pl.col("d_high"),
            high=pl.col("high") - pl.col("d_low"),
            value=pl.col("value") - pl.col("d_value"),
        )
    )
    there = change.rename({"period": "other", "other": "period"})
    forward = (
        rows.drop("month")
        .join(there, on=on)
        .with_columns(
            pl.col("other").alias("period"),
            low=pl.col("low") + pl.col("d_low"),
            high=pl.col("high") + pl.col("d_high"),
            value=pl.col("value") + pl.col("d_value"),
        )
    )
    return [
        moved.with_columns(
            pl.max_horizontal("low", 0.0).alias("low"),
            pl.concat_str("figure_id", "d_figure_id", separator=" ").alias("figure_id"),
        ).select(rows.columns)
        for moved in (back, forward)
    ]


def _list_wholes(growth: pl.DataFrame, quantities: pl.DataFrame) -> list[str]:
    """Periods longer than a month that something is said about."""
    named = (growth["node_period"], growth["base_period"], quantities["period"])
    return sorted({period for names in named for period in names.unique() if not _MONTH.fullmatch(period)})


def _state_growth(rows: pl.DataFrame, suffix: str = "") -> pl.DataFrame:
    ends = {name: 1.0 + pl.col(name) / 100.0 for name in _ENDS}
    return _state(
        rows.with_columns(**ends),
        tail=(pl.col("product"), pl.col("base_period")),
        head_period=pl.col("node_period"),
        route=pl.col("measure") + pl.lit(suffix),
    )


def _state_quantities(rows: pl.DataFrame, suffix: str = "") -> pl.DataFrame:
    is_share = pl.col("measure") == "share_pct"
    rows = rows.filter(~is_share | (pl.col("product") != "")).with_columns(
        pl.when(is_share).then(pl.col(name) / 100.0).otherwise(pl.col(name)).alias(name) for name in _ENDS
    )
    return _state(
        rows,
        tail=(
            pl.when(is_share).then(pl.lit("")).otherwise(pl.col("unit")),
            pl.when(is_share).then(pl.col("period")).otherwise(pl.lit("")),
        ),
        head_period=pl.col("period"),
        route=pl.col("measure") + pl.lit(suffix),
    )


def _state(rows: pl.DataFrame, *, tail: tuple[pl.Expr, pl.Expr], head_period: pl.Expr, route: pl.Expr) -> pl.DataFrame:
    """Constraints of rows whose `low`, `high`, `value` are ratios; an end that is no positive ratio is open."""
    return rows.filter(pl.col("high") > 0).select(
        *COMPONENT,
        tail_product=tail[0],
        tail_period=tail[1],
        head_product="product",
        head_period=head_period,
        route=route,
        lower=pl.when(pl.col("low") > 0).then(pl.col("low").log()).otherwise(-_OPEN),
        upper=pl.col("high").log(),
        point=pl.when(pl.col("value") > 0).then(pl.col("value").log()),
        figure_ids="figure_id",
        month="month",
    )
