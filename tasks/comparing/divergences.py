"""Gaps between the growth of a segment and of the one that it feeds."""

from collections.abc import Mapping

import polars as pl

from contracts.chain import Chain, Segment

_METRICS = ("production", "shipments")
_LINKS = {
    "chain": pl.String,
    "segment": pl.String,
    "counterpart": pl.String,
    "spread_pp": pl.Float64,
}


def find_divergences(growth: pl.LazyFrame, chains: Mapping[str, Chain]) -> pl.LazyFrame:
    """Per link and month: growth upstream minus growth downstream in pp, its log gap, and the link's limit.

    The log gap, 100·ln of one growth factor over the other, says how far the levels moved apart: +185 % and +150 % are
    13 apart, −85 % and −70 % are 69. `spread_pp` is the limit in percent of level, as a definition states it.
    `growth` holds one `mom_pct` per series and month. A segment is represented by its total, else by the
    product that its figures are filed under. `segment` and `product` are the upstream ones, `counterpart` is
    the segment downstream. Where one side is a bound or range, the value is null and the interval what they allow.
    """
    links = pl.LazyFrame(
        [
            {"chain": chain.name, "segment": link.upstream, "counterpart": link.downstream, "spread_pp": link.spread_pp}
            for chain in chains.values()
            for link in chain.links
        ],
        schema=_LINKS,
    )
    heads = _represent_segments(growth.filter(pl.col("metric").is_in(_METRICS)), chains)
    downstream = heads.drop("product", "unit", "measure").rename({"segment": "counterpart"})
    both = heads.join(links, on=["chain", "segment"]).join(
        downstream, on=["source", "chain", "counterpart", "metric", "month"], suffix="_down"
    )
    is_open = pl.col("value").is_null() | pl.col("value_down").is_null()
    return both.select(
        *("source", "chain", "segment", "product", "metric", "measure", "month", "counterpart", "spread_pp"),
        value=pl.col("value") - pl.col("value_down"),
        lower=pl.col("lower") - pl.col("upper_down"),
        upper=pl.col("upper") - pl.col("lower_down"),
        unit=pl.lit("pp"),
        published_at=pl.max_horizontal("published_at", "published_at_down"),
        figure_ids=pl.concat_str("figure_ids", "figure_ids_down", separator=" "),
        log_gap=_log_ratio("value", "value_down"),
        log_gap_lower=_log_ratio("lower", "upper_down"),
        log_gap_upper=_log_ratio("upper", "lower_down"),
        reason=pl.when(is_open)
        .then(pl.coalesce(_open_side("reason"), _open_side("reason_down")))
        .otherwise(pl.lit("")),
    )


def _log_ratio(upstream: str, downstream: str) -> pl.Expr:
    """100·ln of one growth factor over another, from growth in percent; null where one of them is not above zero."""
    above, below = 1 + pl.col(upstream) / 100, 1 + pl.col(downstream) / 100
    return pl.when((above > 0) & (below > 0)).then(100 * (above / below).log())


def _open_side(column: str) -> pl.Expr:
    return pl.when(pl.col(column) != "").then(column)


def _represent_segments(growth: pl.LazyFrame, chains: Mapping[str, Chain]) -> pl.LazyFrame:
    """One row per segment and month: its total, else its default product."""
    heads = [_name_heads(chain, segment) for chain in chains.values() for segment in chain.segments]
    ranked = pl.LazyFrame(
        [head for some in heads for head in some],
        schema={"chain": pl.String, "segment": pl.String, "product": pl.String, "rank": pl.Int8},
    )
    return (
        growth.join(ranked, on=["chain", "segment", "product"])
        .sort("rank", maintain_order=True)
        .unique(["source", "chain", "segment", "metric", "month"], keep="first", maintain_order=True)
        .drop("rank")
    )


def _name_heads(chain: Chain, segment: Segment) -> list[dict[str, str | int]]:
    products = ["", segment.default_product] if segment.default_product else [""]
    return [{"chain": chain.name, "segment": segment.name, "product": p, "rank": i} for i, p in enumerate(products)]
