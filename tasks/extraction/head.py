"""The chain that a document is about, by the names it says."""

import re
from collections.abc import Iterable
from pathlib import Path

from contracts.chain import Chain, chain_paths, load_chain, load_chains
from tasks.extraction.mentions.lexicon import build_trie
from tasks.extraction.text.characters import normalise

_SAMPLE = 3_000
_WHOLE = 20_000


def read_chain(text: str, folder: Path | None = None) -> str | None:
    """The chain that the document is about: the one whose names it says most, first of all in its title.

    A definition that cannot be read takes no part; the shipped one of its name, if there is one, stands in, so that
    its documents are asked about and not taken for another chain's.
    """
    plain = normalise(text[:_SAMPLE])
    title = plain[:400]
    found, broken = load_chains(folder)
    shipped = {name: load_chain(name) for name in broken if name in chain_paths()}
    scores = {name: _count_names(plain, title, chain) for name, chain in {**shipped, **found}.items()}
    ranked = sorted(scores.items(), key=lambda item: -item[1])
    if not ranked or ranked[0][1] < 3:
        return None
    if len(ranked) > 1 and ranked[1][1] > 0.85 * ranked[0][1]:
        return None
    return ranked[0][0]


def find_other_chain(text: str, chain: Chain) -> str:
    """The chain that a document reviews where it is clearly not `chain`; empty where it may be.

    Only the shipped chains are weighed against it: a chain of the user's own never turns another's document away.
    """
    plain = normalise(text[:_WHOLE])
    title = plain[:400]
    asked = _count_names(plain, title, chain)
    others = {name: _count_names(plain, title, load_chain(name)) for name in chain_paths() if name != chain.name}
    best = max(others, key=lambda name: others[name], default="")
    if not asked:
        return best if best and others[best] >= 3 else ""
    return best if best and others[best] >= 3 * asked and others[best] > 12 else ""


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
    plain = [normalise(name) for name in names]
    if not plain:
        return re.compile(r"(?!)")
    first = "".join(sorted({re.escape(name[0]) for name in plain}))  # most places are ruled out by one character
    edge = "(?:(?<![a-z0-9])|(?![a-z0-9]))"
    return re.compile(f"(?=[{first}]){edge}{build_trie(plain)}{edge}")
