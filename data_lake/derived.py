"""Tables that are computed from figures, kept by month; they can be thrown away and rebuilt to the same bytes."""

from datetime import date

import polars as pl

from contracts.table import Table
from data_lake.lake import Lake


def replace_months(lake: Lake, table: Table, frame: pl.DataFrame, *, first: date, last: date | None = None) -> None:
    """Make the months from `first` to `last` of a derived table hold exactly these rows, in one transaction."""
    log = lake.table(table)
    there = {value for value in log.files().values() if _inside(value, first, last)}
    log.replace(frame, there | set(frame["month"].cast(pl.String).unique()))


def _inside(partition: str, first: date, last: date | None) -> bool:
    month = date.fromisoformat(partition)
    return month >= first and (last is None or month <= last)
