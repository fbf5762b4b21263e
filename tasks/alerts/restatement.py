"""Rules restatement and reviews_disagree: one figure, published with values that rounding cannot reconcile."""

from collections.abc import Mapping
from datetime import date, datetime

import polars as pl

from contracts.chain import Chain
from contracts.figures import FIGURE_KEY
from contracts.text import fill_text
from tasks.alerts.thresholds import read_thresholds
from tasks.alerts.wording import (
    FAMILIES,
    measure_words,
    name_quantity,
    rank_severity,
    write_value,
)

RESTATEMENT, DISAGREEMENT = "restatement", "reviews_disagree"
_IDENTITY = ("source", "chain", "segment", "product", "metric", "measure", "month")


def find_restatements(
    figures: pl.DataFrame,
    chains: Mapping[str, Chain],
    months: tuple[date, date],
    subjects: pl.DataFrame,
    as_of: datetime,
) -> pl.DataFrame:
    """Events: the latest review gives another value of a month than the first review that stated it.

    Fires from `info_pp` (of a level `info_pct` percent) beyond the rounding of both, a warning from `warning_pp`.
    """
    vintages = _read_vintages(figures, chains, months, as_of)
    pairs = _pair_vintages(vintages, FIGURE_KEY).filter(pl.col("review_month") != pl.col("other_review_month"))
    pairs = pairs.join(read_thresholds(chains, RESTATEMENT), on=["chain", "segment", "measure"], how="inner")
    severity = pl.when(_exceeds("warning")).then(pl.lit("warning")).when(_exceeds("info")).then(pl.lit("info"))
    return _write(pairs, severity, subjects, kind="event", rule=RESTATEMENT, phrase="restated")


def find_disagreements(
    figures: pl.DataFrame,
    chains: Mapping[str, Chain],
    months: tuple[date, date],
    subjects: pl.DataFrame,
    as_of: datetime,
) -> pl.DataFrame:
    """States: two reviews of the same month by the same source differ, first against last published.

    A warning from `info_pp` beyond the rounding of both, an error (a contradiction) from `error_pp` on. The state ends
    when one of the two is withdrawn or a later one agrees.
    """
    vintages = _read_vintages(figures, chains, months, as_of)
    pairs = _pair_vintages(vintages, (*FIGURE_KEY, "review_month"))
    pairs = pairs.join(read_thresholds(chains, DISAGREEMENT), on=["chain", "segment", "measure"], how="inner")
    severity = pl.when(_exceeds("error")).then(pl.lit("error")).when(_exceeds("info")).then(pl.lit("warning"))
    return _write(pairs, severity, subjects, kind="state", rule=DISAGREEMENT, phrase="differs between two reviews")


def _read_vintages(
    figures: pl.DataFrame, chains: Mapping[str, Chain], months: tuple[date, date], as_of: datetime
) -> pl.DataFrame:
    return figures.filter(
        pl.col("kind") == "actual",
        pl.col("is_monthly"),
        pl.col("value").is_not_null(),
        pl.col("published_at") <= as_of,
        pl.col("month").is_between(*months),
        pl.col("chain").is_in(list(chains)),
    ).sort("published_at", "recorded_at", "figure_id")


def _pair_vintages(vintages: pl.DataFrame, by: tuple[str, ...]) -> pl.DataFrame:
    """First and last vintage side by side; `near` is the smallest difference that their rounding allows."""
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
        )
    )


def _exceeds(level: str) -> pl.Expr:
    limit = pl.when("is_level").then(f"{level}_pct").otherwise(f"{level}_pp")
    return (pl.col("near") > 0) & (pl.col("near") >= limit)


def _write(
    pairs: pl.DataFrame, severity: pl.Expr, subjects: pl.DataFrame, *, kind: str, rule: str, phrase: str
) -> pl.DataFrame:
    """Candidates; vintages of one identity that differ in period (a month and its half-year) keep the worst."""
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
            pl.lit(kind).alias("kind"),
            pl.lit(rule).alias("rule"),
            "severity",
            *_IDENTITY,
            title.alias("title"),
            pl.struct(
                pl.col("other_value").alias("first"),
                pl.col("value").alias("latest"),
                unit,
                pl.col("near").round(4).alias("difference_beyond_rounding"),
                pl.col("other_published_at").dt.strftime("%Y-%m-%d").alias("first_published"),
                pl.col("published_at").dt.strftime("%Y-%m-%d").alias("latest_published"),
            )
            .struct.json_encode()
            .alias("detail"),
            pl.concat_str("other_figure_id", "figure_id", separator=" ").alias("figure_ids"),
        )
    )
