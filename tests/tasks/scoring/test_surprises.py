"""One forecast against one actual: surprise, level, direction, verdict, ranges and bounds, by hand."""

import math
from datetime import date

import numpy as np
import polars as pl
import pytest

from tasks.scoring import score_forecasts


@pytest.fixture
def mark_one(figures, chains):
    def mark(f: dict | float | None, a: dict | float | None, **both) -> dict:
        f = f if isinstance(f, dict) else {"value": f}
        a = a if isinstance(a, dict) else {"value": a}
        rows = [{"kind": "forecast", "period": "2025-09", **both, **f}, {"period": "2025-09", **both, **a}]
        return score_forecasts(figures(*rows), chains=chains).to_dicts()[0]

    return mark


def test_far_from_zero_the_level_says_what_points_do_not(mark_one):
    row = mark_one(139.0, 120.0, measure="yoy_pct")
    assert row["surprise_pp"] == -19
    # 2.20 / 2.39 = 0.920502
    assert row["level_surprise_pct"] == pytest.approx(-7.949790795)
    assert row["log_surprise"] == pytest.approx(100 * math.log(2.20 / 2.39))
    # forecast -70 %, outcome -60 %: 10 pp, yet the level is a third higher
    assert mark_one(-70.0, -60.0)["level_surprise_pct"] == pytest.approx(100 / 3)


def test_the_interval_adds_both_half_widths(mark_one):
    row = mark_one({"value": 3.0, "half_width": 0.5}, {"value": 5.75, "half_width": 0.005})
    assert (row["surprise_lower_pp"], row["surprise_upper_pp"]) == pytest.approx((2.75 - 0.505, 2.75 + 0.505))


@pytest.mark.parametrize(("f", "a", "level"), [(-100.0, 5.0, None), (5.0, -100.0, -100.0), (-100.0, -100.0, None)])
def test_minus_100_has_no_logarithm_but_a_surprise(mark_one, f, a, level):
    row = mark_one(f, a)
    assert row["status"] == "scored"
    assert row["surprise_pp"] == a - f
    assert row["log_surprise"] is None
    assert row["level_surprise_pct"] == level
    assert "level_zero" in row["reason"]


def test_a_forecast_level_of_zero_has_no_ratio(mark_one):
    row = mark_one(0.0, 50.0, measure="level")
    assert (row["surprise"], row["level_surprise_pct"]) == (50, None)
    assert "level_zero" in row["reason"]


def test_an_actual_below_minus_100_is_not_scored(mark_one):
    row = mark_one(5.0, -120.0)
    assert (row["status"], row["reason"]) == ("unscorable", "below_minus_100")


@pytest.mark.parametrize(
    ("f", "a", "half", "verdict"),
    [
        # the tolerance of sodium_ion mom_pct is 5 % of level: ratios from 1/1.05 = 0.952 to 1.05
        (10.0, 12.0, 0.5, "hit"),  # 1.115/1.105 = 1.009 to 1.125/1.095 = 1.027
        (10.0, 14.0, 0.5, "hit"),  # 1.027 to 1.046
        (10.0, 15.0, 0.5, "indeterminate"),  # 1.036 to 1.055 holds 1.05
        (10.0, 17.0, 0.5, "miss"),  # from 1.054 on
        (10.0, 3.0, 0.5, "miss"),  # up to 1.035/1.095 = 0.945
        (10.0, 14.0, 5.0, "within_rounding"),  # 1.09/1.15 to 1.19/1.05 holds 1 and both tolerances
        (10.0, 25.0, 5.0, "indeterminate"),  # 1.20/1.15 = 1.043 to 1.24
        # far from zero points mislead: output doubled, and 2.4 %
        (-96.0, -92.0, 0.5, "miss"),  # 7.5/4.5 = 1.67 to 8.5/3.5 = 2.43
        (-70.0, -66.0, 0.5, "miss"),  # 33.5/30.5 = 1.098 to 34.5/29.5 = 1.17
        (400.0, 412.0, 0.5, "hit"),  # 511.5/500.5 = 1.022 to 512.5/499.5 = 1.026
        # the wrong sign beyond rounding is never a hit, however close
        (2.0, -2.0, 0.5, "miss"),  # 0.961 alone would be a hit
        (0.6, -0.6, 0.05, "miss"),
        (0.4, -0.4, 0.5, "hit"),  # both may be 0
        # nothing left, as forecast or as outcome, is no ratio but a verdict
        (-100.0, -50.0, 0.5, "miss"),
        (-50.0, -100.0, 0.5, "miss"),
        (-100.0, -100.0, 0.5, "within_rounding"),
        (-100.0, -98.0, 0.5, "miss"),  # from 1.5/0.5 = 3 on
    ],
)
def test_verdicts(mark_one, f, a, half, verdict):
    row = mark_one({"value": f, "half_width": half}, {"value": a, "half_width": half})
    assert (row["verdict"], row["own_verdict"], row["band_kind"], row["tolerance_pct"]) == (verdict, "", "static", 5)
    # around the forecast: 100·g·(1.05 - 1) above and 100·g·(1 - 1/1.05) below
    g = 1 + f / 100
    ends = (row["band_lower_pp"], row["band_upper_pp"], row["tolerance_pp"])
    expected = (100 * g * (1 / 1.05 - 1), 5 * g, 50 * g * (1.05 - 1 / 1.05))
    assert ends == (pytest.approx(expected) if f > -100 else (None, None, 5))


