"""Rules on scored forecasts: forecast miss, base revised, repeated. Expected numbers by hand."""

import json
import math
from datetime import date

import polars as pl
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from contracts.period import add_months
from tasks.alerts.identity import add_alert_ids
from tasks.alerts.inhibition import find_inhibited
from tests.tasks.alerts.rows import MAY, figure, figures, find, score, scores


def found(rule: str, *rows, **tables) -> list[dict]:
    return find(scores=scores(*rows), **tables).filter(rule=rule).to_dicts()


def test_a_miss_beyond_tolerance_and_level_is_a_warning_that_says_the_finding_first():
    (alert,) = found("forecast_miss", score(-70, -60))
    # 40/30 = 1.3333: the level is 33 % above its forecast.
    assert alert["title"] == "Cathode materials output beat the forecast: −60 % against −70 % MoM; level 33 % higher"
    assert (alert["kind"], alert["severity"], alert["figure_ids"]) == (
        "event",
        "warning",
        "f-cathode-202605 a-cathode-202605",
    )
    detail = json.loads(alert["detail"])
    assert detail["surprise"] == 10.0
    assert detail["surprise_beyond_rounding"] == 9.0  # 10 − 0.5 − 0.5
    assert detail["level_surprise_pct"] == 33.3333


def test_points_far_from_zero_are_judged_by_their_level():
    # +400 against +412 is 512/500 = 2.4 % of level; −96 against −92 is output doubled, 8/4.
    assert not found("forecast_miss", score(400, 412))
    (alert,) = found("forecast_miss", score(-96, -92))
    assert "level 100 % higher" in alert["title"]
    assert alert["severity"] == "warning"


def test_a_miss_of_a_small_level_is_only_information():
    # Forecast +120, outcome +130: beyond rounding 229.5/220.5 = +4.1 % of level: outside 3 %, under 5 %.
    (alert,) = found("forecast_miss", score(120, 130, tolerance_pp=3.0))
    assert alert["severity"] == "info"


def test_no_warning_from_rounding_alone():
    # 10.7 against 5: level 110.7/105 = +5.43 %, but 110.2/105.5 = +4.45 % is as possible.
    (alert,) = found("forecast_miss", score(5, 10.7, half=0.5, tolerance_pp=3.0))
    assert alert["severity"] == "info"


@pytest.mark.parametrize(("actual", "fires"), [(16.52, False), (16.53, True), (3.78, True), (3.79, False)])
def test_no_alert_from_rounding_alone(actual, fires):
    # Tolerance 5 % of level, half-widths 0.5: (100 + a − .5)/110.5 = 1.05 at a = 16.525, (100 + a + .5)/109.5 = 1/1.05
    # at a = 3.786.
    assert bool(found("forecast_miss", score(10, actual))) is fires


def test_half_widths_of_both_numbers_are_used_where_they_are_known():
    # By the interval alone (±1) 116 could be 115.5 against 110.5, 4.5 %; by the half-widths of both it is at least
    # 115.95/110.005 = 5.4 %.
    assert not found("forecast_miss", score(10, 16))
    exact = {"forecast_half_width": 0.005, "actual_half_width": 0.05}
    assert found("forecast_miss", score(10, 16, **exact))
    later = {"latest_actual": 16.0, "latest_actual_id": "a2"}
    assert not found("forecast_miss", score(10, 16, **exact | later), figures=figures(figure(16, figure_id="a2")))


def test_pending_backcast_and_disputed_forecasts_say_nothing():
    for status in ("pending", "backcast", "disputed", "unscorable"):
        assert not found("forecast_miss", score(-70, -60, status=status))


def test_the_last_forecast_before_the_outcome_counts():
    first = score(-70, -60, issue="first", forecast_id="f1")
    last = score(-58, -60, issue="last", forecast_id="f2")
    assert not found("forecast_miss", first, last)


def test_a_series_that_always_strays_needs_more_than_its_usual_error():
    bands = {"band_80_pp": 13.0, "band_90_pp": 14.0, "band_n": 9, "band_kind": "conformal_90"}
    # Half-widths 13 and 14 around 100: exp(asinh .13) = 1.138, exp(asinh .14) = 1.150; rounding takes 0.5 of both.
    assert not found("forecast_miss", score(0, 14.5, **bands))  # 114/100.5 = 1.134: inside 80 %
    (info,) = found("forecast_miss", score(0, 15.5, **bands))  # 115/100.5 = 1.144: outside 80 %, inside 90 %
    assert info["severity"] == "info"
    (warning,) = found("forecast_miss", score(0, 16.5, **bands))  # 116/100.5 = 1.154: outside both
    assert warning["severity"] == "warning"
    detail = json.loads(warning["detail"])
    assert (detail["band"], detail["band_kind"], detail["band_n"]) == (14.0, "usual error, 9 of 10", 9)


