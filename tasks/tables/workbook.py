"""Spreadsheets as printed cells: visible sheets, numbers as their format shows them, merged texts, stored formulas."""

import io
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import IO, TypeVar
from xml.etree import ElementTree as ET

import polars as pl

from contracts.errors import ContractBroken
from contracts.readings import Document
from tasks.tables.grid import SheetGrid, refuse_too_large
from tasks.tables.merged_cells import fill_merged
from tasks.tables.sheet_cells import Looks, SheetCells, read_cells, read_format_codes, read_shared_texts
from tasks.workbooks import LISTS

MAGIC = b"PK\x03\x04"
_LARGEST = 1 << 30
_MOST_SHEETS = 500
_SHOWN_ROWS = 20


@dataclass(frozen=True)
class _Sheet:
    name: str
    path: str
    is_hidden: bool


def read_workbook(document: Document, *, with_hidden: bool = False) -> list[SheetGrid]:
    """Cells of every visible sheet that has any, in the order of the tabs; `with_hidden`, of the hidden ones too.

    A number reads as its format shows it, rounded as there: `6.0%` for 0.06 in the format `0.0%`. Formulas count with
    their stored value; a formula without one and a cell in error keep their text (`=A1+1`, `#DIV/0!`), so that it is
    refused where a number should stand. A text merged over several cells stands in each of them that has something in
    its row and column. Hidden rows and columns are read, hidden sheets are not; the notes name them, and cells whose
    format shows nothing. Raises `ContractBroken` where the file is no readable spreadsheet.
    """
    archive = _open(document)
    try:
        sheets, is_1904 = _list_sheets(document, archive)
        looks = _read_looks(document, archive, is_1904=is_1904)
        grids = [_read_sheet(document, archive, sheet, looks) for sheet in sheets if with_hidden or not sheet.is_hidden]
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise _damaged(document, f"the archive inside is damaged ({error})") from error
    filled = [grid for grid in grids if grid.cells.height]
    if not filled:
        raise ContractBroken(
            "the file has no visible sheet with cells",
            where=document.name,
            found=f"sheets {', '.join(sheet.name + ' (hidden)' * sheet.is_hidden for sheet in sheets)}",
            effect="no rows were loaded",
            next="unhide the sheet, or give the file that has the figures",
        )
    hidden = [sheet.name for sheet in sheets if sheet.is_hidden and sheet.name != LISTS]
    filled[0].notes.update(dict.fromkeys(hidden, "the sheet is hidden and was not read"))
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


_Part = TypeVar("_Part")


def _read_part(archive: zipfile.ZipFile, path: str, read: Callable[[IO[bytes]], _Part], default: _Part) -> _Part:
    if path not in archive.namelist():
        return default
    with archive.open(path) as stream:
        return read(stream)


def _list_sheets(document: Document, archive: zipfile.ZipFile) -> tuple[list[_Sheet], bool]:
    """Sheets in the order of their tabs, and whether days count from 1904."""
    try:
        book = ET.fromstring(archive.read("xl/workbook.xml"))  # noqa: S314 - expat refuses entity bombs
        links = ET.fromstring(archive.read("xl/_rels/workbook.xml.rels"))  # noqa: S314
    except (LookupError, ValueError, ET.ParseError) as error:  # no such part, or an encoding that expat cannot read
        raise _damaged(document, "it holds no workbook") from error
    paths = {link.get("Id"): link.get("Target", "") for link in links if "worksheet" in link.get("Type", "")}
    found = []
    for sheet in (element for element in book.iter() if _local(element.tag) == "sheet"):
        link = next((value for key, value in sheet.items() if _local(key) == "id"), None)
        if target := paths.get(link):
            found.append(_Sheet(sheet.get("name", ""), _resolve(target), sheet.get("state", "visible") != "visible"))
    if len(found) > _MOST_SHEETS:
        raise _damaged(document, f"it has {len(found):,} sheets, more than {_MOST_SHEETS}")
    properties = [element for element in book if _local(element.tag) == "workbookPr"]
    return found, any(element.get("date1904") in {"1", "true"} for element in properties)


def _local(name: str) -> str:
    return name.rpartition("}")[2]


def _resolve(target: str) -> str:
    return target.lstrip("/") if target.startswith("/") else f"xl/{target}"


def _read_looks(document: Document, archive: zipfile.ZipFile, *, is_1904: bool) -> Looks:
    texts = partial(read_shared_texts, where=document.name)
    codes = partial(read_format_codes, where=document.name)
    return Looks(
        _read_part(archive, "xl/sharedStrings.xml", texts, []),
        _read_part(archive, "xl/styles.xml", codes, []),
        is_1904,
    )


def _read_sheet(document: Document, archive: zipfile.ZipFile, sheet: _Sheet, looks: Looks) -> SheetGrid:
    where = f'{document.name} · sheet "{sheet.name}"'
    read = partial(read_cells, looks=looks, where=where)
    cells = _read_part(archive, sheet.path, read, SheetCells())
    refuse_too_large(where, rows=len(set(cells.rows)), columns=len(set(cells.columns)))
    frame = pl.DataFrame(
        {"row": cells.rows, "column": cells.columns, "text": cells.texts},
        schema={"row": pl.Int64, "column": pl.Int64, "text": pl.String},
    )
    filled = fill_merged(frame.unique(["row", "column"], keep="last", maintain_order=True), cells.merged, where=where)
    return SheetGrid(document.name, _arrange(filled), sheet=sheet.name, notes=_list_notes(sheet, cells))


def _arrange(cells: pl.DataFrame) -> pl.DataFrame:
    """A frame with a row per row and a column per column that has a filled cell, in their order."""
    if cells.is_empty():
        return pl.DataFrame(schema={"row": pl.Int64})
    wide = cells.pivot(on="column", index="row", values="text").sort("row")
    return wide.select("row", *sorted(wide.columns[1:], key=int))


def _list_notes(sheet: _Sheet, cells: SheetCells) -> dict[str, str]:
    notes = {}
    used_rows, used_columns = set(cells.rows), set(cells.columns)
    rows = [str(row) for row in cells.hidden_rows if row in used_rows]
    if rows:
        more = f" and {len(rows) - _SHOWN_ROWS} more" if len(rows) > _SHOWN_ROWS else ""
        place = f"{sheet.name} row {', '.join(rows[:_SHOWN_ROWS])}{more}"
        notes[place] = "hidden or filtered out in the spreadsheet, and read"
    if any(first <= column <= last for first, last in cells.hidden_columns for column in used_columns):
        notes[f"{sheet.name} hidden columns"] = "hidden in the spreadsheet, and read"
    if cells.silent:
        notes[f"{sheet.name} {cells.silent} cells"] = "their number format shows nothing, so they were not read"
    return notes


def _damaged(document: Document, found: str) -> ContractBroken:
    return ContractBroken(
        "the spreadsheet cannot be read",
        where=document.name,
        found=found,
        effect="no rows were loaded",
        next="save it as XLSX without a password, or copy the file again",
    )
