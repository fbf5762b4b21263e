"""Parts and wholes: products within a segment, months within quarters, halves and years.

A sum is no difference of logs, but it has consequences that are: a part is no more than its whole; the levels of all
parts give the whole's; and a whole's growth lies between the smallest and the largest of its parts', whatever their
weights are.
"""

from collections.abc import Mapping, Sequence

import polars as pl

from contracts.chain import Chain
from tasks.reconciling.periods import list_ways

ADDITIVE = ("production", "shipments", "inventory", "capacity", "demand")
"""Metrics of which products add up to a segment."""
FLOWS = ("production", "shipments")
"""Metrics of which months add up to a quarter."""
_COMPONENT = ("source", "chain", "segment", "metric")
_OPEN = float("inf")
_WAYS = {"whole": pl.String(), "way": pl.Int64(), "parts": pl.UInt32(), "period": pl.String()}


def sum_levels(levels: pl.DataFrame, wholes: Sequence[str]) -> pl.DataFrame:
    """Levels of those of `wholes` whose parts all have one: Σ low … Σ high, shaped as `levels`."""
    return _gather(levels, wholes, low=pl.col("low").sum(), high=pl.col("high").sum(), value=pl.col("value").sum())


def mean_growth(growth: pl.DataFrame, wholes: Sequence[str]) -> pl.DataFrame:
    """YoY of those of `wholes` whose parts all have one: the smallest low … the largest high, shaped as `growth`."""
    found = _gather(growth, wholes, low=pl.col("low").min(), high=pl.col("high").max(), value=pl.lit(None, pl.Float64))
    year_before = (pl.col("period").str.slice(0, 4).cast(pl.Int32) - 1).cast(pl.String) + pl.col("period").str.slice(4)
    return found.with_columns(node_period="period", base_period=year_before)


def _gather(rows: pl.DataFrame, wholes: Sequence[str], *, low: pl.Expr, high: pl.Expr, value: pl.Expr) -> pl.DataFrame:
    ways = _list_all_ways(wholes)
    parts = rows.filter(pl.col("metric").is_in(FLOWS)).join(ways, on="period")
    if parts.is_empty():
        return rows.clear()
    key = [*_COMPONENT, "product", "measure", "unit", "whole", "way", "parts"]
    found = parts.group_by(key).agg(
        low.alias("low"),
        high.alias("high"),
        value.alias("value"),
        pl.len().alias("n"),
        pl.col("figure_id").sort_by("period").str.join(" "),
        pl.col("month").max(),
    )
    whole = found.filter(pl.col("n") == pl.col("parts")).rename({"whole": "period"})
    absent = [pl.lit(None, dtype).alias(name) for name, dtype in rows.schema.items() if name not in whole.columns]
    return whole.with_columns(absent).select(rows.columns)


def _list_all_ways(wholes: Sequence[str]) -> pl.DataFrame:
    rows = [
        (whole, way, len(parts), part)
        for whole in sorted(wholes)
        for way, parts in enumerate(list_ways(whole))
        for part in parts
    ]
    return pl.DataFrame(rows, schema=_WAYS, orient="row")


def bound_products(constraints: pl.DataFrame, chains: Mapping[str, Chain]) -> pl.DataFrame:
    """A product is no more than each product it is a kind of, and than its segment: where both are nodes."""
    nodes = _list_nodes(constraints).filter(pl.col("metric").is_in(ADDITIVE))
    above = pl.DataFrame(
        [
            (chain.name, segment.name, product, higher)
            for chain in chains.values()
            for segment in chain.segments
            for product in segment.parents
            for higher in _list_above(segment.parents, product)
        ],
        schema=dict.fromkeys(("chain", "segment", "product", "above"), pl.String()),
        orient="row",
    )
    pairs = nodes.join(above, on=["chain", "segment", "product"]).join(
        nodes.rename({"product": "above"}), on=[*_COMPONENT, "above", "period"]
    )
    return _bound(pairs, "product_of", tail_product="above", tail_period="period")


def _list_above(parents: Mapping[str, str], product: str) -> list[str]:
    above = [parents[product]]
    while above[-1]:
        above.append(parents[above[-1]])
    return above


def bound_parts(constraints: pl.DataFrame) -> pl.DataFrame:
    """A month is no more than the quarter, half, year or year to date that holds it: where both are nodes."""
    nodes = _list_nodes(constraints).filter(pl.col("metric").is_in(FLOWS))
    wholes = nodes.filter(~pl.col("period").str.contains(r"^\d{4}-\d\d$"))["period"].unique().to_list()
    ways = _list_all_ways(wholes).select("whole", "period")
    pairs = nodes.join(ways, on="period").join(nodes.rename({"period": "whole"}), on=[*_COMPONENT, "product", "whole"])
    return _bound(pairs, "part_of", tail_product="product", tail_period="whole")


def _list_nodes(constraints: pl.DataFrame) -> pl.DataFrame:
    """The nodes of the constraints without those of units."""
    ends = [constraints.select(*_COMPONENT, product=f"{e}_product", period=f"{e}_period") for e in ("tail", "head")]
    return pl.concat(ends).filter(pl.col("period") != "").unique(maintain_order=True)


def _bound(pairs: pl.DataFrame, route: str, *, tail_product: str, tail_period: str) -> pl.DataFrame:
    return pairs.select(
        *_COMPONENT,
        tail_product=pl.col(tail_product),
        tail_period=pl.col(tail_period),
        head_product="product",
        head_period="period",
        route=pl.lit(route),
        lower=pl.lit(-_OPEN),
        upper=pl.lit(0.0),
        point=pl.lit(None, pl.Float64),
        figure_ids=pl.lit(""),
        month=pl.lit(None, pl.Date),
    )
