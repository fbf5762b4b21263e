"""One pattern that finds every word a reader knows: a language's words and a chain's names together.

Phrases are compiled into a prefix tree, so that a document is scanned once, in time linear in its length.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from contracts.chain import Chain, chain_paths, load_chain
from tasks.extraction.language import Language
from tasks.extraction.rules import BIT
from tasks.extraction.text.characters import normalise

Node = tuple[str, str]
"""A segment and a product of it; product empty = the segment's total."""
Nodes = frozenset[Node]

Roles = Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class Lexicon:
    """The compiled words of one chain in one language."""

    chain: Chain
    language: Language
    words: Mapping[str, tuple[int, Roles]] = field(repr=False)
    pattern: re.Pattern[str] = field(repr=False)
    kinds: Mapping[str, str] = field(repr=False)
    telling: re.Pattern[str] = field(repr=False)
    parents: Mapping[Node, str] = field(repr=False)
    families: Mapping[tuple[str, str], str] = field(repr=False)

    def is_within(self, node: Node, other: Node) -> bool:
        """Whether `node` is `other` or a kind of it; every product is within its segment's total."""
        segment, product = node
        if segment != other[0]:
            return False
        while product and product != other[1]:
            product = self.parents.get((segment, product), "")
        return product == other[1]

    def intersect(self, first: Nodes, second: Nodes) -> Nodes:
        """What two names say together: the narrower of each pair of which one is a kind of the other."""
        found = set()
        for a in first:
            for b in second:
                if self.is_within(a, b):
                    found.add(a)
                elif self.is_within(b, a):
                    found.add(b)
        return frozenset(found)


@lru_cache(maxsize=64)
def build_lexicon(
    chain_name: str, language: Language, folder: Path | None = None, *, has_sums: bool = False
) -> Lexicon:
    """The lexicon of a chain in a language, compiled once per process. Raises `UsageError` for no such chain."""
    chain = load_chain(chain_name, folder)
    others = [load_chain(name) for name in chain_paths() if name != chain_name]
    return compile_lexicon(chain, others, language, has_sums=has_sums)


def names_sums(plain: str, chain: Chain) -> bool:
    """Whether a document in plain text names a segment's total as the sum of its parts."""
    return any(normalise(name) in plain for s in chain.segments for name in _flatten(s.sums.values()))


def compile_lexicon(chain: Chain, others: Iterable[Chain], language: Language, *, has_sums: bool = False) -> Lexicon:
    """Compile the names of `chain`, the names of the other shipped chains as things not ours, and the words.

    `has_sums` is for a document that names a total as the sum of its parts: the parts are things, no totals.
    """
    roles: dict[str, dict[str, Any]] = {}
    for phrase, meanings in language.phrases.items():
        roles.setdefault(normalise(phrase), {}).update(meanings)
    ours: dict[str, set[Node]] = {}
    for name, node in _list_names(chain, language):
        ours.setdefault(normalise(name), set()).add(node)
    for name, nodes in ours.items():
        roles[name] = {"subject": frozenset(nodes)}
        if f"{name}'s" in roles:
            roles[f"{name}'s"] = {"subject": frozenset(nodes)}
    for segment in chain.segments:
        for name in _flatten(segment.sums.values()):
            roles[normalise(name)] = {"subject": frozenset({(segment.name, "")})}
        for name in _flatten(segment.parts.values()) if has_sums else ():
            roles[normalise(name)] = {"thing": name}
    for name in _flatten(chain.names.values()):
        roles.setdefault(normalise(name), {})["chain"] = True
    for name in _flatten(chain.not_ours.values()):
        if normalise(name) not in ours:
            roles[normalise(name)] = {"thing": name}
    named = [normalise(name) for name in _flatten(chain.names.values())]
    for other in others:
        for name, _ in _list_names(other, language):
            # a country is a product of one chain and no thing of its own in another
            if normalise(name) not in language.neutral and not any(normalise(name) in own for own in named):
                roles.setdefault(normalise(name), {"thing": name})
    pattern, kinds = _compile_pattern(roles, language)
    units = {(s.name, metric): _family(unit) for s in chain.segments for metric, unit in s.units.items()}
    return Lexicon(
        chain=chain,
        language=language,
        words={phrase: (_mask(meanings), meanings) for phrase, meanings in roles.items()},
        pattern=pattern,
        kinds=kinds,
        telling=_compile_telling(roles, language),
        parents={(s.name, p.name): p.parent for s in chain.segments for p in s.products},
        families=units,
    )


