"""Reconciling 10,000 series of 240 months with MoM and YoY each: 4.8 million figures, so 9.6 million inequalities.

Measured: feasibility with every contradiction (one planted in 1 % of the series), and the index with its envelope; seconds,
peak memory, growth with the number of series, and a linear programme (scipy's HiGHS) per series on a sample, which is given
less to do: feasibility alone, and the two ends of the index of twelve months. Fixed seed.

    python -m bench.bench_reconciling
"""

import sys
import time
from collections.abc import Iterator, Sequence

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_array

from bench.made_series import MONTHS, make_system, reconcile
from bench.measure import Result, Timing, hold, measure, show

SIZES = (1_250, 2_500, 5_000, 10_000)
SAMPLE = 3
SMALL = ["50"]
ENDS = 12


def solve_by_programme(sample: int = SAMPLE, ends: int = ENDS) -> float:
    """Seconds per series of HiGHS: feasibility, and 2 × `ends` ends of the index, scaled up to all months."""
    system, _ = make_system(sample, seed=0, planted=0.0)
    total = 0.0
    for series in range(sample):
        edges = np.arange(system.tail.size)
        index = np.repeat(np.arange(2 * edges.size), 2)
        columns = np.concatenate([np.stack([system.head, system.tail], 1), np.stack([system.tail, system.head], 1)])
        rows = csr_array(
            (np.tile([1.0, -1.0], 2 * edges.size), (index, columns.ravel())), (2 * edges.size, system.nodes)
        )
        bounds = np.concatenate([system.upper[:, series], -system.lower[:, series]])
        free = [(None, None)] * system.nodes
        started = time.perf_counter()
        linprog(np.zeros(system.nodes), A_ub=rows, b_ub=bounds, bounds=free)
        once = time.perf_counter() - started
        started = time.perf_counter()
        for month in range(13, 13 + ends):
            for sign in (1.0, -1.0):
                aim = np.zeros(system.nodes)
                aim[month], aim[12] = sign, -sign
                linprog(aim, A_ub=rows, b_ub=bounds, bounds=free)
        total += once + (time.perf_counter() - started) * MONTHS / ends
    return total / sample


def measure_all(options: Sequence[str] = ()) -> Iterator[Result]:
    """Contradictions and index for each number of series, the largest against the linear programme."""
    sizes = tuple(map(int, options)) or SIZES
    programme = solve_by_programme() if max(sizes) > MONTHS else solve_by_programme(1, 1)
    yield hold("linear programme (HiGHS), feasibility and index", 1, "series", programme)
    for size in sizes:
        timing = measure(reconcile, size, runs=1, warmup=0)
        parts, peak = timing.result, timing.peak_mb
        assert parts["found"] == parts["planted"], parts
        yield hold("all contradictions", size, "series", Timing([parts["contradictions"]], peak))
        whole = parts["contradictions"] + parts["index"]
        yield hold("index with envelope", size, "series", Timing([parts["index"]], peak))
        yield hold("both", size, "series", whole, against=("linear programme", programme * size), target="≤ 0.02×")


if __name__ == "__main__":
    show(measure_all(sys.argv[1:]))
