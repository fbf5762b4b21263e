"""What a person settled: the rows of a review sheet held against how they were read, and the reading they make.

A row counts as a figure where it says yes, where it was accepted and nobody said no, where a doubtful one was changed,
and where it was filled in or added. An accepted or doubtful row that says no, or is gone, is no figure.
"""

from collections.abc import Mapping
from datetime import datetime

import polars as pl

from contracts.figures import READ_FIGURES
from contracts.readings import DOUBTFUL, REFUSED, UNRESOLVED, Document, DocumentHints, Reading, ReleaseHead, Settlement
from contracts.settlements import SETTLEMENTS, STATED
from contracts.text import fill_text
from tasks.settling.authorship import find_author, find_instant, read_head, refuse_stale
from tasks.settling.sheet_form import DECISION, NO, NUMBER, SENTENCE, VALUES, YES
from tasks.settling.sheet_reader import ReviewSheet
from tasks.tables.long_form import COLUMNS as LONG_COLUMNS
from tasks.tables.long_form import NUMBERS
from tasks.tables.readings_of_rows import NumberStyle, build_readings

_YES = [YES, "y", "true", "1", "ja", "是", "对", "對"]
_NO = [NO, "n", "false", "0", "nein", "否", "不", "错", "錯"]
_FILLED = ("segment", "measure", "value", "lower", "upper")
_RULE, _ROUNDING, _DIGITS = "settled", 1e-12, 8


def read_settled(
    sheet: ReviewSheet, document: Document, review: Document, base: ReleaseHead | None, hints: DocumentHints
) -> Reading:
    """The reading of a review as its sheet settles it, published at the instant of the settlement.

    `document` is the sheet's file, `review` the document it is about, `base` the release of that as it was read, None
    where the lake has none. `settled` of the reading has every number as read and as settled.

    Raises `UsageError` where nobody says who settled it, `ContractBroken` where the sheet is of another document or
    text, was not saved, or claims to be settled before the document was published.
    """
    refuse_stale(sheet, document, review)
    head = base or read_head(sheet, document, hints)
    by, at = find_author(sheet, document, hints), find_instant(sheet, document, head, hints.chains_folder)
    rows = _decide(sheet)
    read, refused = _read_rows(rows, document, head, hints)
    figures = _compare(read, rows, sheet.as_read)
    settled = figures.filter(~pl.col("is_open"))
    numbers = _list_outcomes(sheet.as_read, rows, settled, document.sha256)
    still = numbers.filter(pl.col("outcome") == "open")
    return Reading(
        head=ReleaseHead(head.source, head.chain, head.review_month, at, document.sha256, document.name),
        figures=_note_changes(settled, by),
        refused=refused,
        unresolved=_keep_unresolved(still, sheet.as_read),
        doubtful=_keep_doubtful(still, sheet.as_read),
        settled=Settlement(review.sha256, head.published_at, by, numbers, _find_since(settled, base)),
    )


def _decide(sheet: ReviewSheet) -> pl.DataFrame:
    """Rows with what is said of them in `says`, and their `number`; null for one that was added or is a copy."""
    said = pl.col(DECISION).str.to_lowercase()
    is_own = pl.col(NUMBER).is_in(sheet.as_read[NUMBER].to_list()) & pl.col(NUMBER).is_first_distinct()
    return sheet.rows.with_columns(
        says=pl.when(said.is_in(_YES)).then(pl.lit(value=True)).when(said.is_in(_NO)).then(pl.lit(value=False)),
        number=pl.when(is_own).then(NUMBER),
    )


