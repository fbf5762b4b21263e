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
from typing import Any

import polars as pl

from contracts.chain import Chain
from contracts.errors import UsageError
from contracts.vocabulary import MEASURES

DEFAULTS: Mapping[str, Mapping[str, float]] = {
    # A warning needs the level this many percent from its forecast, beyond rounding; a share or rate this
    # many points. A level without a tolerance in points is a miss from `level_tolerance_pct` on.
    "forecast_miss": {"level_pct": 5.0, "points_pp": 5.0, "level_tolerance_pct": 3.0},
    "direction_miss": {"level_pct": 5.0},
    # So many misses of one sign in a row, all inside so many months.
    "repeated_miss": {"misses": 3, "within_months": 6},
    # Beyond the link's spread in `months_k` of the last `months_n`; a warning from so many spreads or repeats on.
    "chain_divergence": {"months_k": 1, "months_n": 3, "warning_spreads": 2.0, "warning_months": 2},
    "share_shift": {"info_pp": 5.0, "warning_pp": 8.0},
    # Difference of two vintages, beyond their rounding: points, or percent of a level.
    "restatement": {"info_pp": 1.0, "warning_pp": 5.0, "info_pct": 1.0, "warning_pct": 5.0},
    "reviews_disagree": {"info_pp": 1.0, "error_pp": 5.0, "info_pct": 1.0, "error_pct": 5.0},
    # Share of refused rows from which a release is doubtful.
    "contract_broken": {"refused_pct": 5.0},
}


def read_thresholds(chains: Mapping[str, Chain], rule: str) -> pl.DataFrame:
    """The rule's thresholds of every segment and measure: columns chain, segment, measure and one per threshold.

    The segment "" stands for the whole chain. Raises `UsageError` for a threshold or measure that does not exist.
    """
    names = DEFAULTS[rule]
    rows = []
    for chain in chains.values():
        of_chain = _rule_part(chain.thresholds, rule, chain.name)
        common = _read_measures(({}, of_chain, names), names)
        for segment, own in (("", {}), *((s.name, s.thresholds) for s in chain.segments)):
            of_segment = _rule_part(own, rule, f"{chain.name}/{segment}")
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


def _rule_part(thresholds: Mapping[str, Any], rule: str, where: str) -> Mapping[str, Any]:
    """The part of one rule, once everything in `thresholds` is known to exist."""
    for name, part in thresholds.items():
        _require(name, DEFAULTS, where, "rule")
        known = {**DEFAULTS[name], **MEASURES}
        for key, value in part.items():
            _require(key, known, f"{where}, thresholds.{name}", "threshold or measure")
            if key in MEASURES:
                for inner in value if isinstance(value, Mapping) else [f"{key} = {value}"]:
                    _require(inner, DEFAULTS[name], f"{where}, thresholds.{name}.{key}", "threshold")
    part = thresholds.get(rule, {})
    return part if isinstance(part, Mapping) else {}


def _require(name: str, known: Mapping[str, Any], where: str, what: str) -> None:
    if name not in known:
        near = get_close_matches(name, known, n=3) or sorted(known)
        raise UsageError(
            f"the chain definition names no known {what}: {name!r}", where=where, next=f"known: {', '.join(near)}"
        )