@pytest.mark.parametrize(
    ("f", "a", "half", "verdict"),
    [
        # shares have a tolerance of 3 pp; the interval of the error is a - f ± twice the half-width
        (40.0, 42.0, 0.5, "hit"),  # [1, 3] ends at the tolerance
        (40.0, 38.0, 0.5, "hit"),  # [-3, -1]
        (40.0, 42.1, 0.5, "indeterminate"),  # [1.1, 3.1]
        (40.0, 37.9, 0.5, "indeterminate"),
        (40.0, 44.0, 0.5, "indeterminate"),  # [3, 5] begins at the tolerance
        (40.0, 36.0, 0.5, "indeterminate"),
        (40.0, 44.1, 0.5, "miss"),  # [3.1, 5.1]
        (40.0, 35.9, 0.5, "miss"),
        (40.0, 43.0, 0.0, "hit"),
        (40.0, 37.0, 0.0, "hit"),
        # zero at an end of the interval: forecast and outcome may be the same number
        (40.0, 42.0, 1.0, "within_rounding"),  # [0, 4]
        (40.0, 38.0, 1.0, "within_rounding"),  # [-4, 0]
        (40.0, 42.1, 1.0, "indeterminate"),  # [0.1, 4.1]
        (40.0, 37.9, 1.0, "indeterminate"),
        (40.0, 40.0, 0.0, "hit"),
        (40.0, 40.0, 2.0, "within_rounding"),  # [-4, 4] is wider than the tolerance
    ],
)
def test_verdicts_of_points_at_the_tolerance_and_at_zero(mark_one, f, a, half, verdict):
    row = mark_one({"value": f, "half_width": half}, {"value": a, "half_width": half}, measure="share_pct")
    assert (row["verdict"], row["tolerance_pp"]) == (verdict, 3)


@pytest.mark.parametrize(
    ("f", "a", "half", "verdict"),
    [
        # growth has a tolerance of 5 % of level: ratios from 1/1.05 to 1.05
        (0.0, 5.0, 0.0, "hit"),  # 1.05/1
        (5.0, 0.0, 0.0, "hit"),  # 1/1.05
        (0.0, 5.01, 0.0, "miss"),
        (5.01, 0.0, 0.0, "miss"),
        # the ratio 1 at an end of the interval
        (10.0, 20.0, 5.0, "within_rounding"),  # 1.15/1.15 = 1 to 1.25/1.05 = 1.19
        (10.0, 0.0, 5.0, "within_rounding"),  # 0.95/1.15 = 0.83 to 1.05/1.05 = 1
        (10.0, 20.1, 5.0, "indeterminate"),  # from 1.151/1.15
        (10.0, -0.1, 5.0, "indeterminate"),  # up to 1.049/1.05
        # a sign that rounding lets be none is not wrong: all of these ratios are within 1.5 % of 1
        (1.0, -0.5, 0.5, "hit"),  # the outcome may be 0
        (0.5, -1.0, 0.5, "hit"),  # the forecast may be 0
        (-0.5, 1.0, 0.5, "hit"),
        (-1.0, 0.5, 0.5, "hit"),
        (1.0, -0.6, 0.5, "miss"),  # up to -0.1
        (-1.0, 0.6, 0.5, "miss"),
        (0.6, 0.0, 0.0, "hit"),  # no change is no wrong sign
        (0.0, -0.6, 0.0, "hit"),
    ],
)
def test_verdicts_of_growth_at_the_tolerance_and_at_zero(mark_one, f, a, half, verdict):
    row = mark_one({"value": f, "half_width": half}, {"value": a, "half_width": half})
    assert (row["verdict"], row["tolerance_pct"]) == (verdict, 5)


