"""What a document says of its time: the day it appeared and the month, quarter or half-year it reviews."""

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from zoneinfo import ZoneInfo

from contracts.chain import Chain
from contracts.period import add_months, format_month, last_month
from tasks.extraction.language import Language
from tasks.extraction.mentions.lexicon import build_trie
from tasks.extraction.text.characters import normalise

_HEAD, _TAIL = 2_500, 600
_DAY_FIRST = r"(?<!\d)(?P<day>\d{1,2})(?:st|nd|rd|th)?\.? (?P<month>[^\W\d_]{3,9})\.?,? (?P<year>20\d\d)"
_MONTH_FIRST = r"(?<![^\W_])(?P<month>[^\W\d_]{3,9})\.? (?P<day>\d{1,2})(?:st|nd|rd|th)?,? (?P<year>20\d\d)"
_NUMERIC = r"(?<!\d)(?P<year>20\d\d)\s?[-/.年]\s?(?P<number>\d{1,2})\s?[-/.月]\s?(?P<day>\d{1,2})(?!\d)"
_JOINED = r"(?<!\d)(?P<year>20\d\d)(?P<number>0[1-9]|1[0-2])(?P<day>[0-3]\d)(?!\d)"
_DATES = tuple(re.compile(pattern) for pattern in (_NUMERIC, _DAY_FIRST, _MONTH_FIRST, _JOINED))
_SHORT_LINE = 70
_LAST_DAYS = 27
"""From this day on a review may already be about the month it appears in."""


def read_published(text: str, language: Language, chain: Chain) -> datetime | None:
    """The instant of publication that the document states: midnight of the stated day in the chain's time zone, UTC."""
    head, tail = normalise_lines(text[:_HEAD]), normalise_lines(text[-_TAIL:])
    day = (
        _find_labelled(head, language)
        or _find_dateline(head, language)
        or _find_labelled(tail, language)
        or _find_day_of_month(head, language)
        or _find_date(head[:1_500], language)
        or _find_dateline(tail, language)
    )
    return None if day is None else day_start(day, chain)


def day_start(day: date, chain: Chain) -> datetime:
    """The first instant of a day where the chain's calendar runs, in UTC."""
    zone = ZoneInfo(chain.calendar.time_zone)
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(ZoneInfo("UTC"))


def normalise_lines(text: str) -> str:
    """Normalised text that keeps its line ends."""
    return "\n".join(normalise(line) for line in text.split("\n"))


def _find_labelled(plain: str, language: Language) -> date | None:
    """A date behind a word like "published" or 发布日期."""
    words = build_trie(normalise(word) for word in language.published)
    for match in re.finditer(rf"(?<![^\W_]){words}", plain):
        found = _find_date(plain[match.end() : match.end() + 65].split("\n", maxsplit=1)[0], language)
        if found is not None:
            return found
    return None


def _find_dateline(plain: str, language: Language) -> date | None:
    """A date in a short line near the top: a byline, a source with its hour."""
    for line in plain.split("\n")[:14]:
        if len(line.strip()) <= _SHORT_LINE:
            found = _find_date(line, language)
            if found is not None:
                return found
    return None


def _find_date(text: str, language: Language) -> date | None:
    best: tuple[int, date] | None = None
    for pattern in _DATES:
        for match in pattern.finditer(text):
            groups = match.groupdict()
            month = int(groups["number"]) if "number" in groups else language.months.get(groups["month"], 0)
            try:
                day = date(int(groups["year"]), month, int(groups["day"]))
            except ValueError:
                continue
            if best is None or match.start() < best[0]:
                best = match.start(), day
    return best[1] if best else None


def _find_day_of_month(plain: str, language: Language) -> date | None:
    """A byline's day and month without a year, "LBM, June 3:", in the year that the text names."""
    years = re.findall(r"(?<!\d)(20[12]\d)(?!\d)", plain)
    if not years:
        return None
    months = _months_pattern(language)
    day = r"(?P<day>[0-3]?\d)"
    end = r"(?:st|nd|rd|th)?\s?[:,)(]|(?:st|nd|rd|th)\b"
    pattern = (
        rf"(?<![^\W_])(?P<month>{months})\.? {day}(?:{end})" if language.is_spaced else rf"(?P<month>{months}){day}日"
    )
    match = re.search(pattern, plain[:700])
    if match is None:
        return None
    reviewed = max(int(year) for year in years[:2])
    for year in (reviewed, reviewed + 1):
        try:
            found = date(year, language.months[match["month"]], int(match["day"]))
        except ValueError:
            return None
        named = _dated_months(plain, language)
        if not named or found > max(m for m in named if m <= date(reviewed, 12, 1)):
            return found
    return None


def _dated_months(plain: str, language: Language) -> list[date]:
    return [month for _, month in _find_dated_months(plain, language)]


@cache
def _months_pattern(language: Language) -> str:
    return "|".join(re.escape(m) for m in sorted(language.months, key=len, reverse=True))


@dataclass(frozen=True)
class _Candidate:
    """A month or half-year named in the text, and how much it weighs."""

    period: str
    weight: float


