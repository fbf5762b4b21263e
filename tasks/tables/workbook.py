"""Spreadsheets as printed cells: visible sheets, stored values of formulas, merged cells, percent formats."""

import io
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import polars as pl

from contracts.errors import ContractBroken
from contracts.readings import Document
from tasks.tables.grid import SheetGrid, name_column, number_column
from tasks.tables.sheet_marks import SheetMarks, find_marks, list_percent_styles

if TYPE_CHECKING:
    from fastexcel import ExcelReader

MAGIC = b"PK\x03\x04"
_LARGEST = 2 << 30
_NUMBER = re.compile(r"[-+]?[0-9.,]+%?")
_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


@dataclass(frozen=True)
class _Sheet:
    name: str
    path: str
    is_hidden: bool


def read_workbook(document: Document) -> list[SheetGrid]:
    """Cells of every visible sheet that has any, in the order of the tabs.

    Formulas count with their stored value; a formula without one and a cell in error keep their text (`=A1+1`,
    `#DIV/0!`), so that it is refused where a number should stand. A cell formatted as percent reads as people
    see it, `6%` for 0.06. A text merged over several cells stands in each of them. Hidden sheets are not read;
    the first grid's `notes` name them. Raises `ContractBroken` where the file is no readable spreadsheet.
    """
    import fastexcel  # noqa: PLC0415 - only where a spreadsheet is read

    archive = _open(document)
    sheets = _list_sheets(document, archive)
    percent = list_percent_styles(_read(archive, "xl/styles.xml"))
    try:
        reader = fastexcel.read_excel(document.content)
        grids = [
            _read_sheet(document, reader, sheet, find_marks(_read(archive, sheet.path), percent))
            for sheet in sheets
            if not sheet.is_hidden
        ]
    except fastexcel.FastExcelError as error:
        raise _damaged(document, str(error).splitlines()[0]) from error
    filled = [grid for grid in grids if grid.cells.height]
    if not filled:
        raise ContractBroken(
            "the file has no visible sheet with cells",
            where=document.name,
            found=f"sheets {', '.join(sheet.name + ' (hidden)' * sheet.is_hidden for sheet in sheets)}",
            effect="no rows were loaded",
            next="unhide the sheet, or give the file that has the figures",
        )
    filled[0].notes.update({s.name: "the sheet is hidden and was not read" for s in sheets if s.is_hidden})
    return filled


def _open(document: Document) -> zipfile.ZipFile:
    if not document.content.startswith(MAGIC):
        raise _damaged(document, "it is no XLSX inside (an old XLS, or protected by a password)")
    try:
        archive = zipfile.ZipFile(io.BytesIO(document.content))
    except zipfile.BadZipFile as error:
        raise _damaged(document, "the archive inside is truncated") from error
    if sum(entry.file_size for entry in archive.infolist()) > _LARGEST:
        raise _damaged(document, f"it unpacks to more than {_LARGEST >> 30} GiB")
    return archive


def _read(archive: zipfile.ZipFile, path: str) -> bytes:
    return archive.read(path) if path in archive.namelist() else b""


def _list_sheets(document: Document, archive: zipfile.ZipFile) -> list[_Sheet]:
    try:
        book = ET.fromstring(archive.read("xl/workbook.xml"))  # noqa: S314 - expat refuses entity bombs
        links = ET.fromstring(archive.read("xl/_rels/workbook.xml.rels"))  # noqa: S314
    except (KeyError, ET.ParseError, zipfile.BadZipFile) as error:
        raise _damaged(document, "it holds no workbook") from error
    paths = {link.get("Id"): link.get("Target", "") for link in links if "worksheet" in link.get("Type", "")}
    return [
        _Sheet(sheet.get("name", ""), _resolve(target), sheet.get("state", "visible") != "visible")
        for sheet in book.iter(f"{_MAIN}sheet")
        if (target := paths.get(sheet.get(_RELATION)))
    ]


def _resolve(target: str) -> str:
    return target.lstrip("/") if target.startswith("/") else f"xl/{target}"


def _read_sheet(document: Document, reader: "ExcelReader", sheet: _Sheet, marks: SheetMarks) -> SheetGrid:
    # skip_rows=0 keeps empty rows at the top, so that row numbers are those of the sheet.
    loaded = reader.load_sheet(sheet.name, header_row=None, skip_rows=0, dtypes="string")
    columns = loaded.available_columns()
    first = columns[0].absolute_index if columns else 0
    cells = loaded.to_polars()
    cells = cells.rename({name: str(i) for i, name in enumerate(cells.columns)}).with_row_index("row", offset=1)
    cells = _put(cells, marks.texts, first)
    cells = _show_percents(cells, marks.percents, first)
    return SheetGrid(document.name, _fill_merged(cells, marks.merged, first), sheet=sheet.name, first_column=first)


def _put(cells: pl.DataFrame, texts: Mapping[tuple[int, str], str], first: int) -> pl.DataFrame:
    """The cells with these texts by row and column letters; what lies outside the table is left out."""
    by_column: dict[str, dict[int, str]] = {}
    for (row, letters), text in texts.items():
        by_column.setdefault(str(number_column(letters) - first), {})[row] = text
    return cells.with_columns(
        pl.col("row").cast(pl.Int64).replace_strict(rows, default=pl.col(column), return_dtype=pl.String).alias(column)
        for column, rows in by_column.items()
        if column in cells.columns
    )


def _show_percents(cells: pl.DataFrame, percents: Mapping[str, list[int]], first: int) -> pl.DataFrame:
    columns = {str(number_column(letters) - first): rows for letters, rows in percents.items()}
    return cells.with_columns(
        pl.when(pl.col("row").is_in(rows) & _number(column).is_not_null())
        .then(pl.concat_str((_number(column) * 100).round(10).cast(pl.String).str.replace(r"\.0$", ""), pl.lit("%")))
        .otherwise(column)
        .alias(column)
        for column, rows in columns.items()
        if column in cells.columns
    )


def _number(column: str) -> pl.Expr:
    return pl.col(column).cast(pl.Float64, strict=False)


def _fill_merged(cells: pl.DataFrame, merged: list[tuple[int, str, int, str]], first: int) -> pl.DataFrame:
    """Text of merged cells in every cell that they cover; a number stays in the first, where it was keyed in."""
    fills: dict[tuple[int, str], str] = {}
    for top, left, bottom, right in merged:
        start, stop = number_column(left), number_column(right)
        column = str(start - first)
        text = cells[column][top - 1] if column in cells.columns and top <= cells.height else None
        if text is not None and not _NUMBER.fullmatch(text):
            columns = [name_column(number) for number in range(start, stop + 1)]
            fills |= {(row, letters): text for row in range(top, bottom + 1) for letters in columns}
    return _put(cells, fills, first)


def _damaged(document: Document, found: str) -> ContractBroken:
    return ContractBroken(
        "the spreadsheet cannot be read",
        where=document.name,
        found=found,
        effect="no rows were loaded",
        next="save it as XLSX without a password, or copy the file again",
    )
