"""The contracts of what figures say together: implied changes, the index, findings."""

import polars as pl

from contracts.alerts import SEVERITIES
from contracts.table import INSTANT, Column, Table

FINDING_RULES = {
    "contradiction": "figures that cannot all be true, however they were rounded: a minimal set",
    "levels_do_not_reconcile": "a contradiction in which published levels take part",
    "wedge": "twelve monthly changes and the change on the year disagree: a base was revised in silence",
    "child_above_parent": "a product above the product or segment that it is part of",
    "shares_exceed_total": "shares of one month that sum to more than the whole",
    "base_conflict": "two publications imply different values of the same past fact",
    "implausible_base": "what follows about last year leaps and falls back beyond belief",
    "bases_apart": "what follows about last year differs between segments by more than one season explains",
    "reviews_differ": "two reviews of one month that give different numbers",
    "forecast_repeated": "a forecast that repeats the one before it word for word",
}
"""Every rule of the findings by name, with what it finds."""

IMPLIED = Table(
    name="implied",
    meaning="The change between two months that the figures together imply: one row per source (`trona implied`).",
    columns=(
        Column("chain", pl.String, "value chain"),
        Column("segment", pl.String, "stage of the chain"),
        Column("product", pl.String, "kind within the segment; empty = total"),
        Column("metric", pl.String, "what is measured"),
        Column("from_month", pl.Date, "the base month"),
        Column("to_month", pl.Date, "the month compared with it"),
        Column("value", pl.Float64, "change in %, by the published numbers or the middle of the ends", nullable=True),
        Column("lower", pl.Float64, "the smallest change that all figures allow, %", nullable=True),
        Column("upper", pl.Float64, "the largest change that all figures allow, %", nullable=True),
        Column("figure_ids", pl.String, "the figures that the two ends follow from, separated by spaces"),
        Column("source", pl.String, "who published them"),
        Column("reason", pl.String, "why there is nothing, or what was left out, else empty"),
    ),
    key=("source", "chain", "segment", "product", "metric", "from_month", "to_month"),
)

INDEX = Table(
    name="index",
    meaning="A series as an index with its envelope (`trona index`).",
    columns=(
        Column("month", pl.Date, "first day of the month"),
        Column("value", pl.Float64, "the centre line; the base month is 100", nullable=True),
        Column("lower", pl.Float64, "the smallest index that all figures allow", nullable=True),
        Column("upper", pl.Float64, "the largest index that all figures allow", nullable=True),
        Column("reason", pl.String, "why there is no value, else empty"),
    ),
    key=("month",),
)

FINDINGS = Table(
    name="findings",
    meaning="What does not fit in what a source published, each with its proof (`trona findings`).",
    columns=(
        Column("finding_id", pl.String, "hash of the rule and the figures"),
        Column("rule", pl.String, "what was found", allowed=tuple(FINDING_RULES)),
        Column("severity", pl.String, "how much it matters", allowed=SEVERITIES),
        Column("source", pl.String, "who published the figures"),
        Column("chain", pl.String, "value chain"),
        Column("segment", pl.String, "stage of the chain; empty = the chain"),
        Column("product", pl.String, "kind within the segment; empty = total"),
        Column("metric", pl.String, "what is measured"),
        Column("month", pl.Date, "the last month that the figures are about"),
        Column("sentence", pl.String, "the finding in words"),
        Column("figure_ids", pl.String, "the figures that prove it, separated by spaces"),
        Column("size_pct", pl.Float64, "by how much the figures miss one another beyond rounding, %", nullable=True),
        Column("published_at", INSTANT, "when the last of the figures was published"),
    ),
    key=("finding_id",),
)
