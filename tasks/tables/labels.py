"""What the label of a row or column is about: the chain's names and aliases, after what the mapping says."""

import re
from collections.abc import Mapping

from contracts.chain import Chain, Segment
from contracts.names import match_product, match_segment
from contracts.rules.rule import suggest_names
from contracts.text import fold_name

_PARTS = re.compile(r"\s*[/:：>›·|]\s*")
About = Mapping[str, str]
"""Segment, product and whatever else a label says: metric, measure, unit, kind."""


class UnknownLabel(ValueError):
    """A label that names nothing in the chain, or more than one thing."""


def read_label(label: str, *, chain: Chain, labels: Mapping[str, About], above: str = "") -> About:
    """Segment and product of one label, `above` being the segment named last above it.

    In this order: the mapping's labels; a segment; `segment / product`; a product of the segment above; a
    product that only one segment has. Raises `UnknownLabel`, saying what the label could be.
    """
    said = next((value for key, value in labels.items() if fold_name(key) == fold_name(label)), None)
    if said is not None:
        return said
    if segment := match_segment(label, chain):
        return {"segment": segment.name, "product": ""}
    first, *rest = _PARTS.split(label.strip(), maxsplit=1)
    if rest and (segment := match_segment(first, chain)):
        return {"segment": segment.name, "product": _read_product(rest[0], segment)}
    found = {s.name: product for s in chain.segments if (product := match_product(label, s))}
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
    said = next((value for key, value in labels.items() if fold_name(key) == fold_name(joined)), None)
    if said is not None:
        return said
    found = match_segment(segment, chain)
    if found is None:
        known, also = _spellings(chain)
        raise UnknownLabel(f"no segment {segment!r} in chain {chain.name}; {suggest_names(segment, known, also)}")
    return {"segment": found.name, "product": _read_product(product, found) if product else ""}


def _read_product(label: str, segment: Segment) -> str:
    if product := match_product(label, segment):
        return product
    known = [p.name for p in segment.products]
    raise UnknownLabel(f"no product {label!r} in segment {segment.name}; {suggest_names(label, known)}")


def _spellings(chain: Chain) -> tuple[list[str], dict[str, str]]:
    also = {n: s.name for s in chain.segments for some in s.names.values() for n in some}
    also |= {p.name: f"{s.name} / {p.name}" for s in chain.segments for p in s.products}
    return [s.name for s in chain.segments], also