@pytest.mark.parametrize(("actual", "fires"), [(31.0, False), (-15.0, True), (108.0, False), (118.0, True)])
def test_an_uneven_band_is_judged_by_its_own_ends(actual, fires):
    """Around +40 %, q = ln 1.5: the ends are 140/1.5 = 93.3 and 140·1.5 = 210, −46.7 and +70 pp; on average ±58.3.

    −15: 85.5/139.5 lies below the lower end though only 55 pp away; 108 (+68) lies inside the upper one.
    """
    half = 140 * (1.5 - 1 / 1.5) / 2
    bands = {"band_80_pp": half, "band_90_pp": half, "band_n": 9, "band_kind": "conformal_90"}
    alerts = found("forecast_miss", score(40, actual, **bands))
    assert bool(alerts) is fires
    if fires:
        detail = json.loads(alerts[0]["detail"])
        assert detail["band_lower"] == pytest.approx(-46.6667, abs=1e-4)
        assert detail["band_upper"] == pytest.approx(70, abs=1e-4)


@pytest.mark.parametrize(
    ("values", "forecast", "inside", "outside"),
    [
        # of growth: 110·exp(±q) with a half-width of 11 pp, q = asinh .1: 99.5 and 121.5
        ({"measure": "mom_pct", "unit": "%"}, 10.0, 21.0, 22.5),
        # of a level the half-width is in percent of the forecast: 1000·exp(±q) = 895 and 1116 with 11 %
        ({"measure": "level", "unit": "t"}, 1000.0, 1110.0, 1120.0),
        # of a share in points
        ({"measure": "share_pct", "unit": "%"}, 40.0, 51.0, 52.5),
        # of a rate, whose level is in percent, in points too
        ({"measure": "level", "unit": "%", "metric": "operating_rate"}, 60.0, 71.0, 72.5),
        ({"measure": "share_mom_pp", "unit": "pp"}, 1.0, 12.0, 13.5),
    ],
)
def test_the_band_of_an_alert_is_the_band_of_the_score(values, forecast, inside, outside):
    bands = {"band_80_pp": 11.0, "band_90_pp": 11.0, "band_n": 12, "band_kind": "conformal_90", "tolerance_pp": 1.0}
    exact = {"forecast_half_width": 0.05, "actual_half_width": 0.05}
    assert not found("forecast_miss", score(forecast, inside, **values, **bands, **exact))
    (alert,) = found("forecast_miss", score(forecast, outside, **values, **bands, **exact))
    assert json.loads(alert["detail"])["band"] == 11.0


def test_a_series_that_never_strays_still_needs_the_tolerance():
    assert not found("forecast_miss", score(0, 4, band_80_pp=0.1, band_90_pp=0.1, band_n=12))


def test_while_there_is_no_90_band_the_tolerance_stands_in_for_it():
    (alert,) = found("forecast_miss", score(0, 15, band_80_pp=13.0, band_n=4, band_kind="conformal_80"))
    assert alert["severity"] == "warning"
    assert json.loads(alert["detail"])["band_kind"] == "past errors, too few to call usual"


@pytest.mark.parametrize(
    ("lower", "upper", "actual", "words"),
    [
        (25.0, None, 10, "+10 % against more than +25 % MoM"),
        (None, -5.0, 20, "+20 % against less than −5 % MoM"),
        (3.0, 5.0, 20, "+20 % against +3 % to +5 % MoM"),
    ],
)
def test_a_bound_or_range_is_missed_from_its_end_on(lower, upper, actual, words):
    values = {"forecast": None, "forecast_lower": lower, "forecast_upper": upper, "surprise_pp": None}
    (alert,) = found("forecast_miss", score(0, actual) | values)
    assert words in alert["title"]
    inside = score(0, 4 if upper == 5.0 else actual + (20 if upper is None else -40)) | values
    assert not found("forecast_miss", inside)


