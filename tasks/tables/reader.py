"""Reading a table: what kind of file it is, which form it has, and the releases in it."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

import polars as pl

from contracts.errors import UsageError
from contracts.readings import UNRESOLVED, Document, DocumentHints, Reading
from tasks.tables import parquet_file, workbook
from tasks.tables.delimited import read_delimited
from tasks.tables.grid import SheetGrid, refuse_empty
from tasks.tables.long_form import is_long_form, read_long_rows
from tasks.tables.mapping import TableMapping, read_mapping
from tasks.tables.parquet_file import read_parquet_file
from tasks.tables.readings_of_rows import ROWS_AT_ONCE, NumberStyle, Parts, build_readings
from tasks.tables.release_hints import STATED, choose_chain
from tasks.tables.wide_form import is_wide_form, read_wide_rows
from tasks.tables.wide_layout import find_layout
from tasks.tables.workbook import read_workbook

_TEXT, _PARQUET, _WORKBOOK = {".csv", ".tsv"}, {".parquet", ".pq"}, {".xlsx", ".xlsm", ".xls"}


def is_table(name: str) -> bool:
    """Whether a file of this name is read as a table: CSV, TSV, XLSX or Parquet."""
    return Path(name).suffix.lower() in _TEXT | _PARQUET | _WORKBOOK


def read_table(document: Document, hints: DocumentHints, mapping: TableMapping | None = None) -> list[Reading]:
    """Every release in a table of figures: CSV, XLSX or Parquet, in the long or the wide form.

    `hints` fill what the file does not say, and come before what its mapping says. A row that says something else is
    refused; of a file with two chains, `hints.chain` picks one. `hints.usual_source` holds where neither the file, its
    mapping nor `hints.source` says one. A wide table needs a mapping, this one or the file that the hints name, unless
    its header names segment and measure. Sheets and columns that were not read are among the unresolved of the first
    reading.
    Raises `ContractBroken` where the file or its columns cannot be read, `UsageError` where neither the file nor
    the caller says the source, the chain or the month.
    """
    known = mapping or (read_mapping(hints.mapping) if hints.mapping else None)
    grids = _choose_grids(document, read_grids(document), known)
    notes = grids[0].notes
    is_wide = known.form == "wide" if known is not None else not is_long_form(grids[0])
    if is_wide:
        readings = _read_wide(document, grids, known or TableMapping(), hints)
    else:
        readings = _read_long(document, grids, known or TableMapping(form="long"), hints)
    return [_note_unread(readings[0], notes), *readings[1:]]


def read_grids(document: Document) -> list[SheetGrid]:
    """The tables in a file, by what the file is: its first bytes decide, then its name."""
    suffix = Path(document.name).suffix.lower()
    if not document.content:
        refuse_empty(document.name)
    if document.content.startswith(parquet_file.MAGIC) or suffix in _PARQUET:
        return [read_parquet_file(document)]
    if document.content.startswith(workbook.MAGIC) or suffix in _WORKBOOK:
        return read_workbook(document)
    return [read_delimited(document)]


def _choose_grids(document: Document, grids: list[SheetGrid], mapping: TableMapping | None) -> list[SheetGrid]:
    """The sheet that the mapping names, else every sheet of the form that a table of figures has."""
    if mapping is not None and mapping.sheet:
        named = [grid for grid in grids if grid.sheet == mapping.sheet]
        if not named:
            raise UsageError(
                f"no visible sheet {mapping.sheet!r}",
                where=document.name,
                found=f"sheets {', '.join(grid.sheet for grid in grids)}",
                effect="no rows were loaded",
                next="correct `sheet` in the mapping file",
            )
        chosen = named
    elif mapping is not None and mapping.form == "wide":
        chosen = _choose_wide(grids, mapping)
    else:
        long = [grid for grid in grids if is_long_form(grid)]
        chosen = long or [grid for grid in grids if is_wide_form(grid)] or grids[:1]
    left = {g.sheet: _explain_unread(g) for g in grids if g not in chosen}
    notes = {place: note for grid in grids for place, note in grid.notes.items()}
    return [replace(chosen[0], notes={**notes, **left}), *chosen[1:]]


def _choose_wide(grids: list[SheetGrid], mapping: TableMapping) -> list[SheetGrid]:
    """The first sheet with months, and those with the same columns of labels: a sheet per segment or year, say."""
    found = [(grid, layout.form) for grid in grids if (layout := find_layout(grid, mapping))]
    return [grid for grid, form in found if form == found[0][1]] or grids[:1]


def _explain_unread(grid: SheetGrid) -> str:
    if is_long_form(grid) or is_wide_form(grid):
        return "the sheet is a table of another form and was not read: give it as a file of its own"
    return "the sheet holds no such table and was not read"


def _read_long(
    document: Document, grids: list[SheetGrid], mapping: TableMapping, hints: DocumentHints
) -> list[Reading]:
    style = _choose_style(grids[0], mapping, ("%", "pp"))
    said = [pl.col(name).fill_null(pl.lit(getattr(mapping, name) or None, pl.String)) for name in STATED]
    parts: Parts = [
        partial(_say, part, said) for grid in grids for part in read_long_rows(grid, rows_at_once=ROWS_AT_ONCE)
    ]
    grids.clear()
    return build_readings(
        parts,
        document=document,
        hints=hints,
        reader="long_table",
        style=style,
    )


def _say(part: Callable[[], pl.DataFrame], said: list[pl.Expr]) -> pl.DataFrame:
    return part().with_columns(said)


def _read_wide(
    document: Document, grids: list[SheetGrid], mapping: TableMapping, hints: DocumentHints
) -> list[Reading]:
    if mapping == TableMapping() and not is_wide_form(grids[0]):
        read_long_rows(
            grids[0], rows_at_once=ROWS_AT_ONCE
        )  # raises: it is neither form, and the long one says best what is missing
    chain = choose_chain(document, [mapping.chain] if mapping.chain else [], hints)
    is_known = bool(hints.review_month or mapping.review_month)
    read = [read_wide_rows(grid, mapping, chain, is_review_month_known=is_known) for grid in grids]
    rows, refused = (pl.concat(parts) for parts in zip(*read, strict=True))
    dropped = [name for name in STATED if getattr(hints, name) and getattr(mapping, name)]
    rows = rows.with_columns(pl.lit(None, pl.String).alias(name) for name in dropped)
    return build_readings(
        [partial(rows.slice, start, ROWS_AT_ONCE) for start in range(0, rows.height, ROWS_AT_ONCE)],
        document=document,
        hints=replace(hints, chain=chain.name),
        reader="wide_table",
        style=_choose_style(grids[0], mapping),
        refused=refused,
    )


def _choose_style(grid: SheetGrid, mapping: TableMapping, scaled_units: tuple[str, ...] = ()) -> NumberStyle:
    """Commas separate cells where people write decimal points; a file with other separators is from anywhere."""
    return NumberStyle("." if grid.separator in {"", ","} else "", not grid.separator, mapping.scale, scaled_units)


def _note_unread(reading: Reading, notes: Mapping[str, str]) -> Reading:
    rows = [{"place": place, "text": place, "sentence": "", "reason": note} for place, note in notes.items()]
    return replace(reading, unresolved=pl.concat([reading.unresolved, pl.DataFrame(rows, schema=UNRESOLVED.schema)]))
