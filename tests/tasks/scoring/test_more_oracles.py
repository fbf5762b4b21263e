"""Bias, calibration, Murphy diagrams, news and noise, and the parts of WIS, against independent implementations."""

import warnings
from datetime import date

import numpy as np
import polars as pl
import pytest
from scipy import stats

from contracts.period import add_months
from tasks.scoring import draw_murphy, restatement_stats, score_table, tabulate_calibration
from tasks.scoring.efficiency import compute_efficiency, sum_efficiency
from tasks.scoring.loss_tests import compare_losses
from tests.tasks.scoring.test_oracles import NEAR, diebold_mariano, random_pair, record_of, table

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    scores = pytest.importorskip("scores")
    sm = pytest.importorskip("statsmodels.api")
    xr = pytest.importorskip("xarray")


@pytest.mark.parametrize("seed", range(4))
def test_the_bias_test_is_students_for_one_month_ahead(seed):
    actual, forecast = random_pair(seed)
    record = record_of(table(actual, {"f": forecast}))
    error = actual - forecast
    expected = stats.ttest_1samp(error, 0)
    interval = expected.confidence_interval(0.95)
    assert (record["bias_stat"], record["bias_p"]) == pytest.approx((expected.statistic, expected.pvalue), **NEAR)
    ends = (record["mean_surprise_lower"], record["mean_surprise_upper"])
    assert ends == pytest.approx((interval.low, interval.high), **NEAR)
    assert (record["bias_n"], record["mean_surprise"]) == (60, pytest.approx(error.mean(), **NEAR))


@pytest.mark.parametrize("horizon", [2, 3, 6])
def test_the_bias_test_of_overlapping_leads_is_that_of_a_loss_difference(horizon):
    actual, forecast = random_pair(7)
    record = record_of(table(actual, {"f": forecast}, lead=horizon))
    stat, p, lower, upper = diebold_mariano(actual - forecast, horizon)
    assert (record["bias_stat"], record["bias_p"]) == pytest.approx((stat, p), **NEAR)
    assert (record["mean_surprise_lower"], record["mean_surprise_upper"]) == pytest.approx((lower, upper), **NEAR)


def test_the_bias_test_needs_eight_months_and_says_so():
    actual, forecast = random_pair(1, 7)
    record = record_of(table(actual, {"f": forecast}))
    assert (record["bias_p"], record["mean_surprise_lower"], record["bias_n"]) == (None, None, 7)
    assert "bias: n_below_8" in record["reason"]


@pytest.mark.parametrize("n", [12, 24])
def test_the_bias_test_rejects_a_true_null_in_one_of_twenty(n):
    groups = 6000
    rng = np.random.default_rng(n)
    rows = pl.DataFrame(
        {
            "gid": np.repeat(np.arange(groups), n),
            "month_no": np.tile(np.arange(n), groups),
            "horizon": np.ones(groups * n, dtype=np.int64),
            "bias": rng.normal(0, 5, groups * n),
        }
    )
    share = (compare_losses(rows, ["bias"])["bias_p"] < 0.05).mean()
    assert share == pytest.approx(0.05, abs=3 * np.sqrt(0.05 * 0.95 / groups))


LEVELS = (0.05, 0.1, 0.5, 0.9, 0.95)


def quantile_table(seed: int, n: int = 40, levels=LEVELS) -> tuple[pl.DataFrame, np.ndarray, np.ndarray]:
    actual, forecast = random_pair(seed, n)
    quantiles = {f"q_{q}": forecast + 6 * stats.norm.ppf(q) for q in levels}
    return table(actual, {"f": forecast}, quantiles=quantiles), actual, np.array(list(quantiles.values()))


@pytest.mark.parametrize("levels", [LEVELS, (0.1, 0.9), (0.25, 0.5, 0.75), (0.5,)])
def test_wis_is_the_sum_of_its_parts(levels):
    frame, actual, q = quantile_table(3, levels=levels)
    record = record_of(frame)
    spread, over, under = np.zeros(40), np.zeros(40), np.zeros(40)
    for i, level in enumerate(levels):
        if level < 0.5:
            low, high, alpha = q[i], q[len(levels) - 1 - i], 2 * level
            # α/2 of the interval score (u-l) + 2/α (l-y)+ + 2/α (y-u)+, over K + 1/2 or K
            spread += alpha / 2 * (high - low)
            over += np.clip(low - actual, 0, None)
            under += np.clip(actual - high, 0, None)
        if level == 0.5:
            over += 0.5 * np.clip(q[i] - actual, 0, None)
            under += 0.5 * np.clip(actual - q[i], 0, None)
    weight = len(levels) / 2
    parts = (record["wis_spread"], record["wis_over"], record["wis_under"])
    assert parts == pytest.approx((spread.mean() / weight, over.mean() / weight, under.mean() / weight), **NEAR)
    assert sum(parts) == pytest.approx(record["wis"], **NEAR)


def test_wis_of_quantiles_without_a_counterpart_has_no_parts():
    record = record_of(quantile_table(3, levels=(0.1, 0.5))[0])
    assert record["wis"] is not None
    assert (record["wis_spread"], record["wis_over"], record["wis_under"]) == (None, None, None)


