"""The XML of a spreadsheet, read as a stream: cells as shown, merged ranges, hidden rows and columns.

One pass with expat, which holds neither the text nor a tree of it: memory follows the cells, and the limits hold before
anything is allocated for what lies beyond them. Names are compared without their namespace, which differs between the
two editions of the format, and attributes stand in any order.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO, NoReturn
from xml.parsers import expat

from contracts.errors import ContractBroken
from tasks.tables.grid import number_column
from tasks.tables.number_formats import BUILT_IN, show_number

MOST_SHEET_CELLS, MOST_MERGED = 4_000_000, 20_000
LONGEST_CELL = 32_767
"""Characters that a cell of a spreadsheet can hold."""

_CHUNK = 1 << 18
_REFERENCE = re.compile(r"\$?([A-Za-z]{1,3})\$?([0-9]{1,7})")
_ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")
_LAST_ROW, _LAST_COLUMN = 1_048_576, 16_384
_TRUE = ("1", "true")


class _TooLarge(ValueError):
    """A part of the file holds more than a table of figures does."""


@dataclass
class SheetCells:
    """Filled cells of a sheet: row (from 1), column (from 0) and text of each; ranges and rows that say more.

    `merged` are ranges as top, left, bottom, right; `hidden` texts such as `row 3`; `silent` counts cells whose format
    shows nothing.
    """

    rows: list[int] = field(default_factory=list)
    columns: list[int] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    merged: list[tuple[int, int, int, int]] = field(default_factory=list)
    hidden_rows: list[int] = field(default_factory=list)
    hidden_columns: list[tuple[int, int]] = field(default_factory=list)
    silent: int = 0


@dataclass(frozen=True)
class Looks:
    """What cells refer to: shared texts, the format code of each style, whether days count from 1904."""

    shared: Sequence[str] = ()
    codes: Sequence[str] = ()
    is_1904: bool = False


def read_cells(stream: IO[bytes], looks: Looks, *, where: str) -> SheetCells:
    """Cells of the XML of one sheet.

    Raises `ContractBroken` where it is no XML, or holds more cells or merged ranges than a table of figures.
    """
    parser = _SheetParser(looks)
    _parse(stream, parser, where)
    return parser.cells


def read_shared_texts(stream: IO[bytes], *, where: str) -> list[str]:
    """The texts that cells refer to by number, without the readings that Japanese files add to them."""
    parser = _TextParser()
    _parse(stream, parser, where)
    return parser.texts


def read_format_codes(stream: IO[bytes], *, where: str) -> list[str]:
    """The code of the number format of each cell style, by the number of the style."""
    parser = _StyleParser()
    _parse(stream, parser, where)
    codes = {**BUILT_IN, **parser.formats}
    return [codes.get(number, "") for number in parser.styles]


class _Parser:
    """Callbacks of expat, by local names; `text` collects character data while `keeps` is true."""

    def __init__(self) -> None:
        self.text: list[str] = []
        self.size = 0
        self.keeps = False

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        raise NotImplementedError

    def end(self, name: str) -> None:
        raise NotImplementedError

    def data(self, text: str) -> None:
        if self.keeps and self.size <= LONGEST_CELL:
            self.text.append(text)
            self.size += len(text)

    def take_text(self) -> str:
        text, self.text, self.size = "".join(self.text), [], 0
        if "_x" in text:  # what XML cannot hold is written as its number
            text = _ESCAPED.sub(_unescape, text)
        return text if len(text) <= LONGEST_CELL else f"{text[:200]}… ({LONGEST_CELL:,} characters and more)"


def _unescape(found: re.Match[str]) -> str:
    sign = chr(int(found[1], 16))
    return found[0] if "\ud800" <= sign <= "\udfff" else sign  # half a pair is no text


def _parse(stream: IO[bytes], handler: _Parser, where: str) -> None:
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = lambda name, attributes: handler.start(name.rpartition(":")[2], attributes)
    parser.EndElementHandler = lambda name: handler.end(name.rpartition(":")[2])
    parser.CharacterDataHandler = handler.data
    parser.StartDoctypeDeclHandler = _refuse_doctype
    try:
        while chunk := stream.read(_CHUNK):
            parser.Parse(chunk, False)
        parser.Parse(b"", True)
    except (expat.ExpatError, ValueError, LookupError) as error:  # the latter two for encodings that expat cannot read
        raise ContractBroken(
            "the spreadsheet cannot be read",
            where=where,
            found=str(error),
            effect="no rows were loaded",
            next="save it again as XLSX with the table alone, or copy the file again",
        ) from error


def _refuse_doctype(*_: object) -> NoReturn:
    raise _TooLarge("a document type, which a spreadsheet does not have")


class _SheetParser(_Parser):
    def __init__(self, looks: Looks) -> None:
        super().__init__()
        self.cells = SheetCells()
        self._looks = looks
        self._row = self._column = 0
        self._kind, self._style = "n", 0
        self._value: str | None = None
        self._formula: str | None = None
        self._shows: dict[tuple[int, str], str] = {}
        self._is_reading = False

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        if name == "c":
            self._start_cell(attributes)
        elif name in {"v", "t", "f"}:
            self.keeps = not self._is_reading
        elif name == "rPh":
            self._is_reading = True
        elif name == "row":
            number = attributes.get("r", "")
            self._row = min(int(number), _LAST_ROW) if number.isdigit() else self._row + 1
            self._column = -1
            if attributes.get("hidden") in _TRUE and len(self.cells.hidden_rows) < _LAST_ROW:
                self.cells.hidden_rows.append(self._row)
        elif name == "mergeCell":
            self._add_merged(attributes.get("ref", ""))
        elif name == "col" and attributes.get("hidden") in _TRUE and len(self.cells.hidden_columns) < _LAST_COLUMN:
            first, last = attributes.get("min", ""), attributes.get("max", "")
            if first.isdigit() and last.isdigit():
                self.cells.hidden_columns.append((int(first) - 1, int(last) - 1))

    def end(self, name: str) -> None:
        if name == "c":
            self._end_cell()
        elif name == "f":
            self._formula, self.keeps = self.take_text(), False
        elif name in {"v", "t"}:
            if self.keeps:
                self._value = (self._value or "") + self.take_text()
            self.keeps = False
        elif name == "rPh":
            self._is_reading = False

    def _start_cell(self, attributes: Mapping[str, str]) -> None:
        found = _REFERENCE.fullmatch(attributes.get("r", ""))
        self._column = number_column(found[1]) if found else self._column + 1
        self._row = int(found[2]) if found else max(self._row, 1)
        style = attributes.get("s", "0")
        self._kind, self._style = attributes.get("t", "n"), int(style) if style.isdigit() else 0
        self._value = self._formula = None

    def _end_cell(self) -> None:
        text = self._show()
        if not text.strip() or self._row > _LAST_ROW or self._column >= _LAST_COLUMN:
            return
        if len(self.cells.texts) >= MOST_SHEET_CELLS:
            raise _TooLarge(f"more than {MOST_SHEET_CELLS:,} filled cells in a sheet")
        self.cells.rows.append(self._row)
        self.cells.columns.append(self._column)
        self.cells.texts.append(text)

    def _show(self) -> str:
        value = self._value
        if self._formula is not None and (value is None or (value == "" and self._kind != "str")):
            return f"={self._formula}"
        if value is None:
            return ""
        if self._kind == "s":
            number = int(value) if value.strip().isdigit() else len(self._looks.shared)
            return self._looks.shared[number] if number < len(self._looks.shared) else "#REF!"
        if self._kind == "b":
            return "TRUE" if value.strip() == "1" else "FALSE"
        if self._kind == "d":
            return value.strip().removesuffix("T00:00:00")
        return self._show_number(value.strip()) if self._kind == "n" else value

    def _show_number(self, value: str) -> str:
        key = (self._style, value)
        shown = self._shows.get(key)
        if shown is None:
            code = self._looks.codes[self._style] if self._style < len(self._looks.codes) else ""
            try:
                shown = show_number(float(value), code, is_1904=self._looks.is_1904)
            except (ValueError, ArithmeticError):
                shown = value
            if len(self._shows) < _CHUNK:
                self._shows[key] = shown
        self.cells.silent += bool(value) and not shown
        return shown

    def _add_merged(self, reference: str) -> None:
        corners = [_REFERENCE.fullmatch(corner) for corner in reference.split(":", 1)]
        if len(corners) != 2 or not (corners[0] and corners[1]):
            return
        if len(self.cells.merged) >= MOST_MERGED:
            raise _TooLarge(f"more than {MOST_MERGED:,} merged ranges in a sheet")
        (left, top), (right, bottom) = corners[0].groups(), corners[1].groups()
        self.cells.merged.append((int(top), number_column(left), int(bottom), number_column(right)))


class _TextParser(_Parser):
    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self._is_reading = False

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        del attributes
        if name == "rPh":
            self._is_reading = True
        elif name == "t":
            self.keeps = not self._is_reading

    def end(self, name: str) -> None:
        if name == "t":
            self.keeps = False
        elif name == "rPh":
            self._is_reading = False
        elif name == "si":
            if len(self.texts) >= MOST_SHEET_CELLS:
                raise _TooLarge(f"more than {MOST_SHEET_CELLS:,} different texts")
            self.texts.append(self.take_text())


class _StyleParser(_Parser):
    def __init__(self) -> None:
        super().__init__()
        self.formats: dict[int, str] = {}
        self.styles: list[int] = []
        self._is_cell_style = False

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        number = attributes.get("numFmtId", "")
        if name == "numFmt" and number.isdigit():
            self.formats[int(number)] = attributes.get("formatCode", "")
        elif name == "cellXfs":
            self._is_cell_style = True
        elif name == "xf" and self._is_cell_style and len(self.styles) < _LAST_ROW:
            self.styles.append(int(number) if number.isdigit() else 0)

    def end(self, name: str) -> None:
        self._is_cell_style = self._is_cell_style and name != "cellXfs"
