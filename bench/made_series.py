"""Made series for the benchmark of reconciling, and the work that is measured in a process of its own."""

import time

import numpy as np

from tasks.reconciling.difference_system import DifferenceSystem
from tasks.reconciling.level_index import bound_levels
from tasks.reconciling.shortest_paths import find_negative_circles

MONTHS = 240
_BLOCK = 1_000


def make_system(series: int, seed: int, planted: float = 0.01) -> tuple[DifferenceSystem, int]:
    """Series whose rounded MoM and YoY follow from levels that wander; in some, which are counted, one MoM is 20 pp off."""
    rng = np.random.default_rng(seed)
    nodes = MONTHS + 12
    level = np.cumsum(rng.normal(0, 0.08, (nodes, series)), axis=0)
    tail = np.concatenate([np.arange(11, nodes - 1), np.arange(nodes - 12)])
    head = np.concatenate([np.arange(12, nodes), np.arange(12, nodes)])
    printed = np.round(100 * np.expm1(level[head] - level[tail]))
    wrong = np.flatnonzero(rng.random(series) < planted)
    printed[rng.integers(24, 200, wrong.size), wrong] += 20.0
    with np.errstate(divide="ignore", invalid="ignore"):
        lower = np.log(np.maximum(1 + (printed - 0.5) / 100, 0.0))
    return DifferenceSystem(tail, head, lower, np.log1p((printed + 0.5) / 100), nodes), wrong.size


def reconcile(series: int) -> dict[str, float]:
    """Seconds of the two parts over so many series, in blocks of a thousand, how many contradict themselves, and how many were made to."""
    seconds = {"contradictions": 0.0, "index": 0.0}
    found = planted = 0
    for block in range(0, series, _BLOCK):
        size = min(_BLOCK, series - block)
        system, wrong = make_system(size, seed=block)
        planted += wrong
        started = time.perf_counter()
        circles = find_negative_circles(system)
        seconds["contradictions"] += time.perf_counter() - started
        found += len(circles)
        started = time.perf_counter()
        bound_levels(system.take(np.setdiff1d(np.arange(size), list(circles))), 12)
        seconds["index"] += time.perf_counter() - started
    return {**seconds, "found": found, "planted": planted}
