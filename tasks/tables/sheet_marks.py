"""What a sheet's XML says about its cells beside their values: merged ranges, formulas without value, percents.

The spreadsheet reader gives values alone. These marks are found by patterns over the XML, not by parsing it:
they are few, and parsing a large sheet in Python takes longer than reading it.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass

_CELL = rb'<(?:\w+:)?c r="([A-Z]+)([0-9]+)"'
_MERGED = re.compile(rb'<(?:\w+:)?mergeCell ref="([A-Z]+)([0-9]+):([A-Z]+)([0-9]+)"')
_ERROR = re.compile(_CELL + rb'[^>]*\bt="e"[^>]*>.{0,9000}?<(?:\w+:)?v>([^<]*)</', re.DOTALL)
_UNCOMPUTED = re.compile(
    _CELL + rb"[^>]*><(?:\w+:)?f\b[^>]*?(?:/>|>([^<]*)</(?:\w+:)?f>)(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v></(?:\w+:)?v>)?</"
    rb"(?:\w+:)?c>"
)
_STYLE_LIST = re.compile(rb"<(?:\w+:)?cellXfs\b.*?</(?:\w+:)?cellXfs>", re.DOTALL)
_STYLE = re.compile(rb'<(?:\w+:)?xf\b[^>]*?\bnumFmtId="([0-9]+)"')
_FORMAT = re.compile(rb'<(?:\w+:)?numFmt\b[^>]*?\bnumFmtId="([0-9]+)"[^>]*?\bformatCode="([^"]*)"')
_BUILT_IN_PERCENT = {9, 10}


@dataclass(frozen=True)
class SheetMarks:
    """Merged ranges (top, left, bottom, right), texts by row and column, rows of percent cells by column."""

    merged: list[tuple[int, str, int, str]]
    texts: dict[tuple[int, str], str]
    percents: dict[str, list[int]]


def find_marks(xml: bytes, percent_styles: Collection[int]) -> SheetMarks:
    """Marks of one sheet. Columns are given by their letters, rows from 1."""
    merged = [
        (int(top), left.decode(), int(bottom), right.decode()) for left, top, right, bottom in _MERGED.findall(xml)
    ]
    texts = {(int(row), column.decode()): value.decode() for column, row, value in _ERROR.findall(xml)}
    texts |= {(int(row), column.decode()): f"={text.decode()}" for column, row, text in _UNCOMPUTED.findall(xml)}
    percents: dict[str, list[int]] = {}
    if percent_styles:
        styles = b"|".join(str(style).encode() for style in percent_styles)
        for column, row in re.findall(_CELL + rb'[^>]*?\bs="(?:' + styles + rb')"', xml):
            percents.setdefault(column.decode(), []).append(int(row))
    return SheetMarks(merged, texts, percents)


def list_percent_styles(xml: bytes) -> list[int]:
    """Numbers of the cell styles whose number format shows percents."""
    formats = {int(number) for number, code in _FORMAT.findall(xml) if b"%" in code} | _BUILT_IN_PERCENT
    listed = _STYLE_LIST.search(xml)
    return [i for i, number in enumerate(_STYLE.findall(listed[0])) if int(number) in formats] if listed else []
