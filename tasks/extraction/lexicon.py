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

Node = tuple[str, str]
"""A segment and a product of it; product empty = the segment's total."""

_DIGITS = r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?"


@dataclass(frozen=True, eq=False)
class Lexicon:
    """The compiled words of one chain in one language."""

    chain: Chain
    language: Language
    roles: Mapping[str, Mapping[str, Any]] = field(repr=False)
    pattern: re.Pattern[str] = field(repr=False)
    kinds: Mapping[str, str] = field(repr=False)
    has_compounds: bool
    hint: re.Pattern[str] = field(repr=False)
    parents: Mapping[Node, str] = field(repr=False)

    def is_within(self, node: Node, other: Node) -> bool:
        """Whether `node` is `other` or a kind of it; every product is within its segment's total."""
        segment, product = node
        if segment != other[0]:
            return False
        while product and product != other[1]:
            product = self.parents.get((segment, product), "")
        return product == other[1]


@lru_cache(maxsize=64)
def build_lexicon(chain_name: str, language: Language, folder: Path | None = None) -> Lexicon:
    """The lexicon of a chain in a language, compiled once per process. Raises `UsageError` for no such chain."""
    chain = load_chain(chain_name, folder)
    others = [load_chain(name, folder) for name in chain_paths(folder) if name != chain_name]
    return compile_lexicon(chain, others, language)


def compile_lexicon(chain: Chain, others: Iterable[Chain], language: Language) -> Lexicon:
    """Compile the names of `chain`, the names of the other chains as foreign words, and the language's words."""
    roles: dict[str, dict[str, Any]] = {}
    for phrase, meanings in language.phrases.items():
        roles.setdefault(normalise(phrase), {}).update(meanings)
    ours: dict[str, set[Node]] = {}
    for name, node in _list_names(chain):
        ours.setdefault(normalise(name), set()).add(node)
    for name, nodes in ours.items():
        roles[name] = {"subject": frozenset(nodes)}
    for name in _flatten(chain.names.values()):
        roles.setdefault(normalise(name), {})["chain"] = True
    for name in _flatten(chain.not_ours.values()):
        roles.setdefault(normalise(name), {"foreign": True})
    for other in others:
        for name, _ in (*_list_names(other), *((n, ("", "")) for n in _flatten(other.names.values()))):
            roles.setdefault(normalise(name), {"foreign": True, "elsewhere": True})
    pattern, kinds = _compile_pattern(roles, language)
    parents = {(s.name, p.name): p.parent for s in chain.segments for p in s.products}
    has_compounds = any(re.fullmatch(r"\d+\D+", name) for name in ours)
    hint = _compile_hint(roles, language)
    return Lexicon(chain, language, roles, pattern, kinds, has_compounds, hint, parents)


_PLAIN = str.maketrans(
    {
        **{chr(code): chr(code - 0xFEE0) for code in range(0xFF10, 0xFF1A)},  # full-width digits
        **{chr(code): chr(code - 0xFEE0 + 32) for code in range(0xFF21, 0xFF3B)},
        **{chr(code): chr(code - 0xFEE0) for code in range(0xFF41, 0xFF5B)},
        "％": "%",
        "﹪": "%",
        "／": "/",
        "．": ".",
        "＋": "+",
        "－": "-",
        "−": "-",
        "‐": "-",
        "‑": "-",
        "’": "'",
        "‘": "'",
        "\u00a0": " ",
        "\u2009": " ",
        "\u202f": " ",
        "\u3000": " ",
        "\n": " ",
        "\r": " ",
        "\t": " ",
        "₂": "2",
        "₃": "3",
        "₄": "4",
        "₆": "6",
        "₇": "7",
    }
)


def normalise(text: str) -> str:
    """The text in lower case with one form per sign, of exactly the same length, so that spans stay valid."""
    plain = text.translate(_PLAIN)
    lower = plain.lower()
    if len(lower) == len(text):
        return lower
    return "".join(char.lower() if len(char.lower()) == 1 else char for char in plain)


def _list_names(chain: Chain) -> Iterator[tuple[str, Node]]:
    for segment in chain.segments:
        for name in _flatten(segment.names.values()):
            yield from ((form, (segment.name, "")) for form in _inflect(name))
        for product in segment.products:
            for name in _flatten(product.names.values()):
                yield from ((form, (segment.name, product.name)) for form in _inflect(name))


def _inflect(name: str) -> Iterator[str]:
    yield name
    if name.isascii() and name[-1:].isalpha() and name[-1:] != "s":
        yield name + "s"


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
        after = "(?![a-z0-9])" if language.is_spaced else ""
        periods.append(f"(?P<{group}>(?:{normalise_pattern(body)}){after})")
    # the look-ahead keeps the many patterns of periods away from all places where none can begin
    before = "(?<![a-z0-9])" if language.is_spaced else ""
    starts = build_trie(normalise(word) for word in language.starts)
    parts = [rf"{before}(?=\d|{starts})(?:{'|'.join(periods)})"]
    units = build_trie(normalise(unit) for unit in language.units)
    words = build_trie(roles)
    end = "(?![a-z])"
    if language.is_spaced:
        parts.append(rf"(?P<word>(?<![a-z0-9]){words}(?![a-z0-9]))")
    else:
        edge = "(?:(?<![a-z0-9])|(?![a-z0-9]))"
        parts.append(f"(?P<word>{edge}{words}{edge})")
    cardinals = build_trie(normalise(word) for word in language.cardinals)
    spelled_unit = build_trie(normalise(u) for u in language.units if language.units[u][0] in {"%", "pp"} and u != "%")
    if language.is_spaced:
        parts.append(rf"(?P<spelled>(?<![a-z0-9])(?P<cardinal>{cardinals})[ -]+(?P<cunit>{spelled_unit}){end})")
    else:
        parts.append(
            rf"(?P<spelled>(?:百分之(?P<percent>[零一二两三四五六七八九十百点\d.]+))|(?P<cardinal>[一二两三四五六七八九十]+)(?P<cunit>{spelled_unit}|倍))"
        )
    parts.append(
        rf"(?P<number>(?<![a-z0-9.])(?P<sign>[-+±–—]\s?)?(?P<digits>{_DIGITS})"
        rf"(?:\s*(?P<unit>{units}){end})?)"
    )
    parts.append(r"(?P<mark>[,;:()，；：（）、。—–~≈|/•·→“”\"\[\]]|-)")
    parts.append(r"(?P<unknown>[a-z][a-z'0-9]*|[\u4e00-\u9fff])")
    return re.compile("|".join(parts)), kinds


# a sentence without a digit or a word of one of these roles states nothing and leaves nothing for the next
_TELLING = frozenset({"metric", "month", "relative", "fraction", "multiple", "times"})


def _compile_hint(roles: Mapping[str, Mapping[str, Any]], language: Language) -> re.Pattern[str]:
    words = [phrase for phrase, meanings in roles.items() if not _TELLING.isdisjoint(meanings)]
    words += [normalise(word) for word in language.cardinals if len(word) > 1]
    before = "(?<![a-z0-9])" if language.is_spaced else ""
    return re.compile(rf"\d|{before}{build_trie(words)}")


def normalise_pattern(pattern: str) -> str:
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
