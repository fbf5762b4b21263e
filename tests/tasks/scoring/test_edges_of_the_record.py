"""The record at its edges: missing quantiles, disputed latest actuals, perfect forecasters, time zones, what is due."""

from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from tasks.scoring import build_record, compare_forecasters, score_forecasts, score_table

CASES = Path(__file__).parent / "cases"


def read(name: str) -> pl.DataFrame:
    return pl.read_csv(CASES / f"{name}.csv")


def record_of(name: str) -> dict:
    return score_table(read(name))[1].to_dicts()[0]


def test_coverage_counts_the_forecasts_that_state_both_ends():
    """Five state the 10 % quantile; of their outcomes 5, 6, 4, 7 and 20 the first four lie in [0, 10]."""
    row = record_of("coverage_missing_quantile")
    assert (row["coverage_80"], row["n_coverage_80"]) == (0.8, 5)
    # widths of 10, and 2/0.2·(20 - 10) once, over five
    assert row["interval_score_80"] == pytest.approx(10 + 100 / 5)
    # Σ 2·pinball/3 of q = 0, 5, 10: y=5: 2/3(.5+0+.5), y=6: 2/3(.6+.5+.4), 4: 2/3(.4+.5+.6), 7: 2/3(.7+1+.3), 20: 2/3(2+7.5+9)
    assert row["wis"] == pytest.approx(2 / 3 * (1 + 1.5 + 1.5 + 2 + 18.5) / 5)
    assert (row["n_wis"], row["n"]) == (5, 10)


def test_wis_needs_no_central_pair_and_coverage_says_that_it_does():
    row = record_of("wis_without_interval")
    # q 0.2 = 2 and q 0.5 = 5: (2/2)·[0.2(y-2) + pinball of the median]
    outcomes = [5, 6, 4, 7, 20, 5, 6, 4, 20, 25]
    by_hand = sum(0.2 * (y - 2) + abs(y - 5) / 2 for y in outcomes) / 10
    assert (row["wis"], row["n_wis"]) == (pytest.approx(by_hand), 10)
    assert (row["coverage_80"], row["n_coverage_80"]) == (None, 0)
    assert "coverage: no_central_pair" in row["reason"]


def test_a_table_without_quantiles_says_so():
    assert "wis: no_quantiles" in record_of("tz_utc")["reason"]


def test_where_every_row_lacks_a_quantile_wis_is_null_with_that_reason():
    frame = read("coverage_missing_quantile").with_columns(pl.lit(None, pl.Float64).alias("q_0.1"))
    row = score_table(frame)[1].to_dicts()[0]
    assert (row["wis"], row["n_wis"], row["coverage_80"]) == (None, 0, None)
    assert "wis: quantile_missing; coverage: quantile_missing" in row["reason"]


def test_the_same_days_in_another_zone_give_the_same_record():
    """Half past midnight in Shanghai is still the month before in UTC; leads go by the calendar of the chain."""
    records = [score_table(read(name))[1] for name in ("tz_utc", "tz_plus8")]
    assert records[0].equals(records[1])
    scores, _ = score_table(read("tz_plus8"))
    assert set(scores["lead_months"]) == {1}
    assert scores["issued_at"].to_list()[0] == datetime(2022, 11, 30, 16, 30, tzinfo=UTC)
    # in UTC the first was issued in November: two months ahead
    assert score_table(read("tz_plus8"), zone="UTC")[0]["lead_months"].to_list()[0] == 2


def test_a_date_without_a_zone_is_a_day_of_the_chain():
    frame = pl.DataFrame(
        {
            "forecaster": ["house"] * 2,
            "series": ["cathode"] * 2,
            "month": ["2025-03", "2025-04"],
            "issued_at": ["2025-03-31", "2025-05-01"],
            "measure": ["mom_pct"] * 2,
            "forecast": [5.0, 6.0],
            "actual": [5.0, 7.0],
        }
    )
    scores, _ = score_table(frame)
    # March ends in Shanghai at 16:00 UTC of the 31st: issued on that day it is in time, on 1 May April's is not
    assert scores["issued_at"].dt.to_string("%F %R").to_list() == ["2025-03-30 16:00", "2025-04-30 16:00"]
    assert scores["status"].to_list() == ["scored", "backcast"]


