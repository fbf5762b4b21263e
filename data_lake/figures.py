"""Reading figures as they were known at an instant.

Figures are append-only and every release keeps all it stated. A *vintage* is a value that differs from
the one published before it for the same key; a re-publication of the same number is nothing new.
"""

from datetime import datetime

import polars as pl

from contracts.figures import FIGURE_KEY, FIGURES
from data_lake.lake import Lake
from data_lake.releases import visible_releases
from data_lake.selection import Selection

PUBLICATION_ORDER = ("published_at", "is_published_assumed", "release_id")


def read_vintages(
    lake: Lake,
    selection: Selection | None = None,
    *,
    as_of: datetime | None = None,
    as_recorded: datetime | None = None,
) -> pl.LazyFrame:
    """Every row that releases visible at the two instants state, columns of `FIGURES`.

    None for an instant means no limit. Rows are in no order.
    """
    releases = visible_releases(lake, as_of=as_of, as_recorded=as_recorded).select("release_id").collect()
    figures = (selection or Selection()).apply(lake.table(FIGURES).scan())
    return figures.filter(pl.col("release_id").is_in(releases["release_id"].to_list()))


def read_figures(
    lake: Lake,
    selection: Selection | None = None,
    *,
    as_of: datetime | None = None,
    as_recorded: datetime | None = None,
) -> pl.LazyFrame:
    """One row per key, the newest value published by `as_of`: columns of `FIGURES`, sorted by key.

    Of a number published again unchanged, the first publication stays the row, so that `published_at`
    says since when this value was known.
    """
    return newest_vintage(read_vintages(lake, selection, as_of=as_of, as_recorded=as_recorded))


def newest_vintage(figures: pl.LazyFrame) -> pl.LazyFrame:
    """Reduce rows of `FIGURES` to the newest value of each key, at its first publication.

    Order of publication: `published_at`, then stated before assumed days, then `release_id`, so that the
    result depends on nothing but the rows.
    """
    return (
        collapse_republications(figures)
        .group_by(FIGURE_KEY, maintain_order=True)
        .last()
        .select(FIGURES.schema.names())
        .sort(FIGURE_KEY)
    )


def collapse_republications(figures: pl.LazyFrame) -> pl.LazyFrame:
    """Keep of each key the rows whose value differs from the one published before, in order of publication."""
    stated = pl.struct("value", "lower", "upper", "unit", "qualifier")
    return figures.sort(*FIGURE_KEY, *PUBLICATION_ORDER).filter(
        stated.ne_missing(stated.shift(1).over(FIGURE_KEY)) | (pl.int_range(pl.len()).over(FIGURE_KEY) == 0)
    )