def test_decimals_do_not_tip_a_verdict(mark_one):
    # 100.3·1.05 = 105.315 in print and not in binary; a share of 0.3 and 3.3 differ by 3
    for f, a, measure in ((0.3, 5.315, "mom_pct"), (0.3, 3.3, "share_pct")):
        row = mark_one({"value": f, "half_width": 0.0}, {"value": a, "half_width": 0.0}, measure=measure)
        assert row["verdict"] == "hit"


@pytest.mark.parametrize(
    ("f", "a", "half", "expected"),
    [
        (2.0, 3.0, 0.5, ("hit", 1, 1)),
        (1.0, 0.0, 0.5, ("hit", 0, 0)),  # |p| ≤ 1 is flat
        (1.01, 0.5, 0.005, ("miss", 1, 0)),
        (-2.0, 2.0, 0.5, ("miss", -1, 1)),
        (4.0, 6.0, 5.0, ("miss", 0, 1)),  # rounded to tens: 4 is flat
    ],
)
def test_direction_with_its_dead_band(mark_one, f, a, half, expected):
    row = mark_one({"value": f, "half_width": half}, {"value": a, "half_width": half})
    assert (row["direction"], row["forecast_direction"], row["actual_direction"]) == expected


def test_levels_and_shares_have_no_direction(mark_one):
    for measure in ("level", "share_pct"):
        row = mark_one(50.0, 60.0, measure=measure)
        assert (row["direction"], row["forecast_direction"]) == ("", None)


def test_a_share_and_its_change_are_in_points(mark_one):
    share = mark_one(70.0, 67.0, measure="share_pct")
    assert (share["surprise_pp"], share["level_surprise_pct"], share["unit"]) == (-3, None, "%")
    change = mark_one(2.0, -2.0, measure="share_mom_pp")
    assert (change["surprise_pp"], change["log_surprise"], change["direction"]) == (-4, None, "miss")


def test_an_operating_rate_is_scored_in_points_with_its_own_tolerance(mark_one):
    rate = {"measure": "level", "metric": "operating_rate", "unit": "%", "chain": "lithium_ion", "segment": "lfp"}
    row = mark_one(45.0, 49.0, **rate)
    # tolerance 3, interval [3, 5]
    assert (row["surprise_pp"], row["tolerance_pp"], row["verdict"]) == (4, 3, "indeterminate")
    assert row["level_surprise_pct"] == pytest.approx(100 * (49 / 45 - 1))


def test_a_level_is_judged_by_its_ratio(mark_one):
    # 95,010/91,050 is 4.35 % above; sodium_ion allows 10 %, and rounding by half a tonne changes nothing
    row = mark_one(91_050.0, 95_010.0, measure="level")
    assert (row["verdict"], row["surprise"], row["surprise_pp"], row["tolerance_pct"]) == ("hit", 3960, None, 10)
    assert (row["band_lower_pp"], row["band_upper_pp"]) == pytest.approx((100 * (1 / 1.1 - 1), 10))
    assert mark_one(91_050.0, 101_010.0, measure="level")["verdict"] == "miss"  # 10.9 %


def test_a_measure_without_tolerance_has_no_verdict_and_says_so(mark_one):
    row = mark_one(910.0, 950.0, measure="mom_abs", half_width=5.0)
    assert (row["verdict"], row["surprise"], row["reason"]) == ("", 40, "no_tolerance")


RANGE = {"value": None, "lower": 3.0, "upper": 5.0, "qualifier": "range"}


