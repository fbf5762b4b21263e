"""Each statistic against an independent implementation, to 1e-9, on random data."""

import warnings
from datetime import UTC, date, datetime

import numpy as np
import polars as pl
import pytest
from scipy import stats

from contracts.period import add_months
from tasks.scoring import build_record, compare_forecasters, score_forecasts, score_table

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    scores = pytest.importorskip("scores")
    scoringrules = pytest.importorskip("scoringrules")
    losses = pytest.importorskip("utilsforecast.losses")
    sm = pytest.importorskip("statsmodels.api")
    xr = pytest.importorskip("xarray")

START = date(2015, 1, 1)
NEAR = {"rel": 1e-9, "abs": 1e-9}


def table(actual, forecasts: dict, *, measure="mom_pct", lead=0, quantiles=None, gaps=()) -> pl.DataFrame:
    """A table in long form; `lead` months between issue and month (0: issued in the month)."""
    rows = []
    for name, values in forecasts.items():
        for i, (f, a) in enumerate(zip(values, actual, strict=True)):
            if i in gaps:
                continue
            month = add_months(START, i)
            row = {
                "forecaster": name,
                "series": "s",
                "month": month,
                "issued_at": datetime.combine(add_months(month, -lead), datetime.min.time(), UTC).replace(day=5),
                "measure": measure,
                "forecast": float(f),
                "actual": float(a),
            }
            rows.append(row | ({k: float(v[i]) for k, v in quantiles.items()} if quantiles else {}))
    return pl.DataFrame(rows)


def random_pair(seed: int, n: int = 60) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    actual = rng.normal(2, 12, n)
    return actual, 0.7 * actual + rng.normal(1, 5, n)


def record_of(frame: pl.DataFrame) -> dict:
    return score_table(frame)[1].to_dicts()[0]


@pytest.mark.parametrize("seed", range(5))
def test_errors_agree_with_scores(seed):
    actual, forecast = random_pair(seed)
    record = record_of(table(actual, {"f": forecast}))
    a, f = xr.DataArray(actual, dims="t"), xr.DataArray(forecast, dims="t")
    assert record["mae"] == pytest.approx(float(scores.continuous.mae(f, a)), **NEAR)
    assert record["rmse"] == pytest.approx(float(scores.continuous.rmse(f, a)), **NEAR)
    # their mean error is forecast - actual
    assert record["mean_surprise"] == pytest.approx(-float(scores.continuous.mean_error(f, a)), **NEAR)
    assert record["mdae"] == pytest.approx(np.median(np.abs(actual - forecast)), **NEAR)
    for k in (1, 2, 5):
        assert record[f"within_{k}"] == pytest.approx(np.mean(np.abs(actual - forecast) <= k), **NEAR)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(("lag", "suffix"), [(1, ""), (12, "_12")])
def test_scaled_errors_agree_with_utilsforecast(seed, lag, suffix):
    actual, forecast = random_pair(seed)
    record = record_of(table(actual, {"f": forecast}))
    frame = pl.DataFrame(
        {
            "unique_id": ["s"] * len(actual),
            "ds": [add_months(START, i) for i in range(len(actual))],
            "y": actual,
            "f": forecast,
        }
    )
    train = frame.select("unique_id", "ds", "y")
    mase = losses.mase(frame, ["f"], seasonality=lag, train_df=train)["f"].item()
    rmsse = losses.rmsse(frame, ["f"], seasonality=lag, train_df=train)["f"].item()
    assert record[f"mase{suffix}"] == pytest.approx(mase, **NEAR)
    assert record[f"rmsse{suffix}"] == pytest.approx(rmsse, **NEAR)
    # their bias has the other sign
    assert record["mean_surprise"] == pytest.approx(-losses.bias(frame, ["f"])["f"].item(), **NEAR)


