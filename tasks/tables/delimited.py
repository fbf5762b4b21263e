"""Text tables: CSV in the separators and line ends in which people save it."""

import io
import re

import polars as pl

from contracts.errors import ContractBroken
from contracts.readings import Document
from tasks.tables.grid import SheetGrid, refuse_empty, refuse_too_large
from tasks.tables.text_encoding import decode_to_utf8

_SEPARATORS = (",", ";", "\t", "|")
_CHUNK = 1 << 20
_LOOKED_AT = 200
_STATED = re.compile(rb'^"?sep=(.)"?[ \t,;|]*\n', re.IGNORECASE)


def read_delimited(document: Document) -> SheetGrid:
    """Cells of a text table: comma, semicolon, tab or bar; any line ends; encodings as `decode_to_utf8` knows them.

    A first line `sep=;`, which spreadsheet programs write, names the separator. Raises `ContractBroken` for an empty
    file, another encoding, more columns or cells than a table of figures has, or rows that do not fit the table.
    """
    content = decode_to_utf8(document)
    if not content[:_CHUNK].strip() and not content.strip():
        refuse_empty(document.name)
    if b"\r" in content:
        content = content.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    content, separator = _take_stated(content)
    lines = _first_lines(content)
    separator = separator or _choose_separator(lines)
    width = max((line.count(separator) for line in lines[:20]), default=0) + 1
    refuse_too_large(document.name, rows=content.count(b"\n") + 1, columns=width)
    try:
        cells = pl.scan_csv(
            io.BytesIO(content),
            has_header=False,
            separator=separator,
            schema={str(i): pl.String for i in range(width)},
            missing_columns="insert",
        ).collect()
    except pl.exceptions.PolarsError as error:
        raise _explain(document, content, separator, width, error) from error
    return SheetGrid(document.name, cells.with_row_index("row", offset=1), separator=separator)


def _take_stated(content: bytes) -> tuple[bytes, str]:
    """Content with the line `sep=…` emptied, so that rows keep their numbers, and the separator that it names."""
    found = _STATED.match(content[:64])
    if not found:
        return content, ""
    return b"\n" + content[found.end() :], found[1].decode(errors="ignore")


def _first_lines(content: bytes) -> list[str]:
    """Filled lines from the top, without what stands in quotes."""
    lines = content[:_CHUNK].decode(errors="ignore").split("\n", _LOOKED_AT)[:_LOOKED_AT]
    return [_outside_quotes(line) for line in lines if line.strip()]


def _choose_separator(lines: list[str]) -> str:
    """The separator of which most lines have the same number: a title or a decimal comma stands in some, or differs."""

    def count_alike(separator: str) -> tuple[int, int]:
        counts = [line.count(separator) for line in lines]
        filled = [count for count in counts if count]
        usual = max(set(filled), key=lambda n: (filled.count(n), n), default=0)
        return filled.count(usual), usual

    return max(_SEPARATORS, key=count_alike)


def _outside_quotes(line: str) -> str:
    return "".join(line.split('"')[::2])


def _explain(
    document: Document, content: bytes, separator: str, width: int, error: pl.exceptions.PolarsError
) -> ContractBroken:
    """What stands in the way, with the first line that has too many cells where that is it."""
    lines = pl.Series([_outside_quotes(line) for line in content[: 64 * _CHUNK].decode(errors="ignore").split("\n")])
    long = (lines.str.count_matches(separator, literal=True) >= width).arg_true()
    found = str(error).splitlines()[0]
    if len(long):
        found = f"row {long[0] + 1} has {lines[int(long[0])].count(separator) + 1} cells where the table has {width}"
    return ContractBroken(
        "the file cannot be read as a table",
        where=document.name,
        found=found,
        effect="no rows were loaded",
        next="put cells that hold the separator in double quotes, and close each quote",
    )