def test_a_restated_outcome_amends_the_finding_and_one_inside_the_band_removes_it():
    worse = score(-70, -60, latest_actual=-50.0, latest_actual_id="a2")
    (alert,) = found("forecast_miss", worse)
    assert "−50 % (restated, first −60 %) against −70 %" in alert["title"]
    detail = json.loads(alert["detail"])
    assert (detail["first_actual"], detail["actual_is"]) == (-60.0, "latest")
    assert not found("forecast_miss", score(-70, -60, latest_actual=-68.0, latest_actual_id="a2"))


def test_a_forecast_of_minus_100_has_no_level_and_is_judged_in_points():
    (alert,) = found("forecast_miss", score(-100, -60))
    assert alert["severity"] == "warning"
    assert "level" not in alert["title"]
    assert json.loads(alert["detail"])["level_surprise_pct"] is None


def test_levels_are_compared_as_levels():
    (alert,) = found("forecast_miss", score(91050, 95010, measure="level", unit="t", half=5, tolerance_pp=None))
    # 95,010 / 91,050 = 1.0435: 4.35 % over its forecast; beyond 3 %, under 5 %.
    assert alert["severity"] == "info"
    assert alert["title"] == "Cathode materials output beat the forecast: 95,010 t against 91,050 t"
    assert json.loads(alert["detail"])["surprise"] == pytest.approx(4.3493, abs=1e-4)


def test_sentences_of_the_figures_are_in_the_detail():
    rows = [
        figure(-70, kind="forecast", figure_id="f-cathode-202605", evidence="to fall 70 % “in” <May>"),
        figure(-60, figure_id="a-cathode-202605", evidence="x" * 40_000),
    ]
    (alert,) = found("forecast_miss", score(-70, -60), figures=figures(*rows))
    sentences = json.loads(alert["detail"])["sentences"]
    assert sentences == ["to fall 70 % “in” <May>", "x" * 300]


@given(truth=st.floats(-60, 60), half=st.sampled_from([0.05, 0.5]), stray=st.floats(1 / 1.05, 1.05))
def test_a_true_error_within_tolerance_never_fires(truth, half, stray):
    """Numbers whose unrounded levels are within 5 % of one another, printed with rounding, never make an alert."""
    step = 2 * half
    outcome = (100 + truth) * stray - 100
    assume(truth * outcome >= 0)  # a change of sign is told whatever its size
    forecast, actual = round(truth / step) * step, round(outcome / step) * step
    assert not found("forecast_miss", score(forecast, actual, half=half))


def test_a_reversal_needs_opposite_signs_outside_the_dead_band():
    (alert,) = found("forecast_miss", score(-20, 3))
    assert alert["title"] == (
        "Cathode materials output rose although a fall was forecast: +3 % against −20 % MoM; level 29 % higher"
    )
    assert alert["severity"] == "warning"
    (small,) = found("forecast_miss", score(-2, 2))  # inside the tolerance, and yet of the other sign
    assert small["severity"] == "info"  # 101.5/98.5 = +3.0 % of level beyond rounding
    assert json.loads(small["detail"])["is_reversed"] is True
    assert not found("forecast_miss", score(-1, 3))  # flat was forecast
    assert not found("forecast_miss", score(3, 0.9))
    (larger,) = found("forecast_miss", score(2, 30))
    assert "beat the forecast" in larger["title"]


def test_a_reversal_within_a_wide_rounding_is_none():
    assert not found("forecast_miss", score(-4, 4, forecast_half_width=5.0))


def test_a_forecast_in_words_is_held_against_the_sign():
    words = {"measure": "direction", "surprise_pp": None, "surprise_lower_pp": None, "surprise_upper_pp": None}
    (alert,) = found("forecast_miss", score(-1, 1, **words))
    assert alert["title"] == "Cathode materials output rose although a fall was forecast"
    assert not found("forecast_miss", score(0, 1, **words))


def test_one_fact_is_one_finding_with_its_numbers():
    """MoM −70 against −60 (40/30, +33 %), YoY −23 against +4 (104/77, +35 %), a level and a direction: one alert."""
    rows = [
        score(-70, -60),
        score(-23, 4, measure="yoy_pct", forecast_id="f2", tolerance_pp=10.0),
        score(1000, 1300, measure="level", unit="t", forecast_id="f3"),
        score(-1, 1, measure="direction", surprise_pp=None, forecast_id="f4"),
    ]
    (alert,) = found("forecast_miss", *rows)
    assert alert["title"] == (
        "Cathode materials output rose although a fall was forecast: −60 % against −70 % MoM, 1300 t against 1000 t, "
        "+4 % against −23 % YoY; level 30 to 35 % higher"
    )
    assert (alert["measure"], alert["severity"]) == ("", "warning")
    detail = json.loads(alert["detail"])
    assert [mark["measure"] for mark in detail["marks"]] == ["mom_pct", "level", "yoy_pct", "direction"]
    assert detail["forecast"] == -70.0
    (one,) = found("forecast_miss", score(-70, -60), score(2, 3, measure="yoy_pct", tolerance_pp=10.0))
    assert "YoY" not in one["title"]


