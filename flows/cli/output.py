"""Printing tables: data to stdout as table, CSV, JSON or Parquet; messages to stderr."""

import json
import os
import sys
from typing import IO

import polars as pl

from contracts.errors import UsageError
from flows.cli.options import Format

_WIDE = 60


def print_frame(frame: pl.DataFrame, *, format: Format, nothing: str) -> None:  # noqa: A002 - the option's name
    """Print a table. `nothing` is said on stderr where it has no row; the data stay empty but well formed.

    JSON is a list of objects, one per row, in column order; months are `YYYY-MM-DD`, instants ISO 8601 in
    UTC, absent numbers null. CSV has the same texts, absent numbers empty.
    """
    if frame.is_empty():
        print_message(nothing)
    if format == "table":
        _print_table(frame)
    elif format == "csv":
        frame.with_columns(*instants_as_text(frame), pl.col(pl.String).replace("", None)).write_csv(_stdout())
    elif format == "json":
        rows = frame.with_columns(*instants_as_text(frame), *_dates_as_text(frame)).to_dicts()
        sys.stdout.write(json.dumps(rows, ensure_ascii=False, indent=1) + "\n")
    else:
        if sys.stdout.isatty():
            raise UsageError("Parquet is not for a terminal", next="send it to a file: … --format parquet > FILE")
        frame.write_parquet(_stdout())


def print_message(message: str) -> None:
    """A message for the person, on stderr."""
    sys.stderr.write(message + "\n")


def instants_as_text(frame: pl.DataFrame) -> list[pl.Expr]:
    """Instants as ISO 8601 in UTC with a `Z`, to the second where they have no fraction."""
    return [
        pl.col(name).dt.strftime("%Y-%m-%dT%H:%M:%S%.fZ").str.replace(r"\.0+Z$", "Z")
        for name, dtype in frame.schema.items()
        if isinstance(dtype, pl.Datetime)
    ]


def _dates_as_text(frame: pl.DataFrame) -> list[pl.Expr]:
    return [pl.col(name).cast(pl.String) for name, dtype in frame.schema.items() if dtype == pl.Date]


def _stdout() -> IO[bytes]:
    sys.stdout.flush()
    return sys.stdout.buffer


def _print_table(frame: pl.DataFrame) -> None:
    from rich import box  # noqa: PLC0415 - only tables pay for the import
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    from contracts.terminal_text import escape_terminal  # noqa: PLC0415

    table = Table(box=box.SIMPLE, header_style="bold", pad_edge=False)
    shown = frame.select(pl.exclude("recorded_at", "release_id", "figure_id", "forecast_id", "actual_id", "alert_id"))
    if frame.width == shown.width or frame.width <= 8:
        shown = frame
    for name, dtype in shown.schema.items():
        table.add_column(name, justify="right" if dtype.is_numeric() else "left", overflow="fold")
    for row in shown.with_columns(*_cells(shown)).iter_rows():
        table.add_row(*(Text(escape_terminal(cell or "")) for cell in row))
    width = None if sys.stdout.isatty() else int(os.environ.get("COLUMNS", "200"))
    Console(width=width, highlight=False).print(table)


def _cells(frame: pl.DataFrame) -> list[pl.Expr]:
    cells: list[pl.Expr] = []
    for name, dtype in frame.schema.items():
        column = pl.col(name)
        if dtype == pl.Date:
            cells.append(column.dt.strftime("%Y-%m"))
        elif isinstance(dtype, pl.Datetime):
            cells.append(column.dt.strftime("%Y-%m-%d %H:%M"))
        elif dtype.is_float():
            cells.append(column.round(2).cast(pl.String).str.replace(r"\.0$", ""))
        else:
            cells.append(column.cast(pl.String).str.slice(0, _WIDE))
    return cells
