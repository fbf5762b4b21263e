"""Writing a review sheet: the numbers of a document for a person to settle, what needs a look on top."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unicodedata import east_asian_width

import polars as pl

from contracts.chain import Chain
from data_lake.files import fill_file
from tasks.extraction import mark_evidence
from tasks.settling.account_rows import ROWS, rank_status
from tasks.settling.sheet_form import COLUMNS, DECISION, HOW, MARKER, NO, NUMBER, SENTENCE, VALUES, VERSION, WHY, YES
from tasks.tables.long_form import NUMBERS
from tasks.workbooks import Rows, add_drop_downs, list_words, make_workbook, write_words

if TYPE_CHECKING:
    from xlsxwriter.workbook import Format, Workbook
    from xlsxwriter.worksheet import Worksheet

_HEAD_ROW, _SPARE_ROWS = 1, 100
_WIDTHS = {DECISION: 7, "status": 11, SENTENCE: 60, WHY: 26, "segment": 13, "product": 16, "metric": 12, "measure": 13}
_WIDTHS |= {"period": 9, "note": 24, "unit": 7, "lower": 7, "upper": 7, "confidence": 11}
_NARROW, _LINE, _MOST_LINES = 9, 15, 12
_LONGEST = 32_000
# Fills beside their word that a colour-blind reader tells apart, as on exported workbooks.
_FILLS = {"doubtful": "#FBE0C6", "unresolved": "#F9CB9C", "accepted": "#E8F0FA", "settled": "#E8F0FA"}


@dataclass(frozen=True)
class SheetHead:
    """Which document a sheet is about, and how it is taken back."""

    document_name: str
    document: str
    source: str
    chain: Chain
    review_month: str
    published_at: datetime
    command: str


def write_review_sheet(path: Path, head: SheetHead, rows: pl.DataFrame, text: str, *, now: datetime) -> None:
    """Write the sheet of a document's numbers (`list_numbers`): the rows, the sheet About, and two hidden sheets.

    The hidden ones hold the words of the drop-downs, and each number as it was read, by which corrections are told from
    what was left alone. Text of the document stays text. A file that was there is replaced once the new one is whole.
    """
    shown = rows.filter("is_shown").with_columns(rank=rank_status(pl.col("status"), pl.col("is_sure")))
    shown = shown.sort("rank", maintain_order=True)

    words = {DECISION: [YES, NO], **list_words(head.chain)}

    def fill(workbook: "Workbook") -> None:
        workbook.set_properties({"title": f"{MARKER}: {head.document_name}", "created": now.replace(tzinfo=None)})
        _write_numbers(workbook, head, shown, text, words)
        _write_about(workbook, head)
        write_words(workbook, words)
        _write_as_read(workbook, rows)

    fill_file(path, lambda file: file.write(make_workbook(fill)))


def _write_numbers(
    workbook: "Workbook", head: SheetHead, rows: pl.DataFrame, text: str, words: Mapping[str, Sequence[str]]
) -> None:
    page = workbook.add_worksheet("Review")
    wrapped = workbook.add_format({"text_wrap": True, "valign": "top"})
    top = workbook.add_format({"text_wrap": True, "valign": "vcenter", "bg_color": "#FFF8E1", "border": 1})
    title = workbook.add_format({"bold": True, "bottom": 2, "valign": "top", "text_wrap": True})
    page.merge_range(0, 0, 0, COLUMNS.index("kind"), _say_how(head, rows), top)
    page.set_row(0, 78)
    number = workbook.add_format({"bold": True, "bottom": 2, "valign": "top", "align": "right"})
    for place, name in enumerate(COLUMNS):
        page.write_string(_HEAD_ROW, place, name, number if name in NUMBERS else title)
        page.set_column(place, place, _WIDTHS.get(name, _NARROW), workbook.add_format(_look(name)))
    fills = {word: workbook.add_format({"bg_color": color, "valign": "top"}) for word, color in _FILLS.items()}
    bold = workbook.add_format({"bold": True, "underline": 1, "font_color": "#1F4E9E"})
    looks = {name: workbook.add_format(_look(name)) for name in COLUMNS}
    for number, row in enumerate(rows.to_dicts(), start=_HEAD_ROW + 1):
        _write_row(page, number, row, looks, fills)
        _write_sentence(page, number, row, text, bold, wrapped)
        page.set_row(number, _LINE * max(_count_lines(row["sentence"], SENTENCE), _count_lines(row[WHY], WHY)))
    last = _HEAD_ROW + rows.height
    add_drop_downs(page, COLUMNS, Rows(_HEAD_ROW + 1, last + _SPARE_ROWS), words)
    page.autofilter(_HEAD_ROW, 0, max(last, _HEAD_ROW + 1), len(COLUMNS) - 1)
    page.freeze_panes(_HEAD_ROW + 1, 1)
    page.set_landscape()
    page.fit_to_pages(1, 0)
    page.repeat_rows(_HEAD_ROW)


def _count_lines(text: str, column: str) -> int:
    """Lines that a text takes in its column; characters of East Asia are two wide."""
    wide = sum(east_asian_width(character) in "WF" for character in text[:_LONGEST])
    return min(1 + (len(text[:_LONGEST]) + wide) * 10 // (9 * _WIDTHS[column]), _MOST_LINES)


def _say_how(head: SheetHead, rows: pl.DataFrame) -> str:
    counts = dict(rows.filter(~pl.col("is_sure")).group_by("status").len().rows())
    waiting = [f"{counts[word]} {word}" for word in ("doubtful", "unresolved") if word in counts]
    what = f"{' and '.join(waiting)} to look at, on top." if waiting else "Nothing is doubtful or unresolved."
    return f"{what} {HOW.format(command=head.command)}"


def _look(name: str) -> dict[str, Any]:
    look: dict[str, Any] = {"valign": "top"}
    if name in {"period", NUMBER, "segment", "product"}:
        look["num_format"] = "@"  # a month that is typed stays the text it is
    if name == "confidence":
        look["num_format"] = "0.00"
    if name in {"confidence", WHY, NUMBER}:
        look |= {"font_color": "#595959", "text_wrap": name == WHY}
    return look


def _write_row(
    page: "Worksheet", number: int, row: Mapping[str, Any], looks: Mapping[str, "Format"], fills: Mapping[str, "Format"]
) -> None:
    status = _word(row)
    begin = "was_" if row["is_fact"] else "read_"
    shown = {name: row[f"{begin}{name}"] for name in VALUES}
    shown |= {"status": status, NUMBER: row["number"], WHY: _say_why(row), "note": row["note"]}
    shown |= {"confidence": row["confidence"], DECISION: YES if row["is_sure"] else ""}
    for place, name in enumerate(COLUMNS):
        value = shown.get(name)
        look = fills.get(status, looks[name]) if name in {DECISION, "status"} else looks[name]
        if isinstance(value, float):
            page.write_number(number, place, value, look)
        else:
            page.write_string(number, place, (value or "")[:_LONGEST], look)


def _say_why(row: Mapping[str, Any]) -> str:
    return f"not known: {row['why']}" if row["status"] == "unresolved" and not row["is_fact"] else str(row["why"])


def _word(row: Mapping[str, Any]) -> str:
    if not row["is_sure"]:
        return str(row["status"])
    return "settled" if row["why"].startswith("settled") else "accepted"


def _write_sentence(
    page: "Worksheet", number: int, row: Mapping[str, Any], text: str, bold: "Format", wrapped: "Format"
) -> None:
    """The sentence with its number marked; text alone where the place of the number is not known."""
    start, end, place = row["span_start"], row["span_end"], COLUMNS.index(SENTENCE)
    sentence = row["sentence"][:_LONGEST]
    if start is None or end is None:
        page.write_string(number, place, sentence, wrapped)
        return
    mark = mark_evidence(text, start, end, sentence)
    parts = [p for p in (mark.evidence_before, bold if mark.number else "", mark.number, mark.evidence_after) if p]
    if len(parts) > 2:
        page.write_rich_string(number, place, *parts, wrapped)
    else:
        page.write_string(number, place, mark.sentence, wrapped)


def _write_about(workbook: "Workbook", head: SheetHead) -> None:
    page = workbook.add_worksheet("About")
    bold, entry = workbook.add_format({"bold": True}), workbook.add_format({"bg_color": "#FFF8E1", "border": 1})
    page.write_string(0, 0, MARKER, bold)
    page.write_string(0, 1, VERSION)
    said = {
        "document": head.document_name,
        "SHA-256": head.document,
        "source": head.source,
        "chain": head.chain.name,
        "reviews": head.review_month,
        "published": head.published_at.isoformat(),
        "settled by": "",
        "settled at": "",
    }
    hints = {
        "settled by": "your name",
        "settled at": "a day or an instant, 2026-02-06; empty = when this file was saved",
        "source": "who published the document" if not head.source else "",
    }
    for row, (name, value) in enumerate(said.items(), start=1):
        page.write_string(row, 0, name, bold)
        page.write_string(row, 1, value, entry if name in hints else None)
        page.write_string(row, 2, hints.get(name, ""))
    page.set_column(0, 0, 18)
    page.set_column(1, 1, 70, workbook.add_format({"num_format": "@"}))
    page.set_column(2, 2, 60)


def _write_as_read(workbook: "Workbook", rows: pl.DataFrame) -> None:
    """Each number as text, exactly: a spreadsheet that shows or rounds numbers changes nothing here."""
    page = workbook.add_worksheet("As read")
    texts = rows.select(
        pl.col(name).dt.strftime("%Y-%m-%dT%H:%M:%S%.f%:z") if isinstance(dtype, pl.Datetime) else pl.col(name)
        for name, dtype in ROWS.items()
    ).cast(pl.String)
    page.write_row(0, 0, ROWS.names())
    for number, row in enumerate(texts.rows(), start=1):
        for place, value in enumerate(row):
            if value:
                page.write_string(number, place, value[:_LONGEST])
    page.hide()