def read_review_period(text: str, language: Language, published: date) -> str | None:
    """The month or half-year under review: of those that were over when it appeared the one named most.

    A name in the title counts five times and one in the lead twice; one under a word of expectation little. The
    month of the publication is never it, but in its last days.
    """
    plain = _strip_dates(normalise_lines(text[:_HEAD]), language)
    title_end = _title_end(plain)
    weights: dict[str, float] = defaultdict(float)
    first: dict[str, int] = {}
    for start, candidate in _list_candidates(plain, language, published):
        place = 5.0 if start < title_end else 2.0 if start < title_end + 400 else 1.0
        weights[candidate.period] += candidate.weight * place
        first.setdefault(candidate.period, start)
    if not weights:
        return None
    return max(weights, key=lambda period: (weights[period], -first[period]))


def _title_end(plain: str) -> int:
    lines = plain.split("\n")
    end = 0
    for line in lines:
        end += len(line) + 1
        if line.strip():
            break
    return min(end, 200)


_AHEAD = 70
"""Characters before a month in which a word of expectation makes it a month to come."""


def _list_candidates(plain: str, language: Language, published: date) -> Iterator[tuple[int, _Candidate]]:
    this = date(published.year, published.month, 1)
    months = [add_months(this, -back) for back in range(5)]
    if published.day < _LAST_DAYS:
        months = months[1:]
    expected = _expectation(language)
    dated = dict(_find_dated_months(plain, language))
    edge = r"(?<![^\W_])" if language.is_spaced else r"(?<!\d)"
    end = r"(?![^\W_])" if language.is_spaced else ""
    for match in re.finditer(rf"{edge}(?:{_months_pattern(language)}){end}", plain):
        number = language.months[match.group()]
        if (
            match.group() in {"may", "march"}
            and language.is_spaced
            and not re.search(r"(?:in|of|for|from|and|than|to|since|,|\n)\s*\Z", plain[: match.start()])
            and not re.match(r"'?\s*(?:20\d\d|output|production|[a-z]+ (?:output|production))", plain[match.end() :])
        ):
            continue
        named = next((m for s, m in dated.items() if s <= match.start() < s + 24 and m.month == number), None)
        month = named or next((m for m in months if m.month == number), None)
        if month is None or month not in months:
            continue
        distance = months.index(month)
        weight = (1.5 if named else 1.0) / (1 + 0.6 * distance)
        if expected.search(plain, max(0, match.start() - _AHEAD), match.start()):
            weight *= 0.4
        yield match.start(), _Candidate(format_month(month), weight)
    yield from _list_parts(plain, language, this)


def _list_parts(plain: str, language: Language, this: date) -> Iterator[tuple[int, _Candidate]]:
    """Half-years that ended within the two months before the publication."""
    words = [name for name, key in language.periods.items() if key.startswith("half")]
    for match in re.finditer(build_trie(words), plain):
        part = language.periods.get(re.sub("[ -]+", " ", match.group())) or language.periods.get(match.group(), "")
        for year in (this.year, this.year - 1):
            period = f"{year}-H{part[-1:]}"
            if part and add_months(this, -2) <= last_month(period) < this:
                yield match.start(), _Candidate(period, 1.6)


@cache
def _expectation(language: Language) -> re.Pattern[str]:
    words = [phrase for phrase, roles in language.phrases.items() if "modal" in roles or "outlook" in roles]
    edge = r"(?<![^\W_])" if language.is_spaced else ""
    return re.compile(rf"{edge}(?:{build_trie(normalise(w) for w in words if w not in {'may', 'or'})})[^.。\n;]*\Z")


def _find_dated_months(plain: str, language: Language) -> Iterator[tuple[int, date]]:
    """Months that stand with their year, with where."""
    months = _months_pattern(language)
    edge = r"(?<![^\W_])" if language.is_spaced else r"(?<!\d)"
    for pattern in (
        rf"{edge}(?P<month>{months})\.?,? (?P<year>20\d\d)(?!\d)",
        rf"(?<!\d)(?P<year>20\d\d)\s?年?\s?(?P<month>{months})",
        r"(?<!\d)(?P<year>20\d\d)[-/.](?P<number>0[1-9]|1[0-2])(?![\d-])",
    ):
        for match in re.finditer(pattern, plain):
            groups = match.groupdict()
            month = int(groups["number"]) if "number" in groups else language.months[groups["month"]]
            yield match.start(), date(int(groups["year"]), month, 1)


def _strip_dates(plain: str, language: Language) -> str:
    """The text with every day blanked: a day's month is that of a publication or a deal, not of a review."""
    for pattern in _DATES:
        plain = pattern.sub(lambda match: " " * len(match.group()), plain)
    months = _months_pattern(language)
    days = (
        rf"\b\d{{1,2}}(?:st|nd|rd|th)? (?:of )?(?:{months})\b"
        rf"|\b(?:{months})\.? \d{{1,2}}(?:st|nd|rd|th)?\b(?!\d)(?! ?\d{{3}})"
        if language.is_spaced
        else r"\d{1,2}月\d{1,2}日"
    )
    return re.sub(days, lambda match: " " * len(match.group()), plain)
