"""A file of forecasts and actuals, read as `ingest` reads files: any encoding and separator, workbooks, Parquet."""

from typing import NamedTuple

import polars as pl

from contracts.errors import ContractBroken
from contracts.readings import Document
from tasks.scoring.table_checks import REQUIRED
from tasks.tables.grid import SheetGrid
from tasks.tables.printed_numbers import NOT_STATED, find_decimal_mark
from tasks.tables.reader import read_grids


class ScoreFile(NamedTuple):
    """The table in a file, all of it as text, and its decimal mark (empty where nothing tells)."""

    frame: pl.DataFrame
    decimal: str


def read_score_file(document: Document) -> ScoreFile:
    """The table of forecasts in a CSV, XLSX or Parquet file, for `check_score_table`.

    Of several sheets the one whose header names most of the columns that are needed. Headers are read without
    regard to capitals, and with spaces for underscores; what stands for "nothing" (`n/a`, `-` …) is null. Raises what
    the reader of the file raises, and `ContractBroken` where no sheet has rows below a header.
    """
    grids = read_grids(document)
    headed = [(grid, _find_header(grid)) for grid in grids]
    grid, header = max(headed, key=lambda each: len(set(REQUIRED) & set(each[1].values())))
    rows = grid.cells.filter(pl.col("row") > _header_row(grid))
    cells = pl.all().str.strip_chars()
    frame = rows.select(pl.col(column).alias(name) for column, name in header.items()).select(
        pl.when(cells.str.to_lowercase().is_in(["", *NOT_STATED])).then(None).otherwise(cells).name.keep()
    )
    frame = frame.filter(pl.any_horizontal(pl.all().is_not_null()))
    if frame.is_empty():
        raise ContractBroken(
            "the table has no rows",
            where=grid.where,
            found=f"a header of {len(header)} columns",
            effect="nothing is scored",
            next="put one forecast a row below the header",
        )
    return ScoreFile(frame, _find_decimal(grid, frame))


def _find_decimal(grid: SheetGrid, frame: pl.DataFrame) -> str:
    """Commas separate cells where people write decimal points; in a file with other separators its numbers tell."""
    if grid.separator in {"", ","}:
        return "."
    numbers = [frame[c] for c in frame.columns if c in {"forecast", "actual"} or c.startswith("q_")]
    return find_decimal_mark(numbers, usual="")


def _header_row(grid: SheetGrid) -> int:
    """The first row with text; -1 where there is none."""
    filled = grid.cells.filter(pl.any_horizontal(pl.exclude("row").str.strip_chars() != "")).select("row").head(1)
    return -1 if filled.is_empty() else int(filled.item())


def _find_header(grid: SheetGrid) -> dict[str, str]:
    """Column name by grid column; of two columns of one name the first."""
    row = grid.cells.filter(pl.col("row") == _header_row(grid)).drop("row")
    texts = row.row(0, named=True) if row.height else {}
    named: dict[str, str] = {}
    for column, text in texts.items():
        name = (text or "").strip().casefold().replace(" ", "_")
        if name and name not in named.values():
            named[column] = name
    return named
