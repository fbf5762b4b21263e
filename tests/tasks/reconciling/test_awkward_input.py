"""What is awkward to reconcile is defined: each case of docs/findings.md, in the proofs, the comparisons and the month."""

from dataclasses import replace
from datetime import UTC, date, datetime

import polars as pl
import pytest

from contracts.chain import load_chain
from tasks.comparing.comparisons import compare_months
from tasks.month_summary.reading import read_month
from tasks.month_summary.writing import write_month
from tasks.reconciling.constraints import build_constraints
from tasks.reconciling.contradictions import find_contradictions
from tasks.reconciling.findings import contradict_stored, find_findings
from tasks.reconciling.implied import imply_changes, reconcile
from tasks.reconciling.language import load_language
from tests.builders import day, head, record
from tests.tasks.reconciling.published import CHAINS
from tests.tasks.reconciling.test_findings import LATER, build, level, mom, share, yoy

JANUARY, FEBRUARY = date(2026, 1, 1), date(2026, 2, 1)


def imply(*rows, first=JANUARY, last=FEBRUARY, product="") -> tuple[float | None, ...]:
    found = imply_changes(reconcile(build(*rows), CHAINS), [product], first=first, last=last)
    return found.select("value", "lower", "upper").row(0)


def test_minus_one_hundred_percent_has_an_upper_end_alone():
    # −100 ± .5 %: at most −99.5; nothing from below
    assert imply(mom("2026-02", -100.0)) == (None, None, pytest.approx(-99.5))
    assert find_findings(build(mom("2026-02", -100.0), yoy("2026-02", -100.0)), CHAINS).is_empty()
    assert compare_months(build(mom("2026-02", -100.0)), chains=CHAINS)["value"].to_list() == [-100.0]


def test_stable_has_no_size_and_takes_no_part():
    stable = {"measure": "direction", "period": "2026-02", "value": 0.0, "unit": "sign", "half_width": 0.0}
    assert build_constraints(build(stable), CHAINS).is_empty()
    rows = [level("2026-01", 100.0), level("2026-02", 120.0), stable]
    assert find_findings(build(*rows), CHAINS).is_empty()


def test_each_figure_has_the_rounding_of_its_own_digits():
    # +2 % is 1.5 … 2.5, +1.51 % lies in it; +1.49 % (1.485 … 1.495) does not
    whole, fine = mom("2026-02", 2.0), {"value": 1.51, "half_width": 0.005}
    levels = [level("2026-01", 100.0, half_width=0.0), level("2026-02", 101.51, half_width=0.0)]
    assert find_findings(build(whole, *levels), CHAINS).is_empty()
    assert imply(mom("2026-02", **fine)) == pytest.approx((1.51, 1.505, 1.515))
    levels = [level("2026-01", 100.0, half_width=0.0), level("2026-02", 101.49, half_width=0.0)]
    assert find_findings(build(whole, *levels), CHAINS)["rule"].to_list() == ["levels_do_not_reconcile"]


def test_an_unknown_product_is_linked_to_itself_and_in_no_tree():
    rows = build(mom("2026-02", 5.0, product="unheard_of"), share("unheard_of", 120.0))
    assert imply(mom("2026-02", 5.0, product="unheard_of"), product="unheard_of")[0] == pytest.approx(5.0)
    assert not find_findings(rows, CHAINS).filter(pl.col("rule") == "child_above_parent").height


def test_a_circle_of_width_zero_is_no_contradiction_and_the_least_beyond_it_is():
    exact = {"half_width": 0.0}
    rows = [level("2026-01", 100.0, **exact), level("2026-02", 110.0, **exact), mom("2026-02", 10.0, **exact)]
    assert find_contradictions(build_constraints(build(*rows), CHAINS)).is_empty()
    assert imply(*rows) == pytest.approx((10.0, 10.0, 10.0))
    off = [*rows[:2], mom("2026-02", 10.001, **exact)]
    (found,) = find_contradictions(build_constraints(build(*off), CHAINS)).to_dicts()
    # 1.10001/1.1 = 1.0000091
    assert found["miss_pct"] == pytest.approx(0.00091, abs=1e-5)


def test_a_year_without_calendar_is_compared_and_says_so():
    found = compare_months(build(mom("2045-05", 5.0)), chains=CHAINS)
    row = found.row(0, named=True)
    assert (row["value"], row["flags"], row["holiday_weight"]) == (5.0, "days_estimated", 0.0)


def write(lake, chain) -> list[str]:
    reading = read_month(lake, chain, JANUARY, as_of=datetime(2026, 3, 1, tzinfo=UTC))
    for code in ("en", "zh"):
        write_month(reading, load_language(code))
    return list(write_month(reading, load_language("en")).chain)


def test_one_segment_alone_and_a_chain_without_links_are_told_segment_by_segment(lake):
    record(lake, head(review_month="2026-01", published_at=day("2026-02-05")), {"period": "2026-01", "value": 5.0})
    chain = load_chain("sodium_ion")
    for one in (chain, replace(chain, links=())):
        assert write(lake, one)[0] == "Cathode materials in January 2026: +5 % MoM."


def test_new_figures_are_held_against_what_is_stored():
    stored = build(level("2025-12", 100.0), level("2026-01", 120.0))
    # 120.5/99.5 = +21.1 % at most
    assert contradict_stored(build(mom("2026-01", 20.0, **LATER)), stored, CHAINS).is_empty()
    (wrong,) = contradict_stored(build(mom("2026-01", -20.0, **LATER)), stored, CHAINS).to_dicts()
    assert wrong["rule"] == "levels_do_not_reconcile"
    old = build(level("2025-12", 100.0), level("2026-01", 120.0), mom("2026-01", -20.0))
    assert contradict_stored(build(mom("2026-01", 20.0, **LATER)), old, CHAINS).is_empty()  # it mends what was wrong
    assert contradict_stored(build(mom("2025-11", 5.0, **LATER)), old, CHAINS).is_empty()  # it has no part in it