@pytest.mark.parametrize(
    ("a", "covered", "error", "verdict"),
    [
        (4.0, True, 0.0, "hit"),
        (3.0, True, 1.0, "hit"),
        (6.0, False, 2.0, "within_rounding"),
        (7.0, False, 3.0, "miss"),
    ],
)
def test_a_range_is_scored_on_coverage_and_by_its_midpoint_on_absolute_error(mark_one, a, covered, error, verdict):
    row = mark_one(RANGE, a)
    assert (row["forecast"], row["surprise_pp"]) == (None, None)
    assert (row["is_covered"], row["width"], row["abs_error"], row["verdict"]) == (covered, 2, error, verdict)


def test_a_bound_never_becomes_a_point(mark_one):
    bound = {"value": None, "lower": 25.0, "qualifier": "bound"}
    row = mark_one(bound, 40.0)
    assert (row["abs_error"], row["surprise_pp"], row["is_covered"], row["width"]) == (None, None, True, None)
    # it has no other end, so that holding the outcome is no feat
    assert (row["direction"], row["verdict"], row["interval_score"]) == ("hit", "vague", None)
    assert mark_one(bound, 10.0)["verdict"] == "miss"
    assert mark_one(bound, 24.5)["verdict"] == "vague"


def test_a_range_wider_than_the_usual_error_is_vague(mark_one):
    # while the record is short the chain's 5 % of level says what is wide: ln(1.05) either side of the middle
    wide = {"value": None, "lower": -60.0, "upper": 60.0, "qualifier": "range"}
    row = mark_one(wide, 0.0)
    assert (row["verdict"], row["is_covered"], row["width"], row["interval_score"]) == ("vague", True, 120, 120)
    # ln(1.16/1.05)/2 = 4.98 % > ln 1.05 = 4.88 %; ln(1.157/1.05)/2 = 4.85 %
    for upper, verdict in ((16.0, "vague"), (15.7, "hit")):
        assert mark_one({"value": None, "lower": 5.0, "upper": upper, "qualifier": "range"}, 10.0)["verdict"] == verdict
    # outside it is a miss, wide or not, and costs 2/0.2 = 10 per point: 120 + 10·10
    row = mark_one(wide, 70.0)
    assert (row["verdict"], row["interval_score"]) == ("miss", 220)
    share = {"value": None, "lower": 40.0, "qualifier": "range", "measure": "share_pct"}
    # points: half of 6 is the tolerance of 3
    assert mark_one({**share, "upper": 46.0}, 42.0, measure="share_pct")["verdict"] == "hit"
    assert mark_one({**share, "upper": 47.0}, 42.0, measure="share_pct")["verdict"] == "vague"


@pytest.mark.parametrize(
    ("actual", "lower", "upper", "verdict"),
    [
        # forecast 10, half-widths 0.5; an actual "more than 20" is at least 10 above, less rounding
        ({"lower": 20.0, "upper": None}, 9.5, None, "miss"),
        ({"lower": 5.0, "upper": None}, -5.5, None, "indeterminate"),
        ({"lower": 9.0, "upper": 12.0}, -1.5, 2.5, "hit"),
    ],
)
def test_an_actual_bound_or_range_gives_the_ends_it_has(mark_one, actual, lower, upper, verdict):
    row = mark_one(10.0, {"value": None, "qualifier": "bound", **actual})
    assert row["status"] == "scored"
    assert "actual_bound" in row["reason"]
    assert (row["surprise_pp"], row["surprise_lower_pp"], row["surprise_upper_pp"]) == (None, lower, upper)
    assert row["verdict"] == verdict


@pytest.mark.parametrize(("said", "verdict", "direction"), [(1.0, "indeterminate", "hit"), (-1.0, "miss", "miss")])
def test_a_growth_forecast_with_only_a_direction_published(figures, chains, said, verdict, direction):
    rows = [
        {"kind": "forecast", "period": "2025-09", "value": 10.0},
        {"period": "2025-09", "value": said, "measure": "direction", "half_width": 0.0},
    ]
    (row,) = score_forecasts(figures(*rows), chains=chains).to_dicts()
    assert (row["status"], row["verdict"], row["direction"]) == ("scored", verdict, direction)
    assert "actual_direction_only" in row["reason"]
    assert row["surprise_pp"] is None


