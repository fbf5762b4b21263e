"""One row per forecast: statuses, vintages, the lock, and the real cases."""

from datetime import date

import polars as pl
import pytest

from contracts.errors import ContractBroken
from contracts.figures import FIGURES
from contracts.scores import REASONS, SCORES
from tasks.scoring import score_forecasts


def mark(figures, chains, *rows, **kwargs) -> list[dict]:
    return score_forecasts(figures(*rows), chains=chains, **kwargs).to_dicts()


def forecast(period: str, value: float | None, **more) -> dict:
    return {"kind": "forecast", "period": period, "value": value, **more}


def actual(period: str, value: float | None, **more) -> dict:
    return {"period": period, "value": value, **more}


# ------------------------------------------------------------------ real cases


def test_lfp_december_2023_agrees_by_level_and_by_both_growth_routes(real_figures, chains):
    scores = score_forecasts(real_figures("lithium_ion"), chains=chains)
    lfp = scores.filter(segment="lfp", month=date(2023, 12, 1), metric="production")
    by = {row["measure"]: row for row in lfp.to_dicts()}
    # 95,010 / 91,050 = 1.043493
    assert by["level"]["level_surprise_pct"] == pytest.approx(4.349258649, abs=1e-8)
    assert by["level"]["surprise"] == 3960
    assert by["level"]["surprise_pp"] is None
    # MoM: 0.83 / 0.80 = 1.0375; ends 0.825 / 0.805 = 1.024845 and 0.835 / 0.795 = 1.050314
    mom = by["mom_pct"]
    assert mom["level_surprise_pct"] == pytest.approx(3.75)
    assert round(mom["level_surprise_lower_pct"], 1) == 2.5
    assert round(mom["level_surprise_upper_pct"], 1) == 5.0
    # YoY: 0.94 / 0.90 = 1.044444; ends 0.935 / 0.905 = 1.033149 and 0.945 / 0.895 = 1.055866
    yoy = by["yoy_pct"]
    assert round(yoy["level_surprise_pct"], 2) == 4.44
    assert round(yoy["level_surprise_lower_pct"], 1) == 3.3
    assert round(yoy["level_surprise_upper_pct"], 1) == 5.6
    # wedge 100 (ln 1.0375 - ln 1.044444) = -0.667, inside [-2.98, 1.65]
    for row in (mom, yoy):
        assert row["wedge"] == pytest.approx(-0.6671, abs=1e-4)
        assert row["is_wedge_beyond_rounding"] is False
        assert row["level_surprise_level_pct"] == pytest.approx(4.349258649, abs=1e-8)
    # e = 3, rounding ±1, tolerance 3: the tolerance falls inside [2, 4]
    assert (mom["surprise_pp"], mom["surprise_lower_pp"], mom["surprise_upper_pp"]) == (3, 2, 4)
    assert mom["verdict"] == "indeterminate"


def test_ternary_cathode_2025(real_figures, chains):
    scores = score_forecasts(real_figures("lithium_ion"), chains=chains)
    ternary = scores.filter(segment="ternary_cathode", measure="mom_pct")
    august = ternary.row(by_predicate=pl.col("month") == date(2025, 8, 1), named=True)
    assert (august["forecast"], august["actual"]) == (3.07, 6.99)
    assert august["surprise_pp"] == pytest.approx(3.92)
    september = ternary.row(by_predicate=pl.col("month") == date(2025, 9, 1), named=True)
    assert (september["actual"], september["latest_actual"]) == (2.61, 13.55)
    assert september["status"] == "scored"
    assert september["is_restated"] is True
    assert september["actual_vintages"] == 2
    assert september["direction"] == "miss"
    yoy = scores.filter(segment="ternary_cathode", measure="yoy_pct", month=date(2025, 9, 1)).to_dicts()[0]
    # MoM says 1.0261/0.9849, YoY 1.3152/0.9822: a base was restated in silence
    assert yoy["is_wedge_beyond_rounding"] is True


def test_eight_sodium_forecasts_for_february_2026_are_pending(real_figures, chains):
    scores = score_forecasts(real_figures("sodium_ion"), chains=chains)
    february = scores.filter(month=date(2026, 2, 1))
    assert february["status"].to_list() == ["pending"] * 8