def test_shares_and_rates_are_facts_of_their_own():
    share = score(40, 60, measure="share_pct", tolerance_pp=3.0, forecast_id="f2")
    assert sorted(row["measure"] for row in found("forecast_miss", score(-70, -60), share)) == ["", "share_pct"]


def test_of_a_disputed_latest_outcome_the_first_counts():
    # The first was +12; two of one later instant differ: the record rests on the first, and so does the alert.
    row = score(10, 12, latest_actual=20.0, latest_actual_id="a2", reason="latest_disputed")
    assert not found("forecast_miss", row)
    (alert,) = found(
        "forecast_miss", score(-10, 12, latest_actual=2.0, latest_actual_id="a2", reason="latest_disputed")
    )
    assert "+12 % against −10 %" in alert["title"]
    assert json.loads(alert["detail"])["actual_is"] == "first"


def wedged(mom: tuple[float, float], yoy: tuple[float, float]) -> list[dict]:
    """A forecast and its outcome by MoM and by YoY, with the wedge that scores give them."""
    (fm, am), (fy, ay) = mom, yoy

    def log(f: float, a: float, side: float = 0.0) -> float:
        return 100 * math.log((100 + a + side) / (100 + f - side))

    wedge = {
        "wedge": log(fm, am) - log(fy, ay),
        "wedge_lower": log(fm, am, -0.5) - log(fy, ay, 0.5),
        "wedge_upper": log(fm, am, 0.5) - log(fy, ay, -0.5),
        "level_surprise_mom_pct": 100 * ((100 + am) / (100 + fm) - 1),
        "level_surprise_yoy_pct": 100 * ((100 + ay) / (100 + fy) - 1),
    }
    wedge["is_wedge_beyond_rounding"] = wedge["wedge_lower"] > 0 or wedge["wedge_upper"] < 0
    by_year = {"measure": "yoy_pct", "forecast_id": "f-yoy", "tolerance_pp": 10.0}
    return [score(fm, am, **wedge), score(fy, ay, **wedge, **by_year)]


def test_two_routes_that_disagree_are_a_base_revised_in_silence():
    """115/100 by MoM, 126/100 by YoY: ln 1.15 − ln 1.26 = −0.0914, so −8.7 % of May 2025 or +9.6 % of April 2026."""
    rows = wedged((0, 15), (0, 26))
    (alert,) = found("base_revised", *rows)
    # 114.5/100.5 over 126.5/99.5 = 0.896; 115.5/99.5 over 125.5/100.5 = 0.930
    assert alert["title"] == (
        "Cathode materials output: the base month was revised in silence, May 2025 by about −8.7 % [−10.4, −7] or "
        "April 2026 by about +9.6 % [+7.6, +11.6]; level 15 to 26 % higher"
    )
    assert alert["severity"] == "warning"
    everything = find(scores=scores(*rows))
    held = find_inhibited(add_alert_ids(everything))
    by_id = dict(add_alert_ids(everything).select("alert_id", "rule").iter_rows())
    assert [(by_id[a], by_id[b]) for a, b in held.iter_rows()] == [("forecast_miss", "base_revised")]
    assert not found("base_revised", *wedged((-70, -60), (-70, -60)))


def test_no_base_is_revised_where_it_was_itself_a_forecast():
    assert not found("base_revised", *({**row, "lead_months": 2} for row in wedged((0, 15), (0, 26))))


