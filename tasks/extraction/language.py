"""The words of one language, read from one folder in `languages/`.

`words.toml` says how a review states figures: months, units, numerals, verbs of change with their sign, bases of
comparison, modality, hedges, bounds. `relations.toml` says what belongs to a number: the rules that fill its slots.
Neither knows anything of a chain; a further language is a further folder.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from tasks.extraction.quantities.numerals import Numerals
from tasks.extraction.rules import Rule, load_rules

_FOLDER = Path(__file__).parent / "languages"

Role = tuple[str, Any]
"""What a phrase can be in a sentence, and with which meaning: `("change", (1, "noun"))`."""

_SIGNS = {"up": 1, "down": -1, "flat": 0}


@dataclass(frozen=True, eq=False)
class Language:
    """One language: its phrases with their roles, its numerals and patterns, and its rules."""

    code: str
    is_spaced: bool
    decimal: str
    thousands: str
    detect: tuple[str, ...]
    phrases: Mapping[str, Mapping[str, Any]] = field(repr=False)
    months: Mapping[str, int] = field(repr=False)
    units: Mapping[str, tuple[str, float]] = field(repr=False)
    cased_units: Mapping[str, tuple[str, float]] = field(repr=False)
    numerals: Numerals | None = field(repr=False)
    currencies: tuple[tuple[str, ...], tuple[str, ...]] = field(repr=False)
    periods: Mapping[str, str] = field(repr=False)
    patterns: tuple[tuple[str, str], ...] = field(repr=False)
    starts: tuple[str, ...] = field(repr=False)
    neutral: frozenset[str] = field(repr=False)
    published: tuple[str, ...] = field(repr=False)
    hedge_gaps: frozenset[str] = field(repr=False)
    plural: str = field(repr=False)
    rules: Mapping[str, tuple[Rule, ...]] = field(repr=False)


@cache
def load_languages() -> tuple[Language, ...]:
    """Every language that has a folder."""
    return tuple(_read_language(path.parent) for path in sorted(_FOLDER.glob("*/words.toml")))


def detect_language(text: str) -> Language:
    """The language whose typical words are most frequent in the text; the first one where none occurs."""
    sample = text[:6_000].lower()
    return max(load_languages(), key=lambda language: _count_typical(language, sample))


def _count_typical(language: Language, text: str) -> int:
    if language.is_spaced:
        words = re.findall(r"[^\W\d_]+", text)
        typical = frozenset(language.detect)
        return sum(word in typical for word in words)
    return sum(text.count(word) for word in language.detect)


def _read_language(folder: Path) -> Language:
    data = tomllib.loads((folder / "words.toml").read_text(encoding="utf-8"))
    phrases: dict[str, dict[str, Any]] = {}
    for phrase, (role, meaning) in _list_roles(data):
        phrases.setdefault(phrase.lower(), {}).setdefault(role, meaning)
    months = {name: int(number) for number, names in data["months"].items() for name in names}
    units = {name: _scale(unit) for unit, names in data["units"].items() for name in names}
    periods = {name: key for key, names in data["periods"].items() for name in names}
    return Language(
        code=data["code"],
        is_spaced=data["is_spaced"],
        decimal=data["decimal"],
        thousands=data["thousands"],
        detect=tuple(data["detect"]),
        phrases=phrases,
        months=months,
        units=units,
        cased_units={name: _scale(unit) for name, unit in data.get("cased_units", {}).items()},
        numerals=_read_numerals(data["numerals"]) if "numerals" in data else None,
        currencies=(tuple(data["currencies"]["ours"]), tuple(data["currencies"]["others"])),
        periods=periods,
        patterns=tuple(_fill_patterns(data, months, units, periods)),
        starts=(
            *months,
            *(n for n, key in periods.items() if key[:-1] in {"quarter", "half"}),
            *data["patterns"]["starts"],
        ),
        neutral=frozenset(data["neutral"]["words"]),
        published=tuple(data["headline"]["published"]),
        hedge_gaps=frozenset({"", "-", "+", *data["hedges"]["gap"]}),
        plural=data.get("plural", ""),
        rules=load_rules(folder / "relations.toml"),
    )


def _read_numerals(data: Mapping[str, Any]) -> Numerals:
    tens = {word: (value, 20 if word in data["takes_teens"] else 10) for word, value in data["tens"].items()}
    return Numerals(
        data["ones"], tens, data["scales"], frozenset(data["joins"]), tuple(data["halves"]), data["article"]
    )


def _list_roles(data: Mapping[str, Any]) -> Iterator[tuple[str, Role]]:
    for number, names in data["months"].items():
        yield from ((name, ("month", int(number))) for name in names)
    for name, value in data["fractions"].items():
        yield name, ("fraction", float(value))
    for name, value in data["multiples"].items():
        yield name, ("multiple", float(value))
    for sign, forms in data["changes"].items():
        for form, words in forms.items():
            yield from ((word, ("change", (_SIGNS[sign], form))) for word in words)
    for sign in ("up", "down"):
        yield from ((word, ("compare", _SIGNS[sign])) for word in data["compare"][sign])
        yield from ((word, ("moves", _SIGNS[sign])) for word in data["levels"].get("moves", {}).get(sign, ()))
    for side in ("lower", "upper"):
        yield from ((word, ("bound", side)) for word in data["bounds"][side])
    for name, period in _list_periods(data):
        yield name, ("relative", period)
    for kind, words in data["spans"].items():
        yield from ((word, ("span", kind)) for word in words)
    for kind in ("activity", "firm", "place", "thing"):
        yield from ((word, (kind, word)) for word in data["elsewhere"][kind])
    for group, role in _GROUPS:
        table, _, key = group.partition(".")
        yield from ((word, (role, True)) for word in data[table].get(key or "words", ()))
    for group in ("basis", "metrics"):
        role = group.removesuffix("s") if group == "metrics" else group
        for meaning, words in data[group].items():
            if meaning not in {"named", "named_after", "same_month"}:
                yield from ((word, (role, meaning)) for word in words)
    for key, words in data.get("basis_changes", {}).items():
        basis, _, sign = key.partition("_")
        for word in words:
            yield word, ("basis", basis)
            yield word, ("change", (_SIGNS[sign], "verb"))
    for pair, words in data.get("basis_pairs", {}).items():
        yield from ((word, ("basis_pair", tuple(pair.split("_")))) for word in words)
    for meaning, words in data["verbs"].items():
        yield from ((word, ("verb", meaning)) for word in words)
    changes = frozenset(data["times"]["change"])
    yield from ((word, ("times", word in changes)) for word in (*data["times"]["level"], *data["times"]["fold"]))
    if not data["is_spaced"]:
        yield from ((word, ("neutral", True)) for word in data["neutral"]["words"])


# table.key of the language file → role; a key left out is `words`
_GROUPS = (
    ("slowing", "slowing"),
    ("slowing.narrows", "narrows"),
    ("slowing.pace", "pace"),
    ("compare.threshold", "threshold"),
    ("tables.change", "change_title"),
    ("bounds.post", "post_bound"),
    ("hedges.before", "hedge"),
    ("hedges.after", "post_hedge"),
    ("basis.named", "against"),
    ("basis.named_after", "against_after"),
    ("basis.same_month", "same_month"),
    ("periods.end", "part_of"),
    ("periods.not_nameable", "horizon"),
    ("periods.since", "since"),
    ("modality.forecast", "modal"),
    ("modality.prior", "prior"),
    ("modality.revised", "revised"),
    ("modality.done", "done"),
    ("modality.earlier", "earlier"),
    ("modality.outlook", "outlook"),
    ("modality.wish", "wish"),
    ("shares.verb", "share_verb"),
    ("shares.weak", "share_weak"),
    ("shares.noun", "share_noun"),
    ("shares.whole", "whole"),
    ("averages", "averages"),
    ("levels", "level"),
    ("levels.past", "past"),
    ("links.to", "to"),
    ("links.from", "from"),
    ("links.by", "by"),
    ("links.between", "between"),
    ("links.of", "of"),
    ("links.in", "in"),
    ("conjunctions.list", "and"),
    ("conjunctions.clause", "clause"),
    ("conjunctions.reason", "reason"),
    ("conjunctions.equal", "equal"),
    ("respectively", "respectively"),
    ("together", "together"),
    ("together.each", "each"),
    ("agents", "agent"),
    ("neutral.phrases", "neutral"),
    ("pronouns", "pronoun"),
    ("industry", "industry"),
    ("made_of", "made_of"),
    ("content.metal", "metal"),
    ("content.physical", "physical"),
    ("plans", "plan"),
    ("quotes", "quote"),
    ("negations", "negation"),
    ("motion", "motion"),
    ("per_tonne", "per_tonne"),
)
_NO_PERIOD = {"end", "not_nameable", "since", "first_months"}


def _list_periods(data: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for key, names in data["periods"].items():
        if key not in _NO_PERIOD:
            yield from ((name, key) for name in names)


def _scale(unit: str) -> tuple[str, float]:
    name, _, factor = unit.partition("*")
    return name, float(factor or 1)


def _fill_patterns(
    data: Mapping[str, Any], months: Mapping[str, int], units: Mapping[str, Any], periods: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    quarters = [name for name, key in periods.items() if key.startswith("quarter")]
    halves = [name for name, key in periods.items() if key.startswith("half")]
    for kind, patterns in data["patterns"].items():
        for pattern in patterns if kind != "starts" else ():
            filled = pattern.replace("{month}", _any_of(months)).replace("{unit}", _any_of(units))
            yield kind, filled.replace("{quarter}", _any_of(quarters)).replace("{half}", _any_of(halves))


def _any_of(words: Any) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
