"""The track record's edge cases: short groups, ties, flat series, what is null and why."""

from datetime import date

import numpy as np
import polars as pl
import pytest

from contracts.errors import UsageError
from contracts.scores import SCORES
from contracts.track_record import ERRORS, PLAIN, RECORD, RECORD_KEY, RESTATEMENT_STATS, SURPRISE_INDEX
from tasks.scoring import build_record, restatement_stats, score_forecasts, surprise_index


@pytest.fixture
def record_of(figures, chains):
    """Record of one series from forecast and actual numbers, month by month from January 2022."""

    def build(pairs, *, start: int = 2022, extra=(), **options) -> dict:
        rows = list(extra)
        for i, (f, a) in enumerate(pairs):
            month = f"{start + i // 12}-{i % 12 + 1:02d}"
            if f is not None:
                rows.append({"kind": "forecast", "period": month, "value": float(f)})
            if a is not None:
                rows.append({"period": month, "value": float(a)})
        return build_record(score_forecasts(figures(*rows), chains=chains), **options).to_dicts()[0]

    return build


def test_no_scores_give_an_empty_record_of_the_contract():
    record = build_record(SCORES.empty())
    assert record.schema == RECORD.schema
    assert record.height == 0
    assert surprise_index(SCORES.empty()).schema == SURPRISE_INDEX.schema


def test_real_record_has_the_contract_and_reasons(real_figures, chains):
    record = build_record(score_forecasts(real_figures("lithium_ion"), chains=chains))
    assert record.schema == RECORD.schema
    for column in RECORD.columns:
        assert column.nullable or record[column.name].null_count() == 0, column.name
    assert record["reason"].str.contains("dm: n_below_8|dm: n_is_0").all()


def test_plain_numbers_by_hand(record_of):
    # surprises 1, -2, 6, -3: mean 0.5; |e| mean 3, median (2+3)/2; squares 1+4+36+9 = 50
    record = record_of([(10, 11), (10, 8), (10, 16), (10, 7)])
    assert (record["n"], record["first_month"], record["last_month"]) == (4, date(2022, 1, 1), date(2022, 4, 1))
    assert (record["mean_surprise"], record["mae"], record["mdae"]) == (0.5, 3, 2.5)
    assert record["rmse"] == pytest.approx(12.5**0.5)
    assert (record["within_1"], record["within_2"], record["within_5"]) == (0.25, 0.5, 0.75)
    # no change: 11 + 8 + 16 + 7 = 42, 10.5 a month; last month's growth: |8-11|, |16-8|, |7-16| = 20/3
    assert record["skill_no_change"] == pytest.approx(1 - 3 / 10.5)
    assert record["skill_same_growth"] == pytest.approx(1 - (11 / 3) / (20 / 3))


def test_one_pair(record_of):
    record = record_of([(10, 12)])
    assert (record["n"], record["mae"], record["rmse"], record["mdae"]) == (1, 2, 2, 2)
    for name in ("dm_stat", "dm_p", "mz_slope", "mz_p", "mase", "skill_same_growth", "skill_seasonal"):
        assert record[name] is None
    for told in ("mase: fewer_than_6_pairs", "skill_seasonal: naive_unknown", "dm: n_below_8", "mz: n_below_12"):
        assert told in record["reason"]


def test_groups_that_only_wait_are_kept_when_asked_for(figures, chains):
    scores = score_forecasts(figures({"kind": "forecast", "period": "2026-02", "value": 1.0}), chains=chains)
    assert build_record(scores).height == 0
    record = build_record(scores, min_n=0).to_dicts()[0]
    assert (record["n"], record["n_pending"], record["n_forecasts"], record["mae"]) == (0, 1, 1, None)


def test_short_records_say_what_the_whole_one_says(real_figures, chains):
    scores = score_forecasts(real_figures("lithium_ion"), chains=chains)
    whole = build_record(scores)
    for detail, names in (("plain", PLAIN), ("errors", ERRORS)):
        short = build_record(scores, detail=detail)
        assert short.columns == [*RECORD_KEY, *names]
        assert short.equals(whole.select(short.columns))


def test_min_n(figures, chains):
    rows = [
        r
        for i in range(1, 4)
        for r in ({"kind": "forecast", "period": f"2025-0{i}", "value": 1.0}, {"period": f"2025-0{i}", "value": 2.0})
    ]
    scores = score_forecasts(figures(*rows), chains=chains)
    assert build_record(scores, min_n=3).height == 1
    assert build_record(scores, min_n=4).height == 0


