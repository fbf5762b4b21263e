"""A workbook of tables: one sheet each, with formats, frozen heads, filters, widths, and notes where they help."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from contracts.errors import UsageError
from contracts.table import Table
from data_lake.files import fill_file
from tasks.workbooks.safe_workbook import make_workbook

if TYPE_CHECKING:
    from xlsxwriter.workbook import Format, Workbook
    from xlsxwriter.worksheet import Worksheet

MOST_ROWS = 1_048_575
"""Rows of a sheet below its head; Excel has no more."""
MOST_NOTES, NOTE_LENGTH = 5_000, 400
"""Notes are slow to write and to open: beyond the first ones the column itself says the same."""
_NARROWEST, _WIDEST, _WORD, _SAMPLE = 9, 46, 24, 500
_ROWS_AT_ONCE = 20_000
_ABOUT_WIDTHS, _LINE, _HEAD_HEIGHT = (26, 90), 15, 32
_DAY_US, _EPOCH_DAYS = 86_400_000_000, 25_569
"""Microseconds of a day; days from the epoch of spreadsheets (30 December 1899) to 1970."""
_SHOWN_COLUMNS = 18

# Fills that a colour-blind reader tells apart, each beside its word: never red against green.
FILLS: Mapping[str, str] = {
    "hit": "#CFE2F3",
    "within_rounding": "#E8F0FA",
    "usual": "#E8F0FA",
    "miss": "#F9CB9C",
    "unusual": "#FBE0C6",
    "indeterminate": "#E6E6E6",
    "vague": "#E6E6E6",
    "info": "#E8F0FA",
    "warning": "#FBE0C6",
    "error": "#F9CB9C",
    "critical": "#E69138",
}
_UNITS = {"_pct": "%", "_pp": "pp", "_at": "UTC", "_days": "days"}
_NUMBER, _COUNT, _DATE, _INSTANT = "#,##0.00;[Black]−#,##0.00;0.00", "#,##0", "yyyy-mm", "yyyy-mm-dd hh:mm"


@dataclass(frozen=True)
class Sheet:
    """One table of the workbook.

    `meanings` is shown as a note on each head; `notes` names a text column whose content is shown as a note on
    another: {"value": "evidence"}.
    """

    name: str
    frame: pl.DataFrame
    meanings: Mapping[str, str] = field(default_factory=dict)
    notes: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of_table(cls, name: str, frame: pl.DataFrame, table: Table, notes: Mapping[str, str] | None = None) -> "Sheet":
        """The sheet of a table of the lake, whose contract explains its columns."""
        return cls(name, frame, {column.name: column.meaning for column in table.columns}, notes or {})


def write_workbook(path: Path, about: Sequence[tuple[str, str]], sheets: Sequence[Sheet]) -> None:
    """Write the workbook: first a sheet that says what, as of when and from where, then a sheet per table.

    Months and instants are real dates (instants in UTC), numbers are numbers, absent values empty cells. Text of
    documents stays text: nothing becomes a formula or a link. Raises `UsageError` where a table has more rows than a
    sheet can hold, before anything is written, and `SourceUnavailable` where the disk does not take it. A workbook that
    was there is replaced once the new one is whole.
    """
    refuse_too_many(sheets, str(path))
    fill_file(path, lambda file: file.write(make_tables(about, sheets)))


def make_tables(
    about: Sequence[tuple[str, str]], sheets: Sequence[Sheet], *, created: datetime | None = None
) -> memoryview:
    """The bytes of the workbook; without `about` it begins with the first table.

    With an instant of creation, which stands in its properties, the same tables give the same bytes.
    """

    def fill(workbook: "Workbook") -> None:
        if created:
            workbook.set_properties({"created": created.replace(tzinfo=None)})
        if about:
            _write_about(workbook, about, sheets)
        for sheet in sheets:
            _write_sheet(workbook, sheet)

    return make_workbook(fill, constant_memory=True)


def refuse_too_many(sheets: Sequence[Sheet], where: str) -> None:
    """Raise `UsageError` where a table has more rows than a sheet can hold."""
    for sheet in sheets:
        if sheet.frame.height > MOST_ROWS:
            raise UsageError(
                f"the table {sheet.name} has more rows than a sheet can hold",
                where=where,
                found=f"{sheet.frame.height:,} rows; a sheet holds {MOST_ROWS:,}",
                effect="nothing was written",
                next="narrow it with --chain, --segment, --from or --to, or use --format parquet",
            )


def name_head(column: str) -> str:
    """A column's head: its name with spaces, and its unit in brackets: `surprise (pp)`, `published (UTC)`."""
    for ending, unit in _UNITS.items():
        if column.endswith(ending):
            return f"{column.removesuffix(ending).replace('_', ' ')} ({unit})"
    return column.replace("_", " ")


def _write_about(workbook: "Workbook", about: Sequence[tuple[str, str]], sheets: Sequence[Sheet]) -> None:
    page = workbook.add_worksheet("About")
    title = workbook.add_format({"bold": True, "font_size": 14})
    bold = workbook.add_format({"bold": True, "text_wrap": True, "valign": "top"})
    wrapped = workbook.add_format({"text_wrap": True, "valign": "top"})
    page.set_column(0, 0, _ABOUT_WIDTHS[0])
    page.set_column(1, 1, _ABOUT_WIDTHS[1])
    page.write_string(0, 0, "Trona", title)
    counts = [(sheet.name, f"{sheet.frame.height:,} rows") for sheet in sheets]
    for row, said in enumerate([*about, *counts], start=2):
        lines = max(_count_lines(text, width) for text, width in zip(said, _ABOUT_WIDTHS, strict=True))
        page.set_row(row, _LINE * lines)
        page.write_string(row, 0, said[0], bold)
        page.write_string(row, 1, said[1], wrapped)
    page.hide_gridlines(2)
    page.fit_to_pages(1, 0)


