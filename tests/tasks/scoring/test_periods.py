"""Quarters, half-years and years: marked by their own actual, or by those of their months."""

import math

import polars as pl
import pytest

from tasks.scoring import build_record, score_forecasts, surprise_index


def month(period: str, value: float, measure: str = "level", **row) -> dict:
    return {"period": period, "value": value, "measure": measure, **row}


def quarter(period: str, value: float, measure: str, at: str = "2025-07-05", **row) -> dict:
    said = {"kind": "forecast", "review_month": "2025-06", "at": at}
    return {**said, "period": period, "value": value, "measure": measure, **row}


@pytest.fixture
def mark(figures, chains):
    def mark(*rows: dict) -> list[dict]:
        return score_forecasts(figures(*rows), chains=chains).to_dicts()

    return mark


def test_by_its_own_actual(mark):
    (row,) = mark(
        quarter("2025-Q3", 20.0, "yoy_pct"),
        {"period": "2025-Q3", "value": 24.0, "measure": "yoy_pct", "review_month": "2025-09"},
    )
    assert (row["status"], row["surprise_pp"], row["span_months"], row["lead_months"]) == ("scored", 4, 3, 1)
    assert row["level_surprise_pct"] == pytest.approx(100 * (1.24 / 1.20 - 1))
    assert (row["verdict"], row["reason"]) == ("hit", "")


LEVELS = [month(f"2025-{m:02d}", v) for m, v in ((7, 100.0), (8, 120.0), (9, 140.0))]


def test_a_level_by_the_sum_of_its_months(mark):
    (row,) = mark(quarter("2025-Q3", 400.0, "level"), *LEVELS)
    # 100 + 120 + 140, each rounded to half a tonne; known when September is
    assert (row["actual"], row["surprise"], row["actual_half_width"]) == (360, -40, 1.5)
    assert row["actual_id"] == "f0001 f0002 f0003"
    assert (row["reason"], f"{row['actual_at']:%Y-%m-%d}") == ("actual_from_months", "2025-10-05")
    # 360/400 is 0.9, and the tolerance of 10 % ends at 1/1.1 = 0.909
    assert row["verdict"] == "miss"


def test_growth_by_levels_of_both_years(mark):
    before = [month(f"2024-{m:02d}", v) for m, v in ((7, 90.0), (8, 100.0), (9, 110.0))]
    (row,) = mark(quarter("2025-Q3", 15.0, "yoy_pct"), *before, *LEVELS)
    assert row["actual"] == pytest.approx(100 * (360 / 300 - 1))
    assert row["actual_half_width"] == pytest.approx(100 * 1.2 * (1.5 / 360 + 1.5 / 300))
    assert row["log_surprise"] == pytest.approx(100 * math.log(1.2 / 1.15))


def test_growth_by_a_chain_of_mom(mark):
    """Q3 against Q2 from MoM of May to September: an index of April = 1."""
    growth = {"2025-05": 10.0, "2025-06": -10.0, "2025-07": 20.0, "2025-08": 0.0, "2025-09": 5.0}
    (row,) = mark(quarter("2025-Q3", 12.0, "qoq_pct"), *(month(p, v, "mom_pct") for p, v in growth.items()))
    index = [1, 1.1]
    for g in (0.9, 1.2, 1.0, 1.05):
        index.append(index[-1] * g)
    # 1, 1.1, 0.99 | 1.188, 1.188, 1.2474
    ratio = sum(index[3:]) / sum(index[:3])
    assert row["actual"] == pytest.approx(100 * (ratio - 1))
    assert row["actual_half_width"] == pytest.approx(100 * ratio * sum(0.5 / (100 + g) for g in growth.values()))
    assert "actual_from_months" in row["reason"]


def test_the_rounding_of_a_chain_holds_every_index_that_rounds_to_it(mark):
    growth = {f"2025-{m:02d}": g for m, g in zip(range(5, 10), (10.0, -10.0, 20.0, 0.0, 5.0), strict=True)}
    (row,) = mark(quarter("2025-Q3", 12.0, "qoq_pct"), *(month(p, v, "mom_pct") for p, v in growth.items()))
    for signs in range(32):
        index = [1.0]
        for i, g in enumerate(growth.values()):
            index.append(index[-1] * (1 + (g + (0.5 if signs >> i & 1 else -0.5)) / 100))
        off = 100 * (sum(index[3:]) / sum(index[:3]) - 1) - row["actual"]
        assert abs(off) <= row["actual_half_width"] * 1.02