def test_a_forecast_issued_before_its_month_has_the_naive_forecasts_of_that_day():
    """Issued on 1 January for February: December's outcome is the last that is known, and not January's."""
    scores, record = score_table(read("tz_utc"))
    rows = scores.to_dicts()
    # issued 2023-02-01 08:30 in Shanghai for March 2023: January's actual is 4, February's is not out yet
    assert (rows[2]["month"].month, rows[2]["naive_same_growth"], rows[2]["lead_months"]) == (3, 4, 1)
    assert record["n_same_growth"].item() == len(rows) - 2
    assert "skill_same_growth" not in record["reason"].item()


def test_a_disputed_latest_actual_is_no_actual(figures, chains):
    """Forecast 10, first 12; then 20 and 4 published at one instant: against the latest nothing can be said."""
    rows = [
        {"kind": "forecast", "period": "2025-05", "value": 10.0},
        {"period": "2025-05", "value": 12.0},
        {"period": "2025-05", "value": 20.0, "review_month": "2025-06", "at": "2025-07-05"},
        {"period": "2025-05", "value": 4.0, "review_month": "2025-06", "at": "2025-07-05", "release_id": "other"},
    ]
    scores = score_forecasts(figures(*rows), chains=chains)
    first = build_record(scores).to_dicts()[0]
    assert (first["n"], first["mean_surprise"], first["n_disputed"]) == (1, 2, 0)
    latest = build_record(scores, actual="latest", min_n=0).to_dicts()[0]
    assert (latest["n"], latest["mean_surprise"], latest["n_disputed"]) == (0, None, 1)


def compare(**errors: list[float]) -> dict:
    frame = pl.concat(
        pl.DataFrame(
            {
                "forecaster": [name] * len(given),
                "series": ["cathode"] * len(given),
                "month": [f"2025-{i + 1:02d}" for i in range(len(given))],
                "issued_at": [f"2025-{i + 1:02d}-05" for i in range(len(given))],
                "measure": ["mom_pct"] * len(given),
                "forecast": [20.0 - e for e in given],
                "actual": [20.0] * len(given),
            }
        )
        for name, given in errors.items()
    )
    pairs = compare_forecasters(score_table(frame)[0]).to_dicts()
    return {(p["forecaster"], p["other"]): p for p in pairs}


def test_a_forecaster_without_error_has_the_best_relative_skill():
    pairs = compare(perfect=[0.0] * 3, good=[1.0] * 3, poor=[4.0] * 3)
    assert pairs["perfect", "good"]["relative_skill"] == 0
    # beside a perfect one no ratio is finite
    assert (pairs["good", "poor"]["relative_skill"], pairs["good", "perfect"]["reason"]) == (None, "other_perfect")
    # √(1/4·1) and √(4/1·1)
    pairs = compare(good=[1.0] * 3, poor=[4.0] * 3)
    assert (pairs["good", "poor"]["relative_skill"], pairs["poor", "good"]["relative_skill"]) == pytest.approx((0.5, 2))
    pairs = compare(one=[0.0] * 3, other=[0.0] * 3)
    assert pairs["one", "other"]["relative_skill"] == 1


def test_directions_and_verdicts_have_two_names(figures, chains):
    rows = []
    for i, (f, a) in enumerate([(10.0, 12.0), (10.0, 30.0), (10.0, -10.0)]):
        rows += [{"kind": "forecast", "period": f"2025-0{i + 1}", "value": f}, {"period": f"2025-0{i + 1}", "value": a}]
    row = build_record(score_forecasts(figures(*rows), chains=chains)).to_dicts()[0]
    # up, up and down were up, up and up: two directions; 1.018, 1.18 and 0.82 of level: one verdict
    assert (row["direction_hits"], row["n_directions"], row["verdict_hit"], row["verdict_miss"]) == (2, 3, 1, 2)
    assert (row["hits"], row["hit_rate"]) == (row["direction_hits"], row["direction_hit_rate"])


@pytest.mark.parametrize(
    ("measure", "assumes"),
    [("mom_pct", "change of 0"), ("yoy_pct", "last published change"), ("share_pct", "last published value")],
)
def test_the_record_names_what_no_change_assumes(figures, chains, measure, assumes):
    rows = [{"kind": "forecast", "period": "2025-01", "value": 9.0}, {"period": "2025-01", "value": 8.0}]
    scores = score_forecasts(figures(*({**r, "measure": measure} for r in rows)), chains=chains)
    assert build_record(scores)["no_change_assumes"].item() == assumes