def diebold_mariano(differences: np.ndarray, horizon: int) -> tuple[float, float, float, float]:
    data = xr.DataArray(differences[None, :], dims=("s", "t"), coords={"s": [0], "h": ("s", [horizon])})
    found = scores.stats.statistical_tests.diebold_mariano(
        data, "s", "h", method="HLN", confidence_level=0.95, statistic_distribution="t"
    )
    below = float(found["confidence_gt_0"][0])
    return (
        float(found["dm_test_stat"][0]),
        2 * min(below, 1 - below),
        float(found["ci_lower"][0]),
        float(found["ci_upper"][0]),
    )


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("horizon", [1, 2, 4, 7])
def test_diebold_mariano_agrees_with_scores(seed, horizon):
    actual, forecast = random_pair(seed)
    record = record_of(table(actual, {"f": forecast}, lead=horizon))
    differences = np.abs(actual - forecast) - np.abs(actual)
    stat, p, lower, upper = diebold_mariano(differences, horizon)
    assert record["dm_stat"] == pytest.approx(stat, **NEAR)
    assert record["dm_p"] == pytest.approx(p, **NEAR)
    assert (record["dm_lower"], record["dm_upper"]) == pytest.approx((lower, upper), **NEAR)
    assert record["dm_diff"] == pytest.approx(differences.mean(), **NEAR)


def test_diebold_mariano_by_hand():
    # d = 1 2 3 4 … on two forecasters; here n = 8, h = 2: d = |e1| - |e2| with e2 = 0
    d = np.array([1, 2, 3, 4, 1, 2, 3, 4.0])
    frame = table(np.zeros(8), {"a": d, "b": np.zeros(8)}, lead=2)
    row = compare_forecasters(score_table(frame)[0]).row(by_predicate=pl.col("forecaster") == "a", named=True)
    # mean 2.5; γ0 = Σ(d-2.5)²/8 = 10/8 = 1.25
    # γ1 = (.75 -.25·1 + .75 + 1.5·-1.5 + .75 - .25 + .75)/8: products of neighbours
    #    (-1.5·-.5) + (-.5·.5) + (.5·1.5) + (1.5·-1.5) + .75 - .25 + .75 = 0.25; /8 = 0.03125
    # V = (1.25 + 2·0.03125)/8 = 0.1640625; c² = (8 + 1 - 4 + 2/8)/8 = 0.65625
    expected = np.sqrt(0.65625) * 2.5 / np.sqrt(0.1640625)
    assert row["dm_stat"] == pytest.approx(expected)
    assert row["dm_p"] == pytest.approx(2 * stats.t.sf(expected, 7))


@pytest.mark.parametrize("seed", range(5))
def test_mincer_zarnowitz_agrees_with_statsmodels(seed):
    actual, forecast = random_pair(seed, 30)
    record = record_of(table(actual, {"f": forecast}))
    fit = sm.OLS(actual, sm.add_constant(forecast)).fit()
    joint = fit.f_test((np.eye(2), np.array([0.0, 1.0])))
    assert record["mz_intercept"] == pytest.approx(fit.params[0], **NEAR)
    assert record["mz_slope"] == pytest.approx(fit.params[1], **NEAR)
    assert record["mz_f_stat"] == pytest.approx(float(joint.statistic), **NEAR)
    assert record["mz_p"] == pytest.approx(float(joint.pvalue), **NEAR)


