"""Months as the headers of tables name them, and the mark that a column is a forecast."""

import re
from datetime import datetime
from itertools import pairwise

from contracts.printed_period import FORECAST, PrintedPeriod, read_printed_period

_SERIAL = re.compile(r"[3-6]\d{4}")
_EPOCHS = (datetime(1899, 12, 30), datetime(1904, 1, 1))  # noqa: DTZ001 - a month has no time zone
_MARK = re.compile(r"[\s_-]*[(\[（]?\s*(?:f|e|fc|fcst|forecast|est|estimate|预测|预计|预期)\s*[)\]）]?$", re.IGNORECASE)


def read_month_label(text: str, month_format: str = "") -> PrintedPeriod | None:
    """Period of a header like `2026-01`, `Feb 2026 (F)` or `2026年2月预测`, and what is marked beside it.

    None where the text names no period, or a bare year, which above a column may be any number.
    `month_format` is a `strptime` format that every month of the table has.
    """
    if month_format:
        return _read_format(text.strip(), month_format)
    found = read_printed_period(text)
    return found if found and not found.is_year else None


def read_serials(texts: list[str]) -> list[str] | None:
    """Months of a header that lost its date format: days since 1900 (or 1904) such as 45992 and 46023.

    Only where there are at least two, each the first or last day of its month, and the months follow one another:
    other numbers are numbers.
    """
    if len(texts) < 2 or not all(_SERIAL.fullmatch(text) for text in texts):
        return None
    for epoch in _EPOCHS:
        days = [datetime.fromordinal(epoch.toordinal() + int(text)) for text in texts]
        months = [read_printed_period(f"{day:%Y-%m-%d}") for day in days]
        numbers = [day.year * 12 + day.month for day in days]
        steps = {b - a for a, b in pairwise(numbers)}
        if all(months) and steps in ({1}, {-1}):
            return [month.period for month in months if month]
    return None


def _read_format(text: str, month_format: str) -> PrintedPeriod | None:
    for candidate, mark in ((text, ""), (_MARK.sub("", text).strip(), FORECAST)):
        try:
            day = datetime.strptime(candidate, month_format)  # noqa: DTZ007 - a month has no time zone
        except ValueError:
            continue
        return PrintedPeriod(f"{day:%Y-%m}", mark)
    return None
