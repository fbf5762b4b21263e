"""All rules over one evaluation: the findings of a span of months, as of an instant."""

from collections.abc import Mapping
from datetime import date, datetime

import polars as pl

from contracts.alerts import CANDIDATES
from contracts.chain import Chain
from contracts.holidays import CHINESE_ZONES, weigh_holiday
from contracts.period import add_months
from contracts.text import fill_text
from tasks.alerts.chain_divergence import find_chain_divergences
from tasks.alerts.contract_broken import find_broken_contracts
from tasks.alerts.delivery_broken import find_broken_deliveries
from tasks.alerts.direction_miss import find_direction_misses
from tasks.alerts.forecast_miss import find_forecast_misses
from tasks.alerts.release_missing import find_missing_releases
from tasks.alerts.repeated_miss import find_repeated_misses
from tasks.alerts.restatement import find_disagreements, find_restatements
from tasks.alerts.scored import prepare_scored
from tasks.alerts.share_shift import find_share_shifts
from tasks.alerts.wording import name_severity, name_subjects, rank_severity

SENTENCE_LIMIT, SENTENCES_KEPT = 300, 3


def find_alerts(
    *,
    scores: pl.DataFrame,
    comparisons: pl.DataFrame,
    figures: pl.DataFrame,
    releases: pl.DataFrame,
    quarantine: pl.DataFrame,
    deliveries: pl.DataFrame,
    chains: Mapping[str, Chain],
    months: tuple[date, date],
    as_of: datetime,
) -> pl.DataFrame:
    """Candidates of all rules for `chains` and the reference months from the first to the last of `months`.

    The tables are as of `as_of` and reach back before the window: the records, runs of misses and earlier reviews are
    read from them. `months` is the span that new figures touch, so that a restated month is judged anew. Events of a
    month with a part of the new-year window are one severity lower, and say so in their detail; states are about
    publishing, not output, and stay. The sentences that state the figures are in the detail. Sorted by key, one row
    per key, the same inputs give the same rows.
    """
    subjects = name_subjects(chains)
    marked = prepare_scored(scores, figures, chains, months)
    in_window = marked.filter(pl.col("month").is_between(*months))
    found = [
        find_forecast_misses(in_window),
        find_direction_misses(in_window, chains),
        find_repeated_misses(marked, chains, months),
        find_chain_divergences(comparisons, chains, months, subjects),
        find_share_shifts(comparisons, chains, months, subjects),
        find_restatements(figures, chains, months, subjects, as_of),
        find_disagreements(figures, chains, months, subjects, as_of),
        find_missing_releases(releases, figures, chains, months, as_of),
        find_broken_contracts(releases, quarantine, chains, months),
        find_broken_deliveries(deliveries).filter(
            pl.col("chain").is_in(list(chains)), pl.col("month").is_between(*months)
        ),
    ]
    candidates = pl.concat([CANDIDATES.conform(frame) for frame in found]).sort(CANDIDATES.key)
    return _add_sentences(_lower_in_holidays(candidates, chains, months), figures)


def touched_months(figures: pl.DataFrame, release_ids: list[str]) -> tuple[date, date] | None:
    """First and last reference month that the figures of these releases are about; None without a figure."""
    months = figures.filter(pl.col("release_id").is_in(release_ids), pl.col("is_monthly"))["month"]
    return (months.min(), months.max()) if len(months) else None  # type: ignore[return-value]


def _lower_in_holidays(
    candidates: pl.DataFrame, chains: Mapping[str, Chain], months: tuple[date, date]
) -> pl.DataFrame:
    """Events in the new-year window one severity lower, never below info, and why."""
    weights = [(month, weight) for month in _list_months(months) if (weight := weigh_holiday(month)) > 0]
    table = pl.DataFrame(weights, schema={"month": pl.Date, "weight": pl.Float64}, orient="row")
    chinese = [name for name, chain in chains.items() if chain.calendar.time_zone in CHINESE_ZONES]
    applies = pl.col("weight").is_not_null() & (pl.col("kind") == "event") & pl.col("chain").is_in(chinese)
    lowered = name_severity((rank_severity(pl.col("severity")) - 1).clip(lower_bound=0))
    note = fill_text(
        '{},"holiday":"cny","holiday_weight_pct":{},"severity_without_holiday":"{}"}}',
        pl.col("detail").str.strip_suffix("}"),
        (100 * pl.col("weight")).round(0).cast(pl.Int64),
        "severity",
    )
    return (
        candidates.join(table, on="month", how="left")
        .with_columns(
            pl.when(applies).then(note).otherwise(pl.col("detail")).alias("detail"),
            pl.when(applies).then(lowered).otherwise(pl.col("severity")).alias("severity"),
        )
        .drop("weight")
        .sort(CANDIDATES.key)
    )


def _list_months(months: tuple[date, date]) -> list[date]:
    count = (months[1].year - months[0].year) * 12 + months[1].month - months[0].month + 1
    return [add_months(months[0], i) for i in range(count)]


def _add_sentences(candidates: pl.DataFrame, figures: pl.DataFrame) -> pl.DataFrame:
    """The sentences or cells behind the figures, clipped, as `sentences` in the detail."""
    evidence = figures.select("figure_id", pl.col("evidence").str.slice(0, SENTENCE_LIMIT)).unique("figure_id")
    spoken = (
        candidates.with_row_index("row")
        .select("row", pl.col("figure_ids").str.split(" ").alias("figure_id"))
        .explode("figure_id", empty_as_null=True)
        .with_row_index("place")
        .join(evidence, on="figure_id")
        .filter(pl.col("evidence") != "")
        .sort("place")
        .unique(["row", "evidence"], keep="first", maintain_order=True)
        .group_by("row", maintain_order=True)
        .agg(pl.col("evidence").head(SENTENCES_KEPT).alias("sentences"))
        .with_columns(pl.struct("sentences").struct.json_encode().str.strip_prefix("{").alias("tail"))
    )
    return (
        candidates.with_row_index("row")
        .join(spoken.select("row", "tail"), on="row", how="left")
        .sort("row")
        .with_columns(
            pl.when(pl.col("tail").is_not_null())
            .then(pl.concat_str(pl.col("detail").str.strip_suffix("}"), pl.lit(","), "tail"))
            .otherwise(pl.col("detail"))
            .alias("detail")
        )
        .drop("row", "tail")
    )