def test_mincer_zarnowitz_keeps_its_digits_for_large_levels():
    rng = np.random.default_rng(8)
    actual = 95_010 + rng.normal(0, 300, 40)
    forecast = actual + rng.normal(100, 200, 40)
    record = record_of(table(actual, {"f": forecast}, measure="level"))
    fit = sm.OLS(actual - 95_000, sm.add_constant(forecast - 95_000)).fit()
    shifted = fit.params[0] + 95_000 * (1 - fit.params[1])
    assert record["mz_slope"] == pytest.approx(fit.params[1], rel=1e-9)
    assert record["mz_intercept"] == pytest.approx(shifted, rel=1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_quantile_scores_agree_with_scoringrules(seed):
    rng = np.random.default_rng(seed)
    actual, forecast = random_pair(seed, 40)
    levels = [0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95]
    quantiles = {f"q_{q}": forecast + stats.norm.ppf(q) * rng.uniform(4, 6) for q in levels}
    rows, record = score_table(table(actual, {"f": forecast}, quantiles=quantiles))
    record = record.to_dicts()[0]
    matrix = np.column_stack([quantiles[f"q_{q}"] for q in levels])
    expected = scoringrules.crps_quantile(actual, matrix, np.array(levels))
    np.testing.assert_allclose(rows["wis"].to_numpy(), expected, rtol=1e-9)
    assert record["wis"] == pytest.approx(expected.mean(), **NEAR)
    for percent, (low, high) in {50: (0.25, 0.75), 80: (0.1, 0.9), 90: (0.05, 0.95)}.items():
        lower, upper = quantiles[f"q_{low}"], quantiles[f"q_{high}"]
        interval = scoringrules.interval_score(actual, lower, upper, 2 * low)
        np.testing.assert_allclose(rows[f"interval_score_{percent}"].to_numpy(), interval, rtol=1e-9)
        inside = int(np.sum((actual >= lower) & (actual <= upper)))
        assert record[f"coverage_{percent}"] == pytest.approx(inside / 40)
        exact = stats.binomtest(inside, 40).proportion_ci(0.95, "exact")
        assert record[f"coverage_{percent}_lower"] == pytest.approx(exact.low, **NEAR)
        assert record[f"coverage_{percent}_upper"] == pytest.approx(exact.high, **NEAR)


def test_weighted_interval_score_by_the_definition_of_bracher():
    # y = 10, median 7, 50 % interval [6, 8], 90 % interval [2, 9]; α = 0.5 and 0.1
    # IS_50 = 2 + 4·(10-8) = 10; IS_90 = 7 + 20·(10-9) = 27; ½|y-m| = 1.5
    # WIS = (1.5 + 0.25·10 + 0.05·27)/2.5 = 5.35/2.5 = 2.14
    quantiles = {"q_0.05": [2], "q_0.25": [6], "q_0.5": [7], "q_0.75": [8], "q_0.95": [9]}
    rows, _ = score_table(table([10], {"f": [7]}, quantiles=quantiles))
    assert rows["wis"].item() == pytest.approx(2.14)
    assert (rows["interval_score_50"].item(), rows["interval_score_90"].item()) == pytest.approx((10, 27))


@pytest.mark.parametrize("seed", range(4))
def test_direction_p_and_interval_agree_with_scipy(seed):
    actual, forecast = random_pair(seed, 37)
    record = record_of(table(actual, {"f": forecast}))

    def sign(values):
        return np.where(values > 1, 1, np.where(values < -1, -1, 0))

    hits = int(np.sum(sign(actual) == sign(forecast)))
    base = max(np.mean(sign(actual) == s) for s in (-1, 0, 1))
    assert record["hits"] == hits
    assert record["base_rate"] == pytest.approx(base)
    expected = stats.binomtest(hits, 37, max(base, 0.5), alternative="greater").pvalue
    assert record["hit_p"] == pytest.approx(expected, **NEAR)
    exact = stats.binomtest(hits, 37).proportion_ci(0.95, "exact")
    assert (record["direction_hit_rate_lower"], record["direction_hit_rate_upper"]) == pytest.approx(
        (exact.low, exact.high), **NEAR
    )


@pytest.mark.parametrize(
    ("hits", "n", "beats"),
    [(7, 8, True), (6, 8, False), (10, 12, True), (9, 12, False), (17, 24, True), (16, 24, False)],
)
def test_hits_needed_to_beat_a_coin(hits, n, beats):
    # actual directions alternate, so that the base rate is 50 %
    actual = np.array([5.0 if i % 2 else -5.0 for i in range(n)])
    forecast = np.where(np.arange(n) < hits, actual, -actual)
    record = record_of(table(actual, {"f": forecast}))
    assert (record["hits"], record["n_directions"], record["base_rate"]) == (hits, n, 0.5)
    assert (record["hit_p"] < 0.05) == beats


@pytest.mark.parametrize("seed", range(3))
def test_skill_by_its_definition_on_identical_months(seed):
    actual, forecast = random_pair(seed)
    record = record_of(table(actual, {"f": forecast}))
    error = np.abs(actual - forecast)
    assert record["skill_no_change"] == pytest.approx(1 - error.mean() / np.abs(actual).mean(), **NEAR)
    assert record["skill_same_growth"] == pytest.approx(1 - error[1:].mean() / np.abs(np.diff(actual)).mean(), **NEAR)
    seasonal = np.abs(actual[12:] - actual[:-12]).mean()
    assert record["skill_seasonal"] == pytest.approx(1 - error[12:].mean() / seasonal, **NEAR)
    assert (record["n_no_change"], record["n_same_growth"], record["n_seasonal"]) == (60, 59, 48)


def test_a_missing_month_takes_its_pairs_with_it():
    actual, forecast = random_pair(3, 30)
    gap = 10
    record = record_of(table(actual, {"f": forecast}, lead=2, gaps=(gap,)))
    changes = [abs(actual[i] - actual[i - 1]) for i in range(1, 30) if gap not in (i, i - 1)]
    kept = [i for i in range(30) if i != gap]
    error = np.abs(actual - forecast)
    assert record["mase"] == pytest.approx(error[kept].mean() / np.mean(changes), **NEAR)
    # Diebold-Mariano at h = 2: γ1 over the pairs that are neighbours in the calendar
    d = error - np.abs(actual)
    mean, n = d[kept].mean(), 29
    c = {i: d[i] - mean for i in kept}
    gamma0 = sum(c[i] ** 2 for i in kept) / n
    gamma1 = sum(c[i] * c[i - 1] for i in kept if i - 1 in c) / n
    stat = np.sqrt((n + 1 - 4 + 2 / n) / n) * mean / np.sqrt((gamma0 + 2 * gamma1) / n)
    assert record["dm_stat"] == pytest.approx(stat, **NEAR)


def test_relative_skill_is_the_geometric_mean_of_pairwise_ratios():
    rng = np.random.default_rng(2)
    actual = rng.normal(0, 10, 24)
    frame = table(actual, {name: actual + rng.normal(0, s, 24) for name, s in (("a", 1), ("b", 3), ("c", 9))})
    compared = compare_forecasters(score_table(frame)[0])
    mae = {row["forecaster"]: row["mae"] for row in compared.to_dicts()}
    for row in compared.to_dicts():
        theirs = [mae[row["forecaster"]] / m for m in mae.values()]
        assert row["relative_skill"] == pytest.approx(np.prod(theirs) ** (1 / 3), **NEAR)
        assert row["mae_ratio"] == pytest.approx(row["mae"] / row["mae_other"])


def test_pooled_series_count_once_a_month_in_diebold_mariano():
    rng = np.random.default_rng(5)
    parts, per_month = [], []
    for name in ("x", "y", "z"):
        actual = rng.normal(0, 10, 20)
        forecast = actual + rng.normal(0, 4, 20)
        parts.append(table(actual, {"f": forecast}).with_columns(pl.lit(name).alias("series")))
        per_month.append(np.abs(actual - forecast) - np.abs(actual))
    record = record_of(pl.concat(parts))
    stat, p, _, _ = diebold_mariano(np.mean(per_month, axis=0), 1)
    assert (record["n"], record["dm_n"]) == (60, 20)
    assert record["dm_stat"] == pytest.approx(stat, **NEAR)
    assert record["dm_p"] == pytest.approx(p, **NEAR)
    assert record["mz_p"] is None
    assert "mz: several_series" in record["reason"]


def test_first_and_latest_actual_give_their_own_records(figures, chains):

    rng = np.random.default_rng(4)
    rows, first, latest, forecasts = [], [], [], []
    for i in range(16):
        month = f"{2024 + i // 12}-{i % 12 + 1:02d}"
        f, a, b = (float(round(v)) for v in rng.normal(5, 9, 3))
        rows.append({"kind": "forecast", "period": month, "value": f})
        rows.append({"period": month, "value": a})
        rows.append({"period": month, "value": b, "at": "2026-01-01"})
        first.append(a), latest.append(b), forecasts.append(f)
    scored = score_forecasts(figures(*rows), chains=chains)
    for name, values in (("first", first), ("latest", latest)):
        record = build_record(scored, actual=name).to_dicts()[0]
        error = np.array(values) - np.array(forecasts)
        assert record["mae"] == pytest.approx(np.abs(error).mean())
        assert record["mean_surprise"] == pytest.approx(error.mean())
        assert record["mae_no_change"] == pytest.approx(np.abs(values).mean())
