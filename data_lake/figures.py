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

PUBLICATION_ORDER = ("published_at", "recorded_at", "release_id")
"""Which of two vintages is the later: the one published later; of one instant the one recorded last."""
_STATED = ("value", "lower", "upper", "unit", "qualifier")
_NO_KEY = 2**64 - 1
_OF_RELEASES = ("release_id", "source", "chain", "review_month")


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
    wanted = selection or Selection()
    releases = visible_releases(lake, as_of=as_of, as_recorded=as_recorded).select(*_OF_RELEASES)
    ids = wanted.apply(releases).collect()
    scan = lake.table(FIGURES).scan(partitions=ids["review_month"].unique(), months=(wanted.first, wanted.last))
    return wanted.apply(scan).filter(pl.col("release_id").is_in(ids["release_id"].to_list()))


def read_figures(
    lake: Lake,
    selection: Selection | None = None,
    *,
    as_of: datetime | None = None,
    as_recorded: datetime | None = None,
) -> pl.DataFrame:
    """One row per key, the newest value published by `as_of`: columns of `FIGURES`, sorted by key.

    Of a number published again unchanged, the first publication stays the row, so that `published_at`
    says since when this value was known.
    """
    vintages = read_vintages(lake, selection, as_of=as_of, as_recorded=as_recorded).collect()
    return newest_vintage(vintages).sort(FIGURE_KEY)


def newest_vintage(figures: pl.DataFrame) -> pl.DataFrame:
    """Reduce rows of `FIGURES` to the newest value of each key, at its first publication.

    The newest by `PUBLICATION_ORDER`, so that the result depends on nothing but the rows. Rows come in no order that
    means anything, but always the same.
    """
    values = _order_values(figures)
    return figures[values.filter(pl.col("key") != pl.col("key").shift(-1, fill_value=_NO_KEY))["row"]]


def collapse_republications(figures: pl.DataFrame) -> pl.DataFrame:
    """Keep the rows whose value differs from the one published before for the same key, by key and publication."""
    return figures[_order_values(figures)["row"]]


def _order_values(figures: pl.DataFrame) -> pl.DataFrame:
    """`key` (a number for each key) and `row` (its index in `figures`) of each new value, by key and publication.

    Works on few and narrow columns and gathers the wide rows once, at the end.
    """
    ordered = (
        figures.select(*_STATED, *PUBLICATION_ORDER)
        .with_columns(key=_number_keys(figures), row=pl.int_range(pl.len(), dtype=pl.UInt32))
        .sort("key", *PUBLICATION_ORDER)
    )
    changed = (pl.col(name).ne_missing(pl.col(name).shift(1)) for name in ("key", *_STATED))
    return ordered.filter(pl.any_horizontal(changed)).select("key", "row")


def _number_keys(figures: pl.DataFrame) -> pl.Series:
    """A number for each distinct key: each column's category, as digits of a mixed-radix number."""
    if figures.is_empty():
        return pl.Series("key", [], pl.UInt64)
    categories = figures.select(pl.col(FIGURE_KEY).cast(pl.Categorical).to_physical().cast(pl.UInt64))
    number = pl.lit(0, pl.UInt64)
    room = 1
    for name, highest in zip(FIGURE_KEY, categories.max().row(0), strict=True):
        number = number * (highest + 1) + pl.col(name)
        room *= highest + 1
    if room >= _NO_KEY:  # more combinations than a number holds: count the distinct keys instead
        return figures.select(pl.struct(FIGURE_KEY).rank("dense").cast(pl.UInt64)).to_series()
    return categories.select(number.alias("key").cast(pl.UInt64)).to_series()
