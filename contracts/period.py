"""Periods as the reviews name them: a month `2026-01`, `2025-Q3`, `2025-H1`, a year `2025`."""

import re
from datetime import date

import polars as pl

from contracts.errors import UsageError
from contracts.printed_period import read_printed_period

_PERIOD = re.compile(r"(?P<year>\d{4})(?:-(?:(?P<month>\d{2})|Q(?P<quarter>[1-4])|H(?P<half>[12])))?")
PERIOD_PATTERN = r"^\d{4}(-(0[1-9]|1[0-2])|-Q[1-4]|-H[12])?$"
MONTH_PATTERN = r"^\d{4}-(0[1-9]|1[0-2])$"


def first_month(period: str) -> date:
    """First day of a period. Raises `UsageError` where the text is no period."""
    found = _PERIOD.fullmatch(period)
    if found:
        year = int(found["year"])
        month = int(found["month"] or 0)
        if found["quarter"]:
            month = 3 * int(found["quarter"]) - 2
        elif found["half"]:
            month = 6 * int(found["half"]) - 5
        elif found["month"] is None:
            month = 1
        if 1 <= month <= 12 and year >= 1:
            return date(year, month, 1)
    raise UsageError(
        f"not a period: {period!r}",
        next="write a month as 2026-01, or 2025-Q3, 2025-H1, 2025",
    )


def last_month(period: str) -> date:
    """First day of a period's last month."""
    return add_months(first_month(period), span_months(period) - 1)


def span_months(period: str) -> int:
    """How many months a period has: 1, 3, 6 or 12."""
    return 3 if "Q" in period else 6 if "H" in period else 1 if "-" in period else 12


def parse_month(text: str) -> date:
    """First day of a month in any way of writing that has one reading (`read_printed_period`).

    Raises `UsageError` for anything else.
    """
    found = read_printed_period(text)
    if found and not found.mark and re.fullmatch(MONTH_PATTERN, found.period):
        return first_month(found.period)
    raise UsageError(f"not a month: {text!r}", next="write it as YYYY-MM, for example 2026-01")


def parse_period(text: str) -> str:
    """A month, quarter, half-year or year in any way of writing that has one reading, as it is kept: `2026-01`.

    Raises `UsageError` for anything else.
    """
    found = read_printed_period(text)
    period = found.period if found and not found.mark else text
    first_month(period)  # raises where it is none
    return period


def parse_span(first: str, last: str) -> tuple[date | None, date | None]:
    """First and last month of a span, each None where its text is empty.

    Raises `UsageError` where one is no month, or the first lies after the last.
    """
    months = parse_month(first) if first else None, parse_month(last) if last else None
    if months[0] and months[1] and months[0] > months[1]:
        raise UsageError(f"the first month {first} is after the last {last}", next="swap --from and --to")
    return months


def add_months(month: date, count: int) -> date:
    """The first day of the month `count` months after `month`."""
    index = month.year * 12 + month.month - 1 + count
    return date(index // 12, index % 12 + 1, 1)


def format_month(month: date) -> str:
    """`2026-01` for any day of January 2026."""
    return f"{month:%Y-%m}"


def month_column(period: pl.Expr) -> pl.Expr:
    """First day of well-formed periods, as `pl.Date`; null for other text."""
    suffix = period.str.slice(5)
    number = suffix.str.extract(r"(\d+)$").cast(pl.Int8, strict=False)
    month = (
        pl.when(suffix == "")
        .then(1)
        .when(suffix.str.starts_with("Q"))
        .then(3 * number - 2)
        .when(suffix.str.starts_with("H"))
        .then(6 * number - 5)
        .otherwise(number)
    )
    return pl.when(period.str.contains(PERIOD_PATTERN)).then(
        pl.date(period.str.slice(0, 4).cast(pl.Int32, strict=False), month, 1)
    )
