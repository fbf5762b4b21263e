"""The contracts of what a person settled: each number as read and as settled, and how often a reader was right."""

import polars as pl

from contracts.figures import READ_FIGURES
from contracts.table import INSTANT, Column, Table

STATED = (
    *("segment", "product", "metric", "measure", "period", "kind"),
    *("value", "lower", "upper", "unit", "qualifier", "half_width"),
)
"""What a number says: its key, its value and its rounding."""

STATUSES = ("figure", "doubtful", "unresolved", "passed over", "")
"""What a reader made of a number; empty = a person added it."""

OUTCOMES = ("confirmed", "corrected", "rejected", "added", "open")

_STATED_COLUMNS = [column for column in READ_FIGURES.columns if column.name in STATED]
AS_READ = (
    Column("number", pl.String, "the number's name within the sheet"),
    Column("status", pl.String, "what the reader made of it; empty = a person added it", allowed=STATUSES),
    Column("confidence", pl.Float64, "the reader's confidence, where it read a figure", nullable=True),
    Column("place", pl.String, "where in the document: the span of characters"),
    Column("span_start", pl.Int64, "first character of the number in the document's text", nullable=True),
    Column("span_end", pl.Int64, "character after the number", nullable=True),
    Column("text", pl.String, "the number as printed"),
    Column("sentence", pl.String, "the sentence that states it"),
    *(Column(f"read_{c.name}", c.dtype, f"as read: {c.meaning}", nullable=True) for c in _STATED_COLUMNS),
    Column("read_rule", pl.String, "the reader's rules that read it", nullable=True),
)
"""A number as its reader accounts for it; `read_` columns are null where it read no figure."""

SETTLEMENTS = Table(
    name="settlements",
    meaning="Every number of a document that a person settled: as it was read, as it is, by whom and when.",
    columns=(
        Column("release_id", pl.String, "the release that states the settled figures"),
        Column("source", pl.String, "who published the document"),
        Column("chain", pl.String, "value chain"),
        Column("review_month", pl.String, "month or period it reviews"),
        Column("document", pl.String, "SHA-256 of the document that was read"),
        Column("sheet", pl.String, "SHA-256 of the spreadsheet in which it was settled"),
        Column("cell", pl.String, "where in that spreadsheet; empty = its row was deleted"),
        Column(
            "outcome",
            pl.String,
            "confirmed: as read; corrected: a figure, but another; rejected: no figure; added: a figure that was not "
            "read; open: nobody said",
            allowed=OUTCOMES,
        ),
        *AS_READ,
        *(Column(c.name, c.dtype, f"as settled: {c.meaning}", nullable=True) for c in _STATED_COLUMNS),
        Column("settled_by", pl.String, "who settled it"),
        Column("settled_at", INSTANT, "when, as the spreadsheet says"),
        Column("recorded_at", INSTANT, "when this lake learnt it"),
    ),
    key=("release_id", "number"),
    partition="",
)

READING_RECORD = Table(
    name="reading_record",
    meaning=(
        "How often the reader was right, per source and chain, in documents that a person settled: of each document "
        "the newest settlement counts, numbers that nobody decided do not."
    ),
    columns=(
        Column("source", pl.String, "who published the documents"),
        Column("chain", pl.String, "value chain"),
        Column("documents", pl.Int64, "documents settled"),
        Column("accepted", pl.Int64, "numbers that the reader took for figures"),
        Column("accepted_right", pl.Int64, "of these, those that a person left as they were"),
        Column("accepted_right_pct", pl.Float64, "precision of what is accepted", nullable=True),
        Column("accepted_lower_pct", pl.Float64, "its 95 % interval (Wilson): lower end", nullable=True),
        Column("accepted_upper_pct", pl.Float64, "upper end", nullable=True),
        Column("doubtful", pl.Int64, "doubtful readings that a person decided"),
        Column("doubtful_right", pl.Int64, "of these, those that were right"),
        Column("doubtful_right_pct", pl.Float64, "share of doubtful readings that were right", nullable=True),
        Column("missed", pl.Int64, "figures that the reader did not read, unresolved and passed over included"),
        Column("missed_silently", pl.Int64, "of these, those of which the reader's account says nothing"),
        Column("recall_pct", pl.Float64, "figures accepted and right, of all figures that are there", nullable=True),
        Column("last_settled_at", INSTANT, "when the newest of them was settled"),
    ),
    key=("source", "chain"),
    partition="",
)
