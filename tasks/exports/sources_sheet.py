"""What each source published: how many reviews, of which months, how soon, how much was refused or settled."""

from collections.abc import Mapping

import polars as pl

from contracts.chain import Chain
from contracts.local_time import show_local
from contracts.period import MONTH_PATTERN
from contracts.releases import SOURCES

_BY = ("source", "chain")


def summarise_sources(releases: pl.DataFrame, superseded: pl.DataFrame, chains: Mapping[str, Chain]) -> pl.DataFrame:
    """`SOURCES` of the releases that stand (`standing_releases`), some of which a settlement superseded.

    Figures, refused rows and unresolved numbers are those of the releases that are visible. The day is that of the
    document, in the chain's time zone, also where its reading was settled later; it is counted from the end of the
    month that it reviews: the 5th of the month after is 5.
    """
    is_gone = pl.col("release_id").is_in(superseded["release_id"].to_list())
    local = releases.with_columns(day=show_local(pl.col("published_at"), chains).dt.date(), is_gone=is_gone)
    documents = local.filter(pl.col("settles").is_null())
    ends = pl.col("review_month").str.to_date("%Y-%m", strict=False).dt.offset_by("1mo")
    monthly = documents.filter(pl.col("review_month").str.contains(MONTH_PATTERN)).with_columns(
        days=(pl.col("day") - ends).dt.total_days() + 1
    )
    reviews = documents.group_by(_BY).agg(
        reviews=pl.len(),
        first_month=pl.col("review_month").min(),
        last_month=pl.col("review_month").max(),
        last_published_at=pl.col("published_at").max(),
    )
    usual = monthly.group_by(_BY).agg(usual_days=pl.col("days").median().round(0))
    counts = (
        local.filter(~pl.col("is_gone"))
        .group_by(_BY)
        .agg(
            *[pl.col(name).sum() for name in ("figures", "quarantined", "unresolved")],
            settled=pl.col("settles").is_not_null().sum(),
        )
    )
    return SOURCES.conform(reviews.join(usual, on=_BY, how="left").join(counts, on=_BY, how="left")).sort(_BY)
