"""Rounded truth is never contradictory, a planted contradiction is always found and minimal, bounds are a linear
programme's; scipy's graph functions and HiGHS are the oracles."""

import numpy as np
import polars as pl
import pytest
from scipy.optimize import linprog
from scipy.sparse import csr_array
from scipy.sparse.csgraph import NegativeCycleError, bellman_ford

from tasks.reconciling.constraints import build_constraints
from tasks.reconciling.contradictions import drop_contradictory, find_contradictions
from tasks.reconciling.difference_system import DifferenceSystem, LinkedSeries, link_series
from tasks.reconciling.implied import bound_change
from tasks.reconciling.level_index import bound_levels
from tasks.reconciling.shortest_paths import find_negative_circles
from tests.tasks.reconciling.published import make_chain, make_levels, publish

MONTHS = 15
HIGHS = {"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10}


def make_reviews(seed: int, cases: int, **how) -> tuple[dict[str, np.ndarray], pl.DataFrame]:
    rng = np.random.default_rng(seed)
    levels = make_levels(rng, cases, MONTHS)
    return levels, publish(rng, levels, **how)


def constrain(figures: pl.DataFrame) -> pl.DataFrame:
    return build_constraints(figures, {"made": make_chain(figures["segment"].unique().sort().to_list())})


def is_feasible(system: DifferenceSystem, series: int) -> bool:
    """What a linear programme says."""
    rows, bounds = list_inequalities(system, series)
    free = [(None, None)] * system.nodes
    return linprog(np.zeros(system.nodes), A_ub=rows, b_ub=bounds, bounds=free, options=HIGHS).status == 0


def list_inequalities(system: DifferenceSystem, series: int) -> tuple[csr_array, np.ndarray]:
    low, high = system.lower[:, series], system.upper[:, series]
    arcs = [(h, t, high[e]) for e, (t, h) in enumerate(zip(system.tail, system.head, strict=True))]
    arcs += [(t, h, -low[e]) for e, (t, h) in enumerate(zip(system.tail, system.head, strict=True))]
    arcs = [arc for arc in arcs if np.isfinite(arc[2])]
    index = np.repeat(np.arange(len(arcs)), 2)
    columns = np.array([[a, b] for a, b, _ in arcs]).ravel()
    rows = csr_array((np.tile([1.0, -1.0], len(arcs)), (index, columns)), (len(arcs), system.nodes))
    return rows, np.array([w for _, _, w in arcs])


def true_log_levels(levels: dict[str, np.ndarray], linked: LinkedSeries) -> np.ndarray:
    """ln level of every node of a linked group; units are at zero."""
    cases = [int(s[1:]) for s in linked.components["segment"]]
    first = 2024 * 12
    month = {p: int(p[:4]) * 12 + int(p[5:7]) - 1 - first for p in linked.nodes["period"] if p}
    rows = [np.log(levels[q][month[p], cases]) if p else np.zeros(len(cases)) for q, p in linked.nodes.rows()]
    return np.array(rows)


@pytest.mark.parametrize("cases", [500, pytest.param(10_000, marks=pytest.mark.soak)])
def test_rounded_truth_is_never_contradictory_and_lies_in_every_interval(cases):
    levels, figures = make_reviews(1, cases, part=0.35)
    constraints = constrain(figures)
    assert find_contradictions(constraints).is_empty()
    checked = 0
    for linked in link_series(constraints):
        truth = true_log_levels(levels, linked)
        base = linked.node_numbers.get(("", "2024-06"))
        if base is None:
            continue
        low, high = bound_levels(linked.system, base)
        distance = truth - truth[base]
        assert (low <= distance + 1e-9).all()
        assert (distance <= high + 1e-9).all()
        checked += linked.system.series
    assert checked > 0.9 * cases


@pytest.mark.parametrize("measure", ["mom_pct", "yoy_pct", "level", "share_pct"])
def test_a_planted_contradiction_is_found_and_its_set_is_minimal(measure):
    _, figures = make_reviews(2, 60, part=1.0)
    rng = np.random.default_rng(3)
    # One figure of the total or of product a per segment, off by far more than rounding explains.
    month = pl.col("month_no")
    stated = figures.with_row_index("row").with_columns(month_no=pl.col("period").str.slice(5).cast(pl.Int32))
    candidates = stated.filter(
        pl.col("measure") == measure,
        pl.col("product") == ("a" if measure == "share_pct" else ""),
        pl.col("period").str.starts_with("2025") if measure == "yoy_pct" else month.is_between(3, 9),
    )
    chosen = candidates.group_by("segment", maintain_order=True).agg(
        pl.col("row").sample(1, seed=int(rng.integers(99))).first()
    )
    wrong = {
        "mom_pct": pl.col("value") + 40.0,
        "yoy_pct": pl.col("value") + 60.0,
        "level": pl.col("value") * 1.5,
        "share_pct": pl.col("value") * 0.4,
    }[measure]
    hit = pl.col("row").is_in(chosen["row"].to_list())
    planted = stated.with_columns(value=pl.when(hit).then(wrong).otherwise("value")).drop("row", "month_no")
    constraints = constrain(planted)
    found = find_contradictions(constraints)
    names = figures[chosen["row"].to_list()].select("segment", "figure_id")
    named = found.join(names, on="segment")
    assert set(names["segment"]) == set(found["segment"])
    # Everything else is true, so the wrong figure is in every first set, and one set per segment is all there is.
    assert named.filter(pl.col("figure_ids").str.split(" ").list.contains(pl.col("figure_id"))).height == names.height
    assert found.height == names.height
    assert find_contradictions(drop_contradictory(constraints, found)).is_empty()
    for row in found.head(12).to_dicts():
        members = row["figure_ids"].split()
        own = planted.filter(pl.col("figure_id").is_in(members))
        assert not feasible(own), "the set as a whole cannot be true"
        for member in members:
            assert feasible(own.filter(pl.col("figure_id") != member)), f"without {member} it can"


def feasible(figures: pl.DataFrame) -> bool:
    return all(is_feasible(linked.system, 0) for linked in link_series(constrain(figures)))


def test_bounds_are_those_of_a_linear_programme():
    _, figures = make_reviews(4, 6, part=0.5)
    compared = 0
    for linked in link_series(constrain(figures)):
        for series in range(linked.system.series):
            rows, bounds = list_inequalities(linked.system, series)
            rng = np.random.default_rng(series)
            for tail, head in rng.integers(0, linked.system.nodes, (12, 2)):
                if tail == head:
                    continue
                got = bound_change(linked, series, int(tail), int(head))
                aim = np.zeros(linked.system.nodes)
                aim[head], aim[tail] = 1.0, -1.0
                for sign, ours in ((1.0, got.lower), (-1.0, got.upper)):
                    best = linprog(
                        sign * aim, A_ub=rows, b_ub=bounds, bounds=[(None, None)] * linked.system.nodes, options=HIGHS
                    )
                    if np.isfinite(ours):
                        assert best.status == 0
                        assert sign * best.fun == pytest.approx(ours, abs=1e-9)
                    else:
                        assert best.status in {3, 4}  # unbounded
                    compared += 1
    assert compared > 100


def test_negative_circles_are_those_that_scipy_finds():
    rng = np.random.default_rng(5)
    tail, head = rng.integers(0, 12, 60), rng.integers(0, 12, 60)
    # scipy's dense graphs hold one edge per pair of nodes
    pairs = sorted({(int(t), int(h)) for t, h in zip(tail, head, strict=True) if t < h})
    tail, head = (np.array(ends) for ends in zip(*pairs, strict=True))
    middle = rng.normal(0, 0.05, (tail.size, 300))
    width = rng.uniform(0.01, 0.15, middle.shape)
    system = DifferenceSystem(tail, head, middle - width, middle + width, 12)
    ours = find_negative_circles(system)
    theirs = set()
    for series in range(300):
        graph = np.full((12, 12), np.inf)
        graph[tail, head], graph[head, tail] = system.upper[:, series], -system.lower[:, series]
        try:
            bellman_ford(np.ma.masked_invalid(graph))
        except NegativeCycleError:
            theirs.add(series)
    assert set(ours) == theirs
    assert 50 < len(theirs) < 250
    for series, arcs in ours.items():
        assert sum(system.weight(arc)[series] for arc in arcs) < 0


def test_the_index_lies_in_its_envelope_and_keeps_every_inequality():
    _, figures = make_reviews(6, 200, part=0.9, measures=("mom_pct", "yoy_pct"))
    for linked in link_series(constrain(figures.filter(pl.col("product") == ""))):
        low, high = bound_levels(linked.system, linked.node_numbers["", "2024-06"])
        inside = np.isfinite(low) & np.isfinite(high)
        middle = (np.where(inside, low, 0.0) + np.where(inside, high, 0.0)) / 2
        assert (low <= high + 1e-12)[inside].all()
        system = linked.system
        both = inside[system.tail] & inside[system.head]
        step = np.where(both, middle[system.head] - middle[system.tail], 0.0)
        assert (step >= system.lower - 1e-9)[both].all()
        assert (step <= system.upper + 1e-9)[both].all()
        assert both.sum() > 1000
