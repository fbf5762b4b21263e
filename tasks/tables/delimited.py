"""Text tables: CSV in the encodings, separators and line ends in which people save it."""

import codecs
import io
import re

import polars as pl

from contracts.errors import ContractBroken
from contracts.readings import Document
from tasks.tables.grid import SheetGrid, refuse_empty

_SEPARATORS = (",", ";", "\t")
_CHUNK = 1 << 20
_GB2312 = re.compile(rb"(?:[\xb0-\xf7][\xa1-\xfe])+")
_LOOKED_AT = 200


def read_delimited(document: Document) -> SheetGrid:
    """Cells of a text table: UTF-8, UTF-16 or GB18030; comma, semicolon or tab; any line ends.

    Raises `ContractBroken` for an empty file, another encoding, or rows that do not fit the table.
    """
    content = _to_utf8(document)
    if not content[:_CHUNK].strip() and not content.strip():
        refuse_empty(document.name)
    if b"\r" in content:
        content = content.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    separator, width = _look_at(content)
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


def _to_utf8(document: Document) -> bytes:
    content = document.content
    for mark, encoding in ((codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16")):
        if content.startswith(mark):
            return _recode(document, encoding)
    content = content.removeprefix(codecs.BOM_UTF8)
    if b"\x00" in content[:_CHUNK]:
        return _recode(document, "utf-16-le" if content[1:2] == b"\x00" else "utf-16-be")
    return content if _is_utf8(content) and not _is_chinese_by_chance(content) else _recode(document, "gb18030")


def _is_utf8(content: bytes) -> bool:
    # In chunks: decoding a large file at once costs four times its size for a moment.
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for start in range(0, len(content), _CHUNK):
            decoder.decode(content[start : start + _CHUNK])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _is_chinese_by_chance(content: bytes) -> bool:
    """Whether bytes that are valid UTF-8 are still rather GB18030: `硬碳` in GB18030 is `Ӳ̼` in UTF-8.

    They are where all their non-ASCII text is pairs of Chinese characters of GB 2312, and as UTF-8 it has no
    Chinese (three bytes each) but letters beyond the Latin ones.
    """
    runs = re.findall(rb"[\x80-\xff]+", content[:_CHUNK])
    is_pairs = bool(runs) and all(len(run) >= 4 and _GB2312.fullmatch(run) for run in runs)
    return is_pairs and all(max(run) < 0xE0 for run in runs) and any(max(run) >= 0xCA for run in runs)


def _recode(document: Document, encoding: str) -> bytes:
    try:
        return document.content.decode(encoding).lstrip("\ufeff").encode()
    except UnicodeDecodeError as error:
        raise ContractBroken(
            "the file is not text in a known encoding",
            where=document.name,
            effect="no rows were loaded",
            found=f"byte {error.object[error.start : error.start + 1].hex()} at {error.start}",
            next="save it as CSV in UTF-8, or as XLSX or Parquet",
        ) from error


def _look_at(content: bytes) -> tuple[str, int]:
    """Separator and number of columns, from the first lines."""
    lines = content[:_CHUNK].decode(errors="ignore").split("\n")[:_LOOKED_AT]
    filled = [_outside_quotes(line) for line in lines if line.strip()]
    counts = {separator: max(line.count(separator) for line in filled[:20]) for separator in _SEPARATORS}
    separator = max(_SEPARATORS, key=lambda s: counts[s])
    return separator, counts[separator] + 1


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
