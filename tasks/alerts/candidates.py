"""All rules over one evaluation: the findings of a span of months, as of an instant."""

from datetime import date

import polars as pl

from contracts.alerts import CANDIDATES
from contracts.holidays import CHINESE_ZONES, weigh_holiday
from contracts.period import add_months
from contracts.text import fill_text
from tasks.alerts.evaluation import Evaluation
from tasks.alerts.registry import read_rules
from tasks.alerts.thresholds import check_thresholds
from tasks.alerts.wording import name_severity, rank_severity

SENTENCE_LIMIT, SENTENCES_KEPT = 300, 3


def find_alerts(evaluation: Evaluation) -> pl.DataFrame:
    """Candidates of all rules: `CANDIDATES` sorted by key, one row per key; the same evaluation gives the same rows.

    Events of a month with a part of the new-year window are one severity lower, and say so in their detail; states
    are about publishing, not output, and stay. The sentences that state the figures are in the detail. Raises
    `UsageError` where a chain sets a threshold that does not exist.
    """
    rules = read_rules()
    check_thresholds(evaluation.chains, {name: rule.thresholds for name, rule in rules.items()})
    found = [rule.complete(rule.find(evaluation)) for rule in rules.values()]
    candidates = pl.concat(found).sort(CANDIDATES.key)
    return _add_sentences(_lower_in_holidays(candidates, evaluation), evaluation.figures)


def _lower_in_holidays(candidates: pl.DataFrame, evaluation: Evaluation) -> pl.DataFrame:
    """Events in the new-year window one severity lower, never below info, and why."""
    chains = evaluation.chains
    weights = [(month, weight) for month in _list_months(evaluation.months) if (weight := weigh_holiday(month)) > 0]
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