def test_a_qualitative_forecast_is_scored_on_direction_only(figures, chains):
    rows = [
        {"kind": "forecast", "period": "2025-09", "value": -1.0, "measure": "direction", "half_width": 0.0},
        {"period": "2025-09", "value": -0.8, "half_width": 0.05},
    ]
    (row,) = score_forecasts(figures(*rows), chains=chains).to_dicts()
    # -0.8 lies in the dead band: flat, and a decline was forecast
    assert (row["direction"], row["verdict"], row["actual_direction"]) == ("miss", "miss", 0)
    assert row["surprise"] is None


def test_the_wedge_joins_routes_of_one_release_only(figures, chains):
    rows = [
        {"kind": "forecast", "period": "2025-09", "value": 10.0, "at": "2025-09-04"},
        {"kind": "forecast", "period": "2025-09", "value": 50.0, "measure": "yoy_pct", "at": "2025-09-06"},
        {"period": "2025-09", "value": 12.0},
        {"period": "2025-09", "value": 58.0, "measure": "yoy_pct"},
    ]
    marked = score_forecasts(figures(*rows), chains=chains)
    assert marked["wedge"].null_count() == 2
    together = [row | ({"at": "2025-09-04"} if row.get("kind") else {}) for row in rows]
    marked = score_forecasts(figures(*together), chains=chains)
    expected = 100 * (math.log(1.12 / 1.10) - math.log(1.58 / 1.50))
    assert marked["wedge"].to_list() == pytest.approx([expected] * 2)
    # -3.39 with ends ln(1.115/1.105) - ln(1.585/1.495) and ln(1.125/1.095) - ln(1.575/1.505)
    low = 100 * (math.log(1.115 / 1.105) - math.log(1.585 / 1.495))
    high = 100 * (math.log(1.125 / 1.095) - math.log(1.575 / 1.505))
    assert marked["wedge_lower"].to_list() == pytest.approx([low] * 2)
    assert marked["wedge_upper"].to_list() == pytest.approx([high] * 2)
    assert marked["is_wedge_beyond_rounding"].to_list() == [True] * 2


def test_january_and_february_published_together(figures, chains):
    rows = [
        {"kind": "forecast", "period": "2026-01", "value": 5.0, "at": "2026-01-05"},
        {"kind": "forecast", "period": "2026-02", "value": -30.0, "at": "2026-01-05", "review_month": "2025-12"},
        {"period": "2026-01", "value": 2.0, "at": "2026-03-05", "review_month": "2026-02"},
        {"period": "2026-02", "value": -40.0, "at": "2026-03-05", "review_month": "2026-02"},
        {"period": "2025-12", "value": 8.0, "at": "2026-01-05"},
    ]
    marked = score_forecasts(figures(*rows), chains=chains).to_dicts()
    assert [(r["lead_months"], r["surprise_pp"], r["status"]) for r in marked] == [
        (1, -3, "scored"),
        (2, -10, "scored"),
    ]
    # at issue of both only December was known: January's growth may not serve February's naive forecast
    assert [r["naive_same_growth"] for r in marked] == [8, 8]


def test_naive_forecasts_use_only_what_was_known(figures, chains):
    rows = [
        {"kind": "forecast", "period": "2025-09", "value": 5.0, "at": "2025-09-04"},
        {"period": "2025-08", "value": 7.0, "at": "2025-09-04"},
        {"period": "2025-08", "value": 70.0, "at": "2025-09-20"},
        {"period": "2024-09", "value": 3.0, "at": "2024-10-04"},
        {"period": "2024-09", "value": 4.0, "at": "2025-01-04"},
        {"period": "2025-09", "value": 6.0, "at": "2025-10-04"},
    ]
    (row,) = score_forecasts(figures(*rows), chains=chains).to_dicts()
    assert (row["naive_no_change"], row["naive_same_growth"], row["naive_seasonal"]) == (0, 7, 4)
    naive = ("no_change_surprise_pp", "same_growth_surprise_pp", "seasonal_surprise_pp")
    assert [row[n] for n in naive] == [6, -1, 2]


