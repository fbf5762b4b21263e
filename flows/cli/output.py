"""Printing tables: data to stdout as table, CSV, JSON or Parquet; messages to stderr."""

import io
import json
import os
import re
import shutil
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from difflib import get_close_matches
from pathlib import Path
from typing import IO, TYPE_CHECKING

import polars as pl

from contracts.errors import UsageError
from contracts.text import quote_formulas
from flows.cli.options import Shape
from flows.cli.progress_line import LINE

if TYPE_CHECKING:
    from contracts.text_table import Look, TextColumn
    from flows.cli.views import View

_LABELLED = re.compile(r"(\s*(?:\S+\s{2,})?)(.*)", re.DOTALL)
"""A line with its indent, and the name in front of it where it has one: `  told      nobody yet`."""
SHOWN_ROWS = 40
"""Rows that a terminal shows unless more are asked for; a file or a pipe gets all."""


def print_frame(
    frame: pl.DataFrame,
    shape: Shape = Shape(),  # noqa: B008 - frozen
    *,
    nothing: str,
    view: "View | None" = None,
    chains_folder: Path | None = None,
) -> None:
    """Print a table. `nothing` is said on stderr where it has no row; the data stay empty but well formed.

    For people (`table`) a view in words is printed, cut to the terminal's width, with a last line that says how many
    rows there are and how to see the rest. JSON is a list of objects, one per row, in column order; months are
    `YYYY-MM-DD`, instants ISO 8601 in UTC, absent numbers null. CSV has the same texts, absent numbers empty;
    with `shape.is_safe` texts that a spreadsheet would compute are quoted (`quote_formulas`). `csv-excel` is that with
    a mark of UTF-8, by which Excel knows Chinese and signs. `xlsx` is a workbook of one sheet with real dates and
    numbers, units in its heads, and texts that stay texts.
    Raises `UsageError` for a column that the table does not have.
    """
    if frame.is_empty():
        print_message(nothing)
    frame = _sort(frame, shape.sort)
    if shape.format == "table":
        if frame.height:
            _print_table(frame, shape, None if shape.columns else view, chains_folder)
        return
    frame = frame.select(_check_columns(frame, shape.columns)) if shape.columns else frame
    frame = frame.head(shape.limit) if shape.limit else frame
    if shape.format in {"csv", "csv-excel"}:
        is_for_excel = shape.format == "csv-excel"
        text = pl.col(pl.String).replace("", None)
        is_safe = shape.is_safe or is_for_excel
        texts = frame.with_columns(*instants_as_text(frame), quote_formulas(text) if is_safe else text)
        content = texts.write_csv().encode("utf-8-sig" if is_for_excel else "utf-8")
        _stdout().write(content)  # by Python: polars tells a closed pipe as an error of the disk
    elif shape.format == "json":
        rows = frame.with_columns(*instants_as_text(frame), *_dates_as_text(frame)).to_dicts()
        sys.stdout.write(json.dumps(rows, ensure_ascii=False, indent=1) + "\n")
    else:
        if sys.stdout.isatty():
            kind = {"parquet": "Parquet", "xlsx": "A workbook"}[shape.format]
            raise UsageError(
                f"{kind} is not for a terminal", next=f"send it to a file: … --format {shape.format} > FILE"
            )
        _stdout().write(_make_workbook(frame) if shape.format == "xlsx" else _make_parquet(frame))


def _make_parquet(frame: pl.DataFrame) -> bytes:
    content = io.BytesIO()
    frame.write_parquet(content)
    return content.getvalue()


def _make_workbook(frame: pl.DataFrame) -> memoryview:
    from tasks.workbooks import Sheet, make_tables, refuse_too_many  # noqa: PLC0415 - only a workbook pays for it

    sheet = Sheet("Trona", frame)
    refuse_too_many([sheet], "--format xlsx")
    return make_tables((), [sheet])


def print_message(message: str) -> None:
    """A message for the person, on stderr; a command goes on where stderr takes nothing (a full disk)."""
    with suppress(OSError), LINE.printing():
        sys.stderr.write(message + "\n")


def find_look() -> "Look":
    """The width of the terminal and whether it shows bold; a pipe gets everything in full, and a plain text."""
    from contracts.text_table import Look  # noqa: PLC0415 - only tables pay for it

    if not sys.stdout.isatty():
        return Look()
    return Look(shutil.get_terminal_size((100, 40)).columns, "NO_COLOR" not in os.environ)


def fit_text(text: str) -> str:
    """A text for a person: in a terminal its long sentences are cut into lines that fit; tables stay as they are."""
    look = find_look()
    if look.width is None:
        return text
    lines = (_fit_line(line, look.width) for line in text.split("\n"))
    return "\n".join(line for fitted in lines for line in fitted)


