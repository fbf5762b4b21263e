"""One forecast against one actual: surprise, level, direction, verdict, ranges and bounds, by hand."""

import math

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
        # tolerance of sodium_ion mom_pct is 5, the interval is e ± 2·half
        (10.0, 12.0, 0.5, "hit"),  # [1, 3] inside ±5
        (10.0, 14.0, 0.5, "hit"),  # [3, 5] touches
        (10.0, 15.0, 0.5, "indeterminate"),  # [4, 6] holds 5
        (10.0, 17.0, 0.5, "miss"),  # [6, 8]
        (10.0, 3.0, 0.5, "miss"),  # [-8, -6]
        (10.0, 14.0, 5.0, "within_rounding"),  # [-6, 14] holds 0 and both tolerances
        (10.0, 25.0, 5.0, "indeterminate"),  # [5, 25]: touches the tolerance
    ],
)
def test_verdicts(mark_one, f, a, half, verdict):
    row = mark_one({"value": f, "half_width": half}, {"value": a, "half_width": half})
    assert (row["verdict"], row["static_verdict"], row["band_kind"], row["tolerance_pp"]) == (
        verdict,
        verdict,
        "static",
        5,
    )


def test_decimals_do_not_tip_a_verdict(mark_one):
    # e = 5.3 - 0.3 is 5.000000000000000 in print and not in binary
    row = mark_one({"value": 0.3, "half_width": 0.0}, {"value": 5.3, "half_width": 0.0})
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


def test_a_level_without_tolerance_has_no_verdict_and_says_so(mark_one):
    row = mark_one(91_050.0, 95_010.0, measure="level")
    assert (row["verdict"], row["surprise"], row["surprise_pp"]) == ("", 3960, None)
    assert row["reason"] == "no_tolerance"


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
    assert (row["direction"], row["verdict"]) == ("hit", "hit")
    assert mark_one(bound, 10.0)["verdict"] == "miss"
    assert mark_one(bound, 24.5)["verdict"] == "within_rounding"


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