def test_naive_forecasts_of_levels_and_shares_persist(figures, chains):
    known = [("2025-07", 100.0), ("2025-08", 110.0), ("2025-09", 130.0)]
    for measure, grown in (("level", 121.0), ("share_pct", 120.0)):
        rows = [
            {"kind": "forecast", "period": "2025-09", "value": 115.0, "measure": measure},
            *({"period": p, "value": v, "measure": measure} for p, v in known),
        ]
        row = score_forecasts(figures(*rows), chains=chains).to_dicts()[0]
        # level 110²/100 = 121; share 110 + (110 - 100) = 120
        assert (row["naive_no_change"], row["naive_same_growth"]) == (110, pytest.approx(grown))


def test_no_change_of_a_yoy_is_the_last_published_yoy(figures, chains):
    """In a chain that grows by 40 % a year, 0 % would be a rival that anyone beats."""
    rows = [
        {"kind": "forecast", "period": "2025-09", "value": 45.0, "measure": "yoy_pct"},
        {"period": "2025-08", "value": 40.0, "measure": "yoy_pct"},
        {"period": "2025-09", "value": 43.0, "measure": "yoy_pct"},
    ]
    row = score_forecasts(figures(*rows), chains=chains).to_dicts()[0]
    assert (row["naive_no_change"], row["naive_same_growth"], row["no_change_surprise_pp"]) == (40, 40, 3)


def test_naive_forecasts_look_back_to_the_last_month_known(figures, chains):
    """Two months ahead, with the month before the review never published: July is the last known."""
    known = [("2025-06", 100.0), ("2025-07", 110.0)]
    for measure, grown in (("level", 110 * 1.1**3), ("share_pct", 110 + 3 * 10)):
        rows = [
            {"kind": "forecast", "period": "2025-10", "value": 115.0, "measure": measure, "review_month": "2025-08"},
            *({"period": p, "value": v, "measure": measure} for p, v in known),
        ]
        row = score_forecasts(figures(*rows), chains=chains).to_dicts()[0]
        assert (row["naive_no_change"], row["naive_same_growth"]) == (110, pytest.approx(grown))


def test_the_same_number_forecast_twice_in_a_row_is_marked(figures, chains):
    # +139 % for September and for December 2025, with no forecast between
    rows = [
        {"kind": "forecast", "period": p, "value": v, "measure": "yoy_pct"}
        for p, v in (("2025-09", 139.0), ("2025-12", 139.0), ("2026-01", 100.0))
    ]
    marked = score_forecasts(figures(*rows), chains=chains)
    assert marked["is_repeat"].to_list() == [False, True, False]


def test_first_middle_and_last_forecast_are_all_scored(figures, chains):
    rows = [
        *(
            {"kind": "forecast", "period": "2025-12", "value": v, "review_month": f"2025-{m:02d}"}
            for m, v in ((9, 1.0), (10, 2.0), (11, 3.0))
        ),
        {"period": "2025-12", "value": 5.0},
    ]
    marked = score_forecasts(figures(*rows), chains=chains)
    assert marked.select("lead_months", "issue", "surprise_pp", "status").rows() == [
        (1, "last", 2, "scored"),
        (2, "middle", 3, "scored"),
        (3, "first", 4, "scored"),
    ]


def test_null_is_not_nan(figures, chains):
    rows = [{"kind": "forecast", "period": "2025-09", "value": 1.0}]
    marked = score_forecasts(figures(*rows), chains=chains)
    floats = [c for c, t in marked.schema.items() if t == pl.Float64]
    assert not marked.select(pl.any_horizontal(pl.col(floats).is_nan().any())).item()


def months_of(errors: list[float], *, forecast: float = 100.0, **row) -> list[dict]:
    """Forecasts of one series, a month apart and each a month ahead, whose outcomes miss by these points."""
    rows = []
    for i, error in enumerate(errors):
        period = f"{2023 + i // 12}-{i % 12 + 1:02d}"
        rows += [
            {"kind": "forecast", "period": period, "value": forecast, **row},
            {"period": period, "value": forecast + error, **row},
        ]
    return rows


