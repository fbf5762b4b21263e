"""The contract of a figure: one published number, with when it was known and what proves it."""

import polars as pl

from contracts.period import PERIOD_PATTERN
from contracts.table import INSTANT, Column, Table
from contracts.vocabulary import KINDS, MEASURES, METRICS, QUALIFIERS

SERIES = ("source", "chain", "segment", "product", "metric", "measure")
FIGURE_KEY = (*SERIES, "period", "kind")

_STATED = (
    Column("segment", pl.String, "stage of the chain"),
    Column("product", pl.String, "kind within the segment; empty = the segment's total"),
    Column("metric", pl.String, "what is measured", allowed=METRICS),
    Column("measure", pl.String, "how it is stated", allowed=tuple(MEASURES)),
    Column("period", pl.String, "what it is about: YYYY-MM, YYYY-Qn, YYYY-Hn or YYYY", pattern=PERIOD_PATTERN),
    Column("kind", pl.String, "actual or forecast", allowed=KINDS),
    Column("value", pl.Float64, "the number; null where only a bound or a range was published", nullable=True),
    Column("lower", pl.Float64, "lower bound of a bound or range", nullable=True),
    Column("upper", pl.Float64, "upper bound of a bound or range", nullable=True),
    Column("unit", pl.String, "%, pp, sign, or a level's unit"),
    Column("qualifier", pl.String, "exact, about, bound or range", allowed=QUALIFIERS),
)
_EVIDENCE = (
    Column("month", pl.Date, "first day of the period"),
    Column("is_monthly", pl.Boolean, "the period is one month"),
    Column("half_width", pl.Float64, "half a unit of the last printed digit, in the figure's unit"),
    Column("review_month", pl.String, "month or period that the release reviews", pattern=PERIOD_PATTERN),
    Column("is_published_assumed", pl.Boolean, "the day of publication was assumed from the calendar"),
    Column("document", pl.String, "SHA-256 of the document"),
    Column("place", pl.String, "where in the document: sheet and row, or the span of characters"),
    Column("evidence", pl.String, "the sentence or cells that state it"),
    Column("span_start", pl.Int64, "first character of the number in the document's text", nullable=True),
    Column("span_end", pl.Int64, "character after the number", nullable=True),
    Column("rule", pl.String, "the reader's rule that read it"),
    Column("note", pl.String, "a remark published or keyed in beside it"),
    Column("source_url", pl.String, "page it came from, where known"),
)

FIGURES = Table(
    name="figures",
    meaning="Every published number, append-only: one row per figure and release.",
    columns=(
        Column("source", pl.String, "who published it"),
        Column("chain", pl.String, "value chain"),
        *_STATED,
        Column("published_at", INSTANT, "when the world could know it"),
        Column("recorded_at", INSTANT, "when this lake learnt it"),
        Column("release_id", pl.String, "the release that states it"),
        Column("figure_id", pl.String, "hash of the key, the values and the release"),
        *_EVIDENCE,
    ),
    key=(*FIGURE_KEY, "release_id"),
    partition="review_month",
    public=(
        *("source", "chain", "segment", "product", "metric", "measure", "period", "kind"),
        *("value", "lower", "upper", "unit", "qualifier"),
        *("published_at", "recorded_at", "release_id", "figure_id"),
    ),
)

READ_FIGURES = Table(
    name="read_figures",
    meaning="What a reader found in one document, before the contracts.",
    columns=(
        *_STATED,
        *(c for c in _EVIDENCE if c.name in {"half_width", "place", "evidence", "span_start", "span_end", "rule"}),
        *(c for c in _EVIDENCE if c.name in {"note", "source_url"}),
    ),
    key=("segment", "product", "metric", "measure", "period", "kind"),
)