def _read_rows(
    rows: pl.DataFrame, document: Document, head: ReleaseHead, hints: DocumentHints
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Figures of the rows that may be some, and refused ones: names, months and numbers are read as in any table."""
    is_filled = pl.any_horizontal(pl.col(_FILLED).is_not_null()) | pl.col("says").fill_null(value=False)
    wanted = rows.filter(pl.col("says").fill_null(value=True), is_filled)
    if wanted.is_empty():
        return READ_FIGURES.empty(), REFUSED.empty()
    lacking = [pl.lit(None, pl.String).alias(name) for name in LONG_COLUMNS if name not in wanted.columns]
    printed = wanted.with_columns(lacking).select("place", *LONG_COLUMNS, evidence=SENTENCE)
    stated = DocumentHints(
        source=head.source,
        chain=head.chain,
        published=head.published_at,
        review_month=head.review_month,
        chains_folder=hints.chains_folder,
    )
    (reading,) = build_readings([lambda: printed], document=document, hints=stated, reader=_RULE, style=NumberStyle())
    return reading.figures, reading.refused


def _compare(read: pl.DataFrame, rows: pl.DataFrame, as_read: pl.DataFrame) -> pl.DataFrame:
    """Figures with how they were read: `is_read` and `is_known` say that nothing was changed of that.

    A number that was not changed keeps its rounding, also where its sign or its bounds were. `is_open` is a doubtful
    one that was neither changed nor confirmed, `is_undecided` one that counts all the same (`--accept-doubtful`).
    """
    told = read.join(rows.select("place", "says", NUMBER), on="place", how="left", maintain_order="left")
    both = told.drop("span_start", "span_end").join(as_read.drop("note"), on=NUMBER, how="left", maintain_order="left")
    is_read, is_known = (_is_same(begin) for begin in ("read_", "was_"))
    is_size = (pl.col("value").abs() == pl.col("read_value").abs()).fill_null(value=False)
    both = both.with_columns(
        is_read=is_read,
        is_known=is_known & pl.col("is_fact").fill_null(value=False),
        half_width=pl.when(is_known)
        .then("was_half_width")
        .when(is_read | is_size)
        .then("read_half_width")
        .otherwise("half_width"),
        evidence=pl.coalesce("sentence", "evidence").fill_null(""),
    )
    is_left = (pl.col("is_read") & ~pl.col("is_sure") & pl.col("says").is_null()).fill_null(value=False)
    return both.with_columns(is_open=is_left & ~pl.col("is_fact"), is_undecided=is_left & pl.col("is_fact"))


def _is_same(begin: str) -> pl.Expr:
    """Whether a row says what it said; programs keep 15 digits of a number."""
    texts = [pl.col(name).eq_missing(pl.col(f"{begin}{name}")) for name in VALUES if name not in NUMBERS]
    return pl.all_horizontal(*texts, *[_is_close(pl.col(name), pl.col(f"{begin}{name}")) for name in NUMBERS])


def _is_close(one: pl.Expr, other: pl.Expr) -> pl.Expr:
    is_near = ((one - other).abs() <= _ROUNDING * other.abs()).fill_null(value=False)
    return is_near | (one.is_null() & other.is_null())


def _list_outcomes(as_read: pl.DataFrame, rows: pl.DataFrame, settled: pl.DataFrame, sheet: str) -> pl.DataFrame:
    """Each number as read and as settled, with its outcome: columns of `SETTLEMENTS`, those of its release null.

    One that was added is named by its sheet and cell, so that no later sheet names another alike.
    """
    stated = settled.select(*STATED, "is_read", "is_undecided", NUMBER, cell="place")
    own = as_read.join(stated.drop_nulls(NUMBER), on=NUMBER, how="left", maintain_order="left")
    is_present = pl.col(NUMBER).is_in(rows.filter(pl.col("says").fill_null(value=True))[NUMBER].drop_nulls().to_list())
    was_read = pl.any_horizontal(pl.col("read_value", "read_lower", "read_upper").is_not_null())
    own = own.with_columns(
        outcome=pl.when(pl.col("is_undecided").fill_null(value=False))
        .then(pl.lit("open"))
        .when(pl.col("is_read").fill_null(value=False))
        .then(pl.lit("confirmed"))
        .when(pl.col("cell").is_not_null())
        .then(pl.when(was_read).then(pl.lit("corrected")).otherwise(pl.lit("added")))
        .when(is_present | ~(was_read | (pl.col("status") == "")))
        .then(pl.lit("open"))
        .otherwise(pl.lit("rejected"))
    )
    added = settled.filter(pl.col(NUMBER).is_null()).select(
        *STATED,
        cell="place",
        sentence="evidence",
        number=fill_text("{} {}", pl.lit(sheet[:_DIGITS]), "place"),
        outcome=pl.lit("added"),
        **{name: pl.lit("") for name in ("status", "place", "text")},
    )
    return SETTLEMENTS.conform(
        pl.concat([own, added], how="diagonal_relaxed").with_columns(pl.col("cell").fill_null(""))
    )


def _note_changes(settled: pl.DataFrame, by: str) -> pl.DataFrame:
    """The figures of `READ_FIGURES`; one that was not known before says by whom it was settled, and how it was read."""
    read = pl.coalesce(pl.col("read_value").cast(pl.String), fill_text("{} … {}", *_ends("read_lower", "read_upper")))
    was_read = fill_text(
        "settled by {}, read as {} {} {} {}", pl.lit(by), "read_segment", "read_measure", read, "read_unit"
    )
    said = pl.when(pl.col("is_read").fill_null(value=False)).then(None).otherwise(was_read)
    told = pl.coalesce(said, pl.lit(f"settled by {by}"))
    remark = pl.when(pl.col("note") != "").then("note")
    return READ_FIGURES.conform(
        settled.with_columns(
            rule=pl.when("is_read").then("read_rule").fill_null(_RULE),
            note=pl.concat_str(
                remark,
                pl.when(~pl.col("is_known").fill_null(value=False)).then(told),
                separator="; ",
                ignore_nulls=True,
            ),
            source_url=pl.lit(""),
        )
    )


def _ends(*names: str) -> list[pl.Expr]:
    return [pl.col(name).cast(pl.String).fill_null("") for name in names]


def _find_since(settled: pl.DataFrame, base: ReleaseHead | None) -> Mapping[str, datetime]:
    """Since when a figure is known that was known as it is: its publication, or an earlier settlement."""
    if base is None:
        return {}
    known = settled.filter(pl.col("is_known").fill_null(value=False))
    return dict(known.select("place", pl.col("since").fill_null(base.published_at)).rows())


def _keep_unresolved(still: pl.DataFrame, as_read: pl.DataFrame) -> pl.DataFrame:
    rows = still.filter(pl.col("status") == "unresolved").join(as_read.select(NUMBER, "why"), on=NUMBER)
    return UNRESOLVED.conform(rows.with_columns(reason="why"))


def _keep_doubtful(still: pl.DataFrame, as_read: pl.DataFrame) -> pl.DataFrame:
    rows = still.filter(pl.col("status") == "doubtful").drop(*STATED).join(as_read.select(NUMBER, "why"), on=NUMBER)
    read = [pl.col(f"read_{name}").alias(name) for name in (*STATED, "rule")]
    return DOUBTFUL.conform(
        rows.select(
            *read, "span_start", "span_end", "confidence", place="place", evidence="sentence", doubt="why",
            note=pl.lit(""), source_url=pl.lit(""),
        )
    )  # fmt: skip
