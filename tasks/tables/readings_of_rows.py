"""From printed rows to readings: numbers read, blanks filled, one reading per release."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import polars as pl

from contracts.chain import Chain
from contracts.errors import ContractBroken
from contracts.figures import READ_FIGURES
from contracts.period import MONTH_PATTERN
from contracts.readings import REFUSED, Document, DocumentHints, Reading, ReleaseHead
from contracts.rules.periods import end_of
from contracts.text import fill_text
from contracts.vocabulary import LEVEL, MEASURES
from tasks.tables.long_form import NUMBERS
from tasks.tables.printed_numbers import NOT_STATED, is_ambiguous, list_decimal_marks, parse_number
from tasks.tables.printed_words import read_periods, read_words
from tasks.tables.release_hints import UnreadableHead, build_head, choose_chain

_SCALED_DIGITS = 10
_MOST_RELEASES = 5_000
ROWS_AT_ONCE = 50_000
_LONGEST_SHOWN = 300
_HEAD = ("source", "review_month", "published")
_OUTLINE = (*_HEAD, "chain", "period", "kind")
_UNSTATED = ("segment", "product", "metric", "measure", "unit")
_DIRECTIONS = {"up": "1", "flat": "0", "down": "-1"}
_MARKS = {"p": "preliminary", "r": "revised"}
_SAYS_NOTHING = "this says that no number is stated; leave the row out, or the cell empty"
_HOW_NUMBERS = "a number is written 1234.5, 1,234, +6 % or -5, without words and without 万 or 亿"


@dataclass(frozen=True)
class NumberStyle:
    """How a table prints its numbers.

    `decimal` is its decimal mark where nothing printed tells which it is: of a spreadsheet always (`is_decimal_sure`),
    of a text file as `find_decimal_mark` finds. Numbers printed without a percent sign are multiplied by `scale`;
    where `scaled_units` is given only those in these units.
    """

    decimal: str = "."
    is_decimal_sure: bool = True
    scale: float = 1.0
    scaled_units: tuple[str, ...] = ()

    def factor(self) -> pl.Expr:
        """What a number printed without a percent sign is multiplied by."""
        is_scaled = pl.col("unit").is_in(self.scaled_units) if self.scaled_units else pl.lit(value=True)
        return pl.when(is_scaled).then(self.scale).otherwise(1.0)


Parts = list[Callable[[], pl.DataFrame]]
"""Printed rows in parts, each made when it is called for: a large table is never in memory as rows all at once."""


def build_readings(
    parts: Parts,
    *,
    document: Document,
    hints: DocumentHints,
    reader: str,
    style: NumberStyle,
    refused: pl.DataFrame | None = None,
) -> list[Reading]:
    """One reading per release among the printed rows, in the order of their first rows.

    `parts`, which are used up, give `place`, `evidence` and the columns of the long form as text, null where empty.
    A row without a readable number is refused in its own release, one without a readable release in the first,
    as are the rows `refused` before.
    Raises `ContractBroken` where there is no row, or none belongs to a release.
    """
    before = refused if refused is not None else REFUSED.empty()
    outline, marks = _outline(parts)
    if outline.is_empty():
        raise _no_release(document, before) if before.height else _no_rows(document)
    if not style.is_decimal_sure and len(marks) == 1:
        style = replace(style, decimal=marks.pop())
    named = outline["chain"].drop_nulls().unique(maintain_order=True).to_list()
    chain = choose_chain(document, named, hints)
    heads, numbered = _find_heads(outline, document, chain, hints)
    read = []
    while parts:  # taken out of the list, so that the cells of a large file are let go once they are figures
        read.append(_read_part(parts.pop(0)(), (heads, numbered), chain, reader, style))
    figures, wrong, unplaced = (pl.concat(frames) for frames in zip(*read, strict=True))
    if not heads:
        raise _no_release(document, pl.concat([before, unplaced]))
    return [
        Reading(
            head=head,
            figures=_take_release(figures, number, len(heads)),
            refused=pl.concat([_take_release(wrong, number, len(heads)), *((before, unplaced) if number == 0 else ())]),
        )
        for number, head in enumerate(heads)
    ]


def _take_release(rows: pl.DataFrame, number: int, count: int) -> pl.DataFrame:
    """Rows of one of so many releases; of a single one the frame itself, which a filter would copy."""
    mine = rows if count == 1 else rows.filter(pl.col("head") == number)
    return mine.drop("head")


def _outline(parts: Parts) -> tuple[pl.DataFrame, set[str]]:
    """The different combinations of what says release, chain and kind, and the decimal marks that numbers must have."""
    marks: set[str] = set()
    outlines = [pl.DataFrame(schema=dict.fromkeys((*_OUTLINE, "is_note"), pl.String)).cast({"is_note": pl.Boolean})]
    for part in parts:
        rows = part()
        marks |= {mark for name in NUMBERS for mark in list_decimal_marks(rows[name])}
        outlines.append(rows.select(*_OUTLINE, _is_note().alias("is_note")).unique(maintain_order=True))
    return pl.concat(outlines).unique(maintain_order=True), marks


def _is_note() -> pl.Expr:
    """Whether a row is text below or beside the table: it has nothing that a figure has."""
    return pl.all_horizontal(pl.col("segment", "period", "measure", *NUMBERS).is_null())


def _read_part(
    rows: pl.DataFrame,
    releases: tuple[Sequence[ReleaseHead], pl.DataFrame],
    chain: Chain,
    reader: str,
    style: NumberStyle,
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Figures and refused rows of a part, each with the number of its release in `head`; refused ones without any."""
    heads, numbered = releases
    is_other = (pl.col("chain") != chain.name).fill_null(value=False)
    others = _refuse(rows.filter(is_other), "chain", "chain", f"the chain taken in is {chain.name}")
    rows, notes = _set_apart_notes(rows.filter(~is_other))
    rows = rows.join(numbered, on=_HEAD, how="left", nulls_equal=True, maintain_order="left")
    rows, unread = _set_apart_unread(read_words(rows, chain))
    unplaced = pl.concat([notes, unread, others])
    read = _read_numbers(_fill_blanks(rows.drop("unread", "error"), heads, chain), style)
    is_wrong = pl.any_horizontal(pl.col(f"wrong/{n}") for n in NUMBERS)
    figures, wrong = read.filter(~is_wrong), _refuse_numbers(read.filter(is_wrong), style)
    stated = figures.with_columns(rule=pl.lit(reader), evidence=pl.col("evidence").fill_null(""))
    return READ_FIGURES.conform(stated).with_columns(figures["head"]), wrong, unplaced


