"""How far a reading is trusted: the rules that filled its slots, weighed by how often they have been right.

`trust.toml` holds a weight for each rule: log odds, fitted to the corpus by `bench/fit_trust.py`. The confidence of
a statement is the logistic of their sum, an estimate of the chance that it is right.
"""

import math
import tomllib
from collections.abc import Iterable
from pathlib import Path

_DATA = tomllib.loads((Path(__file__).parent / "trust.toml").read_text(encoding="utf-8"))
_WEIGHTS: dict[str, float] = _DATA["weights"]
_BIAS: float = _DATA["bias"]
THRESHOLD: float = _DATA["threshold"]
"""The confidence from which a reading is a figure; below it is doubtful."""


def weigh(rules: Iterable[str]) -> float:
    """The confidence in a statement whose slots these rules filled; an unknown rule weighs nothing."""
    odds = _BIAS + sum(_WEIGHTS.get(rule, 0.0) for rule in rules)
    return round(1 / (1 + math.exp(-max(-30.0, min(30.0, odds)))), 3)
