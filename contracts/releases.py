"""The contract of a release: one publication of a source, and what became of it in this lake."""

import polars as pl

from contracts.period import PERIOD_PATTERN
from contracts.table import INSTANT, Column, Table

EVENTS = ("recorded", "evaluated", "retracted", "restored", "turn_evaluated")

RELEASES = Table(
    name="releases",
    meaning="One row per event in the life of a release: recorded, retracted or restored with a reason, and evaluated.",
    columns=(
        Column("release_id", pl.String, "hash of source, chain, review month, publication and document"),
        Column("event", pl.String, "what happened; `turn_evaluated` of a retraction or restoration", allowed=EVENTS),
        Column("source", pl.String, "who published it"),
        Column("chain", pl.String, "value chain"),
        Column("review_month", pl.String, "month or period it reviews", pattern=PERIOD_PATTERN),
        Column("published_at", INSTANT, "when the world could know it"),
        Column("is_published_assumed", pl.Boolean, "the day of publication was assumed from the calendar"),
        Column("at", INSTANT, "when the event was recorded in this lake"),
        Column("document", pl.String, "SHA-256 of the document"),
        Column("document_name", pl.String, "the name under which it came"),
        Column("figures", pl.Int64, "figures it states"),
        Column("quarantined", pl.Int64, "rows refused"),
        Column("unresolved", pl.Int64, "statements seen but not placed"),
        Column("reason", pl.String, "why it was retracted or restored; by whom a document was settled"),
        Column(
            "settles",
            pl.String,
            "SHA-256 of the document whose reading it settles, and whose other releases it takes the place of from its "
            "publication on; null of all others",
            nullable=True,
        ),
    ),
    key=("release_id", "event", "at"),
    partition="",
)

UNRESOLVED_RULE = "unresolved"
"""The rule under which quarantine keeps what a reader saw but could not place; it breaks no contract."""

DOUBTFUL_RULE = "doubtful"
"""The rule under which quarantine keeps what was read with too little confidence; it breaks no contract."""

NO_BREACH = (UNRESOLVED_RULE, DOUBTFUL_RULE)
"""Rules of quarantine that are no breach of a contract: what a person should look at."""

QUARANTINE = Table(
    name="quarantine",
    meaning=(
        "Refused rows, each with the rule it broke, statements that could not be placed (rule `unresolved`) and "
        "readings that are no facts until a person says so (rule `doubtful`)."
    ),
    columns=(
        Column("release_id", pl.String, "the release that states it"),
        Column("row", pl.String, "where it stood: row, sheet and row, or span"),
        Column("rule", pl.String, "the rule it broke"),
        Column("column", pl.String, "the column that broke it"),
        Column("value", pl.String, "what was found there"),
        Column("message", pl.String, "what was expected, in words"),
        Column("run_id", pl.String, "the run that refused it"),
        Column("source", pl.String, "who published it"),
        Column("chain", pl.String, "value chain"),
        Column("review_month", pl.String, "month or period it reviews"),
        Column("segment", pl.String, "segment, as read", nullable=True),
        Column("product", pl.String, "product, as read", nullable=True),
        Column("metric", pl.String, "metric, as read", nullable=True),
        Column("measure", pl.String, "measure, as read", nullable=True),
        Column("period", pl.String, "period, as read", nullable=True),
        Column("kind", pl.String, "kind, as read", nullable=True),
        Column("document", pl.String, "SHA-256 of the document"),
        Column("document_name", pl.String, "the name under which it came"),
        Column("recorded_at", INSTANT, "when it was refused"),
    ),
    key=("release_id", "row", "rule", "column"),
    partition="review_month",
)

SOURCES = Table(
    name="sources",
    meaning="What each source published of a chain: reviews, how soon they come, and what became of their numbers.",
    columns=(
        Column("source", pl.String, "who published it"),
        Column("chain", pl.String, "value chain"),
        Column("reviews", pl.Int64, "documents that stand"),
        Column("first_month", pl.String, "first month or period that one reviews"),
        Column("last_month", pl.String, "last month or period that one reviews"),
        Column("last_published_at", INSTANT, "when the newest was published"),
        Column(
            "usual_days",
            pl.Int64,
            "median day of publication, counted from the end of the month reviewed: the 5th of the month after is 5",
            nullable=True,
        ),
        Column("figures", pl.Int64, "figures they state"),
        Column("quarantined", pl.Int64, "rows refused"),
        Column("unresolved", pl.Int64, "statements seen but not placed"),
        Column("settled", pl.Int64, "documents whose reading a person settled"),
    ),
    key=("source", "chain"),
    partition="",
)
