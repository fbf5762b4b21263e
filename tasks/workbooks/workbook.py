"""A workbook of tables: one sheet each, with formats, frozen heads, filters, widths, and notes where they help."""

from collections.abc import Mapping, Sequence
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
_NARROWEST, _WIDEST, _SAMPLE = 9, 46, 500
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

    return make_workbook(fill)


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
    title, bold = workbook.add_format({"bold": True, "font_size": 14}), workbook.add_format({"bold": True})
    wrapped = workbook.add_format({"text_wrap": True, "valign": "top"})
    page.write_string(0, 0, "Trona", title)
    counts = [(sheet.name, f"{sheet.frame.height:,} rows") for sheet in sheets]
    for row, (name, text) in enumerate([*about, *counts], start=2):
        page.write_string(row, 0, name, bold)
        page.write_string(row, 1, text, wrapped)
    page.set_column(0, 0, 18)
    page.set_column(1, 1, 90)
    page.hide_gridlines(2)
    page.fit_to_pages(1, 0)


def _write_sheet(workbook: "Workbook", sheet: Sheet) -> None:
    frame, page = _prepare(sheet.frame), workbook.add_worksheet(sheet.name)
    frame.write_excel(
        workbook,
        sheet.name,
        table_style="Table Style Light 1",
        header_format={"bold": True, "text_wrap": True, "valign": "top"},
        dtype_formats={pl.Date: _DATE, pl.Datetime: _INSTANT, pl.Int64: _COUNT},
        column_formats={name: _NUMBER for name, dtype in frame.schema.items() if dtype.is_float()},
        column_widths=_choose_widths(frame),
        freeze_panes=(1, 0),
        autofilter=True,
    )
    _set_page(page, frame.width)
    _write_notes(page, sheet)
    _fill_words(workbook, page, sheet.frame)


def _set_page(page: "Worksheet", width: int) -> None:
    """Columns beyond the first are folded away behind a plus sign; on paper the shown ones fit the width of a page."""
    if width > _SHOWN_COLUMNS:
        page.set_column(_SHOWN_COLUMNS, width - 1, None, None, {"level": 1, "hidden": True})
        page.set_column(width, width, None, None, {"collapsed": True})
    page.set_landscape()
    page.fit_to_pages(1, 0)
    page.repeat_rows(0)


def _prepare(frame: pl.DataFrame) -> pl.DataFrame:
    """Heads with units; instants without a zone, which Excel does not know; empty texts as empty cells."""
    return frame.select(*(_as_cell(pl.col(name), dtype).alias(name_head(name)) for name, dtype in frame.schema.items()))


def _as_cell(column: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    if isinstance(dtype, pl.Datetime):
        return column.dt.replace_time_zone(None)
    if dtype == pl.String:
        return column.replace("", None)
    return column.cast(pl.Int64) if dtype.is_integer() else column


def _choose_widths(frame: pl.DataFrame) -> Mapping[str | Any, tuple[str, ...] | int]:
    """Widths in pixels that show the usual content; long texts are cut by their neighbours."""
    sample = frame.head(_SAMPLE).with_columns(
        pl.col(name).dt.strftime("%Y-%m-%d %H:%M" if isinstance(dtype, pl.Datetime) else "%Y-%m")
        for name, dtype in frame.schema.items()
        if dtype.is_temporal()
    )
    texts = sample.select(pl.all().cast(pl.String).str.len_chars().quantile(0.9).fill_null(0))
    return {
        name: 12 + 7 * int(min(max(texts[name].item(), len(name) // 2 + 3, _NARROWEST), _WIDEST))
        for name in frame.columns
    }


def _write_notes(page: "Worksheet", sheet: Sheet) -> None:
    places = {name: place for place, name in enumerate(sheet.frame.columns)}
    for name, meaning in sheet.meanings.items():
        if name in places:
            page.write_comment(0, places[name], meaning, {"x_scale": 2})
    for name, source in sheet.notes.items():
        for row, text in enumerate(sheet.frame[source].head(MOST_NOTES).to_list(), start=1):
            if text:
                page.write_comment(row, places[name], text[:NOTE_LENGTH], {"x_scale": 3, "y_scale": 1.2})


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
