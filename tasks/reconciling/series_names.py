"""Which series a person means: `cathode`, `nfpp`, `cathode/nfpp`, or a name that the chain's definition knows."""

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from contracts.chain import Chain, Segment
from contracts.errors import UsageError


@dataclass(frozen=True)
class NamedSeries:
    """A segment with the products to look for, first choice first; the empty name is the segment's total."""

    chain: str
    segment: str
    products: tuple[str, ...]


def find_series(chains: Mapping[str, Chain], name: str, product: str | None = None) -> NamedSeries:
    """The series of this name. Where no product is named it is the total, else what its figures are filed under.

    Raises `UsageError` where no chain has the name, or several have.
    """
    first, _, second = name.partition("/")
    wanted = product if product is not None else second or None
    nodes = [(chain.name, segment) for chain in chains.values() for segment in chain.segments]
    found = [NamedSeries(chain, s.name, _choose(s, wanted)) for chain, s in nodes if first in (s.name, *_names(s))]
    if not found and wanted is None:
        found = [NamedSeries(chain, s.name, (p.name,)) for chain, s in nodes for p in s.products if first == p.name]
    if len(found) == 1:
        _check_product(chains[found[0].chain].segment(found[0].segment), wanted)
        return found[0]
    names = sorted({s.name for _, s in nodes} | {p.name for _, s in nodes for p in s.products})
    if found:
        said = ", ".join(f"{f.chain} {'/'.join(filter(None, (f.segment, f.products[0])))}" for f in found)
        raise UsageError(
            f"{name!r} is the name of several series",
            found=said,
            next="name the chain with --chain, or SEGMENT/PRODUCT",
        )
    near = get_close_matches(name, names, n=3) or names
    raise UsageError(f"there is no series {name!r}", next=f"did you mean {', '.join(near)}?")


def _names(segment: Segment) -> list[str]:
    return [name for names in segment.names.values() for name in names]


def _choose(segment: Segment, product: str | None) -> tuple[str, ...]:
    if product is not None:
        return (product,)
    return ("", segment.default_product) if segment.default_product else ("",)


def _check_product(segment: Segment, product: str | None) -> None:
    known = list(segment.parents)
    if product and product not in known:
        near = get_close_matches(product, known, n=3) or known or ["none"]
        raise UsageError(f"segment {segment.name} has no product {product!r}", next=f"its products: {', '.join(near)}")
