"""Periods as a sentence names them, and the period of the vocabulary that each stands for."""

import re
from dataclasses import dataclass
from datetime import date

from contracts.period import add_months, format_month
from tasks.extraction.language import Language


@dataclass(frozen=True)
class PeriodName:
    """A period as said: a month with or without its year, a quarter, a relative period.

    `kind` is `month`, `quarter`, `half`, `year`, `to_date`, or a relative name such as `next_month`.
    `number` is the month, quarter or half; `shift` counts years from the reviewed one where the text
    says "last year" or "next year".
    """

    kind: str
    month: int = 0
    year: int = 0
    shift: int | None = None


_SHIFTS = {"last": -1, "this": 0, "next": 1}


def read_pattern_period(group: str, kind: str, match: re.Match[str], language: Language) -> PeriodName | None:
    """The period that a pattern of the language file found; None for a date, which is no period."""
    if kind == "date":
        return None
    found = {
        name.removeprefix(group): text
        for name, text in match.groupdict().items()
        if text and name.startswith(group) and name != group
    }
    year = int(found.get("year", 0))
    shift = next((change for name, change in _SHIFTS.items() if name in found), None)
    if kind == "year":
        return PeriodName("year", year=year)
    if kind in {"quarter", "half"}:
        key = language.periods[re.sub(" +", " ", found[kind])]
        return PeriodName(key, year=year, shift=shift)
    if "number" in found:
        number = int(found["number"])
    elif "count" in found:
        number = int(language.cardinals.get(found["count"], 0)) or int(found["count"])
    else:
        number = language.months[found["month"]]
    if not 1 <= number <= 12:
        return None
    return PeriodName("to_date" if kind == "ytd" else "month", month=number, year=year, shift=shift)


def resolve_period(name: PeriodName, review: date) -> str:
    """The period meant by `name` in a review of month `review`; empty where it cannot be told."""
    if name.kind in {"month", "to_date"}:
        return format_month(_resolve_month(name, review))
    if name.kind == "year":
        return str(name.year)
    for prefix, letter, months in (("quarter", "Q", 3), ("half", "H", 6)):
        if name.kind.startswith(prefix):
            return _resolve_part(name, review, letter, months)
    return _resolve_relative(name.kind, review)


def _resolve_month(name: PeriodName, review: date) -> date:
    if name.year:
        return date(name.year, name.month, 1) if name.month else review
    if not name.month:
        return review
    if name.shift is not None:
        return date(review.year + name.shift, name.month, 1)
    # the nearest such month: reviews look back at most seven months and ahead at most four without a year
    distance = (name.month - review.month + 7) % 12 - 7
    return add_months(review, distance)


def _resolve_part(name: PeriodName, review: date, letter: str, months: int) -> str:
    number = int(name.kind[-1])
    if name.year:
        return f"{name.year}-{letter}{number}"
    if name.shift is not None:
        return f"{review.year + name.shift}-{letter}{number}"
    count = 12 // months
    current = (review.month - 1) // months + 1
    distance = number - current
    back = 2 if count == 4 else 1
    year = review.year
    if distance > count - 1 - back + (1 if count == 4 else 0):
        year -= 1
    elif distance < -back:
        year += 1
    return f"{year}-{letter}{number}"


def _resolve_relative(kind: str, review: date) -> str:
    steps = {"this": 0, "last": -1, "next": 1}
    word, _, unit = kind.partition("_")
    step = steps.get(word)
    if step is None:
        return ""
    if unit == "month":
        return format_month(add_months(review, step))
    if unit == "year":
        return str(review.year + step)
    if unit == "quarter":
        moved = add_months(review, 3 * step)
        return f"{moved.year}-Q{(moved.month - 1) // 3 + 1}"
    return ""