def test_the_own_band_says_usual_and_forgives_nothing(figures, chains):
    """Eight outcomes 30 % off make the ninth, 20 % off, usual for this series: a miss all the same."""
    rows = months_of([60.0] * 8 + [40.0, 70.0, 0.0], measure="yoy_pct")
    marked = score_forecasts(figures(*rows), chains=chains).to_dicts()
    # 260/200 = 1.3; 240/200 = 1.2; 270/200 = 1.35; all beyond the chain's 10 %
    assert [r["verdict"] for r in marked] == ["miss"] * 10 + ["hit"]
    # from eight past errors on the own band speaks: of eight or nine the 8th or 9th smallest, ln 1.3
    assert [r["own_verdict"] for r in marked] == [""] * 8 + ["usual", "unusual", "usual"]
    assert [r["band_n"] for r in marked][8:] == [8, 9, 10]


def test_the_band_of_levels_and_the_uneven_band_of_growth(figures, chains):
    """Thirteen past outcomes 10 % above or below 1000 t: |ln 0.9| = 10.54 % is the largest, and 1060 is usual."""
    errors = [(100.0, -100.0)[i % 2] for i in range(13)]
    marked = score_forecasts(figures(*months_of([*errors, 60.0], forecast=1000.0, measure="level")), chains=chains)
    row = marked.row(-1, named=True)
    # of 13 the rank ⌈14·0.9⌉ = 13: e^0.10536 = 1/0.9
    assert (row["band_lower_pp"], row["band_upper_pp"]) == pytest.approx((-10, 100 / 9))
    assert (row["band_90_pp"], row["band_n"]) == (pytest.approx((10 + 100 / 9) / 2), 13)
    assert (row["verdict"], row["own_verdict"]) == ("hit", "usual")  # 6 % of the 10 % that the chain allows
    # YoY 100 with outcomes 198 and 34: ln(134/200) = -40.0 % is the largest; 100·2·(0.67 - 1) and 100·2·(1/0.67 - 1)
    errors = [(98.0, -66.0)[i % 2] for i in range(13)]
    for error, own in ((85.0, "usual"), (-69.0, "unusual")):
        rows = months_of([*errors, error], forecast=100.0, measure="yoy_pct")
        row = score_forecasts(figures(*rows), chains=chains).row(-1, named=True)
        assert (row["band_lower_pp"], row["band_upper_pp"]) == pytest.approx((-66, 200 * (1 / 0.67 - 1)))
        assert (row["verdict"], row["own_verdict"]) == ("miss", own)


def test_a_bad_holiday_month_forgives_no_other_segment(figures, chains):
    """Pooled residuals of one bad month made hits of +5 against -9 and of -3 against -18."""
    rows = []
    for segment in ("cathode", "anode", "cell", "electrolyte"):
        rows += months_of([-30.0], forecast=10.0, segment=segment)
    rows += [
        {"kind": "forecast", "period": "2023-02", "value": 5.0, "segment": "anode"},
        {"period": "2023-02", "value": -9.0, "segment": "anode"},
        {"kind": "forecast", "period": "2023-02", "value": -3.0, "segment": "cathode"},
        {"period": "2023-02", "value": -18.0, "segment": "cathode"},
    ]
    marked = score_forecasts(figures(*rows), chains=chains).filter(pl.col("month") == date(2023, 2, 1))
    assert set(marked["band_kind"]) == {"pooled_80"}
    assert marked["verdict"].to_list() == ["miss", "miss"]
    # 4 past errors of the pool, and no word of usual: none of them is the series' own past
    assert marked["band_n"].to_list() == [4, 4]
    assert marked["own_verdict"].to_list() == ["", ""]


def test_two_months_ahead_growth_says_nothing_of_a_level(figures, chains):
    """December's review forecasts February alone: -30 % of a January that nobody had seen yet."""
    far = {"kind": "forecast", "review_month": "2025-12", "at": "2026-01-05"}
    rows = [
        {**far, "period": "2026-02", "value": -30.0},
        {**far, "period": "2026-02", "value": 20.0, "measure": "yoy_pct"},
        {"period": "2026-01", "value": 12.0},
        {"period": "2026-02", "value": -40.0},
        {"period": "2026-02", "value": 26.0, "measure": "yoy_pct"},
    ]
    mom, yoy = score_forecasts(figures(*rows), chains=chains).to_dicts()
    assert (mom["surprise_pp"], mom["lead_months"], mom["verdict"]) == (-10, 2, "miss")
    numbers = ("level_surprise_pct", "level_surprise_lower_pct", "level_surprise_mom_pct", "level_surprise_path_pct")
    assert [mom[n] for n in (*numbers, "wedge", "is_wedge_beyond_rounding")] == [None] * 6
    assert mom["reason"] == "base_forecast"
    # February a year before was known: YoY says 1.26/1.20
    assert yoy["level_surprise_pct"] == pytest.approx(5)
    assert (yoy["level_surprise_mom_pct"], yoy["wedge"], yoy["reason"]) == (None, None, "")


