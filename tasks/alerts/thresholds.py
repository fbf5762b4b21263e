"""Thresholds of the rules: from the chain definition, by segment and measure, else the documented default.

In a chain definition (nearest wins: segment and measure, segment, chain and measure, chain):

    [thresholds.forecast_miss]
    level_pct = 5.0                  # the whole chain
    [thresholds.forecast_miss.yoy_pct]
    level_pct = 8.0                  # one measure of it

and the same under `[segment.thresholds.forecast_miss]` of a segment.
"""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any, NamedTuple

import polars as pl

from contracts.chain import Chain
from contracts.errors import UsageError
from contracts.vocabulary import MEASURES


class Threshold(NamedTuple):
    """A number that a chain definition may set under `[thresholds.<rule>]`."""

    default: float
    meaning: str


Thresholds = Mapping[str, Threshold]
OF_SCORES = ("tolerance_pp", "tolerance_pct")
"""Parts of a segment's thresholds that are about scores, not alerts."""


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
        _check_part(chain.thresholds, rules, chain.name)
        for segment in chain.segments:
            own = {name: part for name, part in segment.thresholds.items() if name not in OF_SCORES}
            _check_part(own, rules, f"{chain.name}/{segment.name}")


def _check_part(thresholds: Mapping[str, Any], rules: Mapping[str, Thresholds], where: str) -> None:
    for name, part in thresholds.items():
        _require(name, rules, where, "rule")
        known = {**rules[name], **MEASURES}
        for key, value in part.items():
            _require(key, known, f"{where}, thresholds.{name}", "threshold or measure")
            if key in MEASURES:
                for inner in value if isinstance(value, Mapping) else [f"{key} = {value}"]:
                    _require(inner, rules[name], f"{where}, thresholds.{name}.{key}", "threshold")


def _rule_part(thresholds: Mapping[str, Any], rule: str) -> Mapping[str, Any]:
    part = thresholds.get(rule, {})
    return part if isinstance(part, Mapping) else {}


def _require(name: str, known: Mapping[str, Any], where: str, what: str) -> None:
    if name not in known:
        near = get_close_matches(name, known, n=3) or sorted(known)
        raise UsageError(
            f"the chain definition names no known {what}: {name!r}", where=where, next=f"known: {', '.join(near)}"
        )
