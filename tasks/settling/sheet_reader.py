"""Reading a review sheet back: by what is in its cells, whatever was moved, renamed, sorted, and saved by whom."""

import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from xml.etree import ElementTree as ET

import polars as pl

from contracts.errors import ContractBroken
from contracts.readings import Document
from tasks.settling.account_rows import ROWS
from tasks.settling.sheet_form import ABOUT, COLUMNS, MARKER, NEEDED, NUMBER, VALUES, VERSION
from tasks.tables.grid import SheetGrid, name_column
from tasks.tables.workbook import read_workbook

_HEAD_WITHIN, _MOST_SHEETS, _MOST_TEXTS = 20, 8, 64 << 20
_AS_READ = {"number", "status", "read_value", "was_value"}
_CORE = "docProps/core.xml"


@dataclass(frozen=True)
class ReviewSheet:
    """A review sheet as it came back.

    `about` are the rows of its sheet About. `rows` are the rows as a person left them, all text, null where empty: the
    columns of the sheet, and `place`, the cell of the number. `as_read` are the rows with which it was written
    (`ROWS`). `saved_by` and `saved_at` are what the program noted that saved it last; empty and None where it was not
    saved since it was written.
    """

    about: Mapping[str, str]
    rows: pl.DataFrame = field(repr=False)
    as_read: pl.DataFrame = field(repr=False)
    saved_by: str = ""
    saved_at: datetime | None = None

    @property
    def reviewed(self) -> str:
        """SHA-256 of the document that it settles."""
        return self.about["SHA-256"]


def find_review_sheet(document: Document) -> ReviewSheet | None:
    """The review sheet that a workbook is, or None for any other file.

    Raises `ContractBroken` where it is one and cannot be taken: a sheet or a needed column is gone, or it is of another
    version.
    """
    if not _has_marker(document):
        return None
    grids = read_workbook(document, with_hidden=True)
    about = next((said for grid in grids if (said := _read_about(grid))), None)
    if about is None:
        return None
    if about["version"] != VERSION:
        raise _unusable(document, f"form {about['version']}, where {VERSION} is known", "write the sheet anew")
    review = next((grid for grid in grids if _find_head(grid, set(NEEDED)) is not None), None)
    if review is None:
        raise _unusable(document, _say_lacking(grids), "bring the columns back, or write the sheet anew")
    as_read = next((grid for grid in grids if _find_head(grid, _AS_READ) is not None), None)
    if as_read is None:
        raise _unusable(document, "the hidden sheet with the numbers as read is gone", "write the sheet anew")
    by, at = _read_saved(document)
    return ReviewSheet(about, _read_rows(review), _read_as_read(as_read), by, at)


def _has_marker(document: Document) -> bool:
    """Whether the marker stands among the texts of a workbook: quick, so that each spreadsheet can be asked."""
    try:
        with zipfile.ZipFile(io.BytesIO(document.content)) as archive:
            names = archive.namelist()
            shared = [name for name in names if name.endswith("sharedStrings.xml")]
            parts = shared or [name for name in names if "/worksheets/" in name][:_MOST_SHEETS]
            return any(MARKER.encode() in archive.open(name).read(_MOST_TEXTS) for name in parts)
    except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError, EOFError, ValueError):
        return False  # the reader of tables says what is wrong with it


def _read_about(grid: SheetGrid) -> dict[str, str] | None:
    rows = [[(cell or "").strip() for cell in row[1:]] for row in grid.cells.head(200).rows()]
    pairs = [(filled[0], filled[1] if len(filled) > 1 else "") for row in rows if (filled := _from_first(row))]
    said = dict(reversed(pairs))
    if MARKER not in said:
        return None
    return {"version": said[MARKER], **{name: said.get(name, "") for name in ABOUT}}


def _from_first(row: list[str]) -> list[str]:
    """The cells of a row from its first filled one on."""
    first = next((place for place, cell in enumerate(row) if cell), None)
    return [] if first is None else row[first:]