def test_the_calibration_table_counts_outcomes_below_each_quantile():
    frame, actual, q = quantile_table(5)
    frame = frame.with_columns(pl.when(pl.int_range(pl.len()) > 4).then("q_0.1").alias("q_0.1"))
    rows = tabulate_calibration(score_table(frame)[0]).to_dicts()
    assert [row["level"] for row in rows] == list(LEVELS)
    for row, quantile in zip(rows, q, strict=True):
        kept = slice(5, None) if row["level"] == 0.1 else slice(None)
        below = int((actual[kept] <= quantile[kept]).sum())
        exact = stats.binomtest(below, len(actual[kept]), row["level"]).proportion_ci(0.95, method="exact")
        assert (row["below"], row["n"]) == (below, len(actual[kept]))
        assert (row["share"], row["lower"], row["upper"]) == pytest.approx((below / row["n"], *exact), **NEAR)
        assert row["is_off"] == (not exact.low <= row["level"] <= exact.high)


def test_a_table_without_quantiles_has_no_calibration():
    actual, forecast = random_pair(0)
    assert tabulate_calibration(score_table(table(actual, {"f": forecast}))[0]).is_empty()


@pytest.mark.parametrize("n", [20, 150])
def test_murphy_diagrams_agree_with_scores(n):
    actual, forecast = random_pair(2, n)
    other = forecast + np.random.default_rng(1).normal(0, 4, n)
    found = draw_murphy(score_table(table(actual, {"f": forecast, "g": other}))[0])
    assert found["n"].unique().to_list() == [n]
    thetas = np.unique(np.concatenate([actual, forecast, other]))
    for name, values in (("f", forecast), ("g", other)):
        curve = found.filter(forecaster=name)
        theta = curve["theta"].to_numpy()
        assert len(theta) == min(len(thetas), 200)
        assert (theta[0], theta[-1]) == (thetas[0], thetas[-1])
        expected = scores.continuous.murphy_score(
            xr.DataArray(values, dims="t"),
            xr.DataArray(actual, dims="t"),
            thetas=list(theta),
            functional="expectile",
            alpha=0.5,
        )
        np.testing.assert_allclose(curve["score"], expected["total"].to_numpy(), rtol=1e-9, atol=1e-9)


def test_murphy_diagrams_compare_on_shared_targets_only():
    actual, forecast = random_pair(2, 20)
    both = pl.concat([table(actual, {"f": forecast}), table(actual[:12], {"g": forecast[:12] + 1})])
    assert draw_murphy(score_table(both)[0])["n"].unique().to_list() == [12]
    assert draw_murphy(score_table(both.filter(pl.col("month") < date(1999, 1, 1)))[0]).is_empty()


@pytest.mark.parametrize("seed", range(3))
def test_news_and_noise_agree_with_statsmodels(figures, seed):
    rng = np.random.default_rng(seed)
    first = np.round(rng.normal(5, 10, 36), 1)
    # every third month stays as it was first published
    change = np.where(np.arange(36) % 3 == 0, 0.0, np.round(rng.normal(-1, 3, 36) - 0.2 * first, 1))
    latest = np.round(first + change, 1)
    rows = []
    for i in range(36):
        period = f"{add_months(date(2021, 1, 1), i):%Y-%m}"
        rows.append({"period": period, "value": float(first[i])})
        if change[i]:
            rows.append({"period": period, "value": float(latest[i]), "at": "2025-01-01", "release_id": f"r{i}"})
    row = restatement_stats(figures(*rows)).filter(pair="first_to_latest").to_dicts()[0]
    for kind, y, x in (("news", latest - first, first), ("noise", first - latest, latest)):
        fitted = sm.OLS(y, sm.add_constant(x)).fit()
        expected = float(fitted.f_test(np.eye(2)).pvalue)
        assert row[f"{kind}_slope"] == pytest.approx(fitted.params[1], **NEAR)
        assert row[f"{kind}_p"] == pytest.approx(expected, **NEAR)
    assert (row["n_months"], row["n"]) == (36, int((change != 0).sum()))


def test_restatements_that_are_too_few_months_say_so(figures):
    rows = [{"period": "2025-01", "value": 1.0}, {"period": "2025-01", "value": 2.0, "at": "2025-09-01"}]
    row = restatement_stats(figures(*rows)).to_dicts()[0]
    assert (row["news_p"], row["noise_p"]) == (None, None)
    assert "news: n_below_12; noise: n_below_12" in row["reason"]


def test_the_tests_of_restatements_reject_a_true_null_in_one_of_twenty():
    groups, n = 4000, 24
    rng = np.random.default_rng(3)
    x = rng.normal(5, 10, groups * n)
    frame = pl.DataFrame({"gid": np.repeat(np.arange(groups), n), "x": x, "r": rng.normal(0, 2, groups * n)})
    # news: later = earlier + r, r apart from the earlier; noise: earlier = later + r, r apart from the later
    sums = frame.group_by("gid").agg(*sum_efficiency(pl.col("r"), pl.col("x")), pl.len().alias("n_points"))
    tested = compute_efficiency(sums.with_columns(pl.lit(1).alias("horizon"), pl.lit(1).alias("n_series")))
    assert (tested["mz_p"] < 0.05).mean() == pytest.approx(0.05, abs=3 * np.sqrt(0.05 * 0.95 / groups))
