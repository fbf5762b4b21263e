"""Filters by the names that tables take too: `--segment "Battery cells"`, `--measure MoM`, `--from Jan-26`.

What names nothing is refused with the nearest names: a filter that matches nothing by a typing error would show an
empty table, which reads as if nothing had been published.
"""

from dataclasses import replace
from pathlib import Path

from contracts.chain import Chain, load_chains
from contracts.errors import UsageError
from contracts.names import match_kind, match_measure, match_metric, match_product, match_segment
from contracts.rules.rule import suggest_names
from contracts.text import fold_name
from contracts.vocabulary import KINDS, MEASURES, METRICS
from data_lake.selection import Selection

_WORDS = {
    "metric": (match_metric, METRICS),
    "measure": (match_measure, tuple(MEASURES)),
    "kind": (match_kind, KINDS),
}


def name_selection(selection: Selection, folder: Path | None) -> Selection:
    """The selection with every name as it is kept.

    Raises `UsageError` for a name that names nothing, with the nearest ones.
    """
    metric, measure, kind = (_match_word(column, getattr(selection, column)) for column in _WORDS)
    chains, is_whole = _load_definitions(folder)
    chain = _match_chain(selection.chain, chains) if is_whole else selection.chain
    meant = [chains[chain]] if chain in chains else list(chains.values())
    segment = _match_segment(selection.segment, meant) if is_whole else selection.segment
    product = _match_product(selection.product, segment, meant) if is_whole else selection.product
    return replace(selection, chain=chain, segment=segment, product=product, metric=metric, measure=measure, kind=kind)


def refuse_unknown(option: str, value: str, known: list[str]) -> None:
    """Raise `UsageError` where a value was given that is none of the known ones, with the nearest of them."""
    if value and value not in known:
        raise UsageError(f"no {option} {value!r}", where=f"--{option}", next=suggest_names(value, known))


def _load_definitions(folder: Path | None) -> tuple[dict[str, Chain], bool]:
    """Chains by name, and whether every definition could be read: where one cannot, no name is refused."""
    found, broken = load_chains(folder)
    return found, not broken


def _match_word(column: str, value: str) -> str:
    match, known = _WORDS[column]
    if value and not (named := match(value)):
        refuse_unknown(column, value, list(known))
    return named if value else ""


def _match_chain(value: str, chains: dict[str, Chain]) -> str:
    spelled = {fold_name(word): name for name, chain in chains.items() for word in (name, chain.title)}
    named = spelled.get(fold_name(value), value)
    refuse_unknown("chain", named, list(chains))
    return named


def _match_segment(value: str, chains: list[Chain]) -> str:
    if not value:
        return ""
    named = {segment.name for chain in chains if (segment := match_segment(value, chain))}
    if value in named:
        return value  # a name goes before what is only an alias elsewhere
    if len(named) > 1:
        raise UsageError(
            f"{value!r} names more than one segment", where="--segment", next=f"one of: {', '.join(sorted(named))}"
        )
    if not named:
        known = list(dict.fromkeys(segment.name for chain in chains for segment in chain.segments))
        raise UsageError(f"no segment {value!r}", where="--segment", next=suggest_names(value, known))
    return named.pop()


def _match_product(value: str | None, segment: str, chains: list[Chain]) -> str | None:
    if not value:
        return value
    meant = [s for chain in chains for s in chain.segments if segment in {"", s.name}]
    named = {product for s in meant if (product := match_product(value, s))}
    if len(named) != 1:
        known = list(dict.fromkeys(product.name for s in meant for product in s.products))
        raise UsageError(f"no product {value!r}", where="--product", next=suggest_names(value, known))
    return named.pop()