def _fit_line(line: str, width: int) -> list[str]:
    from contracts.text_table import wrap_sentence  # noqa: PLC0415 - only texts pay for it

    label, text = _LABELLED.fullmatch(line).groups("")  # type: ignore[union-attr]
    if len(line) <= width or "  " in text or "\x1b" in text:
        return [line]
    if not label.strip():
        return wrap_sentence(text, width, label)
    first, *rest = wrap_sentence(text, width - len(label))
    return [label + first, *(" " * len(label) + more for more in rest)]


def print_told(
    frame: pl.DataFrame, shape: Shape, view: "View", tell: Callable[[pl.DataFrame], Iterable[str]], *, nothing: str
) -> None:
    """Print what `tell` says of rows, the same rows in the same order as their table: the most important first.

    `nothing` is said on stderr where there is no row. Text of documents is escaped.
    """
    from contracts.terminal_text import escape_terminal  # noqa: PLC0415 - only texts pay for it

    if frame.is_empty():
        print_message(nothing)
        return
    rows = _sort(frame, shape.sort) if shape.sort else frame.sort(view.order, descending=True, maintain_order=True)
    shown = rows.head(_find_limit(shape) or rows.height)
    text = "\n".join(escape_terminal(line) for line in tell(shown))
    sys.stdout.write(fit_text(text).rstrip("\n") + "\n")
    sys.stdout.flush()
    if shown.height < rows.height:
        print_message(f"{shown.height:,} of {rows.height:,}; all of them: --limit 0")


def _find_limit(shape: Shape) -> int:
    return (SHOWN_ROWS if sys.stdout.isatty() else 0) if shape.limit is None else shape.limit


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


def _sort(frame: pl.DataFrame, keys: Sequence[str]) -> pl.DataFrame:
    if not keys:
        return frame
    names = _check_columns(frame, [key.removeprefix("-") for key in keys])
    return frame.sort(names, descending=[key.startswith("-") for key in keys], nulls_last=True, maintain_order=True)


def _check_columns(frame: pl.DataFrame, names: Sequence[str]) -> list[str]:
    for name in names:
        if name not in frame.columns:
            near = get_close_matches(name, frame.columns, n=3) or frame.columns
            raise UsageError(f"there is no column {name!r} in this table", next=f"columns are: {', '.join(near)}")
    return list(names)


def _print_table(frame: pl.DataFrame, shape: Shape, view: "View | None", chains_folder: Path | None) -> None:
    from contracts.text_table import render_table  # noqa: PLC0415 - only tables pay for it
    from flows.cli.views import View, show_rows  # noqa: PLC0415

    limit = _find_limit(shape)
    if view is not None:
        kept = View(view.columns, () if shape.sort else view.order, view.needs_series)
        texts, columns = show_rows(frame, kept, chains_folder, limit), [shown.column for shown in view.columns]
    else:
        chosen = frame.select(_check_columns(frame, shape.columns)) if shape.columns else frame
        chosen = chosen.head(limit) if limit else chosen
        texts, columns = chosen.select(_cells(chosen)), [_describe(chosen, name) for name in chosen.columns]
    width = None if shape.is_wide or shape.columns else shutil.get_terminal_size((100, 40)).columns
    lines = render_table(texts, columns, width=width, color=sys.stdout.isatty() and "NO_COLOR" not in os.environ)
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()
    print_message(_count_shown(frame.height, texts.height))


def _describe(frame: pl.DataFrame, name: str) -> "TextColumn":
    from contracts.text_table import TextColumn  # noqa: PLC0415

    dtype = frame.schema[name]
    return TextColumn(name, align="right" if dtype.is_numeric() else "left", may_cut=dtype == pl.String)


def _count_shown(rows: int, shown: int) -> str:
    if shown < rows:
        return f"{shown:,} of {rows:,} rows; all of them: --limit 0; every column: --format csv"
    return f"{rows:,} row{'' if rows == 1 else 's'}; every column: --format csv"


def _cells(frame: pl.DataFrame) -> list[pl.Expr]:
    """Values as plain text, for columns that somebody asked for by name and for tables without a view."""
    return [_cell(name, dtype) for name, dtype in frame.schema.items()]


def _cell(name: str, dtype: pl.DataType) -> pl.Expr:
    column = pl.col(name)
    if dtype == pl.Date:
        return column.dt.strftime("%Y-%m")
    if isinstance(dtype, pl.Datetime):
        return column.dt.strftime("%Y-%m-%d %H:%M")
    if dtype.is_float():
        return column.round(4).cast(pl.String).str.replace(r"\.0$", "")
    return column.cast(pl.String)
