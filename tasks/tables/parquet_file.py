"""Parquet files as printed cells."""

import io

import polars as pl

from contracts.errors import ContractBroken
from contracts.readings import Document
from tasks.tables.grid import SheetGrid

MAGIC = b"PAR1"


def read_parquet_file(document: Document) -> SheetGrid:
    """Cells of a Parquet file, its column names as row 0; numbers in their shortest form (`48.67`, `6`).

    Raises `ContractBroken` where the file is truncated or damaged.
    """
    if not document.content.endswith(MAGIC):
        raise _damaged(document, "the end of the file is missing")
    try:
        frame = pl.read_parquet(io.BytesIO(document.content))
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:  # a panic is no `Exception`
        raise _damaged(document, str(error).partition("\n")[0]) from error
    nested = [name for name, dtype in frame.schema.items() if dtype.is_nested() or dtype == pl.Binary]
    if nested:
        raise ContractBroken(
            "a table of figures has plain columns",
            where=document.name,
            found=[f"{name} is {frame.schema[name]}" for name in nested],
            effect="no rows were loaded",
            next="write one value per cell",
        )
    printed = frame.lazy().select(
        _print(name, dtype).alias(str(i)) for i, (name, dtype) in enumerate(frame.schema.items())
    )
    header = pl.DataFrame({str(i): [name] for i, name in enumerate(frame.columns)}, schema_overrides={})
    cells = pl.concat([header.lazy(), printed]).collect()
    return SheetGrid(document.name, cells.with_row_index("row", offset=0))


def _print(name: str, dtype: pl.DataType) -> pl.Expr:
    text = pl.col(name).cast(pl.String)
    # A float does not say how many digits were printed: 6.0 stands for 6, the wider reading.
    return text.str.replace(r"\.0$", "") if dtype.is_float() else text


def _damaged(document: Document, found: str) -> ContractBroken:
    return ContractBroken(
        "the Parquet file is damaged or truncated",
        where=document.name,
        found=f"{found} ({len(document.content):,} bytes)",
        effect="no rows were loaded",
        next="copy the file again",
    )
