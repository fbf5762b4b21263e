"""Reading a table: what kind of file it is, which form it has, and the releases in it."""

from datetime import datetime
from pathlib import Path

from contracts.errors import ContractBroken
from contracts.readings import Document, Reading
from tasks.tables.delimited import read_delimited
from tasks.tables.grid import Grid
from tasks.tables.heads import Stated
from tasks.tables.long_form import read_long_rows
from tasks.tables.parquet_file import MAGIC, read_parquet_file
from tasks.tables.readings_of_rows import build_readings


def read_table(
    document: Document,
    *,
    source: str | None,
    chain: str | None = None,
    published: datetime | None = None,
    review_month: str | None = None,
    chains_folder: Path | None = None,
) -> list[Reading]:
    """Every release in a table of figures: CSV, XLSX or Parquet, in the long form.

    `source`, `chain`, `published` (an instant with a time zone) and `review_month` fill what the file does not
    say. A row that says something else is refused; of a file with two chains, `chain` picks one.
    Raises `ContractBroken` where the file or its columns cannot be read, `UsageError` where neither the file nor
    the caller says the source, the chain or the month.
    """
    stated = Stated(source=source, chain=chain, review_month=review_month, published=published)
    grid = read_grids(document)[0]
    return build_readings(
        read_long_rows(grid).collect(),
        document=document,
        stated=stated,
        reader="long_table",
        chains_folder=chains_folder,
        is_comma_grouping=grid.separator != ";",
    )


def read_grids(document: Document) -> list[Grid]:
    """The tables in a file, by what the file is: its first bytes decide, then its name."""
    suffix = Path(document.name).suffix.lower()
    if not document.content:
        raise ContractBroken("the file is empty", where=document.name, next="give a file with a header and rows")
    if document.content.startswith(MAGIC) or suffix in {".parquet", ".pq"}:
        return [read_parquet_file(document)]
    return [read_delimited(document)]