def _set_apart_notes(rows: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Rows that may state a figure, and refused ones that are text below or beside the table."""
    text = pl.concat_str(pl.exclude("row", "place", "evidence", "chain"), separator=" ", ignore_nulls=True)
    notes = rows.filter(_is_note()).with_columns(text.alias("note"))
    message = "the row has no segment, period, measure or number: it is no figure"
    return rows.filter(~_is_note()), _refuse(notes, "no_figure", "note", message)


def _set_apart_unread(rows: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Rows that belong to a release, and refused ones that do not say in a readable way to which."""
    columns = rows["unread"].drop_nulls().unique(maintain_order=True).to_list()
    refused = [REFUSED.empty()]
    for column in columns:
        wrong = rows.filter(pl.col("unread") == column)
        refused.append(_refuse(wrong, column, column, "").with_columns(message=wrong["error"]))
    return rows.filter(pl.col("head").is_not_null()), pl.concat(refused)


def _find_heads(
    outline: pl.DataFrame, document: Document, chain: Chain, hints: DocumentHints
) -> tuple[list[ReleaseHead], pl.DataFrame]:
    """The releases, and for each printed `_HEAD` its number in `head`, or what is wrong in `unread` and `error`."""
    mine = outline.filter(~pl.col("is_note"), (pl.col("chain") == chain.name).fill_null(value=True))
    different = mine.select(_HEAD).unique(maintain_order=True)
    if different.height > _MOST_RELEASES:
        raise _too_many_releases(document, different.height)
    said = different.with_columns(read_periods(different["review_month"]))
    if not hints.review_month and said["review_month"].null_count():
        usual = read_words(mine.with_columns(pl.lit(None, pl.String).alias(n) for n in _UNSTATED), chain)
        latest = pl.lit(usual.select(_latest_actual()).item(), pl.String)
        said = said.with_columns(pl.col("review_month").fill_null(latest))
    heads: dict[ReleaseHead, int] = {}
    found: list[tuple[int | None, str | None, str | None]] = []
    for parts in said.fill_null("").iter_rows(named=True):
        try:
            head = build_head(document, chain, hints, **parts)
            found.append((heads.setdefault(head, len(heads)), None, None))
        except UnreadableHead as error:
            found.append((None, error.column, str(error)))
    schema = {"head": pl.UInt32, "unread": pl.String, "error": pl.String}
    return list(heads), different.hstack(pl.DataFrame(found, schema=schema, orient="row"))


def _latest_actual() -> pl.Expr:
    """The month that a table reviews where it does not say so: the latest month that it calls an actual."""
    period = pl.col("period")
    return period.filter(period.str.contains(MONTH_PATTERN) & (pl.col("kind") == "actual")).max()


def _fill_blanks(rows: pl.DataFrame, heads: Sequence[ReleaseHead], chain: Chain) -> pl.LazyFrame:
    """Rows with what a blank cell means: production, forecast after the review month, the measure's unit."""
    months = [head.review_month for head in heads]
    schema = {"head": pl.UInt32, "reviewed": pl.String}
    reviewed = pl.DataFrame({"head": range(len(heads)), "reviewed": months}, schema=schema)
    units = {f"{s.name} {metric}": unit for s in chain.segments for metric, unit in s.units.items()}
    usual = {name: measure.unit for name, measure in MEASURES.items() if measure.unit != LEVEL}
    return (
        rows.lazy()
        .join(reviewed.lazy(), on="head", maintain_order="left")
        .with_columns(
            pl.col("segment", "product", "measure", "source_url", "note").fill_null(""),
            pl.col("metric").fill_null("production"),
            period=pl.col("period").fill_null(""),
        )
        .with_columns(
            pl.col("kind").fill_null(
                pl.when(end_of(pl.col("period")) > end_of(pl.col("reviewed")))
                .then(pl.lit("forecast"))
                .otherwise(pl.lit("actual"))
            ),
            pl.col("unit").fill_null(
                pl.coalesce(
                    pl.col("measure").replace_strict(usual, default=None, return_dtype=pl.String),
                    pl.concat_str("segment", "metric", separator=" ").replace_strict(
                        units, default="", return_dtype=pl.String
                    ),
                )
            ),
            pl.col("qualifier").fill_null(_usual_qualifier()),
        )
    )


def _usual_qualifier() -> pl.Expr:
    sides = pl.col("lower").is_not_null().cast(pl.Int8) + pl.col("upper").is_not_null().cast(pl.Int8)
    bounded = pl.when(sides == 2).then(pl.lit("range")).when(sides == 1).then(pl.lit("bound"))
    return pl.when(pl.col("value").is_not_null()).then(pl.lit("exact")).otherwise(bounded.otherwise(pl.lit("exact")))


def _read_numbers(rows: pl.LazyFrame, style: NumberStyle) -> pl.DataFrame:
    """Rows with `value`, `lower`, `upper` as numbers, `printed/…` as they stood, `wrong/…` where one is unreadable."""
    is_direction = pl.col("measure") == "direction"
    worded = pl.when(is_direction).then(pl.col("value").str.to_lowercase().replace(_DIRECTIONS)).otherwise("value")
    parsed = rows.with_columns(pl.col(n).alias(f"printed/{n}") for n in NUMBERS).with_columns(
        parse_number(worded.alias("value") if n == "value" else pl.col(n), decimal=style.decimal).alias(n)
        for n in NUMBERS
    )
    suffixes = {n: pl.col(n).struct["suffix"] for n in NUMBERS}
    factors = {n: pl.when(suffix == "").then(style.factor()).otherwise(1.0) for n, suffix in suffixes.items()}
    return parsed.with_columns(
        *[
            (
                pl.col(f"printed/{n}").is_not_null()
                & (pl.col(n).struct["value"].is_null() | ((suffix != "") & (suffix != pl.col("unit"))))
            ).alias(f"wrong/{n}")
            for n, suffix in suffixes.items()
        ],
        *[_scale(pl.col(n).struct["value"], factors[n]).alias(n) for n in NUMBERS],
        note=pl.concat_str(_note_mark(), pl.when(pl.col("note") != "").then("note"), separator="; ", ignore_nulls=True),
        half_width=pl.when(is_direction)
        .then(0.0)
        .otherwise(
            pl.max_horizontal(_scale(pl.col(n).struct["half_width"], factors[n]) for n in NUMBERS).fill_null(0.0)
        ),
    ).collect()


def _note_mark() -> pl.Expr:
    """What a mark behind the first number says of it."""
    mark = pl.coalesce(pl.when(pl.col(n).struct["mark"] != "").then(pl.col(n).struct["mark"]) for n in NUMBERS)
    return mark.replace_strict(_MARKS, default=None, return_dtype=pl.String)


def _scale(number: pl.Expr, factor: pl.Expr) -> pl.Expr:
    # Rounded, because 0.07 × 100 is 7.000000000000001; untouched where there is nothing to scale.
    return pl.when(factor == 1.0).then(number).otherwise((number * factor).round(_SCALED_DIGITS))


def _refuse_numbers(read: pl.DataFrame, style: NumberStyle) -> pl.DataFrame:
    """`REFUSED` rows and their `head`, one for each number that is none."""
    wrong = [
        _refuse(read.filter(pl.col(f"wrong/{n}")).with_columns(pl.col(f"printed/{n}").alias(n)), "number", n, "")
        for n in NUMBERS
    ]
    heads = [read.filter(pl.col(f"wrong/{n}"))["head"] for n in NUMBERS]
    found = pl.col("value")
    is_not_stated = found.str.to_lowercase().is_in(NOT_STATED)
    message = (
        pl.when(is_not_stated)
        .then(pl.lit(_SAYS_NOTHING))
        .when(found.str.contains(r"(%|％|pp)\s*$"))
        .then(pl.lit(f"{_HOW_NUMBERS}, and its sign is that of the unit"))
        .when(found.str.starts_with("="))
        .then(pl.lit("the formula has no stored value: open the file in a spreadsheet program and save it"))
        .when(found.str.contains("^#[A-Z]"))
        .then(pl.lit("the cell holds an error"))
        .when(is_ambiguous(found) & (style.decimal == ""))
        .then(pl.lit("1,234 or 1.234 may mean 1234 or 1.234 here, where no other number tells: write 1234 or 1.2340"))
        .when(found.str.contains(r"^[+-]?[0-9]+,[0-9]+$"))
        .then(pl.lit("a decimal comma among numbers that do not have one: write 2.5, or use it throughout"))
        .when(found.str.contains(r"^\(.*[0-9].*\)$"))
        .then(pl.lit("parentheses may mean a minus or a remark: write -5.2 or 5.2"))
        .when(found.str.contains(r"[0-9].*[*†‡#]+$"))
        .then(pl.lit("the mark behind the number points to a footnote that is not read: write the number alone"))
        .otherwise(pl.lit(_HOW_NUMBERS))
    )
    rule = pl.when(is_not_stated).then(pl.lit("not_stated")).otherwise("rule")
    return pl.concat(wrong).with_columns(message=message, rule=rule, head=pl.concat(heads))


def _refuse(rows: pl.DataFrame, rule: str, column: str, message: str) -> pl.DataFrame:
    """`REFUSED` of these rows, for what stands in `column`."""
    told = rows.lazy().select(
        pl.col("place").alias("row"),
        pl.lit(rule).alias("rule"),
        pl.lit(column).alias("column"),
        pl.col(column).fill_null("").str.head(_LONGEST_SHOWN).alias("value"),
        pl.lit(message).alias("message"),
        "segment",
        "product",
        "metric",
        "measure",
        "period",
        "kind",
    )
    return REFUSED.conform(told.collect())


def _no_rows(document: Document) -> ContractBroken:
    return ContractBroken(
        "the table has no rows",
        where=document.name,
        found="a header without a filled row below it",
        effect="no rows were loaded",
        next="give rows below the header",
    )


def _too_many_releases(document: Document, count: int) -> ContractBroken:
    return ContractBroken(
        f"the rows name {count:,} releases",
        where=document.name,
        found=f"at most {_MOST_RELEASES:,} are taken from one file",
        effect="no rows were loaded",
        next="check the columns source, review_month and published, or split the file",
    )


def _no_release(document: Document, refused: pl.DataFrame) -> ContractBroken:
    told = refused.select(fill_text("{} {} {}: {}", "row", "column", "value", "message")).to_series()
    return ContractBroken(
        "no row of the file belongs to a release that can be ingested",
        where=document.name,
        found=told.head(5).to_list(),
        effect="no rows were loaded",
        next="correct the columns source, chain, review_month and published, or name them with the options",
    )
