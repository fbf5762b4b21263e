"""The long form: one row per figure, with the columns of the contract."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

import polars as pl

from contracts.errors import ContractBroken
from contracts.rules.rule import suggest_names
from tasks.tables.grid import SheetGrid, refuse_empty
from tasks.tables.release_hints import STATED

COLUMNS = (
    *STATED,
    *("segment", "product", "metric", "period", "kind", "measure"),
    *("value", "lower", "upper", "unit", "qualifier", "source_url", "note"),
)
"""Columns of the long form, in the order of the template."""

NUMBERS = ("value", "lower", "upper")
_EXPLAINED = 50
_REQUIRED = ("segment", "period", "measure")
_OTHER_NAMES = {"published_at": "published", "month": "period", "url": "source_url"}
_SHOWN = ("segment", "product", "metric", "period", "kind", "measure", *NUMBERS, "unit", "qualifier")


def is_long_form(grid: SheetGrid) -> bool:
    """Whether the header names a period or a number, and another column that every long table has."""
    names = set(_name_columns(_header(grid)))
    return bool(names & {"period", *NUMBERS}) and len(names & {*_REQUIRED, *NUMBERS}) >= 2


def read_long_rows(grid: SheetGrid, *, rows_at_once: int) -> list[Callable[[], pl.DataFrame]]:
    """Rows of a long table as printed, in parts of so many: `row`, `place`, `evidence` and every column of `COLUMNS`.

    Each part is read when it is called for, so that a large table is never in memory as rows.
    Cells are text, without space around them, null where empty. Rows without any cell are left out.
    Raises `ContractBroken` where a required column is missing (with the nearest names) or no row follows the header.
    """
    header, header_row = _header(grid), _header_row(grid)
    names = _name_columns(header)
    _refuse_wrong_columns(grid, list(names), list(header.values()))
    # Each part holds its own cells alone, so that a caller who lets parts go lets their memory go.
    parts = [replace(grid, cells=cells) for cells in grid.cells.iter_slices(rows_at_once)]
    return [partial(_read_part, part, names, header_row) for part in parts]


def _read_part(grid: SheetGrid, names: Mapping[str, str], header_row: int) -> pl.DataFrame:
    cells = {name: pl.col(column).str.strip_chars() for name, column in names.items()}
    filled = {name: pl.when(cell != "").then(cell) for name, cell in cells.items()}
    rows = (
        grid.cells.lazy()
        .filter(pl.col("row") > header_row, ~pl.all_horizontal(pl.exclude("row").is_null()))
        .select(
            "row",
            _place_number(grid, names).alias("place"),
            *[filled.get(name, pl.lit(None, pl.String)).alias(name) for name in COLUMNS],
        )
    )
    stated = rows.filter(~pl.all_horizontal(pl.col(COLUMNS).is_null()))
    shown = [pl.col(n) for n in _SHOWN if n in names]
    return stated.with_columns(evidence=pl.concat_str(shown, separator=" | ", ignore_nulls=True)).collect()


def _place_number(grid: SheetGrid, names: Mapping[str, str]) -> pl.Expr:
    """The row, or in a spreadsheet the cell of the first number that the row states."""
    if not grid.sheet:
        return grid.place()
    stated = [
        pl.when(pl.col(names[n]).str.strip_chars() != "").then(grid.place(int(names[n]))) for n in NUMBERS if n in names
    ]
    return pl.coalesce(*stated, grid.place())


def _header_row(grid: SheetGrid) -> int:
    filled = grid.cells.lazy().filter(pl.any_horizontal(pl.exclude("row").str.strip_chars() != ""))
    first = filled.select("row").first().collect()
    if first.is_empty():
        refuse_empty(grid.where)
    return int(first.item())


def _header(grid: SheetGrid) -> Mapping[str, str]:
    """Header text by grid column, of the columns that have one."""
    row = grid.cells.filter(pl.col("row") == _header_row(grid)).drop("row").row(0, named=True)
    return {column: text.strip() for column, text in row.items() if text and text.strip()}


def _name_columns(header: Mapping[str, str]) -> dict[str, str]:
    """SheetGrid column by the contract's column name; the first where a header stands twice."""
    spelled = {column: text.casefold().replace(" ", "_") for column, text in header.items()}
    named: dict[str, str] = {}
    for column, text in spelled.items():
        if text in COLUMNS:
            named.setdefault(text, column)
    for column, text in spelled.items():
        if text in _OTHER_NAMES:
            named.setdefault(_OTHER_NAMES[text], column)
    return named


def _refuse_wrong_columns(grid: SheetGrid, named: list[str], header: list[str]) -> None:
    spelled = [text.casefold().replace(" ", "_") for text in header]
    twice = sorted({text for text in spelled if spelled.count(text) > 1 and text in COLUMNS})
    missing = [name for name in _REQUIRED if name not in named]
    if not set(named) & set(NUMBERS):
        missing.append("value")
    unknown = [text for text in header if text.casefold().replace(" ", "_") not in {*COLUMNS, *_OTHER_NAMES}]
    absent = [name for name in COLUMNS if name not in named]
    hints = {text: suggest_names(text, absent) for text in unknown[:_EXPLAINED]}
    near = [f"column {text}, {hint}" for text, hint in hints.items() if hint.startswith("did")]
    if not (missing or twice or near):
        return
    found = [f"no column {name}" for name in missing] + [f"column {name} stands twice" for name in twice] + near
    if missing and not near:
        found.append(f"columns {', '.join(header[:20])}")
    raise ContractBroken(
        "the columns are not those of a table of figures",
        where=grid.where,
        found=found,
        effect="no rows were loaded",
        next=f"name them {', '.join(COLUMNS)} (only segment, period, measure and value are needed), "
        "or describe the table in a mapping file: trona template --form wide",
    )
