"""Periods as a sentence names them, and the period of the vocabulary that each stands for."""

import re
from dataclasses import dataclass
from datetime import date

from contracts.period import add_months, format_month
from tasks.extraction.language import Language
from tasks.extraction.quantities.numerals import read_characters, read_words


@dataclass(frozen=True)
class PeriodName:
    """A period as said: a month with or without its year, a quarter, a relative period.

    `kind` is `month`, `quarter1` …, `half1` …, `year`, `to_date`, or a relative name such as `next_month`.
    `month` is the month, the last one of a span to date; `shift` counts years from the reviewed one where the
    text says "last year" or "next year".
    """

    kind: str
    month: int = 0
    year: int = 0
    shift: int | None = None

    @property
    def is_month(self) -> bool:
        """Whether it is one month, named or relative."""
        return self.kind == "month" or self.kind.endswith("_month")

    @property
    def is_quarter(self) -> bool:
        """Whether it is a quarter."""
        return "quarter" in self.kind


_SHIFTS = {"last": -1, "this": 0, "next": 1}


def read_pattern_period(group: str, kind: str, match: re.Match[str], language: Language) -> PeriodName | None:
    """The period that a pattern of the language file found; None where its numbers name none."""
    found = {
        name.removeprefix(group): text
        for name, text in match.groupdict().items()
        if text and name.startswith(group) and name != group
    }
    year = int(found.get("year", 0)) or (2000 + int(found["yy"]) if "yy" in found else 0)
    shift = next((change for name, change in _SHIFTS.items() if name in found), None)
    if kind == "year":
        return PeriodName("year", year=year)
    if "digit" in found:
        return PeriodName(f"{kind}{found['digit']}", year=year)
    if kind in {"quarter", "half"}:
        return PeriodName(language.periods[re.sub(" +", " ", found[kind])], year=year, shift=shift)
    number = _read_month(found, language)
    if kind == "quarters":
        number = None if number is None else number * 3
    if number is None or not 1 <= number <= 12:
        return None
    if "latest" in found:
        return PeriodName("latest_month", month=number)
    return PeriodName("month" if kind == "month" else "to_date", month=number, year=year, shift=shift)


def _read_month(found: dict[str, str], language: Language) -> int | None:
    if "number" in found:
        return int(found["number"])
    if "count" not in found:
        return language.months[found["month"]]
    text = found["count"]
    if text.isdigit():
        return int(text)
    value = read_characters(text) if language.numerals is None else read_words(text, language.numerals)
    return None if value is None else int(value)


@dataclass(frozen=True)
class Calendar:
    """What a review is about and when it appeared: the months by which relative periods are told.

    `period` is the reviewed month, quarter or half; `review` its last month; `published` the month it appeared in.
    """

    period: str
    review: date
    published: date

    def resolve(self, name: PeriodName) -> str:
        """The period meant by `name`; empty where it cannot be told."""
        if name.kind == "latest_month":  # "last June": the latest one before the reviewed month
            return format_month(add_months(self.review, -((self.review.month - name.month - 1) % 12 + 1)))
        if name.kind in {"month", "to_date"}:
            return format_month(self._resolve_month(name))
        if name.kind == "year":
            return str(name.year)
        if name.kind == "last_quarter" and name.year:
            return f"{name.year}-Q4"
        for prefix, letter, months in (("quarter", "Q", 3), ("half", "H", 6)):
            if name.kind.startswith(prefix):
                return self._resolve_part(name, letter, months)
        return self._resolve_relative(name.kind)

    def _resolve_month(self, name: PeriodName) -> date:
        review = self.review
        if not name.month:
            return review
        if name.year:
            return date(name.year, name.month, 1)
        if name.shift is not None:
            return date(review.year + name.shift, name.month, 1)
        # the nearest such month: reviews look back at most seven months and ahead at most four without a year
        return add_months(review, (name.month - review.month + 7) % 12 - 7)

    def _resolve_part(self, name: PeriodName, letter: str, months: int) -> str:
        number = int(name.kind[-1])
        review = self.review
        if name.year:
            return f"{name.year}-{letter}{number}"
        if name.shift is not None:
            return f"{review.year + name.shift}-{letter}{number}"

        # the nearest such part; one to come is half as near as one that is over
        def distance(year: int) -> int:
            start = (year - review.year) * 12 + (number - 1) * months + 1 - review.month
            return 2 * start if start > 0 else max(0, 1 - months - start)

        year = min((review.year, review.year - 1, review.year + 1), key=distance)
        return f"{year}-{letter}{number}"

    def _resolve_relative(self, kind: str) -> str:
        word, _, unit = kind.partition("_")
        step = _SHIFTS.get(word)
        if step is None:
            return "" if kind != "previous_month" else format_month(add_months(self.review, -1))
        if unit == "month":
            is_over = self.published > self.review
            if kind == "last_month":  # said after the month: the month that is over
                return format_month(self.review if is_over else add_months(self.review, -1))
            return format_month(add_months(self.review, step))
        if unit == "year":
            return str(self.review.year + step)
        if unit == "quarter":
            moved = add_months(self.review, 3 * step)
            return f"{moved.year}-Q{(moved.month - 1) // 3 + 1}"
        if unit == "half":
            moved = add_months(self.review, 6 * step)
            return f"{moved.year}-H{(moved.month - 1) // 6 + 1}"
        return ""
