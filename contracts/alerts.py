"""The contract of an alert: what fired, why, and the states it went through."""

import polars as pl

from contracts.table import INSTANT, Column, Table

SEVERITIES = ("info", "warning", "error", "critical")
STATES = ("fired", "amended", "retracted", "resolved", "inhibited")
ALERT_KINDS = ("event", "state")

CANDIDATES = Table(
    name="candidates",
    meaning="What a rule found in one evaluation, before the ledger decides whether it is news.",
    columns=(
        Column("kind", pl.String, "event of one month, or a state that can resolve", allowed=ALERT_KINDS),
        Column("rule", pl.String, "rule that found it"),
        Column("severity", pl.String, "info, warning, error or critical", allowed=SEVERITIES),
        Column("source", pl.String, "who published it"),
        Column("chain", pl.String, "value chain"),
        Column("segment", pl.String, "stage of the chain; empty = the whole chain"),
        Column("product", pl.String, "kind within the segment"),
        Column("metric", pl.String, "what is measured"),
        Column("measure", pl.String, "how it is stated"),
        Column("month", pl.Date, "reference month"),
        Column("title", pl.String, "the finding, in words and numbers"),
        Column("detail", pl.String, "numbers behind it as JSON: forecast, actual, surprise, band …"),
        Column("figure_ids", pl.String, "figures it rests on, separated by spaces"),
    ),
    key=("rule", "source", "chain", "segment", "product", "metric", "measure", "month"),
)

ALERTS = Table(
    name="alerts",
    meaning="The permanent ledger: one row per change of an alert's state, never removed.",
    columns=(
        Column("alert_id", pl.String, "hash of rule, source, chain, segment, product, metric, measure, month"),
        Column("kind", pl.String, "event or state", allowed=ALERT_KINDS),
        Column("rule", pl.String, "rule that found it"),
        Column("severity", pl.String, "info, warning, error or critical", allowed=SEVERITIES),
        Column("state", pl.String, "fired, amended, retracted, resolved or inhibited", allowed=STATES),
        Column("source", pl.String, "who published it"),
        Column("chain", pl.String, "value chain"),
        Column("segment", pl.String, "stage of the chain"),
        Column("product", pl.String, "kind within the segment"),
        Column("metric", pl.String, "what is measured"),
        Column("measure", pl.String, "how it is stated"),
        Column("month", pl.Date, "reference month"),
        Column("title", pl.String, "the finding, in words and numbers"),
        Column("first_at", INSTANT, "as-of instant at which it first fired"),
        Column("updated_at", INSTANT, "as-of instant of this change"),
        Column("recorded_at", INSTANT, "when this lake wrote the row"),
        Column("detail", pl.String, "numbers behind it as JSON"),
        Column("figure_ids", pl.String, "figures it rests on, separated by spaces"),
        Column("run_id", pl.String, "run that wrote it"),
    ),
    key=("alert_id", "updated_at", "state"),
    partition="month",
)