@pytest.mark.parametrize("chain", ["sodium_ion", "lithium_ion"])
def test_every_real_forecast_has_a_row(real_figures, chains, chain):
    figures = real_figures(chain)
    scores = score_forecasts(figures, chains=chains)
    assert sorted(scores["forecast_id"]) == sorted(figures.filter(kind="forecast")["figure_id"])
    assert scores.schema == SCORES.schema
    for column in SCORES.columns:
        assert column.nullable or scores[column.name].null_count() == 0, column.name
        if column.allowed:
            assert set(scores[column.name].unique()) <= set(column.allowed)
    words = {w for reason in scores["reason"] for w in reason.split("; ") if w}
    assert words <= set(REASONS)


def test_a_direction_forecast_is_marked_against_mom_with_the_dead_band(real_figures, chains):
    scores = score_forecasts(real_figures("lithium_ion"), chains=chains)
    hydroxide = scores.filter(segment="lithium_hydroxide", measure="direction", status="scored")
    # May: forecast flat, actual flat. June: forecast flat, actual about -5 % MoM
    assert hydroxide["direction"].to_list() == ["hit", "miss"]
    assert hydroxide["surprise_pp"].null_count() == 2


# ------------------------------------------------------------------ statuses and vintages


def test_a_forecast_is_pending_until_its_actual_is_published(figures, chains):
    (row,) = mark(figures, chains, forecast("2025-09", 10))
    assert (row["status"], row["reason"], row["verdict"]) == ("pending", "not_published_yet", "")
    assert row["issue"] == "only"
    assert row["lead_months"] == 1


def test_a_forecast_at_the_instant_of_the_actual_is_a_backcast(figures, chains):
    rows = [
        forecast("2025-09", 10, at="2025-10-05T01:00", figure_id="a"),
        actual("2025-09", 12, at="2025-10-05T01:00"),
        forecast("2025-09", 9, at="2025-10-05T00:59", figure_id="b"),
    ]
    by = {r["forecast_id"]: r for r in mark(figures, chains, *rows)}
    assert (by["a"]["status"], by["a"]["reason"]) == ("backcast", "issued_after_actual")
    assert by["a"]["surprise_pp"] is None
    assert by["b"]["status"] == "scored"


def test_near_midnight_in_shanghai_the_instant_decides_and_not_the_day(figures, chains):
    # 2025-09-30 23:59 in Shanghai is 15:59 UTC, before an actual at 2025-10-01 00:00 Shanghai = 16:00 UTC
    rows = [
        forecast("2025-09", 10, at="2025-09-30T15:59"),
        actual("2025-09", 12, at="2025-09-30T16:00"),
    ]
    (row,) = mark(figures, chains, *rows)
    assert (row["status"], row["lead_months"]) == ("scored", 1)


def test_a_number_published_again_is_nothing_new(figures, chains):
    rows = [
        forecast("2025-09", 10, at="2025-09-04", figure_id="a"),
        forecast("2025-09", 10, at="2025-09-06", figure_id="b"),
        actual("2025-09", 12, at="2025-10-04"),
        actual("2025-09", 12, at="2025-10-08"),
    ]
    a, b = mark(figures, chains, *rows)
    assert (a["status"], a["issue"], a["actual_vintages"], a["is_restated"]) == ("scored", "only", 1, False)
    assert (b["forecast_id"], b["status"], b["reason"]) == ("b", "unscorable", "republished")


def test_the_same_number_in_a_later_review_is_a_forecast_of_its_own_lead(figures, chains):
    rows = [
        forecast("2025-09", 10, review_month="2025-07"),
        forecast("2025-09", 10, review_month="2025-08"),
        actual("2025-09", 12),
    ]
    last, first = mark(figures, chains, *rows)
    assert (first["lead_months"], first["issue"]) == (2, "first")
    assert (last["lead_months"], last["issue"]) == (1, "last")


def test_first_actual_is_the_headline_and_the_latest_stands_beside_it(figures, chains):
    rows = [
        forecast("2025-09", 10),
        actual("2025-09", 14, at="2025-11-04", figure_id="late"),
        actual("2025-09", 12, at="2025-10-04", figure_id="early"),
        actual("2025-09", 13, at="2025-10-20"),
    ]
    (row,) = mark(figures, chains, *rows)
    assert (row["actual"], row["actual_id"], row["surprise_pp"]) == (12, "early", 2)
    assert (row["latest_actual"], row["latest_actual_id"], row["actual_vintages"]) == (14, "late", 3)


def test_a_value_restated_and_restated_back_has_three_vintages(figures, chains):
    rows = [
        forecast("2025-09", 10),
        *(actual("2025-09", v, at=f"2025-10-0{i}") for i, v in ((4, 12), (5, 13), (6, 12))),
    ]
    (row,) = mark(figures, chains, *rows)
    assert (row["actual_vintages"], row["latest_actual"], row["is_restated"]) == (3, 12, True)


