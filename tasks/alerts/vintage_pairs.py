"""Figures published with values that rounding cannot reconcile: what the rules about vintages share."""

import polars as pl

from contracts.local_time import write_day
from contracts.text import fill_text
from contracts.wording import (
    FAMILIES,
    measure_words,
    name_quantity,
    rank_severity,
    write_value,
)
from data_lake.figures import PUBLICATION_ORDER
from tasks.alerts.evaluation import Evaluation

_IDENTITY = ("source", "chain", "segment", "product", "metric", "measure", "month")


def _read_vintages(evaluation: Evaluation) -> pl.DataFrame:
    return evaluation.figures.filter(
        pl.col("kind") == "actual",
        pl.col("is_monthly"),
        pl.col("value").is_not_null(),
        pl.col("published_at") <= evaluation.as_of,
        pl.col("month").is_between(*evaluation.months),
        pl.col("chain").is_in(list(evaluation.chains)),
    ).sort(*PUBLICATION_ORDER)


def pair_vintages(evaluation: Evaluation, by: tuple[str, ...]) -> pl.DataFrame:
    """First and last vintage of each actual, by the columns `by`, side by side.

    `near` is the smallest difference that the rounding of both allows, in points or, of a level, in percent; `day` and
    `other_day` are the days of their publication in the chain's time zone.
    """
    vintages = _read_vintages(evaluation)
    kept = ["value", "half_width", "figure_id", "published_at", "review_month"]
    kept = [name for name in kept if name not in by]
    groups = vintages.group_by(by, maintain_order=True).agg(
        pl.col("month").first().alias("month_"),
        pl.col("unit").last().alias("unit"),
        pl.col("release_id").n_unique().alias("releases"),
        *(pl.col(name).first().alias(f"other_{name}") for name in kept),
        *(pl.col(name).last() for name in kept),
    )
    difference = (pl.col("value") - pl.col("other_value")).abs()
    near = (difference - pl.col("half_width") - pl.col("other_half_width")).clip(lower_bound=0)
    is_level = pl.col("measure").replace_strict(FAMILIES, default="").is_in(["level", "change"])
    return (
        groups.filter(pl.col("releases") > 1)
        .rename({"month_": "month"})
        .with_columns(
            pl.when(is_level).then(100 * near / pl.col("other_value").abs()).otherwise(near).alias("near"),
            is_level.alias("is_level"),
            write_day(pl.col("published_at"), evaluation.chains).alias("day"),
            write_day(pl.col("other_published_at"), evaluation.chains).alias("other_day"),
        )
    )


def exceeds(level: str) -> pl.Expr:
    """Whether `near` is beyond rounding and reaches the threshold `{level}_pp` (of a level `{level}_pct`)."""
    limit = pl.when("is_level").then(f"{level}_pct").otherwise(f"{level}_pp")
    return (pl.col("near") > 0) & (pl.col("near") >= limit)


def write_pairs(pairs: pl.DataFrame, severity: pl.Expr, subjects: pl.DataFrame, *, phrase: str) -> pl.DataFrame:
    """Candidates of the pairs with a severity; of those with one identity that differ in period the worst."""
    unit = pl.col("unit")
    title = fill_text(
        "{} {} of {} {}: {} first, now {}{}",
        "subject",
        name_quantity(pl.col("metric"), pl.col("measure")),
        pl.col("month").dt.strftime("%B %Y"),
        pl.lit(phrase),
        write_value(pl.col("other_value"), pl.col("measure"), unit),
        write_value(pl.col("value"), pl.col("measure"), unit),
        measure_words(pl.col("measure")),
    )
    return (
        pairs.with_columns(severity.alias("severity"))
        .filter(pl.col("severity").is_not_null())
        .join(subjects, on=["chain", "segment", "product"], how="left")
        .with_columns(pl.col("subject").fill_null(pl.col("segment")))
        .sort(*_IDENTITY, rank_severity(pl.col("severity")), descending=[*[False] * 7, True])
        .unique(_IDENTITY, keep="first", maintain_order=True)
        .select(
            "severity",
            *_IDENTITY,
            title.alias("title"),
            pl.struct(
                pl.col("other_value").alias("first"),
                pl.col("value").alias("latest"),
                unit,
                pl.col("near").round(4).alias("difference_beyond_rounding"),
                pl.col("other_day").alias("first_published"),
                pl.col("day").alias("latest_published"),
            )
            .struct.json_encode()
            .alias("detail"),
            pl.concat_str("other_figure_id", "figure_id", separator=" ").alias("figure_ids"),
        )
    )
