"""Every number of a document as rows for a review sheet: as its reader read it, and as it is known now.

Columns of the rows: those of `AS_READ`; `why` (the doubt, the open slot, the reason); `was_` and each column of
`STATED`, what is known of the number when the sheet is written, null where it is no figure; `is_fact`; `is_sure`, a
fact that is not doubtful or that somebody settled; `note`; `since`, the instant since which that is known where it is
not the document's publication; and `is_shown`: what was settled as no figure is not shown again.
"""

import polars as pl

from contracts.readings import Reading
from contracts.settlements import AS_READ, STATED
from contracts.table import INSTANT
from contracts.text import fill_text

_KEY = ("span_start", "span_end", *STATED[:9])
"""A number's place, key and values: by these a figure of the lake is found among those of a reading."""
_RULES = {"figure": 2, "doubtful": 0, "unresolved": 1, "passed over": 3}
ROWS = pl.Schema(
    {column.name: column.dtype for column in AS_READ}
    | {"why": pl.String, "note": pl.String, "is_fact": pl.Boolean, "is_sure": pl.Boolean, "is_shown": pl.Boolean}
    | {"since": INSTANT}
    | {f"was_{column.name.removeprefix('read_')}": column.dtype for column in AS_READ if column.name[:5] == "read_"}
)


def list_numbers(reading: Reading, facts: pl.DataFrame, text: str) -> pl.DataFrame:
    """Rows for each number of a review's reading, in the order of the document.

    `facts` are the figures of it that are recorded, or would be (columns of `READ_FIGURES`). A figure of the reading
    that is none of them is doubtful, one of them that is not in the reading a figure all the same: the sheet shows
    what holds. `text` is the document's text, which spans count.
    """
    key = [name for name in _KEY if name in facts.columns]
    stated = reading.confidence or (1.0,) * reading.figures.height
    figures = reading.figures.with_columns(confidence=pl.Series(stated, dtype=pl.Float64), status=pl.lit("figure"))
    doubtful = reading.doubtful.with_columns(status=pl.lit("doubtful")).rename({"doubt": "why"})
    read = pl.concat([figures, doubtful], how="diagonal")
    known = facts.select(key).unique().with_columns(is_fact=pl.lit(value=True))
    read = read.join(known, on=key, how="left", nulls_equal=True, maintain_order="left")
    unread = facts.join(read.select(key), on=key, how="anti", nulls_equal=True)
    stated_rows = pl.concat(
        [read, unread.with_columns(status=pl.lit("figure"), is_fact=pl.lit(value=True))], how="diagonal_relaxed"
    ).with_columns(pl.col("is_fact").fill_null(value=False))
    is_lost = (pl.col("status") == "figure") & ~pl.col("is_fact")
    stated_rows = stated_rows.with_columns(
        status=pl.when(is_lost).then(pl.lit("doubtful")).otherwise("status"),
        why=pl.when(is_lost).then(pl.lit("it is not recorded: a contract refuses it")).otherwise("why"),
        sentence="evidence",
    )
    stated_rows = stated_rows.with_columns(is_sure=pl.col("is_fact") & (pl.col("status") != "doubtful"))
    was = [pl.when("is_fact").then(name).alias(f"was_{name}") for name in (*STATED, "rule")]
    stated_rows = stated_rows.with_columns(*was, *[pl.col(name).alias(f"read_{name}") for name in (*STATED, "rule")])
    spans = pl.col("place").str.split_exact("-", 1)
    others = reading.numbers.with_columns(
        span_start=spans.struct[0].cast(pl.Int64), span_end=spans.struct[1].cast(pl.Int64), why="reason"
    )
    return _finish(pl.concat([stated_rows, others], how="diagonal"), text)


def list_settled_numbers(settled: pl.DataFrame, facts: pl.DataFrame, published: object) -> pl.DataFrame:
    """Rows for each number of a document that was settled before, from its newest settlement.

    `settled` are its rows of `SETTLEMENTS`, `facts` the figures of the release that states it (columns of `FIGURES`,
    whose `place` is the cell of that sheet). What the reader read stays as it was then.
    """
    known = facts.select(*STATED, "note", known_at="published_at", cell="place")
    rows = settled.drop(*STATED).join(known, on="cell", how="left", maintain_order="left")
    was = [pl.col(name).alias(f"was_{name}") for name in STATED]
    is_fact = pl.any_horizontal(pl.col("value", "lower", "upper").is_not_null())
    return _conform(
        rows.with_columns(
            *was,
            is_fact=is_fact,
            is_sure=is_fact & (pl.col("outcome") != "open"),
            is_shown=is_fact | (pl.col("outcome") != "rejected"),
            since=pl.when(pl.col("known_at") != published).then("known_at"),
            why=pl.when(pl.col("outcome") != "open").then(fill_text("settled by {}", "settled_by")),
        )
    )


def _finish(rows: pl.DataFrame, text: str) -> pl.DataFrame:
    ordered = rows.sort("span_start", "span_end", nulls_last=True, maintain_order=True)
    spans = ordered.select("span_start", "span_end").rows()
    printed = [text[start:end] if start is not None and end is not None else "" for start, end in spans]
    numbered = ordered.with_columns(
        text=pl.Series(printed, dtype=pl.String), number=fill_text("n{}", pl.int_range(1, pl.len() + 1).cast(pl.String))
    )
    return _conform(numbered)


def _conform(rows: pl.DataFrame) -> pl.DataFrame:
    lacking = [pl.lit(None, dtype).alias(name) for name, dtype in ROWS.items() if name not in rows.columns]
    texts = [pl.col(name).fill_null("") for name in ("why", "note", "sentence", "place", "status")]
    flags = [pl.col("is_fact", "is_sure").fill_null(value=False), pl.col("is_shown").fill_null(value=True)]
    return (
        rows.with_columns(lacking)
        .with_columns(*texts, *flags)
        .select(pl.col(name).cast(dtype) for name, dtype in ROWS.items())
    )


def rank_status(status: pl.Expr, is_sure: pl.Expr) -> pl.Expr:
    """Order of the blocks of a sheet: doubtful, unresolved, figures, passed over."""
    return pl.when(is_sure).then(2).otherwise(status.replace_strict(_RULES, default=0, return_dtype=pl.Int32))
