"""Timing in processes of their own: medians, ratios in turn (A B A B …), and the peak memory of each."""

import multiprocessing
import os
import platform
import resource
import statistics
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
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
    return Timing(seconds, peak_mb(), result)


def peak_mb() -> float:
    """Peak memory of this process; the system's other count is that of the parent where that was larger."""
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return int(status.read_text().partition("VmHWM:")[2].split()[0]) / 1024


IS_SMALL = "--small" in sys.argv
"""Whether only is shown that everything still runs: once, and in this process."""


def measure(work: Callable[..., Any], *args: Any, runs: int = 5, warmup: int = 1) -> Timing:
    """Run a module-level function in a fresh process; its (small) result comes back too."""
    if IS_SMALL:
        return _run(work, args, 1, 0)
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_run, (work, args, runs, warmup))


def measure_in_turn(
    works: dict[str, tuple[Callable[..., Any], tuple[Any, ...]]], *, rounds: int = 5
) -> dict[str, Timing]:
    """Each function in a process of its own, one run of each per round, so that a noisy moment hits all alike."""
    if IS_SMALL:
        return {name: _run(work, args, 1, 0) for name, (work, args) in works.items()}
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


@dataclass(frozen=True)
class Result:
    """One measured figure: so many seconds for so much, and what it is held against."""

    what: str
    size: int
    unit: str
    seconds: float
    peak_mb: float | None = None
    against: str = ""
    ratio: float | None = None
    target: str = ""

    def __str__(self) -> str:
        """As a line of a table in a terminal."""
        memory = f"{self.peak_mb:7,.0f} MB" if self.peak_mb else " " * 10
        ratio = f"{self.ratio:8.2f}× {self.against}" if self.ratio is not None else ""
        target = f" (target {self.target})" if self.target else ""
        return f"  {self.what:<44} {self.size:>11,} {self.unit:<10} {say_seconds(self.seconds):>9} {memory} {ratio}{target}".rstrip()


def hold(
    what: str,
    size: int,
    unit: str,
    found: Timing | float,
    *,
    against: tuple[str, Timing | float] | None = None,
    target: str = "",
) -> Result:
    """A result: a timing (its median) or seconds, and the ratio to another one with its name."""
    seconds = found.median if isinstance(found, Timing) else found
    peak = found.peak_mb if isinstance(found, Timing) else None
    if against is None:
        return Result(what, size, unit, seconds, peak, target=target)
    name, other = against
    return Result(
        what,
        size,
        unit,
        seconds,
        peak,
        name,
        seconds / (other.median if isinstance(other, Timing) else other),
        target,
    )


def say_seconds(seconds: float) -> str:
    """Seconds with a unit that a person reads at once."""
    for factor, unit in ((1.0, "s"), (1e3, "ms"), (1e6, "µs")):
        if seconds * factor >= 1:
            return f"{seconds * factor:.3g} {unit}" if seconds * factor < 1000 else f"{seconds * factor:,.0f} {unit}"
    return f"{seconds * 1e9:.3g} ns"


def median_of(work: Callable[[], object], runs: int = 3) -> float:
    """Median seconds of a call in this process."""
    taken = []
    for _ in range(runs):
        begun = time.perf_counter()
        work()
        taken.append(time.perf_counter() - begun)
    return statistics.median(taken)


def show(results: Iterable[Result]) -> list[Result]:
    """Print each as it comes; all of them."""
    found = []
    for result in results:
        print(result, flush=True)
        found.append(result)
    return found
