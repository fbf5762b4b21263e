"""Where a wide table has its header: which row, which columns are months, which say what a row is about."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise

from contracts.printed_period import PrintedPeriod
from tasks.tables.grid import SheetGrid, number_column
from tasks.tables.mapping import ROLES, TableMapping
from tasks.tables.month_labels import read_month_label, read_serials

LOOKED_AT = 50
"""Rows from the top in which a header is looked for."""

_YEAR = re.compile(r"(?:19|20)\d{2}\s?年?")
_Header = Mapping[str, str]
_Found = list[tuple[int, _Header, dict[str, PrintedPeriod]]]
_Headers = list[tuple[int, _Header, _Header]]


@dataclass(frozen=True)
class WideLayout:
    """A header: its row, its months and what they are, the columns of labels by role, and what else it names.

    `unnamed` are the columns whose header is empty.
    """

    row: int
    texts: Mapping[str, str]
    months: Mapping[str, PrintedPeriod]
    roles: Mapping[str, str]
    others: Mapping[str, str] = field(default_factory=dict)
    unnamed: tuple[str, ...] = ()

    @property
    def form(self) -> tuple[tuple[str, str], ...]:
        """What two sheets of one form have in common: the columns and their roles, whatever the months."""
        return tuple(sorted(self.roles.items()))


def find_layout(grid: SheetGrid, mapping: TableMapping) -> WideLayout | None:
    """The header row: the one named, else the one with most months among the first rows.

    Years written above their months are read with them; a header of bare serial numbers of days where no row has
    months.
    """
    headers = _list_headers(grid, mapping)
    best: tuple[int, _Header, dict[str, PrintedPeriod]] | None = None
    for row, header, months in [*_read_plain(headers, mapping), *_read_under_years(headers)]:
        if months and (best is None or len(months) > len(best[2])):
            best = (row, header, months)
    best = best or next(iter(_read_serial_headers(headers)), None)
    return _build_layout(grid, mapping, *best) if best else None


def find_column(grid: SheetGrid, header: _Header, name: str) -> str | None:
    """The grid column with this header text or these spreadsheet letters."""
    for column, text in header.items():
        if text.casefold() == name.strip().casefold():
            return column
    is_letters = name.isascii() and name.isalpha() and len(name) <= 3
    column = str(number_column(name) - grid.first_column) if is_letters else ""
    return column if column in grid.cells.columns else None


def _list_headers(grid: SheetGrid, mapping: TableMapping) -> _Headers:
    """Rows that may be the header with their filled cells, and those of the row above."""
    headers: _Headers = []
    above: _Header = {}
    for line in grid.cells.head(LOOKED_AT).iter_rows(named=True):
        row = line.pop("row")
        filled = {column: text.strip() for column, text in line.items() if text and text.strip()}
        if mapping.header_row in (0, row):
            headers.append((row, filled, above))
        above = filled
    return headers


def _read_plain(headers: _Headers, mapping: TableMapping) -> _Found:
    return [
        (row, header, {c: p for c, t in header.items() if (p := read_month_label(t, mapping.month_format))})
        for row, header, _ in headers
    ]


def _read_under_years(
    headers: _Headers,
) -> _Found:
    """Headers of months without a year (`Nov`, `Dec`, `Jan`) under years; only where the months follow one another."""
    found: _Found = []
    for row, header, above in headers:
        if not any(_YEAR.fullmatch(text) for text in above.values()):
            continue
        year, months = "", dict[str, PrintedPeriod]()
        for column in sorted({*header, *above}, key=int):
            year = above[column].rstrip("年 ") if _YEAR.fullmatch(above.get(column, "")) else year
            text = header.get(column, "")
            if year and text and (period := _read_with_year(text, year)):
                months[column] = period
        numbers = [_number_month(period.period) for period in months.values()]
        if len(months) > 1 and {b - a for a, b in pairwise(numbers)} in ({1}, {-1}):
            found.append((row, {**{c: t for c, t in above.items() if not _YEAR.fullmatch(t)}, **header}, months))
    return found


def _read_with_year(text: str, year: str) -> PrintedPeriod | None:
    return read_month_label(f"{text} {year}") or read_month_label(f"{year}年{text}")


def _number_month(period: str) -> int:
    year, _, month = period.partition("-")
    return int(year) * 12 + int(month) if month.isdigit() else 0


def _read_serial_headers(
    headers: _Headers,
) -> _Found:
    found: _Found = []
    for row, header, _ in headers:
        numbers = {column: text for column, text in header.items() if text.isdigit()}
        if len(numbers) < len(header) and (periods := read_serials(list(numbers.values()))):
            months = {c: PrintedPeriod(p) for c, p in zip(numbers, periods, strict=True)}
            found.append((row, header, months))
    return found


def _build_layout(
    grid: SheetGrid, mapping: TableMapping, row: int, header: _Header, months: dict[str, PrintedPeriod]
) -> WideLayout:
    roles = _find_roles(grid, mapping, header, months)
    known = {*months, *roles.values()}
    return WideLayout(
        row,
        {column: header.get(column, period.period) for column, period in months.items()},
        months,
        roles,
        {c: t for c, t in header.items() if c not in known},
        tuple(c for c in grid.cells.columns[1:] if c not in header and c not in known),
    )


def _find_roles(
    grid: SheetGrid, mapping: TableMapping, header: _Header, months: Mapping[str, PrintedPeriod]
) -> dict[str, str]:
    named = {role: find_column(grid, header, name) for role, name in mapping.label_columns.items()}
    if named:
        return {role: column for role, column in named.items() if column is not None}
    spelled = {text.casefold(): column for column, text in header.items() if column not in months}
    roles = {role: spelled[role] for role in ROLES if role in spelled}
    if not {"label", "segment"} & set(roles):
        first = min(map(int, months))
        taken = set(roles.values())
        free = [c for c in grid.cells.columns[1:] if int(c) < first and c not in taken]
        roles |= {"label": free[0]} if free else {}
    return roles
