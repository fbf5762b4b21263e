"""Months as the headers of tables name them, and the mark that a column is a forecast."""

import re
from datetime import datetime

import polars as pl

from tasks.tables.release_hints import print_period

_FORECAST = re.compile(
    r"[\s_-]*[(\[（]?\s*(?:f|e|fc|fcst|forecast|est|estimate|expected|预测|预计|预期)\s*[)\]）]?$", re.IGNORECASE
)
_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_NAMED = re.compile(
    r"(?P<name>[A-Za-z]{3,9})\.?[\s'’-]*(?P<year>\d{4}|\d{2})|(?P<year2>\d{4})[\s-]*(?P<name2>[A-Za-z]{3,9})"
)
_PERIOD_LIKE = re.compile(r"\d{4}-(\d{2}|[QH]\d)")
_DIGITS = re.compile(r"(\d{4})(0[1-9]|1[0-2])")


def read_month_label(text: str, month_format: str = "") -> tuple[str, bool] | None:
    """Period and whether it is marked as a forecast, of a header like `2026-01`, `Feb 2026 (F)` or `2026年2月预测`.

    None where the text names no period.
    """
    text = text.strip()
    if month_format:
        return _read_format(text, month_format)
    for candidate, is_forecast in ((text, False), (_FORECAST.sub("", text), True)):
        if (period := _read_period(candidate.strip())) is not None:
            return period, is_forecast
    return None


def _read_format(text: str, month_format: str) -> tuple[str, bool] | None:
    for candidate, is_forecast in ((text, False), (_FORECAST.sub("", text).strip(), True)):
        try:
            day = datetime.strptime(candidate, month_format)  # noqa: DTZ007 - a month has no time zone
        except ValueError:
            continue
        return f"{day:%Y-%m}", is_forecast
    return None


def _read_period(text: str) -> str | None:
    if found := _NAMED.fullmatch(text):
        name, year = found["name"] or found["name2"], found["year"] or found["year2"]
        if name[:3].lower() in _NAMES:
            number = _NAMES.index(name[:3].lower()) + 1
            return f"{year if len(year) == 4 else '20' + year}-{number:02}"
    if found := _DIGITS.fullmatch(text):
        return f"{found[1]}-{found[2]}"
    period = str(pl.select(print_period(pl.lit(text))).item())
    # A month 2026-13 is read, for the contract to refuse. A bare year above a column may be any number.
    return period if _PERIOD_LIKE.fullmatch(period) else None
