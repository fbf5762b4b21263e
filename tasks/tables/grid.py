"""A table as printed: cells as text with the places where they stand."""

from dataclasses import dataclass, field
from typing import NoReturn

import polars as pl

from contracts.errors import ContractBroken
from contracts.text import fill_text

MOST_COLUMNS, MOST_CELLS = 2_000, 50_000_000


@dataclass(frozen=True, eq=False)
class SheetGrid:
    """Cells of one table, each as the text that a reader of the file sees; null = empty.

    `cells` has a column `row` (number of the row in the file, from 1) and then columns named by their number, "0",
    "1", …; a sheet has only those rows and columns that hold something. `sheet` is empty where the file has no
    sheets. `first_column` is the number of the spreadsheet column (A = 0) in which column "0" stands. `separator` is
    the cell separator of a text file, else empty.
    `notes` say what was left out, by place.
    """

    document: str
    cells: pl.DataFrame
    sheet: str = ""
    first_column: int = 0
    separator: str = ""
    notes: dict[str, str] = field(default_factory=dict)

    @property
    def where(self) -> str:
        """The document and, where there is one, the sheet."""
        return f'{self.document} · sheet "{self.sheet}"' if self.sheet else self.document

    def place(self, column: int | None = None) -> pl.Expr:
        """Where a row (or a cell of it) stands: `row 14`, `row 14 column 3`, or `Sheet1!C14`."""
        if self.sheet:
            letters = name_column(self.first_column + column) if column is not None else ""
            return fill_text(f"{_escape(self.sheet)}!{letters}{{}}", "row")
        return fill_text("row {}" if column is None else f"row {{}} column {column + 1}", "row")

    def place_cells(self) -> pl.Expr:
        """As `place`, of the cells in the grid columns that a column `column` gives as numbers."""
        if not self.sheet:
            return fill_text("row {} column {}", "row", pl.col("column") + 1)
        letters = {int(c): name_column(self.first_column + int(c)) for c in self.cells.columns[1:]}
        column = pl.col("column").replace_strict(letters, return_dtype=pl.String)
        return pl.concat_str(pl.lit(f"{self.sheet}!"), column, "row")


def refuse_empty(where: str) -> NoReturn:
    """Raise `ContractBroken` for a file without any cell."""
    raise ContractBroken(
        "the file is empty",
        where=where,
        found="no cell with text",
        effect="no rows were loaded",
        next="give a file with a header and rows",
    )


def refuse_too_large(where: str, *, rows: int, columns: int) -> None:
    """Raise `ContractBroken` for a table larger than one of figures is, before memory is taken for it."""
    if columns <= MOST_COLUMNS and rows * columns <= MOST_CELLS:
        return
    raise ContractBroken(
        "the table is larger than a table of figures",
        where=where,
        found=f"{rows:,} rows of {columns:,} columns",
        effect="no rows were loaded",
        next=f"at most {MOST_COLUMNS:,} columns and {MOST_CELLS:,} cells are read: split the file, "
        "or delete what stands far outside the table",
    )


def name_column(number: int) -> str:
    """Letters of a spreadsheet column, A = 0: 25 is Z, 26 is AA."""
    letters = ""
    number += 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def number_column(letters: str) -> int:
    """Number of a spreadsheet column from its letters, A = 0."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1


def _escape(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")