def test_contradictory_forecasts_of_one_instant_are_disputed_and_both_kept(figures, chains):
    rows = [
        forecast("2025-09", 10, release_id="x"),
        forecast("2025-09", 11, release_id="y"),
        actual("2025-09", 12),
    ]
    marked = mark(figures, chains, *rows)
    assert [r["status"] for r in marked] == ["disputed", "disputed"]
    assert {r["reason"] for r in marked} == {"forecast_disputed"}
    assert all(r["surprise_pp"] is None and r["verdict"] == "" for r in marked)


def test_contradictory_first_actuals_dispute_the_score(figures, chains):
    rows = [
        forecast("2025-09", 10),
        actual("2025-09", 12, release_id="x"),
        actual("2025-09", 15, release_id="y"),
    ]
    (row,) = mark(figures, chains, *rows)
    assert (row["status"], row["reason"]) == ("disputed", "actual_disputed")
    assert row["actual"] is None


def test_an_assumed_publication_day_never_orders_vintages_in_silence(figures, chains):
    rows = [
        forecast("2025-09", 10),
        actual("2025-09", 12, at="2025-10-05", is_published_assumed=True),
        actual("2025-09", 13, at="2025-10-10"),
    ]
    (row,) = mark(figures, chains, *rows)
    assert (row["status"], row["reason"]) == ("scored", "vintage_order_assumed")
    rows = [
        forecast("2025-09", 10, at="2025-10-06", is_published_assumed=True),
        actual("2025-09", 12, at="2025-10-05"),
    ]
    (row,) = mark(figures, chains, *rows)
    assert row["reason"] == "issued_after_actual; lock_assumed"


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"period": "2025-H2", "measure": "mom_pct"}, "period_not_monthly"),
        ({"period": "2025-H2", "measure": "qoq_pct"}, "period_not_monthly"),
        ({"period": "2026", "measure": "share_pct"}, "period_not_monthly"),
        ({"period": "2025-12", "measure": "qoq_pct"}, "cumulative"),
        ({"period": "2025-12", "measure": "ytd_yoy_pct"}, "cumulative"),
        ({"period": "2025-12", "value": None}, "no_number"),
        ({"period": "2025-12", "value": -101.0}, "below_minus_100"),
    ],
)
def test_what_cannot_be_scored_has_a_row_with_the_reason(figures, chains, row, reason):
    rows = [{"kind": "forecast", "value": 10.0, "review_month": "2025-11", **row}, {**row, "value": 9.0}]
    (marked,) = mark(figures, chains, *rows)
    assert (marked["status"], marked["reason"]) == ("unscorable", reason)
    assert marked["surprise_pp"] is None


def test_months_chooses_rows_after_all_of_the_past_was_used(figures, chains):
    rows = [f(f"2025-{m:02d}", m) for m in range(1, 12) for f in (forecast, actual)]
    marked = mark(figures, chains, *rows, months=(date(2025, 11, 1), date(2025, 11, 1)))
    assert [r["month"] for r in marked] == [date(2025, 11, 1)]
    assert marked[0]["z_n"] == 10


def test_no_figures_and_one_forecast(figures, chains):
    assert score_forecasts(FIGURES.empty(), chains=chains).shape == (0, len(SCORES.columns))
    assert score_forecasts(figures(actual("2025-09", 1)), chains=chains).height == 0
    assert score_forecasts(figures(forecast("2025-09", 1)).lazy(), chains=chains).height == 1


def test_row_order_is_irrelevant(real_figures, chains):
    figures = real_figures("lithium_ion")
    scores = score_forecasts(figures, chains=chains)
    assert score_forecasts(figures.reverse(), chains=chains).equals(scores)
    assert score_forecasts(figures.sample(fraction=1, shuffle=True, seed=3), chains=chains).equals(scores)


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), float("-inf")])
def test_nan_and_infinity_are_refused(figures, chains, bad):
    with pytest.raises(ContractBroken, match="NaN or infinity"):
        mark(figures, chains, forecast("2025-09", bad))


def test_different_units_are_never_subtracted(figures, chains):
    level = {"measure": "level"}
    rows = [forecast("2025-09", 10, unit="t", **level), actual("2025-09", 10, unit="MWh", **level)]
    (row,) = mark(figures, chains, *rows)
    assert (row["status"], row["reason"], row["surprise"]) == ("unscorable", "unit_differs", None)
