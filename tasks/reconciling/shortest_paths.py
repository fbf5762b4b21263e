"""Shortest paths and negative circles in many graphs of one shape at once.

Bellman and Ford's relaxation, ordered as Yen proposed (forward over the nodes, then backward): a path that changes its
direction k times is settled after k sweeps. Each step works on all series together. scipy's and networkx's functions
take one graph at a time and do not name the circle for many; they and a linear programme are the oracles of the tests.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tasks.reconciling.difference_system import DifferenceSystem, Floats, Ints

TOLERANCE = 1e-9
"""A circle counts as negative below −`TOLERANCE` (log scale): touching intervals and float noise are no contradiction.
"""
_STEP = 1e-12
_NONE = -1
_CHECK_EVERY = 4


@dataclass(frozen=True)
class Paths:
    """Distances from one node in every series, `distance[v, s]`, and the arc by which each is reached (−1: none)."""

    distance: Floats
    arc: Ints


def find_paths(system: DifferenceSystem, source: int | Ints, *, with_arcs: bool = False) -> Paths:
    """Distances from `source`, one node or one for each series: the largest that x_v − x_source can be.

    The series must be free of contradictions.
    """
    distance = np.full((system.nodes, system.series), np.inf)
    distance[source, np.arange(system.series)] = 0.0
    arc = np.full(distance.shape, _NONE, dtype=np.int64) if with_arcs else None
    for forward in _alternate(2 * system.nodes):
        before = distance.copy()
        _sweep(system, distance, arc, None, forward=forward)
        if not (distance < before).any():
            break
    return Paths(distance, arc if arc is not None else np.empty((0, 0), dtype=np.int64))


def list_path(system: DifferenceSystem, paths: Paths, target: int, series: int) -> list[int]:
    """Arcs from the source to the target, in order; empty where it is the source or out of reach."""
    arcs: list[int] = []
    node = target
    while (arc := int(paths.arc[node, series])) != _NONE and len(arcs) <= system.nodes:
        arcs.append(arc)
        node = int((system.head if arc % 2 else system.tail)[arc // 2])
    return arcs[::-1]


def find_negative_circles(system: DifferenceSystem) -> dict[int, list[int]]:
    """A circle of arcs that sums to less than −`TOLERANCE`, for every series that has one.

    Of all circles the one that misses most per arc (the smallest mean length): found by asking again with that mean
    taken off every arc until no circle is left. So it is short, and always the same.
    """
    found: dict[int, list[int]] = {}
    asked = np.arange(system.series)
    slack = np.zeros(system.series)
    while asked.size:
        circles = _find_any_circles(system.take(asked), slack[asked])
        again = []
        for column, arcs in circles.items():
            series = int(asked[column])
            mean = sum(float(system.weight(arc)[series]) for arc in arcs) / len(arcs)
            if series in found and mean >= -slack[series] - _STEP:
                continue
            if mean * len(arcs) < -TOLERANCE:
                found[series] = arcs
                slack[series] = -mean
                again.append(series)
        asked = np.array(again, dtype=np.int64)
    return found


def _find_any_circles(system: DifferenceSystem, slack: Floats) -> dict[int, list[int]]:
    """Some circle per series whose arcs, each longer by the series' `slack`, sum to less than zero."""
    distance = np.zeros((system.nodes, system.series))
    left = np.arange(system.series)
    here, extra = system, slack
    arc = None
    found: dict[int, list[int]] = {}
    for count, forward in enumerate(_alternate(4 * system.nodes)):
        before = distance.copy()
        _sweep(here, distance, arc, extra, forward=forward)
        keep = np.any(distance < before - _STEP, axis=0)
        if arc is not None and count % _CHECK_EVERY == 0:
            for column in np.flatnonzero(keep & _has_circle(here, arc)).tolist():
                found[int(left[column])] = _walk_circle(here, arc, column)
                keep[column] = False
        if not keep.any():
            break
        if count >= _CHECK_EVERY and (arc is None or 2 * keep.sum() <= keep.size):
            kept = np.flatnonzero(keep)
            arc = np.full((system.nodes, kept.size), _NONE, dtype=np.int64) if arc is None else arc[:, kept]
            here, extra, left, distance = here.take(kept), extra[kept], left[kept], distance[:, kept]
        elif not keep.all() and arc is not None:
            kept = np.flatnonzero(keep)
            here, extra, left, distance, arc = here.take(kept), extra[kept], left[kept], distance[:, kept], arc[:, kept]
    return found


def _alternate(times: int) -> Iterator[bool]:
    return (count % 2 == 0 for count in range(times))


def _sweep(
    system: DifferenceSystem, distance: Floats, arc: Ints | None, slack: Floats | None, *, forward: bool
) -> None:
    """Relax every arc once, node by node in order or against it, in place."""
    arcs = system.arcs
    lower, upper = system.lower, system.upper
    candidate = np.empty(system.series)
    for node, into in arcs if forward else reversed(arcs):
        best = distance[node]
        for number, source, is_upper in into:
            if is_upper:
                np.add(distance[source], upper[number >> 1], out=candidate)
            else:
                np.subtract(distance[source], lower[number >> 1], out=candidate)
            if slack is not None:
                np.add(candidate, slack, out=candidate)
            if arc is None:
                np.minimum(best, candidate, out=best)
            else:
                better = np.flatnonzero(candidate < best - _STEP)
                best[better] = candidate[better]
                arc[node, better] = number


def _has_circle(system: DifferenceSystem, arc: Ints) -> npt.NDArray[np.bool_]:
    """Which series have a circle among the arcs by which nodes are reached: follow all of them far enough back."""
    end = system.nodes
    source = np.empty(2 * system.tail.size + 1, dtype=np.int64)
    source[0:-1:2], source[1:-1:2], source[-1] = system.tail, system.head, end
    step = np.vstack([source[arc], np.full((1, arc.shape[1]), end)])
    for _ in range(int(np.ceil(np.log2(end + 1)))):
        step = np.take_along_axis(step, step, axis=0)
    is_in_circle: npt.NDArray[np.bool_] = (step[:end] != end).any(axis=0)
    return is_in_circle


def _walk_circle(system: DifferenceSystem, arc: Ints, series: int) -> list[int]:
    """The arcs of a circle, in the direction of the paths, from its smallest node."""
    reached = arc[:, series]
    for start in range(system.nodes):
        seen: dict[int, int] = {}
        node, back = start, list[int]()
        while node not in seen and reached[node] != _NONE:
            seen[node] = len(back)
            back.append(int(reached[node]))
            node = _source_of(system, back[-1])
        if node in seen:
            circle = back[seen[node] :][::-1]
            first = circle.index(min(circle))
            return circle[first:] + circle[:first]
    raise AssertionError("there is no circle to walk")


def _source_of(system: DifferenceSystem, arc: int) -> int:
    return int((system.head if arc % 2 else system.tail)[arc // 2])
