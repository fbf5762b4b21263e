"""The products of a segment: their shares, how these moved, what each added to growth, how concentrated it is."""

from datetime import date

import polars as pl

from contracts.chain import Chain, Segment

SHARE_SCHEMA = {
    **dict.fromkeys(("segment", "product"), pl.String()),
    **dict.fromkeys(("share_pct", "share_lower", "share_upper"), pl.Float64()),
    "change_pp": pl.Float64(),
    **dict.fromkeys(("contribution_pp", "contribution_lower", "contribution_upper"), pl.Float64()),
}
CONCENTRATION_SCHEMA = {
    "segment": pl.String(),
    **dict.fromkeys(("hhi_lower", "hhi_upper"), pl.Float64()),
    "n_products": pl.Int32(),
}


def list_shares(comparisons: pl.DataFrame, month: date, metric: str) -> pl.DataFrame:
    """Shares of a month, largest first by segment: `SHARE_SCHEMA`; reported before derived.

    `change_pp` is against the month before, `contribution_pp` what the product added to the segment's MoM.
    """
    rows = (
        comparisons.filter(pl.col("basis").is_in(["reported", "derived"]), month=month, metric=metric)
        .filter(pl.col("value").is_not_null())
        .sort("basis", descending=True)
        .unique(["segment", "product", "measure"], keep="first", maintain_order=True)
    )
    parts = {"share": "share_pct", "change": "share_mom_pp", "contribution": "contribution_mom_pp"}
    on = ["segment", "product"]
    named = [
        rows.filter(measure=measure).select(
            *on, pl.col("value").alias(f"{name}_{unit}"), *(pl.col(e).alias(f"{name}_{e}") for e in ("lower", "upper"))
        )
        for (name, measure), unit in zip(parts.items(), ("pct", "pp", "pp"), strict=True)
    ]
    joined = named[0].join(named[1], on=on, how="left").join(named[2], on=on, how="left")
    return joined.select(*SHARE_SCHEMA).sort("segment", -pl.col("share_pct"), "product")


def measure_concentration(shares: pl.DataFrame, chain: Chain) -> pl.DataFrame:
    """The Herfindahl–Hirschman index Σ s², 0 to 1, of each segment of which two products or more have a share.

    `CONCENTRATION_SCHEMA`. Of products within one another the outer one counts. What has no product's name is between
    spread over many (adds nothing) and one product: Σ lower² … Σ upper² + (1 − Σ lower)².
    """
    outer = pl.DataFrame(
        [(segment.name, product) for segment in chain.segments for product in _list_outer(segment, shares)],
        schema={"segment": pl.String, "product": pl.String},
        orient="row",
    )
    lower, upper = pl.col("share_lower") / 100, pl.col("share_upper") / 100
    rest = (1 - lower.sum()).clip(lower_bound=0)
    return (
        shares.join(outer, on=["segment", "product"], how="semi", maintain_order="left")
        .drop_nulls(["share_lower", "share_upper"])
        .group_by("segment", maintain_order=True)
        .agg(
            hhi_lower=lower.pow(2).sum(),
            hhi_upper=(upper.pow(2).sum() + rest.pow(2)).clip(upper_bound=1.0),
            n_products=pl.len().cast(pl.Int32),
        )
        .filter(pl.col("n_products") > 1)
        .select(pl.col(name).cast(dtype) for name, dtype in CONCENTRATION_SCHEMA.items())
    )


def _list_outer(segment: Segment, shares: pl.DataFrame) -> list[str]:
    """Products of a segment with a share, none of whose parents has one."""
    named, parents = set(shares.filter(segment=segment.name)["product"]), segment.parents

    def is_inner(product: str) -> bool:
        parent = parents.get(product, "")
        return bool(parent) and (parent in named or is_inner(parent))

    return [product for product in parents if product in named and not is_inner(product)]
