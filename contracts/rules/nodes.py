"""A figure is about a segment and product that the chain's definition has."""

import polars as pl

from contracts.chain import Chain, Names, Segment
from contracts.rules.rule import Rule, suggest_names


def list_node_rules(chain: Chain) -> list[Rule]:
    """`known_segment` and `known_product`, with the nearest names of the chain."""
    segments = {s.name: s for s in chain.segments}
    nodes = [f"{segment}/{product}" for segment, product in chain.nodes()]
    return [
        Rule(
            "known_segment",
            "segment",
            pl.col("segment").is_in(list(segments)),
            "the chain has this segment",
            explain=lambda found: f"no segment of {chain.name}; {suggest_names(found, segments, _spellings(chain))}",
        ),
        Rule(
            "known_product",
            "product",
            ~pl.col("segment").is_in(list(segments)) | pl.concat_str("segment", "product", separator="/").is_in(nodes),
            "the segment has this product",
            found=pl.concat_str("segment", "product", separator="/"),
            explain=lambda found: _explain_product(segments[found.split("/")[0]], found.partition("/")[2]),
        ),
    ]


def _explain_product(segment: Segment, product: str) -> str:
    known = [p.name for p in segment.products]
    if not known:
        return f"no product of {segment.name}: the chain tells none apart; leave it empty for the total"
    also = {name: p.name for p in segment.products for name in _flatten(p.names)}
    return f"no product of {segment.name}; {suggest_names(product, known, also)}"


def _spellings(chain: Chain) -> dict[str, str]:
    return {name: s.name for s in chain.segments for name in _flatten(s.names)}


def _flatten(names: Names) -> list[str]:
    return [name for spellings in names.values() for name in spellings]