def _find_head(grid: SheetGrid, needed: set[str]) -> int | None:
    for row in grid.cells.head(_HEAD_WITHIN).rows():
        if needed <= {_fold(cell) for cell in row[1:]}:
            return int(row[0])
    return None


def _fold(cell: str | None) -> str:
    return (cell or "").strip().casefold()


def _columns(grid: SheetGrid, head: int) -> dict[str, str]:
    """Grid column by its name in the head."""
    cells = grid.cells.filter(pl.col("row") == head).drop("row").row(0, named=True)
    return {_fold(text): column for column, text in reversed(cells.items()) if text}


def _read_rows(grid: SheetGrid) -> pl.DataFrame:
    head = _find_head(grid, set(NEEDED)) or 0
    columns = _columns(grid, head)
    letter = name_column(grid.first_column + int(columns["value"]))
    taken = [
        pl.col(columns[name]).str.strip_chars().replace("", None).alias(name)
        if name in columns
        else pl.lit(None, pl.String).alias(name)
        for name in COLUMNS
    ]
    place = pl.concat_str(pl.lit(f"{grid.sheet}!{letter}"), "row")
    rows = grid.cells.filter(pl.col("row") > head).select(place.alias("place"), *taken)
    stated = ("sentence", *VALUES, NUMBER)
    return rows.filter(pl.any_horizontal(pl.col(stated).is_not_null()))


def _read_as_read(grid: SheetGrid) -> pl.DataFrame:
    head = _find_head(grid, _AS_READ) or 0
    columns = _columns(grid, head)
    rows = grid.cells.filter(pl.col("row") > head)
    texts = rows.select(
        pl.col(columns[name]).alias(name) if name in columns else pl.lit(None, pl.String).alias(name)
        for name in ROWS.names()
    )
    return texts.select(_parse(name, dtype) for name, dtype in ROWS.items())


def _parse(name: str, dtype: pl.DataType) -> pl.Expr:
    text = pl.col(name)
    if isinstance(dtype, pl.Datetime):
        return text.str.to_datetime(time_unit="us", time_zone="UTC", strict=False)
    if dtype == pl.Boolean:
        return (text.str.to_lowercase() == "true").fill_null(value=False)
    if dtype == pl.String:
        begin = name.partition("_")[0] + "_"
        if begin not in {"read_", "was_"}:
            return text.fill_null("")
        return pl.when(pl.col(f"{begin}segment").is_not_null()).then(text.fill_null("")).alias(name)
    return text.cast(dtype, strict=False)


def _read_saved(document: Document) -> tuple[str, datetime | None]:
    """Who saved the file and when, as its program noted; nothing where it was not saved since it was written."""
    with zipfile.ZipFile(io.BytesIO(document.content)) as archive:
        if _CORE not in archive.namelist():
            return "", None
        try:
            root = ET.fromstring(archive.read(_CORE))  # noqa: S314 - expat refuses entity bombs
        except ET.ParseError:
            return "", None
    said = {element.tag.rpartition("}")[2]: (element.text or "").strip() for element in root}
    if not said.get("modified") or said["modified"] == said.get("created"):
        return "", None
    try:
        at = datetime.fromisoformat(said["modified"])
    except ValueError:
        return said.get("lastModifiedBy", ""), None
    return said.get("lastModifiedBy", ""), at if at.tzinfo else None


def _say_lacking(grids: list[SheetGrid]) -> str:
    """Which needed columns the sheet lacks that has most of them."""
    found = [{_fold(cell) for row in grid.cells.head(_HEAD_WITHIN).rows() for cell in row[1:]} for grid in grids]
    lacking = min((set(NEEDED) - cells for cells in found), key=len)
    return f"no column {', '.join(name for name in NEEDED if name in lacking)}"


def _unusable(document: Document, found: str, next_: str) -> ContractBroken:
    return ContractBroken(
        "the review sheet cannot be taken back",
        where=document.name,
        found=found,
        effect="nothing of it was settled; what the lake holds stands",
        next=next_,
    )
