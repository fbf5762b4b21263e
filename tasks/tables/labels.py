"""What the label of a row or column is about: the chain's names and aliases, after what the mapping says."""

import re
from collections.abc import Mapping

from contracts.chain import Chain, Names, Segment
from contracts.rules.rule import suggest_names

_PARTS = re.compile(r"\s*[/:：>›·|]\s*")
About = Mapping[str, str]
"""Segment, product and whatever else a label says: metric, measure, unit, kind."""


class UnknownLabel(ValueError):
    """A label that names nothing in the chain, or more than one thing."""


def find_segment(label: str, chain: Chain) -> Segment | None:
    """The segment that a label names by its name, title or alias."""
    return next((s for s in chain.segments if _is_named(label, s.name, s.title, s.names)), None)


def read_label(label: str, *, chain: Chain, labels: Mapping[str, About], above: str = "") -> About:
    """Segment and product of one label, `above` being the segment named last above it.

    In this order: the mapping's labels; a segment; `segment / product`; a product of the segment above; a
    product that only one segment has. Raises `UnknownLabel`, saying what the label could be.
    """
    said = next((value for key, value in labels.items() if _fold(key) == _fold(label)), None)
    if said is not None:
        return said
    if segment := find_segment(label, chain):
        return {"segment": segment.name, "product": ""}
    first, *rest = _PARTS.split(label.strip(), maxsplit=1)
    if rest and (segment := find_segment(first, chain)):
        return {"segment": segment.name, "product": _read_product(rest[0], segment)}
    found = {s.name: p.name for s in chain.segments for p in s.products if _is_named(label, p.name, p.title, p.names)}
    if above in found:
        return {"segment": above, "product": found[above]}
    if len(found) == 1:
        return dict(zip(("segment", "product"), *found.items(), strict=True))
    if found:
        places = " or ".join(f"{segment} / {product}" for segment, product in found.items())
        raise UnknownLabel(f"{label!r} can be {places}: write it so")
    raise UnknownLabel(f"{label!r} is nothing in chain {chain.name}; {suggest_names(label, *_spellings(chain))}")


def read_parts(segment: str, product: str, *, chain: Chain, labels: Mapping[str, About]) -> About:
    """Segment and product of two labels. Raises `UnknownLabel`."""
    joined = f"{segment} / {product}" if product else segment
    said = next((value for key, value in labels.items() if _fold(key) == _fold(joined)), None)
    if said is not None:
        return said
    found = find_segment(segment, chain)
    if found is None:
        known, also = _spellings(chain)
        raise UnknownLabel(f"no segment {segment!r} in chain {chain.name}; {suggest_names(segment, known, also)}")
    return {"segment": found.name, "product": _read_product(product, found) if product else ""}


def _read_product(label: str, segment: Segment) -> str:
    for product in segment.products:
        if _is_named(label, product.name, product.title, product.names):
            return product.name
    known = [p.name for p in segment.products]
    raise UnknownLabel(f"no product {label!r} in segment {segment.name}; {suggest_names(label, known)}")


def _is_named(label: str, name: str, title: str, names: Names) -> bool:
    return _fold(label) in {_fold(n) for n in (name, title, *(n for some in names.values() for n in some))}


def _fold(label: str) -> str:
    return re.sub(r"[\s_]+", " ", label.strip()).casefold()


def _spellings(chain: Chain) -> tuple[list[str], dict[str, str]]:
    also = {n: s.name for s in chain.segments for some in s.names.values() for n in some}
    also |= {p.name: f"{s.name} / {p.name}" for s in chain.segments for p in s.products}
    return [s.name for s in chain.segments], also
