"""Periods as people write them: one way of reading them for headers, cells and options.

What can be read one way only is read: `Jan 2026`, `2026年1月`, `202601`, the last or first day of a month. What could
be two things is not: `2026-01-15` (a month or a day), `01/02/2026` (January or February), `26-Jan` (a month or a day).
"""

import re
import unicodedata
from calendar import monthrange
from dataclasses import dataclass
from functools import lru_cache

ACTUAL, FORECAST, PRELIMINARY, REVISED = "actual", "forecast", "preliminary", "revised"

_MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_NUMBERS = {name: i for i, full in enumerate(_MONTHS, 1) for name in (full, full[:3])} | {"sept": 9}
_WORD = "|".join(sorted(_NUMBERS, key=len, reverse=True))
_MARKS = {
    ACTUAL: ("a", "act", "actual", "实际", "实际值"),
    FORECAST: (
        *("f", "fc", "fcst", "forecast", "e", "est", "estimate", "estimated", "exp", "expected"),
        *("预测", "预计", "预期", "预估"),
    ),
    PRELIMINARY: ("p", "prel", "prelim", "preliminary", "初值", "初步"),
    REVISED: ("r", "rev", "revised", "修正", "修正值"),
}
_MARK_OF = {word: mark for mark, words in _MARKS.items() for word in words}
_MARK = re.compile(
    rf"(?P<rest>.*?)[\s_-]*[(\[]?\s*(?P<mark>{'|'.join(sorted(_MARK_OF, key=len, reverse=True))})\.?\s*[)\]]?"
)
_FORMS = tuple(
    re.compile(form)
    for form in (
        r"(?P<year>\d{4})\s?[-/.]\s?(?P<month>\d{1,2})",
        r"(?P<year>\d{4})\s?年\s?(?P<month>\d{1,2})\s?月份?",
        r"(?P<year>\d{4})(?P<month>0[1-9]|1[0-2])",
        r"(?P<year>\d{4})[- ]?m(?P<month>\d{1,2})",
        r"(?P<month>0?[1-9]|1[0-2])\s?[-/.]\s?(?P<year>\d{4})",
        rf"(?P<word>{_WORD})\.?[\s,'’/_-]*(?P<year>\d{{4}})",
        rf"(?P<word>{_WORD})\.?[\s'’/_-]*(?P<short>\d{{2}})",
        rf"(?P<year>\d{{4}})[\s,/_-]*(?P<word>{_WORD})\.?",
        r"(?P<year>\d{4})[-\s/]?(?P<span>[qh])(?P<number>\d)",
        r"(?P<span>[qh])(?P<number>\d)[-\s/']*(?:(?P<year>\d{4})|(?P<short>\d{2}))",
        r"(?P<number>\d)(?P<span>[qh])[-\s/']*(?:(?P<year>\d{4})|(?P<short>\d{2}))",
        r"(?P<year>\d{4})年?第?(?P<number>[1-4一二三四])(?P<span>季)度",
        r"(?P<year>\d{4})年(?P<number>[上下])(?P<span>半)年",
        r"(?P<year>\d{4})年?",
    )
)
_TIME = r"(?:[t ]00:00(?::00(?:\.0+)?)?z?)?"
_DAYS = tuple(
    re.compile(form + _TIME)
    for form in (
        r"(?P<year>\d{4})[-/.](?P<month>\d{1,2})[-/.](?P<day>\d{1,2})",
        r"(?P<year>\d{4})年(?P<month>\d{1,2})月(?P<day>\d{1,2})日",
        r"(?P<year>20\d{2})(?P<month>\d{2})(?P<day>\d{2})",
        rf"(?P<day>\d{{1,2}})[-\s./]+(?P<word>{_WORD})\.?[-\s,./]+(?P<year>\d{{4}})",
        rf"(?P<word>{_WORD})\.?\s+(?P<day>\d{{1,2}}),?\s+(?P<year>\d{{4}})",
    )
)
_EITHER = re.compile(r"(?P<a>\d{1,2})(?P<mark>[-/.])(?P<b>\d{1,2})(?P=mark)(?P<year>\d{4})" + _TIME)
_SPANS = {"q": "Q", "季": "Q", "h": "H", "半": "H"}
_CHINESE = {"一": "1", "二": "2", "三": "3", "四": "4", "上": "1", "下": "2"}
_SHOWN_AS = re.compile(r"\d{4}-\d{2}-\d{2} as (\d{4}-\d{2})")
"""How a spreadsheet's date is given that its format shows as a month."""

_LONGEST = 60
_FIRST_SHORT_YEAR = 70


@dataclass(frozen=True)
class PrintedPeriod:
    """A period in the form in which it is kept, and what is written beside it: actual, forecast, preliminary, revised.

    `period` may be one that the contract refuses, such as `2026-13`.
    """

    period: str
    mark: str = ""

    @property
    def kind(self) -> str:
        """`actual` or `forecast` where the mark says so, else empty; preliminary and revised values are actuals."""
        return "" if not self.mark else FORECAST if self.mark == FORECAST else ACTUAL

    @property
    def is_year(self) -> bool:
        """Whether it is a bare year, which above a column of numbers may be any number."""
        return len(self.period) == len("2026")


@lru_cache(maxsize=4096)
def read_printed_period(text: str) -> PrintedPeriod | None:
    """The one period that a text can mean; None where it means none or more than one.

    Two digits of a year are 1970 to 2069. A day counts where it is the first or last of its month.
    """
    plain = unicodedata.normalize("NFKC", text[: _LONGEST + 1]).strip().casefold()
    if shown := _SHOWN_AS.fullmatch(plain):
        plain = shown[1]
    if not plain or len(plain) > _LONGEST:
        return None
    if period := _read_period(plain):
        return PrintedPeriod(period)
    found = _MARK.fullmatch(plain)
    if found and (period := _read_period(found["rest"].strip())):
        return PrintedPeriod(period, _MARK_OF[found["mark"]])
    return None


def _read_period(plain: str) -> str | None:
    for form in _FORMS:
        if found := form.fullmatch(plain):
            return _name_period({key: value for key, value in found.groupdict().items() if value})
    for form in _DAYS:
        if found := form.fullmatch(plain):
            parts = found.groupdict()
            month = _NUMBERS[parts["word"]] if parts.get("word") else int(parts["month"])
            return _name_month_of_day(int(parts["year"]), month, int(parts["day"]))
    if found := _EITHER.fullmatch(plain):
        year, a, b = int(found["year"]), int(found["a"]), int(found["b"])
        if a == b or max(a, b) > len(_MONTHS):  # else 01/02/2026 is a date in either order
            return _name_month_of_day(year, min(a, b), max(a, b))
    return None


def _name_period(parts: dict[str, str]) -> str | None:
    year = parts.get("year") or ("19" if int(parts["short"]) >= _FIRST_SHORT_YEAR else "20") + parts["short"]
    if span := parts.get("span"):
        return f"{year}-{_SPANS[span]}{_CHINESE.get(parts['number'], parts['number'])}"
    if word := parts.get("word"):
        return f"{year}-{_NUMBERS[word]:02}"
    return f"{year}-{int(parts['month']):02}" if "month" in parts else year


def _name_month_of_day(year: int, month: int, day: int) -> str | None:
    """The month of its first or last day; None for other days and for what is no date."""
    if not (1 <= month <= len(_MONTHS) and year >= 1):
        return None
    return f"{year:04}-{month:02}" if day in {1, monthrange(year, month)[1]} else None
