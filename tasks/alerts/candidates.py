"""All rules over one evaluation: the findings of a span of months, as of an instant."""

from datetime import date

import polars as pl

from contracts.alerts import CANDIDATES
from contracts.holidays import CHINESE_ZONES, weigh_holiday
from contracts.period import add_months
from contracts.text import fill_text
from contracts.wording import measure_words, name_quantity, name_severity, rank_severity, write_value
from tasks.alerts.evaluation import Evaluation
from tasks.alerts.registry import read_rules
from tasks.alerts.thresholds import check_thresholds

SENTENCE_LIMIT, SENTENCES_KEPT = 300, 3


def find_alerts(evaluation: Evaluation) -> pl.DataFrame:
    """Candidates of all rules: `CANDIDATES` sorted by key, one row per key; the same evaluation gives the same rows.

    Events of a month that the new-year window touches say so in their detail; states are about publishing, not
    output, and stay. The sentences or cells that state the figures are in the detail. Raises `UsageError` where a chain
    sets a threshold that does not exist.
    """
    rules = read_rules()
    check_thresholds(evaluation.chains, {name: rule.thresholds for name, rule in rules.items()})
    found = [rule.complete(rule.find(evaluation)) for rule in rules.values()]
    candidates = pl.concat(found).sort(CANDIDATES.key)
    return CANDIDATES.conform(_add_sentences(_note_holidays(candidates, evaluation), evaluation))


def _note_holidays(candidates: pl.DataFrame, evaluation: Evaluation) -> pl.DataFrame:
    """Events whose month or base month holds a part of the new-year window say so, with the part of each.

    Those of rules that compare months are one severity lower for it, never below info. A forecaster knows the holiday,
    so a miss of a forecast made for that month keeps its severity. The base is the month before, of YoY the same month
    a year before.
    """
    chinese = [name for name, chain in evaluation.chains.items() if chain.calendar.time_zone in CHINESE_ZONES]
    comparing = [rule.name for rule in read_rules().values() if rule.compares_months]
    weighed = _weigh(candidates, evaluation.months)
    touched = (pl.col("weight") > 0) | (pl.col("base_weight") > 0)
    applies = (touched & (pl.col("kind") == "event") & pl.col("chain").is_in(chinese)).fill_null(False)
    lowers = applies & pl.col("rule").is_in(comparing)
    note = fill_text(
        '{},"holiday":"cny","holiday_weight_pct":{},"base_holiday_weight_pct":{}{}}}',
        pl.col("detail").str.strip_suffix("}"),
        *((100 * pl.col(name)).round(0).cast(pl.Int64) for name in ("weight", "base_weight")),
        pl.when(lowers).then(fill_text(',"severity_without_holiday":"{}"', "severity")).otherwise(pl.lit("")),
    )
    lower = name_severity((rank_severity(pl.col("severity")) - 1).clip(lower_bound=0))
    return weighed.select(
        *(pl.col(name) for name in CANDIDATES.schema if name not in {"detail", "severity"}),
        pl.when(applies).then(note).otherwise(pl.col("detail")).alias("detail"),
        pl.when(lowers).then(lower).otherwise(pl.col("severity")).alias("severity"),
    ).sort(CANDIDATES.key)


def _weigh(candidates: pl.DataFrame, months: tuple[date, date]) -> pl.DataFrame:
    """Candidates with the part of the new-year window in their month (`weight`) and in its base (`base_weight`)."""
    first = add_months(months[0], -12)
    count = (months[1].year - first.year) * 12 + months[1].month - first.month + 1
    rows = [(month, weigh_holiday(month)) for month in (add_months(first, i) for i in range(count))]
    weights = pl.DataFrame(rows, schema={"month": pl.Date, "weight": pl.Float64}, orient="row")
    # a finding of several measures names them in its detail
    by_year = pl.col("measure").str.starts_with("yoy") | pl.col("detail").str.contains('"yoy_pct"', literal=True)
    base = pl.when(by_year).then(pl.col("month").dt.offset_by("-12mo")).otherwise(pl.col("month").dt.offset_by("-1mo"))
    return (
        candidates.with_columns(base.alias("base"))
        .join(weights, on="month", how="left")
        .join(weights.rename({"month": "base", "weight": "base_weight"}), on="base", how="left")
    )


def _add_sentences(candidates: pl.DataFrame, evaluation: Evaluation) -> pl.DataFrame:
    """The sentences or cells behind the figures, clipped, as `sentences` in the detail."""
    evidence = (
        evaluation.figures.join(evaluation.subjects, on=["chain", "segment", "product"], how="left")
        .select("figure_id", _say_evidence().str.slice(0, SENTENCE_LIMIT).alias("evidence"))
        .unique("figure_id")
    )
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


def _say_evidence() -> pl.Expr:
    """The sentence of a review; of a table the cell in words: `row 14: Ternary cathode, output MoM, +6.99 %`."""
    measure, unit = pl.col("measure"), pl.col("unit")
    value, lower, upper = (write_value(pl.col(name), measure, unit) for name in ("value", "lower", "upper"))
    stated = pl.coalesce(
        value, fill_text("{} to {}", lower, upper), pl.lit("more than ") + lower, pl.lit("less than ") + upper
    )
    cell = fill_text(
        "{}: {}, {}{}{}, {}",
        "place",
        pl.coalesce("subject", "segment"),
        pl.when(pl.col("kind") == "forecast").then(pl.lit("forecast of ")).otherwise(pl.lit("")),
        name_quantity(pl.col("metric"), measure),
        measure_words(measure),
        stated,
    )
    is_cell = pl.col("span_start").is_null() & (pl.col("place") != "") & (pl.col("evidence") != "")
    return pl.when(is_cell).then(pl.coalesce(cell, "evidence")).otherwise("evidence")