def test_a_number_forecast_again_word_for_word_is_a_finding():
    values = {"measure": "yoy_pct", "status": "pending", "is_repeat": True}
    first = score(139, 150, measure="yoy_pct", month=add_months(MAY, -3), forecast_id="f1")
    (alert,) = found("forecast_repeated", first, score(139, 0, **values))
    assert alert["title"] == ("Cathode materials output: +139 % YoY forecast for May 2026 as before for February 2026")
    assert alert["severity"] == "info"
    small = score(2, 3, measure="yoy_pct", month=add_months(MAY, -3), forecast_id="f1")
    assert not found("forecast_repeated", small, score(2, 0, **values))  # whole percents repeat by chance
    again = {**values, "month": add_months(MAY, 1), "forecast_id": "f3"}
    both = (MAY, add_months(MAY, 1))
    assert len(found("forecast_repeated", first, score(139, 0, **values), score(139, 0, **again), months=both)) == 1


def run_of(errors: list[float | None]) -> list[dict]:
    """Months up to May; None = no forecast for that month."""
    first = add_months(MAY, 1 - len(errors))
    return [score(0, e, month=add_months(first, i)) for i, e in enumerate(errors) if e is not None]


@pytest.mark.parametrize(
    ("errors", "fires"),
    [
        ([9, 9, 9], True),
        ([-9, -9, -9], True),
        ([9, 9], False),
        ([9, -9, 9], False),
        ([9, 1, 9, 9], False),  # a hit ends the run
        ([9, 9, 9, 9], False),  # the fourth is told with the sixth
        ([9, 9, 9, 9, 9, 9], True),
        ([9, None, 9, 9], True),  # a month without forecast does not end it
        ([9, None, None, None, 9, 9], True),  # first and last five months apart
        ([9, None, None, None, None, 9, 9], False),  # too far apart
        ([5.5, 9, 9], False),  # 4.5 beyond rounding: no miss
    ],
)
def test_repeated_miss(errors, fires):
    assert bool(found("repeated_miss", *run_of(errors))) is fires


def test_repeated_miss_says_in_which_direction_the_forecaster_is_off():
    (alert,) = found("repeated_miss", *run_of([7, 9, 11]))
    assert alert["severity"] == "error"
    assert alert["title"] == "Cathode materials output: 3 forecasts in a row too low, by 9 pp on average MoM"
    detail = json.loads(alert["detail"])
    assert (detail["since"], detail["surprises"]) == ("2026-03", [7.0, 9.0, 11.0])
    assert len(alert["figure_ids"].split()) == 6


def test_row_order_changes_nothing():
    rows = [*run_of([9, 9, 9]), score(-70, -60, segment="anode"), score(-20, 3, segment="cell")]
    straight, shuffled = find(scores=scores(*rows)), find(scores=scores(*reversed(rows)))
    assert straight.equals(shuffled)
    assert straight.height >= 4


def test_a_chain_that_is_not_asked_for_is_left_alone():
    assert find(scores=scores(score(-70, -60, chain="lithium_ion", segment="lfp"))).is_empty()


def test_a_miss_of_a_forecast_made_for_a_holiday_month_keeps_its_severity_and_says_so():
    february = date(2026, 2, 1)
    row = score(-70, -60, month=february)
    (alert,) = find(scores=scores(row), months=(february, february)).filter(rule="forecast_miss").to_dicts()
    assert alert["severity"] == "warning"
    detail = json.loads(alert["detail"])
    # 12 February to 9 March 2026: 17 of 26 days; its base January has none.
    assert (detail["holiday"], detail["holiday_weight_pct"], detail["base_holiday_weight_pct"]) == ("cny", 65, 0)
    assert "severity_without_holiday" not in detail


def test_a_month_whose_base_held_the_holiday_says_so():
    # January 2026 has no part of the window, January 2025 8 of 26 days (24 January to 18 February 2025).
    january = date(2026, 1, 1)
    row = score(100, 192, month=january, measure="yoy_pct")
    (alert,) = find(scores=scores(row), months=(january, january)).filter(rule="forecast_miss").to_dicts()
    detail = json.loads(alert["detail"])
    assert (detail["holiday_weight_pct"], detail["base_holiday_weight_pct"]) == (0, 31)
    (by_month,) = found("forecast_miss", score(-70, -60, month=january), months=(january, january))
    assert "holiday" not in json.loads(by_month["detail"])  # December is its base


def test_candidates_conform_and_have_one_row_per_key():
    frame = find(scores=scores(*run_of([9, 9, 9]), score(-70, -60, segment="anode")))
    key = ["rule", "source", "chain", "segment", "product", "metric", "measure", "month"]
    assert frame.select(key).is_unique().all()
    assert frame.null_count().sum_horizontal().item() == 0
    assert frame.select(pl.col("detail").str.json_decode(pl.Struct({"unit": pl.String}))).height == frame.height
