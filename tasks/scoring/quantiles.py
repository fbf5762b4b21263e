"""Quantile forecasts: weighted interval score, interval scores, coverage.

- pinball loss of quantile q at level τ: (y - q)·τ where y ≥ q, else (q - y)·(1 - τ)
- WIS = mean over the quantiles of 2·pinball (J. Bracher et al., PLOS Comput. Biol. 17, 2021); with the
  median and K central intervals that is their (½|y - m| + Σ α_k/2·IS_k)/(K + ½)
- interval score at α: (u - l) + 2/α·(l - y)₊ + 2/α·(y - u)₊ (T. Gneiting, A. E. Raftery, JASA 102, 2007)
"""

import re

import polars as pl

from contracts.errors import ContractBroken

_NAME = re.compile(r"q_(0?\.\d+)")


def find_levels(columns: list[str]) -> dict[str, float]:
    """Level by name of the quantile columns `q_0.05`, `q_0.1` …, in rising order.

    Raises `ContractBroken` for a column that begins with `q_` but names no level between 0 and 1.
    """
    found = {}
    for name in columns:
        if name.startswith("q_"):
            match = _NAME.fullmatch(name)
            level = float(match[1]) if match else 0.0
            if not 0 < level < 1:
                raise ContractBroken(
                    f"{name} names no quantile",
                    found=name,
                    next="name quantile columns by their level: q_0.05, q_0.5, q_0.95",
                )
            found[name] = level
    return dict(sorted(found.items(), key=lambda item: item[1]))


def find_intervals(levels: dict[str, float]) -> dict[int, tuple[str, str, float]]:
    """Central intervals by nominal percent: lower and upper column, and α."""
    by_level = {round(level, 9): name for name, level in levels.items()}
    found = {}
    for level, name in by_level.items():
        other = by_level.get(round(1 - level, 9))
        if level < 0.5 and other is not None:
            found[round(100 * (1 - 2 * level))] = (name, other, 2 * level)
    return dict(sorted(found.items()))


def score_quantiles(levels: dict[str, float], actual: str = "actual") -> list[pl.Expr]:
    """Per row: `wis`, and per central interval `covered_80` (0 or 1) and `interval_score_80`.

    Null where the actual or a quantile that the number needs is null: all of them for `wis`, the two ends for
    an interval.
    """
    y = pl.col(actual)
    losses = [
        pl.when(y >= pl.col(name)).then((y - pl.col(name)) * level).otherwise((pl.col(name) - y) * (1 - level))
        for name, level in levels.items()
    ]
    whole = pl.all_horizontal(pl.col(name).is_not_null() for name in [*levels, actual])
    score = pl.sum_horizontal(losses) * (2 / len(losses)) if losses else pl.lit(None, pl.Float64)
    expressions = [pl.when(whole).then(score).alias("wis")]
    for percent, (lower, upper, alpha) in find_intervals(levels).items():
        low, high = pl.col(lower), pl.col(upper)
        known = low.is_not_null() & high.is_not_null() & y.is_not_null()
        inside = (y >= low) & (y <= high)
        outside = (low - y).clip(0) + (y - high).clip(0)
        expressions += [
            pl.when(known).then(inside.cast(pl.Float64)).alias(f"covered_{percent}"),
            pl.when(known).then(high - low + 2 / alpha * outside).alias(f"interval_score_{percent}"),
        ]
    return expressions
