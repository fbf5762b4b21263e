"""Quantile forecasts: weighted interval score, interval scores, coverage.

- pinball loss of quantile q at level τ: (y - q)·τ where y ≥ q, else (q - y)·(1 - τ)
- WIS = mean over the quantiles of 2·pinball (J. Bracher et al., PLOS Comput. Biol. 17, 2021); with the
  median and K central intervals that is their (½|y - m| + Σ α_k/2·IS_k)/(K + ½)
- the same sum in three parts, where quantiles come in pairs around the median: spread, the widths (u - l);
  over-forecast, what lies below the intervals and below the median; under-forecast, what lies above them
- interval score at α: (u - l) + 2/α·(l - y)₊ + 2/α·(y - u)₊ (T. Gneiting, A. E. Raftery, JASA 102, 2007)
"""

import re

import polars as pl

from contracts.errors import ContractBroken

WIS_PARTS = ("wis_spread", "wis_over", "wis_under")
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
    expressions += [pl.when(whole).then(e).alias(name) for name, e in _split_wis(levels, y).items()]
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


def _split_wis(levels: dict[str, float], y: pl.Expr) -> dict[str, pl.Expr]:
    """Spread, over- and under-forecast, which add up to the score; null where a quantile has no counterpart."""
    pairs = find_intervals(levels)
    median = next((name for name, level in levels.items() if level == 0.5), None)
    if not levels or 2 * len(pairs) + (median is not None) != len(levels):
        return {name: pl.lit(None, pl.Float64) for name in WIS_PARTS}
    ends = [(pl.col(low), pl.col(high), alpha) for low, high, alpha in pairs.values()]
    spread = [(high - low) * alpha for low, high, alpha in ends]
    over, under = [2 * (low - y).clip(0) for low, _, _ in ends], [2 * (y - high).clip(0) for _, high, _ in ends]
    if median is not None:
        over.append((pl.col(median) - y).clip(0))
        under.append((y - pl.col(median)).clip(0))
    parts = (spread or [pl.lit(0.0)], over, under)
    return {name: pl.sum_horizontal(part) / len(levels) for name, part in zip(WIS_PARTS, parts, strict=True)}
