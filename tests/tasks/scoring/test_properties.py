"""Properties that hold for any forecasts: scaling, order, swapping, perfection, rounding."""

from datetime import UTC, date, datetime

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.period import add_months
from tasks.scoring import check_score_table, compare_forecasters, score_table

PERCENT = st.integers(-99, 300).map(float)
PAIRS = st.lists(st.tuples(PERCENT, PERCENT, PERCENT), min_size=1, max_size=30)


def table(rows, measure: str = "mom_pct", factor: float = 1.0) -> pl.DataFrame:
    start = date(2020, 1, 1)
    lines = [
        {
            "forecaster": name,
            "series": "s",
            "month": add_months(start, i),
            "issued_at": datetime(2020 + i // 12, i % 12 + 1, 5, tzinfo=UTC),
            "measure": measure,
            "forecast": value * factor,
            "actual": row[0] * factor,
        }
        for i, row in enumerate(rows)
        for name, value in (("a", row[1]), ("b", row[2]))
    ]
    return pl.DataFrame(lines)


@given(PAIRS)
def test_row_order_is_irrelevant(rows):
    frame = table(rows)
    scores, record = score_table(frame, as_stated=True)
    again, other = score_table(frame.reverse(), as_stated=True)
    ids = ["forecast_id", "actual_id", "latest_actual_id"]
    assert scores.drop(ids).equals(again.drop(ids))
    assert record.equals(other)


@given(PAIRS)
def test_swapping_forecasters_flips_only_the_sign(rows):
    compared = compare_forecasters(score_table(table(rows), as_stated=True)[0])
    one, two = compared.to_dicts()
    assert (one["n"], one["mae"], one["mae_other"]) == (two["n"], two["mae_other"], two["mae"])
    for name in ("dm_stat", "dm_diff"):
        assert one[name] == (None if two[name] is None else pytest.approx(-two[name], abs=1e-12))
    assert one["dm_p"] == (None if two["dm_p"] is None else pytest.approx(two["dm_p"]))
    assert one["dm_lower"] == (None if two["dm_upper"] is None else pytest.approx(-two["dm_upper"]))


@given(PAIRS)
def test_a_perfect_forecast_scores_zero(rows):
    perfect = [(a, a, b) for a, _, b in rows]
    scores, record = score_table(table(perfect), as_stated=True)
    mine = scores.filter(forecaster="a")
    assert mine["surprise_pp"].to_list() == [0] * len(rows)
    assert mine["level_surprise_pct"].to_list() == pytest.approx([0] * len(rows))
    row = record.row(by_predicate=pl.col("forecaster") == "a", named=True)
    assert (row["mae"], row["rmse"], row["mean_surprise"]) == (0, 0, 0)


@given(
    st.lists(st.tuples(*[st.integers(1, 10**6).map(float)] * 3), min_size=8, max_size=30),
    st.sampled_from([8.0, 1024.0]),
)
def test_scaling_all_levels_changes_no_relative_number(rows, factor):
    scores, record = score_table(table(rows, "level"), as_stated=True)
    scaled, other = score_table(table(rows, "level", factor), as_stated=True)
    for name in ("level_surprise_pct", "log_surprise"):
        assert scaled[name].to_list() == pytest.approx(scores[name].to_list(), rel=1e-9, abs=1e-9)
    for name in ("skill_no_change", "skill_same_growth", "dm_stat", "dm_p", "mz_slope", "mz_p"):
        for one, two in zip(record[name], other[name], strict=True):
            assert (one is None) == (two is None)
            assert one is None or two == pytest.approx(one, rel=1e-6, abs=1e-9)


@given(PAIRS)
def test_intervals_hold_their_points_and_routes_agree_in_sign(rows):
    scores, record = score_table(table(rows), as_stated=True)
    point, low, high = pl.col("surprise_pp"), pl.col("surprise_lower_pp"), pl.col("surprise_upper_pp")
    assert scores.select(((low <= point) & (point <= high)).all()).item()
    assert scores.select((point.sign() == pl.col("level_surprise_pct").round(9).sign()).all()).item()
    for row in record.to_dicts():
        assert row["mae"] <= row["rmse"] + 1e-9
        assert abs(row["mean_surprise"]) <= row["mae"] + 1e-9
        assert row["within_1"] <= row["within_2"] <= row["within_5"] <= 1
        assert row["hits"] == row["direction_hits"] <= row["n_directions"]
        assert row["direction_hit_rate_lower"] <= row["hit_rate"] <= row["direction_hit_rate_upper"]
        cells = [row[f"{f}_{a}"] for f in ("up", "flat", "down") for a in ("up", "flat", "down")]
        assert sum(cells) == row["n_directions"]


@given(PAIRS)
def test_checking_a_checked_table_changes_nothing(rows):
    checked = check_score_table(table(rows), as_stated=True)
    assert check_score_table(checked, as_stated=True).equals(checked)
