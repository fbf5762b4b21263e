"""The contract of an alert: what fired, why, the states it went through, and who was told when."""

import polars as pl

from contracts.table import INSTANT, Column, Table

SEVERITIES = ("info", "warning", "error", "critical")
STATES = ("fired", "amended", "retracted", "resolved", "inhibited")
ALERT_KINDS = ("event", "state")
NOTIFY_REASONS = ("", "first", "severity_up", "retracted", "resolved", "returned", "silence_ended")
DELIVERY_EVENTS = ("planned", "unwanted", "sending", "sent", "failed", "unanswered", "dead", "requeued")

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
        Column("first_at", INSTANT, "as-of instant since which it stands"),
        Column("updated_at", INSTANT, "as-of instant of this change"),
        Column("recorded_at", INSTANT, "when this lake wrote the row"),
        Column("detail", pl.String, "numbers behind it as JSON"),
        Column("figure_ids", pl.String, "figures it rests on, separated by spaces"),
        Column("run_id", pl.String, "run that wrote it"),
        Column(
            "change", pl.Int64, "1, 2, 3 … of this alert; the highest is its current state, whatever the clocks say"
        ),
        Column("notify", pl.String, "why people are told of this change; empty = they are not", allowed=NOTIFY_REASONS),
        Column("announced_severity", pl.String, "worst severity people were ever told; empty = never told"),
        Column("inhibited_by", pl.String, "alert that holds it back, else empty"),
        Column("silence_id", pl.String, "silence that keeps it quiet, else empty"),
    ),
    key=("alert_id", "change"),
    partition="month",
)

SILENCES = Table(
    name="silences",
    meaning="One row per event in the life of a silence: added, or ended before its time.",
    columns=(
        Column("silence_id", pl.String, "short name of the silence"),
        Column("event", pl.String, "what happened", allowed=("added", "ended")),
        Column("rule", pl.String, "only this rule; empty = any"),
        Column("source", pl.String, "only this source; empty = any"),
        Column("chain", pl.String, "only this chain; empty = any"),
        Column("segment", pl.String, "only this segment; empty = any"),
        Column("product", pl.String, "only this product; empty = any"),
        Column("metric", pl.String, "only this metric; empty = any"),
        Column("measure", pl.String, "only this measure; empty = any"),
        Column("month", pl.String, "only this month, YYYY-MM; empty = any"),
        Column("starts_at", INSTANT, "from this instant on"),
        Column("ends_at", INSTANT, "up to this instant; then it expires"),
        Column("author", pl.String, "who is quiet about it"),
        Column("reason", pl.String, "why"),
        Column("at", INSTANT, "when the event was recorded"),
    ),
    key=("silence_id", "event"),
)

ACKNOWLEDGEMENTS = Table(
    name="acknowledgements",
    meaning="Who has taken note of an alert.",
    columns=(
        Column("alert_id", pl.String, "the alert"),
        Column("month", pl.Date, "its reference month"),
        Column("author", pl.String, "who took note"),
        Column("note", pl.String, "what they said"),
        Column("at", INSTANT, "when"),
    ),
    key=("alert_id", "author", "at"),
    partition="month",
)

DELIVERIES = Table(
    name="deliveries",
    meaning="The outbox and its receipts: one row per event in the life of one message to one receiver.",
    columns=(
        Column("delivery_id", pl.String, "idempotency marker: hash of receiver, group and the changes it tells"),
        Column("step", pl.Int64, "1, 2, 3 … of this delivery; the highest is its current state"),
        Column("event", pl.String, "what happened", allowed=DELIVERY_EVENTS),
        Column("receiver", pl.String, "name of the receiver; empty = nobody wanted these changes"),
        Column("channel", pl.String, "slack, email, webhook, console or file"),
        Column("source", pl.String, "source of the group"),
        Column("chain", pl.String, "chain of the group"),
        Column("month", pl.Date, "reference month of the group"),
        Column("severity", pl.String, "worst severity in the message", allowed=(*SEVERITIES, "")),
        Column("headline", pl.String, "the finding in the title"),
        Column("covers", pl.String, "alert_id:change of every change it tells, separated by spaces"),
        Column("attempt", pl.Int64, "how often it was tried, this time included"),
        Column("at", INSTANT, "when"),
        Column("due_at", INSTANT, "not to be tried before this instant", nullable=True),
        Column(
            "reference",
            pl.String,
            "what the channel calls it: message id, channel and time stamp, path; before that, who of several has it",
        ),
        Column("reason", pl.String, "why it failed, without secrets"),
        Column("message", pl.String, "the neutral message as JSON, with the event `planned`"),
        Column("run_id", pl.String, "run or worker that wrote it"),
    ),
    key=("delivery_id", "step"),
    partition="month",
)