def _count_lines(text: str, width: int) -> int:
    """Lines that a wrapped text takes: programs that only show a workbook do not measure it."""
    return sum(1 + len(line) // width for line in text.split("\n"))


def _write_sheet(workbook: "Workbook", sheet: Sheet) -> None:
    frame, page = sheet.frame, workbook.add_worksheet(sheet.name)
    look = {"bold": True, "text_wrap": True, "valign": "top", "bottom": 1}
    head, number_head = workbook.add_format(look), workbook.add_format({**look, "align": "right"})
    page.set_row(0, _HEAD_HEIGHT)
    looks = [_choose_look(workbook, dtype) for dtype in frame.dtypes]
    widths = _choose_widths(frame)
    for place, name in enumerate(frame.columns):
        is_folded = {"level": 1, "hidden": True} if place >= _SHOWN_COLUMNS else {}
        page.set_column_pixels(place, place, widths[name], looks[place], is_folded)
        page.write_string(0, place, name_head(name), number_head if frame.dtypes[place].is_numeric() else head)
        if name in sheet.meanings:
            page.write_comment(0, place, sheet.meanings[name], {"x_scale": 2})
    if frame.width > _SHOWN_COLUMNS:
        page.set_column(frame.width, frame.width, None, None, {"collapsed": True})
    page.freeze_panes(1, 0)
    page.autofilter(0, 0, max(frame.height, 1), max(frame.width - 1, 0))
    page.set_landscape()
    page.fit_to_pages(1, 0)
    page.repeat_rows(0)
    _write_rows(page, sheet, looks)
    _fill_words(workbook, page, sheet.frame)


def _choose_look(workbook: "Workbook", dtype: pl.DataType) -> "Format":
    code = _DATE if dtype == pl.Date else _INSTANT if dtype.is_temporal() else _COUNT if dtype.is_integer() else ""
    code = _NUMBER if dtype.is_float() else code
    side = {"align": "left"} if dtype.is_temporal() else {"indent": 1} if dtype == pl.String else {}
    return workbook.add_format({"num_format": code, **side} if code else {})


def _write_rows(page: "Worksheet", sheet: Sheet, looks: Sequence["Format"]) -> None:
    """The cells, row by row and part by part: what is written is out of memory, however many rows there are."""
    frame, number = sheet.frame, 0
    cells = frame.lazy().select(_as_cell(pl.col(name), dtype) for name, dtype in frame.schema.items())
    write = [_choose_writer(page, dtype) for dtype in frame.dtypes]
    there = [pair for pair in sheet.notes.items() if set(pair) <= set(frame.columns)]  # a month may lack a measure
    notes = [tuple(map(frame.columns.index, pair)) for pair in there]
    for start in range(0, frame.height, _ROWS_AT_ONCE):
        for row in cells.slice(start, _ROWS_AT_ONCE).collect().iter_rows():
            number += 1
            for place, value in enumerate(row):
                if value is not None:
                    write[place](number, place, value, looks[place])
            for place, source in notes if number <= MOST_NOTES else ():
                if row[source]:
                    page.write_comment(number, place, row[source][:NOTE_LENGTH], {"x_scale": 3, "y_scale": 1.2})


def _choose_writer(page: "Worksheet", dtype: pl.DataType) -> Callable[..., object]:
    write: Callable[..., object] = page.write_number
    if dtype in (pl.String, pl.Boolean):
        write = page.write_string if dtype == pl.String else page.write_boolean
    return write


def _as_cell(column: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """What a spreadsheet holds: days since its epoch for months and instants (in UTC), nothing for an empty text."""
    if isinstance(dtype, pl.Datetime):
        return (column.dt.epoch("us") / _DAY_US) + _EPOCH_DAYS
    if dtype == pl.Date:
        return column.cast(pl.Int32) + _EPOCH_DAYS
    return column.replace("", None) if dtype == pl.String else column


def _choose_widths(frame: pl.DataFrame) -> Mapping[str, int]:
    """Widths in pixels that show the usual content; long texts are cut by their neighbours."""
    sample = frame.head(_SAMPLE).with_columns(
        pl.col(name).dt.strftime("%Y-%m-%d %H:%M" if isinstance(dtype, pl.Datetime) else "%Y-%m")
        for name, dtype in frame.schema.items()
        if dtype.is_temporal()
    )
    length = pl.all().cast(pl.String).str.len_chars()
    longest, usual = sample.select(length.max().fill_null(0)), sample.select(length.quantile(0.9).fill_null(0))
    texts = {
        name: longest[name].item() if longest[name].item() <= _WORD else usual[name].item() for name in frame.columns
    }
    return {
        name: 12 + 7 * int(min(max(texts[name], len(name_head(name)) // 2 + 3, _NARROWEST), _WIDEST))
        for name in frame.columns
    }


def _fill_words(workbook: "Workbook", page: "Worksheet", frame: pl.DataFrame) -> None:
    """Fill the cells whose word is a verdict or a severity."""
    fills: dict[str, Format] = {}
    for place, name in enumerate(frame.columns):
        if frame.schema[name] != pl.String or not frame.height:
            continue
        for word in sorted(set(frame[name].unique().drop_nulls().to_list()) & FILLS.keys()):
            fills[word] = fills.get(word) or workbook.add_format({"bg_color": FILLS[word]})
            rule: dict[str, Any] = {"type": "cell", "criteria": "==", "value": f'"{word}"', "format": fills[word]}
            page.conditional_format(1, place, frame.height, place, rule)