def test_two_months_ahead_the_path_of_one_release_is_compounded(figures, chains):
    far = {"kind": "forecast", "review_month": "2025-12", "at": "2026-01-05"}
    rows = [
        {**far, "period": "2026-01", "value": 5.0},
        {**far, "period": "2026-02", "value": -30.0},
        {**far, "period": "2026-02", "value": 20.0, "measure": "yoy_pct"},
        {"period": "2026-01", "value": 12.0},
        {"period": "2026-02", "value": -40.0},
        {"period": "2026-02", "value": 26.0, "measure": "yoy_pct"},
    ]
    near, mom, yoy = score_forecasts(figures(*rows), chains=chains).to_dicts()
    assert near["level_surprise_pct"] == pytest.approx(100 * (1.12 / 1.05 - 1))
    assert near["level_surprise_path_pct"] is None
    # 1.12·0.60 / (1.05·0.70) = 0.672/0.735
    assert mom["level_surprise_path_pct"] == pytest.approx(100 * (0.672 / 0.735 - 1))
    ends = (1.115 * 0.595 / (1.055 * 0.705), 1.125 * 0.605 / (1.045 * 0.695))
    assert mom["level_surprise_path_lower_pct"] == pytest.approx(100 * (ends[0] - 1))
    assert mom["level_surprise_path_upper_pct"] == pytest.approx(100 * (ends[1] - 1))
    assert mom["level_surprise_pct"] is None
    # the path and the YoY of one forecaster may disagree without any restatement
    assert [r["wedge"] for r in (mom, yoy)] == [None, None]
    assert yoy["level_surprise_mom_pct"] is None


def test_no_restatement_no_wedge_beyond_rounding_at_any_lead(figures, chains):
    """Levels without a revision, growths rounded to whole percent: no lead flags a base restated in silence.

    At longer leads forecasts by MoM and by YoY are drawn apart, as forecasters make them.
    """
    rng = np.random.default_rng(5)
    level = [1000.0]
    for _ in range(35):
        level.append(level[-1] * float(rng.uniform(0.7, 1.45)))
    name = [f"{2023 + i // 12}-{i % 12 + 1:02d}" for i in range(36)]
    rows = []
    for i in range(12, 36):
        mom, yoy = 100 * (level[i] / level[i - 1] - 1), 100 * (level[i] / level[i - 12] - 1)
        rows += [{"period": name[i], "value": float(round(mom))}]
        rows += [{"period": name[i], "value": float(round(yoy)), "measure": "yoy_pct"}]
    for i in range(12, 33):
        # a path of levels, stated by both routes one, two and three months ahead
        path = [level[i]]
        for lead in (1, 2, 3):
            path.append(path[-1] * float(rng.uniform(0.8, 1.25)))
            apart = 1.0 if lead == 1 else float(rng.uniform(0.8, 1.25))
            both = {"kind": "forecast", "period": name[i + lead], "review_month": name[i]}
            rows += [
                {**both, "value": float(round(100 * (path[lead] / path[lead - 1] - 1)))},
                {
                    **both,
                    "value": float(round(100 * (path[lead] * apart / level[i + lead - 12] - 1))),
                    "measure": "yoy_pct",
                },
            ]
    marked = score_forecasts(figures(*rows), chains=chains)
    assert marked["wedge"].count() > 30
    assert set(marked.filter(pl.col("wedge").is_not_null())["lead_months"]) == {1}
    assert marked["level_surprise_path_pct"].count() > 30
    assert not marked["is_wedge_beyond_rounding"].any()