def test_a_perfect_forecast(record_of):
    record = record_of([(v, v) for v in (3, -4, 9, 0, 12, -7, 5, 2, -1, 8, 4, -6, 1, 7) * 2])
    assert (record["mae"], record["rmse"], record["mase"], record["rmsse"], record["skill_no_change"]) == (
        0,
        0,
        0,
        0,
        1,
    )
    assert (record["mz_intercept"], record["mz_slope"]) == pytest.approx((0, 1))
    assert record["mz_p"] is None
    assert "mz: no_spread" in record["reason"]
    assert record["hits"] == record["n_directions"] == 28


def test_all_equal_errors_have_no_spread_to_test(record_of):
    # |e| = 2 every month and |no change| = 5 every month: the loss difference is -3 each time
    record = record_of([(3 if i % 2 else -3, 5 if i % 2 else -5) for i in range(12)])
    assert record["dm_diff"] == -3
    assert (record["dm_stat"], record["dm_p"]) == (None, None)
    assert "dm: no_spread" in record["reason"]


def test_a_naive_forecast_without_error_leaves_no_skill(record_of):
    record = record_of([(1, 0)] * 8)
    assert (record["mae_no_change"], record["skill_no_change"]) == (0, None)
    assert "skill_no_change: naive_perfect" in record["reason"]


def test_a_flat_series_has_no_scale_and_never_infinity(record_of):
    record = record_of([(4, 5)] * 14)
    assert (record["mase"], record["rmsse"], record["mase_12"]) == (None, None, None)
    assert "mase: scale_below_rounding" in record["reason"]
    # changes of 0.4 lie below the half-width 0.5
    record = record_of([(4, 5 + 0.4 * (i % 2)) for i in range(14)])
    assert record["mase"] is None
    # changes of 1 do not: MAE 1.5, scale 1
    record = record_of([(4, 5 + (i % 2)) for i in range(14)])
    assert record["mase"] == pytest.approx(1.5)


def test_six_pairs_are_needed_for_a_scale(record_of):
    assert record_of([(0, 3 * (i % 2)) for i in range(6)])["mase"] is None
    assert record_of([(0, 3 * (i % 2)) for i in range(7)])["mase"] == pytest.approx((9 / 7) / 3)


def test_a_constant_forecast_has_no_slope(record_of):
    record = record_of([(4, v) for v in range(14)])
    assert record["mz_slope"] is None
    assert "mz: constant_forecast" in record["reason"]


@pytest.mark.parametrize(
    ("n", "slope", "p"), [(11, False, False), (12, True, False), (23, True, False), (24, True, True)]
)
def test_mincer_zarnowitz_waits_for_enough_months(record_of, n, slope, p):
    rng = np.random.default_rng(n)
    record = record_of([(round(v), round(v + rng.normal(0, 5))) for v in rng.normal(0, 20, n)])
    assert (record["mz_slope"] is not None, record["mz_p"] is not None) == (slope, p)


@pytest.mark.parametrize(("n", "tested"), [(7, False), (8, True)])
def test_diebold_mariano_waits_for_eight_months(record_of, n, tested):
    rng = np.random.default_rng(n)
    record = record_of([(round(v), round(v + rng.normal(0, 5))) for v in rng.normal(0, 20, n)])
    assert (record["dm_p"] is not None) == tested
    assert record["dm_diff"] is not None
    assert (record["dm_lower"] is not None) == tested


def test_measures_are_never_pooled(figures, chains):
    rows = [
        r
        for m in ("mom_pct", "yoy_pct")
        for r in (
            {"kind": "forecast", "period": "2025-01", "value": 1.0, "measure": m},
            {"period": "2025-01", "value": 2.0, "measure": m},
        )
    ]
    scores = score_forecasts(figures(*rows), chains=chains)
    record = build_record(scores, group_by=("source",))
    assert record["measure"].to_list() == ["mom_pct", "yoy_pct"]
    assert record["n"].to_list() == [1, 1]


def test_levels_of_two_units_are_never_pooled(figures, chains):
    rows = [
        r
        for s, u in (("cathode", "t"), ("cell", "MWh"))
        for r in (
            {"kind": "forecast", "period": "2025-01", "value": 100.0, "measure": "level", "segment": s, "unit": u},
            {"period": "2025-01", "value": 110.0, "measure": "level", "segment": s, "unit": u},
        )
    ]
    record = build_record(score_forecasts(figures(*rows), chains=chains), group_by=("source",))
    assert record.select("unit", "n").rows() == [("MWh", 1), ("t", 1)]
    assert record["within_5"].null_count() == 2


def test_an_unknown_group_column_is_named():
    with pytest.raises(UsageError, match="segmnt"):
        build_record(SCORES.empty(), group_by=("segmnt",))


