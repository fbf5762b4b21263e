"""Thresholds of the rules: from the chain definition, by segment and measure, else the documented default.

In a chain definition (nearest wins: segment and measure, segment, chain and measure, chain):

    [thresholds.forecast_miss]
    level_pct = 5.0                  # the whole chain
    [thresholds.forecast_miss.yoy_pct]
    level_pct = 8.0                  # one measure of it

and the same under `[segment.thresholds.forecast_miss]` of a segment.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import polars as pl

from contracts.chain import Chain
from contracts.chain_faults import ChainFault
from contracts.chain_values import check_segment_thresholds
from contracts.chain_values import check_thresholds as check_threshold_tables
from contracts.errors import UsageError
from contracts.vocabulary import MEASURES


class Threshold(NamedTuple):
    """A number that a chain definition may set under `[thresholds.<rule>]`."""

    default: float
    meaning: str


Thresholds = Mapping[str, Threshold]


def read_thresholds(chains: Mapping[str, Chain], rule: str, thresholds: Thresholds) -> pl.DataFrame:
    """The rule's thresholds of every segment and measure: columns chain, segment, measure and one per threshold.

    The segment "" stands for the whole chain.
    """
    names = {name: threshold.default for name, threshold in thresholds.items()}
    rows = []
    for chain in chains.values():
        of_chain = _rule_part(chain.thresholds, rule)
        common = _read_measures(({}, of_chain, names), names)
        for segment, own in (("", {}), *((s.name, s.thresholds) for s in chain.segments)):
            of_segment = _rule_part(own, rule)
            values = _read_measures((of_segment, of_chain, names), names) if of_segment else common
            rows += [(chain.name, segment, measure, *numbers) for measure, numbers in values.items()]
    schema = dict.fromkeys(("chain", "segment", "measure"), pl.String) | dict.fromkeys(names, pl.Float64)
    return pl.DataFrame(rows, schema=pl.Schema(schema), orient="row")


def _read_measures(layers: Sequence[Mapping[str, Any]], names: Mapping[str, float]) -> dict[str, tuple[float, ...]]:
    """The thresholds of every measure; a layer's part for the measure goes before the layer itself."""
    found = {}
    for measure in MEASURES:
        parts = [part for layer in layers for part in (layer.get(measure, {}), layer) if isinstance(part, Mapping)]
        found[measure] = tuple(_nearest(parts, name) for name in names)
    return found


def _nearest(layers: Sequence[Mapping[str, Any]], name: str) -> float:
    return float(next(layer[name] for layer in layers if name in layer))


def check_thresholds(chains: Mapping[str, Chain], rules: Mapping[str, Thresholds]) -> None:
    """Raise `UsageError` where a chain sets a threshold of a rule, or for a measure, that does not exist."""
    for chain in chains.values():
        _raise_first(check_threshold_tables(chain.thresholds, ("thresholds",), rules), chain.name)
        for segment in chain.segments:
            faults = check_segment_thresholds(segment.thresholds, ("thresholds",), rules)
            _raise_first(faults, f"{chain.name}/{segment.name}")


def _raise_first(faults: Iterable[ChainFault], chain: str) -> None:
    fault = next((fault for fault in faults if not fault.is_note), None)
    if fault:
        place = ".".join(str(step) for step in fault.path)
        raise UsageError(
            f"the chain definition names no known rule or threshold: {fault.what}",
            where=f"{chain}, {place}",
            found=fault.found,
            next=f"{fault.next}; every mistake: trona chain check FILE",
        )


def _rule_part(thresholds: Mapping[str, Any], rule: str) -> Mapping[str, Any]:
    part = thresholds.get(rule, {})
    return part if isinstance(part, Mapping) else {}
