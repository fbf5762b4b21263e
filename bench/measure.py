"""Timing in processes of their own: medians, ratios in turn (A B A B …), and the peak memory of each."""

import multiprocessing
import os
import platform
import resource
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Timing:
    """Seconds of the counted runs and the peak memory of the process that ran them, in MB."""

    seconds: list[float]
    peak_mb: float
    result: Any = None

    @property
    def median(self) -> float:
        """Median of the counted runs."""
        return statistics.median(self.seconds)


def _run(work: Callable[..., Any], args: tuple[Any, ...], runs: int, warmup: int) -> Timing:
    seconds, result = [], None
    for index in range(warmup + runs):
        started = time.perf_counter()
        result = work(*args)
        if index >= warmup:
            seconds.append(time.perf_counter() - started)
    return Timing(seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, result)


def measure(work: Callable[..., Any], *args: Any, runs: int = 5, warmup: int = 1) -> Timing:
    """Run a module-level function in a fresh process; its (small) result comes back too."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_run, (work, args, runs, warmup))


def measure_in_turn(
    works: dict[str, tuple[Callable[..., Any], tuple[Any, ...]]], *, rounds: int = 5
) -> dict[str, Timing]:
    """Each function in a process of its own, one run of each per round, so that a noisy moment hits all alike."""
    context = multiprocessing.get_context("spawn")
    pools = {name: context.Pool(1) for name in works}
    timings: dict[str, list[Timing]] = {name: [] for name in works}
    for name, (work, args) in works.items():
        pools[name].apply(_run, (work, args, 1, 0))
    for _ in range(rounds):
        for name, (work, args) in works.items():
            timings[name].append(pools[name].apply(_run, (work, args, 1, 0)))
    for pool in pools.values():
        pool.terminate()
    return {
        name: Timing([t.seconds[0] for t in found], max(t.peak_mb for t in found), found[-1].result)
        for name, found in timings.items()
    }


def machine() -> str:
    """The machine in a line."""
    return f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, {platform.system()}"


def line(name: str, timing: Timing, against: Timing | None = None, target: str = "") -> None:
    """Print one figure: median, range, peak memory, and the ratio to another one."""
    ratio = f"{timing.median / against.median:6.2f}×" if against else "       "
    low, high = min(timing.seconds), max(timing.seconds)
    print(
        f"  {name:<46} {timing.median * 1e3:9.1f} ms [{low * 1e3:.1f}–{high * 1e3:.1f}]"
        f" {timing.peak_mb:7.0f} MB {ratio}  {target}"
    )