def test_a_year_by_its_levels_and_a_missing_month_leaves_it_open(mark):
    year = [month(f"2025-{m:02d}", 10.0 * m) for m in range(1, 13)]
    said = {"kind": "forecast", "review_month": "2024-12", "at": "2025-01-05", "measure": "level"}
    (row,) = mark({**said, "period": "2025", "value": 800.0}, *year)
    assert (row["actual"], row["surprise"], row["span_months"], row["lead_months"]) == (780, -20, 12, 1)
    (row,) = mark({**said, "period": "2025", "value": 800.0}, *year[:6], *year[7:])
    assert (row["status"], row["actual"]) == ("pending", None)


def test_what_does_not_add_up_is_not_added_up(mark):
    (price,) = mark(
        quarter("2025-Q3", 400.0, "level", metric="price", unit="CNY/t"),
        *({**row, "metric": "price", "unit": "CNY/t"} for row in LEVELS),
    )
    assert price["status"] == "pending"
    (mixed,) = mark(quarter("2025-Q3", 400.0, "level"), *LEVELS[:2], {**LEVELS[2], "unit": "kt"})
    assert mixed["status"] == "pending"


def test_a_forecast_issued_after_the_last_month_is_a_backcast_and_before_it_is_not(mark):
    late = mark(quarter("2025-Q3", 400.0, "level", at="2025-10-05"), *LEVELS)[0]
    early = mark(quarter("2025-Q3", 400.0, "level", at="2025-10-04"), *LEVELS)[0]
    assert (late["status"], early["status"]) == ("backcast", "scored")


def test_the_periods_own_actual_of_a_later_day_is_the_latest_and_not_the_first(mark):
    own = {"period": "2025-Q3", "value": 366.0, "measure": "level", "review_month": "2025-09", "at": "2025-10-20"}
    (row,) = mark(quarter("2025-Q3", 400.0, "level"), *LEVELS, own)
    assert (row["actual"], row["latest_actual"], row["is_restated"]) == (360, 366, True)
    # of the same instant the published one counts
    (row,) = mark(quarter("2025-Q3", 400.0, "level"), *LEVELS, {**own, "at": "2025-10-05"})
    assert (row["actual"], row["reason"], row["actual_vintages"]) == (366, "", 1)


def test_a_later_restatement_of_a_month_changes_no_total(mark):
    again = month("2025-07", 150.0, at="2025-11-05")
    assert mark(quarter("2025-Q3", 400.0, "level"), *LEVELS, again)[0]["actual"] == 360


def test_quarters_stay_out_of_the_record_of_months(figures, chains):
    rows = [
        quarter("2025-Q3", 400.0, "level"),
        quarter("2025-07", 90.0, "level"),
        *LEVELS,
    ]
    scores = score_forecasts(figures(*rows), chains=chains)
    record = build_record(scores).select("span_months", "n", "mae").sort("span_months")
    assert record.rows() == [(1, 1, 10), (3, 1, 40)]
    assert scores["issue"].to_list() == ["only", "only"]
    assert surprise_index(scores).height == 1


def test_naive_forecasts_of_a_quarter_are_quarters(mark):
    rows = [quarter("2025-Q3", 20.0, "yoy_pct")]
    rows += [
        {"period": p, "value": v, "measure": "yoy_pct", "review_month": r}
        for p, v, r in (("2024-Q3", 5.0, "2024-09"), ("2025-Q1", 8.0, "2025-03"), ("2025-Q2", 9.0, "2025-06"))
    ]
    row = next(r for r in mark(*rows) if r["period"] == "2025-Q3")
    assert (row["naive_no_change"], row["naive_seasonal"]) == (9, 5)


def test_scores_as_of_an_instant_do_not_change_when_more_is_published(figures, chains):
    own = {"period": "2025-Q3", "value": 366.0, "measure": "level", "review_month": "2025-09", "at": "2025-10-20"}
    frame = figures(quarter("2025-Q3", 400.0, "level"), *LEVELS, own, month("2025-08", 1.0, at="2025-12-01"))
    cut = frame.filter(pl.col("published_at") <= pl.datetime(2025, 10, 10, time_zone="UTC"))
    kept = ["actual", "actual_id", "surprise", "verdict", "status"]
    then, now = (score_forecasts(each, chains=chains).select(kept) for each in (cut, frame))
    assert then.equals(now)
