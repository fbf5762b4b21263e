"""The mean surprise over moving windows, and whether its largest is more than chance."""

from datetime import date

import numpy as np
import polars as pl
import pytest

from contracts.errors import UsageError
from contracts.period import add_months
from contracts.track_record import ROLLING_BIAS
from tasks.scoring import roll_bias, score_forecasts
from tasks.scoring.rolling import _simulate


@pytest.fixture
def roll(figures, chains):
    def roll(errors, *, window=12, lead=1) -> pl.DataFrame:
        rows = []
        for i, error in enumerate(errors):
            period = f"{add_months(date(2021, 1, 1), i):%Y-%m}"
            review = f"{add_months(date(2021, 1, 1), i - lead):%Y-%m}"
            rows += [{"kind": "forecast", "period": period, "value": 10.0, "review_month": review}]
            rows += [{"period": period, "value": 10.0 + float(error)}]
        return roll_bias(score_forecasts(figures(*rows), chains=chains), window=window)

    return roll


def test_windows_and_their_statistic(roll):
    errors = np.round(np.random.default_rng(1).normal(1, 4, 20), 1)
    found = roll(errors)
    assert found.schema == ROLLING_BIAS.schema
    assert found.height == 9
    spread = errors.std(ddof=1)
    for i, row in enumerate(found.to_dicts()):
        window = errors[i : i + 12]
        expected = (window.mean(), np.abs(window).mean(), np.sqrt(12) * window.mean() / spread)
        assert (row["mean_surprise"], row["mae"], row["stat"]) == pytest.approx(expected, rel=1e-9, abs=1e-9)
        assert (row["n"], row["n_all"], row["first_month"]) == (12, 20, add_months(date(2021, 1, 1), i))
    sizes = found["stat"].abs()
    assert found.filter("is_largest")["stat"].abs().to_list() == [sizes.max()]


def test_p_is_the_share_of_simulated_series_that_reach_it(roll):
    errors = np.round(np.random.default_rng(2).normal(0, 4, 24), 1)
    found = roll(errors)
    draws = _simulate(24, 12)
    share = (np.sum(draws >= found["stat"].abs().max()) + 1) / (len(draws) + 1)
    assert found["fluctuation_p"].unique().to_list() == [pytest.approx(share, rel=1e-9)]


@pytest.mark.parametrize(("n", "window"), [(12, 6), (24, 12)])
def test_a_true_null_is_rejected_in_one_of_twenty(n, window):
    """Against other draws than those that the test is made of."""
    limit = np.quantile(_simulate(n, window), 0.95)
    drawn = np.random.default_rng(99).normal(0, 3, (4000, n))
    means = np.lib.stride_tricks.sliding_window_view(drawn, window, axis=1).mean(axis=2)
    found = np.abs(means).max(axis=1) * np.sqrt(window) / drawn.std(axis=1, ddof=1)
    # both sides are simulated: twice the variance of a share of 4000
    assert (found > limit).mean() == pytest.approx(0.05, abs=3 * np.sqrt(2 * 0.05 * 0.95 / 4000))


def test_a_bias_that_came_later_is_found_where_it_is(roll):
    rng = np.random.default_rng(4)
    errors = np.concatenate([rng.normal(0, 2, 24), rng.normal(6, 2, 12)]).round(1)
    found = roll(errors)
    (worst,) = found.filter("is_largest").to_dicts()
    assert worst["last_month"] == add_months(date(2021, 1, 1), 35)
    assert worst["fluctuation_p"] < 0.01
    assert worst["mean_surprise"] == pytest.approx(errors[24:].mean())


def test_what_cannot_be_tested_says_why(roll):
    assert roll([1.0] * 11).is_empty()
    assert roll(range(12))["reason"].to_list() == ["n_below_13"]
    assert set(roll([3.0] * 14)["reason"]) == {"no_spread"}
    far = roll(np.arange(14.0) % 5, lead=2)
    assert (set(far["reason"]), far["fluctuation_p"].null_count()) == ({"overlapping_leads"}, far.height)
    with pytest.raises(UsageError, match="a window of 2 months"):
        roll([1.0] * 12, window=2)
