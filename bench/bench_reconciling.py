"""Reconciling 10,000 series of 240 months with MoM and YoY each: 4.8 million figures, so 9.6 million inequalities.

Measured: feasibility with every contradiction (one planted in 1 % of the series), and the index with its envelope; seconds,
peak memory, growth with the number of series, and a linear programme (scipy's HiGHS) per series on a sample, which is given
less to do: feasibility alone, and the two ends of the index of twelve months. Fixed seed.

    python -m bench.bench_reconciling
"""

import platform
import time

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_array

from bench.made_series import MONTHS, make_system, reconcile
from bench.measure import measure

SIZES = (1_250, 2_500, 5_000, 10_000)
SAMPLE = 3
ENDS = 12


def solve_by_programme() -> float:
    """Seconds per series of HiGHS: feasibility, and 2 × `ENDS` ends of the index, scaled up to all months."""
    system, _ = make_system(SAMPLE, seed=0, planted=0.0)
    total = 0.0
    for series in range(SAMPLE):
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
        for month in range(13, 13 + ENDS):
            for sign in (1.0, -1.0):
                aim = np.zeros(system.nodes)
                aim[month], aim[12] = sign, -sign
                linprog(aim, A_ub=rows, b_ub=bounds, bounds=free)
        total += once + (time.perf_counter() - started) * MONTHS / ENDS
    return total / SAMPLE


def main() -> None:
    """Print a line per size, and the ratio to the linear programme."""
    print(f"{MONTHS} months with MoM and YoY, whole percents, {platform.machine()}")
    for size in SIZES:
        timing = measure(reconcile, size, runs=1, warmup=0)
        parts = timing.result
        seconds = parts["contradictions"] + parts["index"]
        print(
            f"{size:>6,} series: contradictions {parts['contradictions']:6.2f} s ({parts['found']} of {parts['planted']}), "
            f"index with envelope {parts['index']:6.2f} s, {1000 * seconds / size:.2f} ms a series, "
            f"peak {timing.peak_mb:,.0f} MB"
        )
    programme = solve_by_programme()
    print(f"linear programme: {programme:.2f} s a series; {programme * SIZES[-1] / seconds:,.0f} times as long")


if __name__ == "__main__":
    main()