def _mask(roles: Roles) -> int:
    total = 0
    for role in roles:
        total |= BIT.get(role, 0)
    return total


def _family(unit: str) -> str:
    return "energy" if unit in {"MWh", "GWh"} else unit


def _list_names(chain: Chain, language: Language) -> Iterator[tuple[str, Node]]:
    for segment in chain.segments:
        for name in _flatten(segment.names.values()):
            yield from ((form, (segment.name, "")) for form in _inflect(name, language))
        for product in segment.products:
            for name in _flatten(product.names.values()):
                yield from ((form, (segment.name, product.name)) for form in _inflect(name, language))


def _inflect(name: str, language: Language) -> Iterator[str]:
    yield name
    if language.plural and name.isascii() and name[-1:].isalpha() and name[-1:] != language.plural:
        yield name + language.plural


def _flatten(groups: Iterable[Iterable[str]]) -> list[str]:
    return [name for group in groups for name in group]


def _compile_pattern(
    roles: Mapping[str, Mapping[str, Any]], language: Language
) -> tuple[re.Pattern[str], Mapping[str, str]]:
    periods: list[str] = []
    kinds: dict[str, str] = {}
    for number, (kind, source) in enumerate(language.patterns):
        group = f"x{number}_"
        kinds[group] = kind
        body = source.replace("(?P<", f"(?P<{group}")
        after = r"(?!\w)" if language.is_spaced else ""
        periods.append(f"(?P<{group}>(?:{_write_blanks(body)}){after})")
    # the look-ahead keeps the many patterns of periods away from all places where none can begin
    edge = r"(?:(?<![^\W_])|(?<='s))" if language.is_spaced else ""
    starts = build_trie(normalise(word) for word in language.starts)
    words = build_trie(roles)
    if language.is_spaced:
        word_part = rf"{edge}(?P<word>{words})(?![^\W\d_]|-o[nv])"
    else:
        either = r"(?:(?<![a-z0-9])|(?![a-z0-9]))"
        word_part = f"{either}(?P<word>{words}){either}"
    parts = [
        rf"{edge}(?=\d|{starts})(?:{'|'.join(periods)})",
        _spelled_pattern(language, edge),
        word_part,
        r"(?P<arrow>->|=>|<-)",
        _number_pattern(language),
        r"(?P<mark>[←,;:()。、–—~≈/|•·→\"\[\]!?.…<>≥≤+&]|-)",
    ]
    if language.is_spaced:
        # no mention begins inside a word or at a blank: what is left of a word is passed over in one step
        parts.append(r"(?P<skip>(?<!')[^\W\d_]+[ ]*|[ ]+)")
    return re.compile("|".join(parts)), kinds


def _number_pattern(language: Language) -> str:
    """A number in digits with its sign and unit; thousands parted by the language's mark or by blanks."""
    mark, point = re.escape(language.thousands), re.escape(language.decimal)
    units = build_trie(normalise(unit) for unit in language.units)
    end = r"(?![^\W\d_])" if language.is_spaced else "(?![a-z])"
    grouped = rf"\d{{1,3}}(?:{mark}\d{{2,3}})*{mark}\d{{3}}(?!\d)"
    after_blanks = rf"(?=(?:{point}\d+)?\s*(?:{units}{end}|[-–—]\s?\d{{1,3}} \d{{3}}))"
    spaced = rf"\d{{1,3}}(?: \d{{3}})+{after_blanks}"
    digits = rf"(?:{grouped}|{spaced}|\d+)(?:{point}\d+)?"
    return rf"(?<!\d)(?<!\d[.,])(?P<sign>[-+±–—]\s?)?(?P<digits>{digits})(?:\s*(?P<unit>{units}){end})?"


