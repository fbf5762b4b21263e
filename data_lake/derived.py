"""Tables that are computed from figures, kept by month; they can be thrown away and rebuilt to the same bytes.

The log notes what a table's rows follow from, so that a reader can tell whether they are what would be computed now.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import polars as pl

from contracts.table import Table
from data_lake.lake import Lake

_KNOWLEDGE, _AS_OF, _RECORDED = "knowledge", "known as of", "known as recorded"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True)
class Basis:
    """What all rows of a derived table follow from: `knowledge` is a hash of everything they depend on.

    `as_of` is the instant up to which publications count, `recorded_at` that of the newest event of `releases`.
    """

    knowledge: int
    as_of: datetime
    recorded_at: datetime


def read_basis(lake: Lake, table: Table) -> tuple[pl.LazyFrame, Basis | None]:
    """The stored rows, lazily, and what they follow from; None where that is not known."""
    rows, notes = lake.table(table).scan_noted((_KNOWLEDGE, _AS_OF, _RECORDED))
    if len(notes) < 3:
        return rows, None
    as_of, recorded_at = (_EPOCH + notes[name] * _MICROSECOND for name in (_AS_OF, _RECORDED))
    return rows, Basis(notes[_KNOWLEDGE], as_of, recorded_at)


def note_basis(lake: Lake, table: Table, basis: Basis, *, follows: int | None) -> bool:
    """Note what the rows of the table follow from; not where others replaced rows since `follows` (None: they did)."""
    return follows is not None and lake.table(table).note(_write_notes(basis), follows=follows)


def replace_months(
    lake: Lake,
    table: Table,
    frame: pl.DataFrame,
    *,
    first: date,
    last: date | None = None,
    follows: int | None = None,
) -> int | None:
    """Make the months from `first` to `last` of a derived table hold exactly these rows, in one transaction.

    Returns how often the table was replaced by then, None where that was not `follows` before.
    """
    log = lake.table(table)
    there = {value for value in log.files().values() if _inside(value, first, last)}
    return log.replace(frame, there | set(frame["month"].cast(pl.String).unique()), follows=follows)


def _inside(partition: str, first: date, last: date | None) -> bool:
    month = date.fromisoformat(partition)
    return month >= first and (last is None or month <= last)


def _write_notes(basis: Basis) -> dict[str, int]:
    return {
        _KNOWLEDGE: basis.knowledge,
        _AS_OF: (basis.as_of - _EPOCH) // _MICROSECOND,
        _RECORDED: (basis.recorded_at - _EPOCH) // _MICROSECOND,
    }
