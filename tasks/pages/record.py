"""The pages about forecasters and publishers: how good forecasts were, how punctual and complete reviews are."""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from contracts.period import add_months, first_month
from contracts.wording import measure_words, name_quantity, write_number, write_signed
from tasks.pages.facts import ChainFacts
from tasks.scoring import build_record


@dataclass(frozen=True)
class TablePage:
    """A page that is a table with a note."""

    note: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]


def describe_record(facts: ChainFacts) -> TablePage:
    """Each series' forecasts against what happened, the longest record first."""
    from tasks.messages.figure_words import add_series_label  # noqa: PLC0415

    record = add_series_label(
        build_record(facts.scores.drop("series", "text"), min_n=1), {facts.chain.name: facts.chain}
    )
    measure = (name_quantity(pl.col("metric"), pl.col("measure")) + measure_words(pl.col("measure"))).str.strip_chars()
    rows = record.sort("n", "mae", descending=True).select(
        "source",
        "series",
        measure.alias("measure"),
        pl.col("n").cast(pl.String),
        (write_signed(pl.col("mean_surprise").round(1)) + pl.lit(" ") + pl.col("unit")).alias("mean"),
        write_number(pl.col("mae").round(1)).alias("mae"),
        (write_number((100 * pl.col("within_5")).round(0)) + pl.lit(" %")).alias("within"),
        (write_number((100 * pl.col("skill_no_change")).round(0)) + pl.lit(" %")).alias("skill"),
        "reason",
    )
    head = ("source", "series", "measure", "n", "mean surprise", "MAE", "within 5", "skill against no change", "notes")
    note = "Surprise is outcome minus forecast: positive where the forecast was too low. n counts scored forecasts."
    return TablePage(note, head, rows.fill_null("").rows())


def describe_sources(facts: ChainFacts) -> TablePage:
    """Each source's reviews: how many, how many days after the month's end, how many figures, how many refused."""
    reviews = facts.releases.filter(pl.col("review_month").str.contains(r"^\d{4}-\d{2}$"))
    ends = [add_months(first_month(month), 1) for month in reviews["review_month"]]
    days = reviews.with_columns(pl.Series("end", ends, dtype=pl.Date)).with_columns(
        (pl.col("published_at").dt.convert_time_zone(facts.chain.calendar.time_zone).dt.date() - pl.col("end"))
        .dt.total_days()
        .alias("days")
    )
    rows = (
        days.group_by("source")
        .agg(
            pl.len().cast(pl.String).alias("reviews"),
            pl.col("review_month").min().alias("first"),
            pl.col("review_month").max().alias("last"),
            (pl.col("days") + 1).median().round(0).cast(pl.Int64).cast(pl.String).alias("day"),
            pl.col("figures").sum().cast(pl.String),
            pl.col("quarantined").sum().cast(pl.String),
            pl.col("unresolved").sum().cast(pl.String),
        )
        .sort("source")
    )
    head = (
        "source",
        "reviews",
        "first month",
        "last month",
        "usual day of the month after",
        "figures",
        "rows refused",
        "unresolved",
    )
    note = "Counts of the reviews of single months, as of this page's instant."
    return TablePage(note, head, rows.fill_null("").rows())
