"""A source declared a forecaster is marked by another's actuals, with the same as-of and lock."""

from dataclasses import replace

import polars as pl
import pytest

from contracts.track_record import NO_CHANGE_SOURCE, SOURCE_COMPARISON
from tasks.scoring import build_record, compare_sources, score_forecasts


@pytest.fixture
def declared(chains):
    return {name: replace(chain, forecasters={"house": "smm"}) for name, chain in chains.items()}


def both(house: list[float], smm: list[float], outcome: list[float]) -> list[dict]:
    """A forecast of the house on the 3rd and one of smm on the 5th for each month, and what smm published."""
    rows = []
    for i, (ours, theirs, actual) in enumerate(zip(house, smm, outcome, strict=True)):
        period, issued = f"2025-{i + 2:02d}", f"2025-{i + 2:02d}"
        rows += [
            {"source": "house", "kind": "forecast", "period": period, "value": ours, "at": f"{issued}-03"},
            {"kind": "forecast", "period": period, "value": theirs, "at": f"{issued}-05"},
            {"period": period, "value": actual},
        ]
    return rows


def test_its_forecasts_are_marked_by_the_other_sources_actuals(figures, declared, chains):
    rows = both([10.0, 4.0], [12.0, 9.0], [11.0, 5.0])
    marked = score_forecasts(figures(*rows), chains=declared)
    assert marked.select("source", "month", "status", "actual", "surprise_pp").sort("source", "month").rows() == [
        *(
            ("house", m, "scored", a, e)
            for m, a, e in zip(marked["month"].unique().sort(), (11, 5), (1, 1), strict=True)
        ),
        *(
            ("smm", m, "scored", a, e)
            for m, a, e in zip(marked["month"].unique().sort(), (11, 5), (-1, -4), strict=True)
        ),
    ]
    # the benchmarks are of the actuals that mark it: on 3 March smm had not published February yet
    house = marked.filter(source="house").sort("month")
    assert house["naive_same_growth"].to_list() == [None, None]
    assert marked.filter(source="smm").sort("month")["naive_same_growth"].to_list() == [None, 11]
    # not declared, it waits for ever
    alone = score_forecasts(figures(*rows), chains=chains).filter(source="house")
    assert set(alone["status"]) == {"pending"}


def test_it_is_locked_out_by_the_outcome_as_anyone_is(figures, declared):
    rows = [
        {"source": "house", "kind": "forecast", "period": "2025-02", "value": 10.0, "at": "2025-03-06"},
        {"period": "2025-02", "value": 11.0, "at": "2025-03-05"},
    ]
    (row,) = score_forecasts(figures(*rows), chains=declared).to_dicts()
    assert (row["status"], row["surprise_pp"], row["actual_id"]) == ("backcast", None, "f0001")


def test_two_houses_with_one_number_each_are_not_each_others_vintages(figures, chains):
    declared = {n: replace(c, forecasters={"house": "smm", "desk": "smm"}) for n, c in chains.items()}
    same = {"kind": "forecast", "period": "2025-02", "at": "2025-02-03"}
    rows = [
        {**same, "source": "house", "value": 10.0},
        {**same, "source": "desk", "value": 20.0},
        {"period": "2025-02", "value": 11.0},
    ]
    marked = score_forecasts(figures(*rows), chains=declared)
    assert marked.select("source", "surprise_pp", "issue").rows() == [("desk", -9, "only"), ("house", 1, "only")]
    assert build_record(marked)["n"].to_list() == [1, 1]


def test_a_house_whose_source_has_published_nothing_yet_is_pending(figures, declared):
    rows = [{"source": "house", "kind": "forecast", "period": "2025-02", "value": 10.0}]
    (row,) = score_forecasts(figures(*rows), chains=declared).to_dicts()
    assert (row["source"], row["status"]) == ("house", "pending")


def test_sources_are_compared_on_the_targets_that_both_forecast(figures, declared):
    house, smm, outcome = [10.0, 4.0, 7.0], [14.0, 9.0, 5.0], [12.0, 6.0, 8.0]
    extra = [{"kind": "forecast", "period": "2025-06", "value": 50.0}, {"period": "2025-06", "value": 1.0}]
    found = compare_sources(score_forecasts(figures(*both(house, smm, outcome), *extra), chains=declared))
    assert found.schema == SOURCE_COMPARISON.schema
    pairs = {(r["forecaster"], r["other"]): r for r in found.to_dicts()}
    # |2|, |2|, |1| against |-2|, |-3|, |3|; smm's miss of June by 49 has no rival
    assert pairs["house", "smm"]["n"] == 3
    assert (pairs["house", "smm"]["mae"], pairs["smm", "house"]["mae"]) == pytest.approx((5 / 3, 8 / 3))
    assert pairs["house", "smm"]["mae_ratio"] == pytest.approx(5 / 8)
    # no change is 0: 12, 6, 8, and June's 1
    assert pairs["house", NO_CHANGE_SOURCE]["mae_ratio"] == pytest.approx(5 / 26)
    assert pairs["smm", NO_CHANGE_SOURCE]["n"] == 4
    # the geometric mean with itself: (5/8 · 5/26 · 1)^(1/3)
    assert pairs["house", "smm"]["relative_skill"] == pytest.approx((5 / 8 * 5 / 26) ** (1 / 3))


def test_levels_of_two_units_are_not_compared_as_one(figures, declared):
    rows = []
    for segment, unit, size in (("cathode", "t", 1000.0), ("cell", "MWh", 10.0)):
        both_ = {"measure": "level", "unit": unit, "segment": segment, "period": "2025-02"}
        rows += [
            {**both_, "source": "house", "kind": "forecast", "value": 1.1 * size},
            {**both_, "kind": "forecast", "value": 1.2 * size},
            {**both_, "value": size},
        ]
    found = compare_sources(score_forecasts(figures(*rows), chains=declared))
    pair = found.filter(forecaster="house", other="smm").select("unit", "n", "mae").rows()
    assert pair == [("MWh", 1, pytest.approx(1)), ("t", 1, pytest.approx(100))]


def test_nothing_to_compare_is_an_empty_table(figures, declared):
    assert compare_sources(score_forecasts(figures(), chains=declared)).schema == SOURCE_COMPARISON.schema
    assert isinstance(compare_sources(score_forecasts(figures(), chains=declared)), pl.DataFrame)
