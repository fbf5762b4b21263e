"""Leads of made series: a planted one is found with its uncertainty, noise has none; correlations are numpy's."""

from datetime import date
from math import atanh, sqrt, tanh

import numpy as np
import pytest

from contracts.period import add_months
from tasks.reconciling.implied import reconcile
from tasks.reconciling.lead_lag import LEAST_PAIRS, find_leads, measure_lead
from tasks.reconciling.link_gaps import list_segments
from tests.tasks.reconciling.published import CHAINS, figures

START = date(2020, 1, 1)


def name_months(values, start: date = START) -> dict[date, float]:
    return {add_months(start, i): float(value) for i, value in enumerate(values)}


@pytest.mark.parametrize("lead", range(-3, 4))
def test_a_planted_lead_is_found(lead):
    rng = np.random.default_rng(lead + 10)
    moves = rng.normal(0, 1, 66)
    x, y = moves[3:63], moves[3 - lead : 63 - lead] + rng.normal(0, 0.2, 60)
    found = measure_lead(name_months(x), name_months(y))
    assert (found.months, found.lower, found.upper) == (lead, lead, lead)
    paired = (x[: 60 - lead], y[lead:]) if lead >= 0 else (x[-lead:], y[:lead])
    r, n = np.corrcoef(*paired)[0, 1], 60 - abs(lead)
    # z of 1 − .05/14 = .996429 is 2.6901
    half = 2.6901 / sqrt(n - 3)
    assert (found.correlation, found.n) == (pytest.approx(r), n)
    assert found.interval == pytest.approx((tanh(atanh(r) - half), tanh(atanh(r) + half)), abs=1e-4)


def test_leads_that_cannot_be_told_apart_are_named():
    rng = np.random.default_rng(1)
    moves = rng.normal(0, 1, 63)
    # y follows the two months before alike
    y = moves[2:62] + moves[1:61] + rng.normal(0, 0.3, 60)
    found = measure_lead(name_months(moves[3:63]), name_months(y))
    assert (found.lower, found.upper) == (1, 2)


def test_noise_has_no_lead():
    """At 95 % of all leads together, one-sided: of 400 pairs of noise about 2.5 % have one by chance."""
    rng = np.random.default_rng(2)
    told = [measure_lead(*(name_months(rng.normal(0, 1, 48)) for _ in range(2))) is not None for _ in range(400)]
    assert 1 <= sum(told) <= 20


def test_too_short_a_history_and_none_that_moves_have_no_lead():
    values = np.random.default_rng(3).normal(0, 1, LEAST_PAIRS + 3)
    assert measure_lead(name_months(values), name_months(values)).n == LEAST_PAIRS + 3
    assert measure_lead(name_months(values[1:]), name_months(values[1:])) is None
    assert measure_lead(name_months(values), name_months(np.ones(values.size))) is None


def test_from_published_figures_without_the_new_year():
    rng = np.random.default_rng(4)
    moves = np.round(rng.normal(0, 10, 61))
    months = [add_months(START, i) for i in range(60)]
    rows = [{"period": f"{m:%Y-%m}", "value": v} for m, v in zip(months, moves[1:], strict=True)]
    rows += [{"period": f"{m:%Y-%m}", "value": v, "segment": "cell"} for m, v in zip(months, moves[:-1], strict=True)]
    chain = CHAINS["sodium_ion"]
    found = find_leads(list_segments(reconcile(figures(*rows), CHAINS), chain), chain, months[-1])
    (row,) = found.filter(upstream="cathode").to_dicts()
    # cells repeat cathode a month later; January to March or April of each year are left out
    assert (row["lead_months"], row["lead_lower"], row["lead_upper"]) == (1, 1, 1)
    assert LEAST_PAIRS <= row["n_pairs"] < 45