def _spelled_pattern(language: Language, edge: str) -> str:
    names = [
        normalise(unit)
        for unit, (kind, _) in language.units.items()
        if kind not in {"other", "yuan", "times", "t/a"} and unit != "%"
    ]
    if language.numerals is None:
        number = "[零〇一二两三四五六七八九十百千万]+(?:点[零一二三四五六七八九]+)?"
        return (
            rf"(?P<spelled>百分之(?P<percent>{number}|\d+(?:\.\d+)?)"
            rf"|(?P<tenths>[一二两三四五六七八九](?:成[一二三四五六七八九半]?|[一二三四五六七八九]成))(?![员本功交立品分])"
            rf"|(?<![零〇一二两三四五六七八九十百千万第几数])(?P<numeral>{number})个?(?P<times>倍)?(?(times)(?P<half>半)?|(?P<spelled_unit>{build_trie(names)})))"
        )
    words = [*language.numerals.ones, *language.numerals.tens, *language.numerals.scales]
    word = f"(?:{build_trie(words)})" + r"(?![^\W_])"
    joins = "|".join(language.numerals.joins)
    article = language.numerals.article
    first = rf"(?:{word}|{article}(?=[ -](?:{'|'.join(language.numerals.scales)})(?![^\W_])))"
    times = build_trie([w for w, m in language.phrases.items() if "times" in m])
    halves = "|".join(re.escape(half) for half in language.numerals.halves)
    fractions = build_trie([w for w, m in language.phrases.items() if "fraction" in m])
    points = build_trie([normalise(u) for u, (kind, _) in language.units.items() if kind in {"%", "pp"} and u != "%"])
    return (
        rf"{edge}(?P<spelled>(?P<part>{fractions})(?: of)? (?:{article}|one) (?P<part_unit>{points})(?![^\W_])"
        rf"|(?P<numeral>{first}(?:[ -]+(?:(?:{joins})[ -]+)?{word})*(?:{halves})?)"
        rf"[ -]+(?:{article} )?(?:(?P<times>{times})|(?P<spelled_unit>{build_trie(names)}))(?![^\W_]))"
    )


# a passage without a digit or a word of one of these roles states nothing and leaves nothing for the next
_TELLING = frozenset({"fraction", "multiple", "times", "change", "period", "relative", "month", "span", "outlook"})


def _compile_telling(roles: Mapping[str, Mapping[str, Any]], language: Language) -> re.Pattern[str]:
    words = [phrase for phrase, meanings in roles.items() if not _TELLING.isdisjoint(meanings)]
    before = r"(?<![^\W_])" if language.is_spaced else ""
    numeral = "[一二两三四五六七八九十]成|百分之|倍" if language.numerals is None else "percent|per cent"
    return re.compile(rf"\d|{numeral}|{before}(?:{build_trie(words)})")


def _write_blanks(pattern: str) -> str:
    """A pattern of a language file, for normalised text: a space stands for any run of blanks."""
    return pattern.replace(r"\ ", " ").replace(" ", "[ ]+")


def build_trie(phrases: Iterable[str]) -> str:
    """A pattern that matches the longest of the phrases; a space also matches a hyphen or several blanks."""
    root: dict[str, Any] = {}
    for phrase in phrases:
        node = root
        for char in phrase:
            node = node.setdefault(char, {})
        node[""] = {}
    return _write_trie(root)


def _write_trie(node: Mapping[str, Any]) -> str:
    branches = [_write_char(char) + _write_trie(child) for char, child in node.items() if char]
    if not branches:
        return ""
    body = branches[0] if len(branches) == 1 else "(?:" + "|".join(branches) + ")"
    if "" not in node:
        return body
    return f"(?:{body})?"


def _write_char(char: str) -> str:
    if char == " ":
        return "[ -]+"
    return re.escape(char)
