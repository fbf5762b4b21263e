"""Figures that cannot all be true: minimal sets, each with the size by which it misses.

A circle of inequalities that sums to less than zero proves that its figures cannot all be true, however they were
rounded. The set is minimal: without any one of them the rest can be true.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl

from tasks.reconciling.constraints import COMPONENT
from tasks.reconciling.difference_system import ABSENT, DifferenceSystem, Ints, LinkedSeries, link_series
from tasks.reconciling.shortest_paths import find_negative_circles

CONTRADICTION_SCHEMA = {
    **dict.fromkeys((*COMPONENT, "product", "period", "figure_ids", "routes"), pl.String()),
    "miss_pct": pl.Float64(),
    "month": pl.Date(),
}
"""One minimal set: where (the node of its last period), its figures, how they are stated, and by how many percent of a
level they miss one another after rounding is allowed for, and the last month that they are about."""


@dataclass(frozen=True)
class Proof:
    """One circle: the rows of the constraints it runs along, and its sum on the log scale (below zero)."""

    series: int
    rows: tuple[int, ...]
    total: float


def find_contradictions(constraints: pl.DataFrame) -> pl.DataFrame:
    """Minimal contradictory sets of figures: `CONTRADICTION_SCHEMA`, by component and period.

    The earliest first: of each series the set that can be proved from the fewest months, and of those of one month the
    one that misses most per figure. Its figures then step aside and the rest is asked again, so that no figure is named
    twice and what is left can be true. So what is found up to a month does not change with what is said of later ones.
    After a mistake is mended, ask again.
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
    """Every set, as rows of `linked.constraints`, in rounds: one set per series and round, the earliest month first."""
    wrong = np.array(sorted(find_negative_circles(linked.system)), dtype=np.int64)
    system, known = linked.system.take(wrong), _number_months(linked)[:, wrong]
    asked = np.arange(wrong.size)
    while asked.size:
        first = _find_first_months(system.take(asked), known[:, asked])
        for column, last in zip(asked.tolist(), first, strict=True):
            proof = _prove_first(linked, system.take(np.array([column])), known[:, [column]], last, int(wrong[column]))
            yield proof
            gone = _edges_resting_on(linked, proof.series, proof.rows)
            system.lower[gone, column], system.upper[gone, column] = -np.inf, np.inf
        asked = asked[sorted(find_negative_circles(system.take(asked)))]


def _prove_first(linked: LinkedSeries, system: DifferenceSystem, known: Ints, last: int, series: int) -> Proof:
    """The set up to the month `last`; asked alone, so that of two equal sets always the same is named."""
    (arcs,) = find_negative_circles(_hide_later(system, known, np.array([last]))).values()
    rows = tuple(int(linked.row[arc // 2, series]) for arc in arcs)
    return Proof(series, rows, sum(float(system.weight(arc)[0]) for arc in arcs))


def _number_months(linked: LinkedSeries) -> Ints:
    """Per edge and series the number of the last month that it rests on; −1 where it rests on no figure."""
    months = linked.constraints["month"].rank("dense").cast(pl.Int64).fill_null(0).to_numpy() - 1
    known: Ints = np.where(linked.row == ABSENT, -1, months[linked.row])
    return known


def _find_first_months(system: DifferenceSystem, known: Ints) -> Ints:
    """Of each series, all of which contradict themselves, the number of the first month that proves it: by halving."""
    low = np.zeros(system.series, dtype=np.int64)
    high: Ints = known.max(axis=0)
    while (low < high).any():
        middle = (low + high) // 2
        is_proved = np.zeros(system.series, dtype=bool)
        is_proved[list(find_negative_circles(_hide_later(system, known, middle)))] = True
        high = np.where(is_proved, middle, high)
        low = np.where(is_proved, low, np.minimum(middle + 1, high))
    return high


def _hide_later(system: DifferenceSystem, known: Ints, last: Ints) -> DifferenceSystem:
    """The system without the edges that rest on a later month than the series' `last`."""
    is_later = known > last
    lower, upper = np.where(is_later, -np.inf, system.lower), np.where(is_later, np.inf, system.upper)
    return DifferenceSystem(system.tail, system.head, lower, upper, system.nodes)


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
        "month": rows["month"].max(),
    }