def test_hedges_repeats_and_disputes_are_counted(figures, chains):
    rows = [
        {"kind": "forecast", "period": "2025-01", "value": 5.0},
        {"kind": "forecast", "period": "2025-02", "value": 5.0, "qualifier": "about"},
        {"kind": "forecast", "period": "2025-03", "value": None, "lower": 3.0, "upper": 6.0, "qualifier": "range"},
        {"kind": "forecast", "period": "2025-04", "value": 1.0, "release_id": "a"},
        {"kind": "forecast", "period": "2025-04", "value": 2.0, "release_id": "b"},
        *({"period": f"2025-0{m}", "value": 4.0} for m in (1, 2, 3, 4)),
    ]
    record = build_record(score_forecasts(figures(*rows), chains=chains)).to_dicts()[0]
    assert (record["n"], record["n_points"], record["n_ranges"], record["n_disputed"]) == (3, 2, 1, 2)
    assert (record["hedge_rate"], record["repeats"]) == (0.4, 1)
    assert (record["range_coverage"], record["range_width"]) == (1, 3)
    # 1, 1 and the range's midpoint 4.5: 0.5
    assert record["mae"] == pytest.approx(2.5 / 3)
    assert record["mean_surprise"] == -1


def test_the_surprise_index_is_the_mean_z_over_segments(figures, chains):
    rng = np.random.default_rng(6)
    rows = []
    for segment, product in (("cathode", ""), ("cathode", "nfpp"), ("anode", "hard_carbon"), ("cell", "")):
        for i in range(14):
            month = f"{2024 + i // 12}-{i % 12 + 1:02d}"
            f, a = (float(round(v)) for v in rng.normal(0, 15, 2))
            same = {"segment": segment, "product": product, "period": month}
            rows += [{**same, "kind": "forecast", "value": f}, {**same, "value": a}]
    scores = score_forecasts(figures(*rows), chains=chains)
    index = surprise_index(scores)
    assert index.schema == SURPRISE_INDEX.schema
    assert index["n"].to_list() == [0] * 8 + [3] * 6
    assert index["surprise_index"].null_count() == 8
    last = scores.filter(pl.col("month") == date(2025, 2, 1), pl.col("product") != "nfpp")
    assert index["surprise_index"][-1] == pytest.approx(last["z"].mean())
    z = dict(zip(last["segment"], last["z"], strict=True))
    expected = f"anode/hard_carbon {z['anode']:+.2f}; cathode {z['cathode']:+.2f}; cell {z['cell']:+.2f}"
    assert [part.split(" ")[0] for part in index["components"][-1].split("; ")] == [
        "anode/hard_carbon",
        "cathode",
        "cell",
    ]
    shown = [float(part.split(" ")[1]) for part in index["components"][-1].split("; ")]
    assert shown == [float(part.split(" ")[1]) for part in expected.split("; ")]


def test_restatements_by_hand(figures):
    rows = [
        {"period": "2025-01", "value": 2.0, "at": "2025-02-05"},
        {"period": "2025-01", "value": -1.0, "at": "2025-03-05"},
        {"period": "2025-01", "value": -1.0, "at": "2025-03-09"},
        {"period": "2025-01", "value": 3.0, "at": "2025-04-05"},
        {"period": "2025-02", "value": 4.0, "at": "2025-03-05"},
        {"period": "2025-02", "value": 9.0, "at": "2025-04-05"},
        {"period": "2025-03", "value": 7.0},
    ]
    stats = restatement_stats(figures(*rows))
    assert stats.columns == [c.name for c in RESTATEMENT_STATS.columns]
    latest, second = stats.to_dicts()
    # first to second: -3 and +5; first to latest: +1 and +5
    assert (second["pair"], second["n"], second["n_months"]) == ("first_to_second", 2, 3)
    assert (second["mean"], second["mean_absolute"], second["sd"]) == pytest.approx((1, 4, 32**0.5))
    assert (second["sign_changes"], second["largest"], second["largest_month"]) == (0.5, 5, date(2025, 2, 1))
    assert (latest["mean"], latest["mean_absolute"], latest["sd"]) == pytest.approx((3, 3, 8**0.5))
    assert latest["sign_changes"] == 0
    # 5 February to 5 April: 59 days; 5 March to 5 April: 31
    assert latest["months_to_settle"] == pytest.approx(45 / (365.25 / 12))


def test_contradictory_numbers_of_one_instant_are_no_restatement(figures):
    rows = [{"period": "2025-01", "value": v, "release_id": str(v)} for v in (2.0, 5.0)]
    rows.append({"period": "2025-02", "value": 3.0})
    # the contradictory month has no first number: one month is left, and nothing was restated
    assert restatement_stats(figures(*rows)).select("n", "n_months").rows() == [(0, 1), (0, 1)]


def test_a_series_never_restated(figures):
    stats = restatement_stats(figures({"period": "2025-01", "value": 2.0}))
    assert (
        stats.select("n", "n_months", "mean", "largest", "reason").rows() == [(0, 1, None, None, "never_restated")] * 2
    )
