"""What a document says of itself: day of publication, reviewed month, chain."""

import re
from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from contracts.chain import Chain, chain_paths, load_chain
from contracts.period import add_months, format_month
from tasks.extraction.language import Language
from tasks.extraction.mentions.lexicon import build_trie
from tasks.extraction.text.characters import normalise

_HEAD = 2_500
_DAY_FIRST = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?\.? (?P<month>[a-z]{3,9})\.?,? (?P<year>20\d\d)"
_MONTH_FIRST = r"(?P<month>[a-z]{3,9})\.? (?P<day>\d{1,2})(?:st|nd|rd|th)?,? (?P<year>20\d\d)"
_NUMERIC = r"(?P<year>20\d\d)\s?[-/.年]\s?(?P<number>\d{1,2})\s?[-/.月]\s?(?P<day>\d{1,2})日?"
_DATES = (re.compile(_NUMERIC), re.compile(_DAY_FIRST), re.compile(_MONTH_FIRST))


def read_published(text: str, language: Language, chain: Chain) -> datetime | None:
    """The instant of publication that the document states: midnight of the stated day in the chain's time zone, UTC."""
    day = _find_published(normalise_lines(text[:_HEAD]), language) or _find_published(
        normalise_lines(text[-600:]), language
    )
    if day is None:
        return None
    return day_start(day, chain)


def day_start(day: date, chain: Chain) -> datetime:
    """The first instant of a day where the chain's calendar runs, in UTC."""
    zone = ZoneInfo(chain.calendar.time_zone)
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(ZoneInfo("UTC"))


def normalise_lines(text: str) -> str:
    """Normalised text that keeps its line ends."""
    return "\n".join(normalise(line) for line in text.split("\n"))


def _find_published(plain: str, language: Language) -> date | None:
    words = build_trie(normalise(word) for word in language.published)
    for match in re.finditer(rf"(?<![a-z]){words}[^\n\d]{{0,25}}(?=[\da-z])", plain):
        found = _read_date(plain[match.start() : match.end() + 40], language)
        if found is not None:
            return found
    for line in plain.split("\n")[:12]:
        stripped = line.strip(" *_()（）[]【】|")
        if len(stripped) <= 40:
            found = _read_date(stripped, language)
            if found is not None:
                return found
    return None


def _read_date(text: str, language: Language) -> date | None:
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


def read_review_period(text: str, language: Language, published: date | None) -> str | None:
    found = read_review_month(text, language, published)
    return None if found is None else format_month(found)


def is_other_chain(text: str, chain: Chain) -> bool:
    own, inner = _name_patterns(chain)
    plain = normalise(text[:20000])
    return not own.search(plain) and not inner.search(plain)


def read_review_month(text: str, language: Language, published: date | None) -> date | None:
    """The month under review: the first month with a year in the title or lead, else the month named most.

    Where months stand without a year, the year is that of the last such month before the publication.
    """
    plain = normalise_lines(text[:_HEAD])
    without_date = _strip_dates(plain, language)
    title, _, rest = without_date.partition("\n")
    for part in (title, "\n".join(rest.split("\n")[:4]), rest):
        found = _first_month_with_year(part, language)
        if found is not None and _is_plausible(found, published):
            return found
    if published is None:
        return None
    for part in (title, without_date):
        found_month = _most_named_month(part, language, published)
        if found_month is not None:
            return found_month
    return None


def _strip_dates(plain: str, language: Language) -> str:
    for pattern in _DATES:
        plain = pattern.sub(" ", plain)
    months = "|".join(re.escape(m) for m in sorted(language.months, key=len, reverse=True))
    if language.is_spaced:
        return re.sub(rf"\b\d{{1,2}}(?:st|nd|rd|th)? (?:{months})\b|\b(?:{months}) \d{{1,2}}\b(?!\d)", " ", plain)
    return re.sub(r"\d{1,2}月\d{1,2}日", " ", plain)


def _first_month_with_year(plain: str, language: Language) -> date | None:
    months = "|".join(re.escape(m) for m in sorted(language.months, key=len, reverse=True))
    edge = r"(?<![a-z0-9])" if language.is_spaced else r"(?<!\d)"
    patterns = (
        rf"{edge}(?P<month>{months})\.?,? (?P<year>20\d\d)",
        rf"(?<!\d)(?P<year>20\d\d)\s?年?(?P<month>{months})",
        rf"(?<!\d)(?P<year>20\d\d) (?P<month>{months})(?![a-z])",
        r"(?<!\d)(?P<year>20\d\d)[-/.](?P<number>0[1-9]|1[0-2])(?![\d-])",
    )
    found: list[tuple[int, date]] = []
    for pattern in patterns:
        match = re.search(pattern, plain)
        if match:
            groups = match.groupdict()
            month = int(groups["number"]) if "number" in groups else language.months[groups["month"]]
            found.append((match.start(), date(int(groups["year"]), month, 1)))
    return min(found)[1] if found else None


def _is_plausible(month: date, published: date | None) -> bool:
    if published is None:
        return True
    return add_months(date(published.year, published.month, 1), -4) <= month <= date(published.year, published.month, 1)


def _most_named_month(plain: str, language: Language, published: date) -> date | None:
    months = "|".join(re.escape(m) for m in sorted(language.months, key=len, reverse=True))
    edge = r"(?<![a-z0-9])" if language.is_spaced else r"(?<!\d)"
    end = r"(?![a-z])" if language.is_spaced else ""
    counts = Counter(language.months[m] for m in re.findall(rf"{edge}({months}){end}", plain))
    this = date(published.year, published.month, 1)
    recent = [add_months(this, -back) for back in (1, 0, 2)]
    named = [month for month in recent if counts[month.month]]
    return max(named, key=lambda month: (counts[month.month], -recent.index(month))) if named else None


_SAMPLE = 3_000


def read_chain(text: str, folder: Path | None = None) -> str | None:
    """The chain that the document is about: the one whose names it says most, first of all in its title."""
    plain = normalise(text[:_SAMPLE])
    title = plain[:400]
    scores = {name: _count_names(plain, title, load_chain(name, folder)) for name in chain_paths(folder)}
    ranked = sorted(scores.items(), key=lambda item: -item[1])
    if not ranked or ranked[0][1] < 3:
        return None
    if len(ranked) > 1 and ranked[1][1] > 0.85 * ranked[0][1]:
        return None
    return ranked[0][0]


def _count_names(plain: str, title: str, chain: Chain) -> float:
    own, inner = _name_patterns(chain)
    score = 3.0 * len(own.findall(plain)) + 15.0 * bool(own.search(title))
    return score + len(inner.findall(plain)) + 5.0 * min(len(inner.findall(title)), 2)


_COMPILED: dict[int, tuple[Chain, re.Pattern[str], re.Pattern[str]]] = {}


def _name_patterns(chain: Chain) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Patterns of the chain's own names and of the names within it, compiled once per chain."""
    found = _COMPILED.get(id(chain))
    if found is None:
        own = [n for names in chain.names.values() for n in names]
        inner = [
            n
            for segment in chain.segments
            for group in (segment.names, *(p.names for p in segment.products))
            for names in group.values()
            for n in names
        ]
        # the chain is kept beside its patterns, so that its id is never given to another
        found = _COMPILED[id(chain)] = (chain, _compile_names(own), _compile_names(inner))
    return found[1], found[2]


def _compile_names(names: Iterable[str]) -> re.Pattern[str]:
    trie = build_trie(normalise(n) for n in names)
    edge = "(?:(?<![a-z0-9])|(?![a-z0-9]))"
    return re.compile(f"{edge}{trie}{edge}" if trie else r"(?!)")
