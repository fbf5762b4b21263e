"""Vintages: what was published over time for one key, with repetitions folded and contradictions found.

Frames here have `key` (an integer: series and month), `at` (publication instant), `value`, `lower`,
`upper`, `unit`, `figure_id`, `recorded_at`, `release_id` and `assumed` (the day of publication was assumed).
Of two vintages of one instant the one recorded last is the later.
"""

from collections.abc import Sequence

import polars as pl

ORDER = ("at", "recorded_at", "release_id")
_STATED = ("value", "lower", "upper", "unit")


def sort_vintages(figures: pl.DataFrame) -> pl.DataFrame:
    """Order by key and publication, as `data_lake.figures.PUBLICATION_ORDER` has it."""
    return figures.sort("key", *ORDER, "figure_id", nulls_last=True)


def fold_repetitions(figures: pl.DataFrame) -> pl.DataFrame:
    """Keep the first of equal consecutive vintages of a key: a number published again is nothing new."""
    several = figures["key"].is_duplicated()
    if not several.any():
        return figures
    folded = sort_vintages(figures.filter(several)).filter(~is_repetition())
    return pl.concat([figures.filter(~several), folded])


def is_repetition(stated: Sequence[str] = _STATED) -> pl.Expr:
    """Whether a row of a sorted frame states what the vintage before it, of the same key, stated."""
    same = pl.col("key").eq(pl.col("key").shift())
    for column in stated:
        same &= pl.col(column).eq_missing(pl.col(column).shift())
    return same.fill_null(value=False)


def resolve_actuals(vintages: pl.DataFrame) -> pl.DataFrame:
    """First and latest actual per key, from folded vintages.

    Columns: `key`; the first one's `actual`, `actual_lower`, `actual_upper`, `actual_half_width`,
    `actual_unit`, `actual_at`, `actual_id`, `actual_direction_only`; `latest_actual`,
    `latest_actual_id`; `actual_vintages`; `actual_disputed` and `latest_disputed` (differing numbers
    published at one instant); `actual_assumed`; `actual_order_assumed` (differing vintages, one of
    them on an assumed day).
    """
    repeated = vintages["key"].is_duplicated()
    single = vintages.filter(~repeated).select(
        "key",
        *_first_columns(),
        pl.col("value").alias("latest_actual"),
        pl.col("figure_id").alias("latest_actual_id"),
        pl.lit(1, pl.Int32).alias("actual_vintages"),
        pl.lit(value=False).alias("actual_disputed"),
        pl.lit(value=False).alias("latest_disputed"),
        pl.col("assumed").alias("actual_assumed"),
        pl.lit(value=False).alias("actual_order_assumed"),
    )
    several = (
        sort_vintages(vintages.filter(repeated))
        .group_by("key", maintain_order=True)
        .agg(
            *(e.first() for e in _first_columns()),
            pl.col("value").last().alias("latest_actual"),
            pl.col("figure_id").last().alias("latest_actual_id"),
            pl.len().cast(pl.Int32).alias("actual_vintages"),
            ((pl.col("at") == pl.col("at").first()).sum() > 1).alias("actual_disputed"),
            ((pl.col("at") == pl.col("at").last()).sum() > 1).alias("latest_disputed"),
            pl.col("assumed").first().alias("actual_assumed"),
            pl.col("assumed").any().alias("actual_order_assumed"),
        )
    )
    return pl.concat([single, several])


def _first_columns() -> list[pl.Expr]:
    names = {
        "value": "actual",
        "lower": "actual_lower",
        "upper": "actual_upper",
        "half_width": "actual_half_width",
        "unit": "actual_unit",
        "at": "actual_at",
        "figure_id": "actual_id",
        "direction_only": "actual_direction_only",
        "from_months": "actual_from_months",
    }
    return [pl.col(old).alias(new) for old, new in names.items()]


def look_up_known(asked: pl.DataFrame, vintages: pl.DataFrame) -> pl.Series:
    """The value of `key` as known at `at`, per row of `asked`; null where nothing was published by then.

    Most keys have one vintage, for which a plain join decides; only the others are searched by time.
    """
    again = vintages["key"].is_duplicated()
    single = vintages.filter(~again).select("key", pl.col("at").alias("known_at"), "value")
    found = asked.join(single, on="key", how="left", maintain_order="left").select(
        pl.when(pl.col("known_at") <= pl.col("at")).then("value").alias("value")
    )["value"]
    repeated = sort_vintages(vintages.filter(again)).select("key", "at", "value")
    if repeated.is_empty():
        return found
    late = asked.select("key", "at").with_row_index("row").join(repeated.select("key").unique(), on="key", how="semi")
    late = late.sort("key", "at").join_asof(repeated, on="at", by="key", check_sortedness=False)
    return found.scatter(late["row"], late["value"])
