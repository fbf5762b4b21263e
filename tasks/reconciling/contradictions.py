"""Figures that cannot all be true: minimal sets, each with the size by which it misses.

A circle of inequalities that sums to less than zero proves that its figures cannot all be true, however they were
rounded. The set is minimal: without any one of them the rest can be true.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl

from tasks.reconciling.constraints import COMPONENT
from tasks.reconciling.difference_system import ABSENT, DifferenceSystem, LinkedSeries, link_series
from tasks.reconciling.shortest_paths import find_negative_circles

CONTRADICTION_SCHEMA = {
    **dict.fromkeys((*COMPONENT, "product", "period", "figure_ids", "routes"), pl.String()),
    "miss_pct": pl.Float64(),
}
"""One minimal set: where (the node of its last period), its figures, how they are stated, and by how many percent of a
level they miss one another after rounding is allowed for."""


@dataclass(frozen=True)
class Proof:
    """One circle: the rows of the constraints it runs along, and its sum on the log scale (below zero)."""

    series: int
    rows: tuple[int, ...]
    total: float


def find_contradictions(constraints: pl.DataFrame) -> pl.DataFrame:
    """Minimal contradictory sets of figures: `CONTRADICTION_SCHEMA`, by component and period.

    Of a series' sets the one that misses most per figure comes first; its figures then step aside and the rest is
    asked again, so that no figure is named twice and what is left can be true. After a mistake is mended, ask again.
    """
    return _gather([(linked, proof) for linked in link_series(constraints) for proof in prove_contradictions(linked)])


def drop_contradictory(constraints: pl.DataFrame, contradictions: pl.DataFrame) -> pl.DataFrame:
    """The constraints that rest on no figure of a contradiction: they can all be true."""
    doubtful = contradictions.select(*COMPONENT, figure_id=pl.col("figure_ids").str.split(" ")).explode("figure_id")
    numbered = constraints.with_row_index("row")
    resting = (
        numbered.select("row", *COMPONENT, figure_id=pl.col("figure_ids").str.split(" "))
        .explode("figure_id")
        .join(doubtful.filter(pl.col("figure_id") != ""), on=[*COMPONENT, "figure_id"], how="semi")
    )
    return numbered.join(resting, on="row", how="anti", maintain_order="left").drop("row")


def prove_contradictions(linked: LinkedSeries) -> Iterator[Proof]:
    """Every set, as rows of `linked.constraints`, in rounds: one set per series and round."""
    asked = np.arange(linked.system.series)
    lower, upper = linked.system.lower.copy(), linked.system.upper.copy()
    while asked.size:
        system = DifferenceSystem(
            linked.system.tail, linked.system.head, lower[:, asked], upper[:, asked], linked.system.nodes
        )
        circles = find_negative_circles(system)
        for column, arcs in sorted(circles.items()):
            series = int(asked[column])
            total = sum(float(system.weight(arc)[column]) for arc in arcs)
            rows = tuple(int(linked.row[arc // 2, series]) for arc in arcs)
            yield Proof(series, rows, total)
            gone = _edges_resting_on(linked, series, rows)
            lower[gone, series], upper[gone, series] = -np.inf, np.inf
        asked = asked[sorted(circles)]


def _edges_resting_on(linked: LinkedSeries, series: int, rows: tuple[int, ...]) -> list[int]:
    """Edges of a series that rest on any figure of these constraints."""
    texts = linked.constraints["figure_ids"]
    doubtful = {name for row in rows for name in texts[row].split()}
    stated = np.flatnonzero(linked.row[:, series] != ABSENT)
    ids = texts.gather(linked.row[stated, series]).to_list()
    return [int(edge) for edge, text in zip(stated, ids, strict=True) if not doubtful.isdisjoint(text.split())]


def _gather(proofs: list[tuple[LinkedSeries, Proof]]) -> pl.DataFrame:
    found = [_describe(linked, proof) for linked, proof in proofs]
    return pl.DataFrame(found, schema=CONTRADICTION_SCHEMA, orient="row").sort(*COMPONENT, "period", "figure_ids")


def _describe(linked: LinkedSeries, proof: Proof) -> dict[str, object]:
    rows = linked.constraints[list(proof.rows)]
    figures = list(dict.fromkeys(name for text in rows["figure_ids"] for name in text.split()))
    last = rows.sort("head_period", "head_product").tail(1)
    return {
        **dict(zip(COMPONENT, linked.components.row(proof.series), strict=True)),
        "product": last["head_product"].item(),
        "period": last["head_period"].item(),
        "figure_ids": " ".join(figures),
        "routes": " ".join(rows["route"]),
        "miss_pct": 100.0 * float(np.expm1(-proof.total)),
    }
