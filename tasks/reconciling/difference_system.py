"""Systems of difference constraints as arrays: many series at once where their graphs have one shape.

Nodes and edges are numbered once for a group of components; a component is a column. What a component does not state
is an open interval, so components with different gaps share one shape.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import polars as pl

from tasks.reconciling.constraints import COMPONENT

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
ABSENT = -1


@dataclass(frozen=True)
class DifferenceSystem:
    """`lower[e, s] ≤ x[head[e], s] − x[tail[e], s] ≤ upper[e, s]` for every edge e and series s; infinite = open."""

    tail: Ints
    head: Ints
    lower: Floats
    upper: Floats
    nodes: int

    @property
    def series(self) -> int:
        """Number of series."""
        return int(self.lower.shape[1])

    def take(self, series: Ints) -> "DifferenceSystem":
        """The system of these series alone."""
        return DifferenceSystem(self.tail, self.head, self.lower[:, series], self.upper[:, series], self.nodes)

    def reverse(self) -> "DifferenceSystem":
        """The system of −x: its distances are the negated lower ends."""
        return DifferenceSystem(self.tail, self.head, -self.upper, -self.lower, self.nodes)

    @cached_property
    def arcs(self) -> list[tuple[int, list[tuple[int, int, bool]]]]:
        """By target node in order: (arc, source, is forward). Arc 2e leads tail → head, arc 2e + 1 back."""
        into: list[list[tuple[int, int, bool]]] = [[] for _ in range(self.nodes)]
        for edge, (tail, head) in enumerate(zip(self.tail.tolist(), self.head.tolist(), strict=True)):
            into[head].append((2 * edge, tail, True))
            into[tail].append((2 * edge + 1, head, False))
        return list(enumerate(into))

    def weight(self, arc: int) -> Floats:
        """Length of an arc per series: x_target ≤ x_source + weight."""
        weight: Floats = -self.lower[arc // 2] if arc % 2 else self.upper[arc // 2]
        return weight


@dataclass(frozen=True)
class LinkedSeries:
    """A group of components as one system, with the way back to the constraints.

    `components` has one row per series, `nodes` one per node (product, period); `row[e, s]` is the constraint's row
    in `constraints`, or `ABSENT`.
    """

    system: DifferenceSystem
    components: pl.DataFrame
    nodes: pl.DataFrame
    constraints: pl.DataFrame
    row: Ints

    @cached_property
    def node_numbers(self) -> dict[tuple[str, str], int]:
        """Number of each node by (product, period)."""
        return {(product, period): i for i, (product, period) in enumerate(self.nodes.rows())}


def link_series(constraints: pl.DataFrame) -> Iterator[LinkedSeries]:
    """The constraints as systems, one for all components that have the same products, in a fixed order."""
    if constraints.is_empty():
        return
    ends = pl.concat([constraints.select(*COMPONENT, product=f"{end}_product") for end in ("tail", "head")])
    shapes = ends.group_by(COMPONENT).agg(pl.col("product").unique().sort().str.join("\n").alias("shape"))
    grouped = constraints.join(shapes, on=COMPONENT, maintain_order="left")
    for _, rows in grouped.group_by("shape", maintain_order=True):
        yield _link(rows.drop("shape"))


def _link(rows: pl.DataFrame) -> LinkedSeries:
    nodes = _list_nodes(rows)
    components = rows.select(COMPONENT).unique(maintain_order=True)
    numbered = (
        rows.join(components.with_row_index("series"), on=COMPONENT, maintain_order="left")
        .join(_number(nodes, "tail"), on=["tail_product", "tail_period"], maintain_order="left")
        .join(_number(nodes, "head"), on=["head_product", "head_period"], maintain_order="left")
        # Several constraints of one kind between the same nodes (ways to derive a level, say) are edges of their own.
        .with_columns(copy=pl.int_range(pl.len()).over("series", "tail", "head", "route"))
    )
    key = ["tail", "head", "route", "copy"]
    edges = numbered.select(key).unique().sort(key)
    placed = numbered.join(edges.with_row_index("edge"), on=key, maintain_order="left")
    edge, series = (placed[name].to_numpy().astype(np.int64) for name in ("edge", "series"))
    shape = (edges.height, components.height)
    lower, upper, row = np.full(shape, -np.inf), np.full(shape, np.inf), np.full(shape, ABSENT, dtype=np.int64)
    lower[edge, series] = rows["lower"].to_numpy()
    upper[edge, series] = rows["upper"].to_numpy()
    row[edge, series] = np.arange(rows.height)
    tail, head = (edges[name].to_numpy().astype(np.int64) for name in ("tail", "head"))
    return LinkedSeries(DifferenceSystem(tail, head, lower, upper, nodes.height), components, nodes, rows, row)


def _list_nodes(rows: pl.DataFrame) -> pl.DataFrame:
    """Nodes in the order of their periods: paths then mostly run with the numbers, which few sweeps follow."""
    ends = [rows.select(product=f"{end}_product", period=f"{end}_period") for end in ("tail", "head")]
    return pl.concat(ends).unique().sort("period", "product")


def _number(nodes: pl.DataFrame, end: str) -> pl.DataFrame:
    return nodes.rename({"product": f"{end}_product", "period": f"{end}_period"}).with_row_index(end)
