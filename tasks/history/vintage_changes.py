"""What was said differently later: restatements of figures, and the difference between two versions of all."""

from collections.abc import Mapping

import polars as pl

from contracts.chain import Chain
from contracts.figures import FIGURE_KEY
from contracts.period import last_month
from contracts.restatements import RESTATEMENTS
from data_lake.figures import collapse_republications

TIERS = ("lost", "sign changed", "changed beyond rounding", "changed within rounding", "new")


def list_restatements(figures: pl.DataFrame, *, chains: Mapping[str, Chain]) -> pl.DataFrame:
    """Each vintage that differs from the one before it: `RESTATEMENTS`, by key and publication.

    `figures` are all vintages (`FIGURES`) visible at an instant. A figure published again unchanged is none.
    """
    vintages = collapse_republications(figures)
    previous = ("value", "published_at", "figure_id", "review_month", "is_published_assumed")
    pairs = vintages.with_columns(
        *(pl.col(name).shift(1).over(FIGURE_KEY).alias(f"_{name}") for name in previous),
        vintage=pl.int_range(1, pl.len() + 1).over(FIGURE_KEY),
    ).filter(pl.col("vintage") > 1)
    points = pl.col("unit").is_in(["%", "pp"])
    pairs = pairs.join(_period_ends(pairs, chains), on=["chain", "period"], how="left").with_columns(
        before=pl.col("_value"),
        change=pl.col("value") - pl.col("_value"),
        change_unit=pl.when(points).then(pl.lit("pp")).otherwise("unit"),
        age_days=(pl.col("published_at") - pl.col("_published_at")).dt.total_seconds() / 86400,
        before_at=pl.col("_published_at"),
        before_id=pl.col("_figure_id"),
    )
    same_review = pl.col("review_month") == pl.col("_review_month")
    is_assumed = pl.col("is_published_assumed") | pl.col("_is_published_assumed")
    pairs = pairs.with_columns(
        pl.when(pl.col("kind") == "forecast")
        .then(pl.lit("revised"))
        .when(pl.col("before_at") < pl.col("period_end"))
        .then(pl.lit("preliminary"))
        .when(same_review | (pl.col("published_at") == pl.col("before_at")))
        .then(pl.lit("disputed"))
        .otherwise(pl.lit("restated"))
        .alias("class"),
        is_published_assumed=is_assumed,
    )
    return RESTATEMENTS.conform(pairs).sort(*FIGURE_KEY, "published_at", "vintage")


def compare_versions(before: pl.DataFrame, after: pl.DataFrame) -> pl.DataFrame:
    """What differs between two as-of reads (one row per key): the key, `tier`, `before`, `after`, `change`.

    Tiers, worst first: lost rows always on top; then a changed sign, a change beyond what rounding of both
    explains, a change within it, and new rows. Equal rows are left out.
    """
    stated = ("value", "lower", "upper", "half_width")
    both = before.select(*FIGURE_KEY, *stated, pl.lit(value=True).alias("there")).join(
        after.select(*FIGURE_KEY, *stated, pl.lit(value=True).alias("there")), on=FIGURE_KEY, how="full", coalesce=True
    )
    change = pl.col("value_right") - pl.col("value")
    same = pl.all_horizontal(pl.col(n).eq_missing(pl.col(f"{n}_right")) for n in ("value", "lower", "upper"))
    tier = (
        pl.when(pl.col("there_right").is_null())
        .then(pl.lit(TIERS[0]))
        .when(pl.col("there").is_null())
        .then(pl.lit(TIERS[4]))
        .when(pl.col("value").sign() * pl.col("value_right").sign() < 0)
        .then(pl.lit(TIERS[1]))
        .when(change.abs() <= pl.col("half_width") + pl.col("half_width_right"))
        .then(pl.lit(TIERS[3]))
        .otherwise(pl.lit(TIERS[2]))
    )
    return (
        both.filter(~same | pl.col("there").is_null() | pl.col("there_right").is_null())
        .with_columns(tier.cast(pl.Enum(TIERS)).alias("tier"))
        .select("tier", *FIGURE_KEY, before="value", after="value_right", change=change)
        .sort("tier", pl.col("change").abs(), *FIGURE_KEY, descending=[False, True, *([False] * len(FIGURE_KEY))])
        .with_columns(pl.col("tier").cast(pl.String))
    )


def _period_ends(figures: pl.DataFrame, chains: Mapping[str, Chain]) -> pl.DataFrame:
    """The instant at which each period ends, in its chain's time zone: `chain`, `period`, `period_end`."""
    periods = figures.select("chain", "period").unique().sort("chain", "period")
    last = pl.Series("last", [last_month(p) for p in periods["period"]], pl.Date)
    parts = [
        part.with_columns(
            pl.col("last")
            .dt.offset_by("1mo")
            .cast(pl.Datetime("us"))
            .dt.replace_time_zone(chains[str(name)].calendar.time_zone if name in chains else "UTC")
            .dt.convert_time_zone("UTC")
            .alias("period_end")
        )
        for (name,), part in periods.with_columns(last).group_by("chain", maintain_order=True)
    ]
    empty = pl.DataFrame(schema={"chain": pl.String, "period": pl.String, "period_end": pl.Datetime("us", "UTC")})
    return pl.concat([empty, *(part.drop("last") for part in parts)])
