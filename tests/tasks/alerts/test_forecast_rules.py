"""Rules on marked forecasts: forecast miss, direction miss, repeated miss. Expected numbers by hand."""

import json
from datetime import date

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.period import add_months
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


def test_a_miss_of_a_small_level_is_only_information():
    # Forecast +120, outcome +129: 9 pp apart, but 229/220 = +4.1 % of level, under 5 %.
    (alert,) = found("forecast_miss", score(120, 129))
    assert alert["severity"] == "info"


def test_no_warning_from_rounding_alone():
    # 10.7 against 5: level 110.7/105 = +5.43 %, but 110.2/105.5 = +4.45 % is as possible.
    (alert,) = found("forecast_miss", score(5, 10.7, half=0.5, tolerance_pp=3.0))
    assert alert["severity"] == "info"


@pytest.mark.parametrize(("actual", "fires"), [(16.0, False), (16.01, True), (3.99, True), (4.0, False)])
def test_no_alert_from_rounding_alone(actual, fires):
    # Tolerance 5, half-widths 0.5 and 0.5: 10 ± 6 is the widest that rounding can still explain.
    assert bool(found("forecast_miss", score(10, actual))) is fires


def test_half_widths_of_both_numbers_are_used_where_they_are_known():
    # By the interval alone (±1) 5.5 pp could be 4.5; with the half-widths of both numbers it is at least 5.445.
    assert not found("forecast_miss", score(10, 15.5))
    exact = {"forecast_half_width": 0.005, "actual_half_width": 0.05}
    assert found("forecast_miss", score(10, 15.5, **exact))
    later = {"latest_actual": 15.5, "latest_actual_id": "a2"}
    assert not found("forecast_miss", score(10, 15.5, **exact | later), figures=figures(figure(15.5, figure_id="a2")))


def test_pending_backcast_and_disputed_forecasts_say_nothing():
    for status in ("pending", "backcast", "disputed", "unscorable"):
        assert not found("forecast_miss", score(-70, -60, status=status))


def test_the_last_forecast_before_the_outcome_counts():
    first = score(-70, -60, issue="first", forecast_id="f1")
    last = score(-58, -60, issue="last", forecast_id="f2")
    assert not found("forecast_miss", first, last)


def test_a_series_that_always_strays_needs_more_than_its_usual_error():
    bands = {"band_80_pp": 13.0, "band_90_pp": 14.0, "band_n": 9, "band_kind": "conformal_90"}
    assert not found("forecast_miss", score(0, 13.9, **bands))  # 12.9 beyond rounding, inside 13
    (info,) = found("forecast_miss", score(0, 14.5, **bands))  # 13.5: outside 80 %, inside 90 %
    assert info["severity"] == "info"
    (warning,) = found("forecast_miss", score(0, 15.5, **bands))  # 14.5: outside both, level +15.5 %
    assert warning["severity"] == "warning"
    assert json.loads(warning["detail"])["band"] == 14.0


def test_a_series_that_never_strays_still_needs_the_tolerance():
    assert not found("forecast_miss", score(0, 4, band_80_pp=0.1, band_90_pp=0.1, band_n=12))


def test_while_there_is_no_90_band_the_tolerance_stands_in_for_it():
    (alert,) = found("forecast_miss", score(0, 15, band_80_pp=13.0, band_n=4, band_kind="conformal_80"))
    assert alert["severity"] == "warning"
    assert json.loads(alert["detail"])["band_kind"] == "usual error, 4 of 5"


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
    assert "−50 % against −70 %" in alert["title"]
    assert json.loads(alert["detail"])["first_actual"] == -60.0
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


@settings(max_examples=60, deadline=None)
@given(truth=st.floats(-60, 60), half=st.sampled_from([0.05, 0.5]), stray=st.floats(-5, 5), seed=st.integers(0, 3))
def test_a_true_error_within_tolerance_never_fires(truth, half, stray, seed):
    """Numbers whose unrounded difference is at most the tolerance, printed with rounding, never make an alert."""
    step = 2 * half
    forecast = round(truth / step) * step
    actual = round((truth + stray) / step) * step
    assert not found(
        "forecast_miss",
        score(forecast, actual, half=half, month=add_months(MAY, seed)),
        months=(MAY, add_months(MAY, 3)),
    )


def test_direction_miss_needs_opposite_signs_outside_the_dead_band():
    (alert,) = found("direction_miss", score(-20, 3))
    assert alert["title"] == "Cathode materials output rose although a fall was forecast: +3 % against −20 % MoM"
    assert alert["severity"] == "warning"
    (small,) = found("direction_miss", score(-2, 2))
    assert small["severity"] == "info"  # 101.5/98.5 = +3.0 % of level beyond rounding
    assert not found("direction_miss", score(-1, 3))  # flat was forecast
    assert not found("direction_miss", score(3, 0.9))
    assert not found("direction_miss", score(2, 30))


def test_direction_miss_within_a_wide_rounding_is_none():
    assert not found("direction_miss", score(-4, 4, forecast_half_width=5.0))


def test_a_forecast_in_words_is_held_against_the_sign():
    words = {"measure": "direction", "surprise_pp": None, "surprise_lower_pp": None, "surprise_upper_pp": None}
    (alert,) = found("direction_miss", score(-1, 1, **words))
    assert alert["title"] == "Cathode materials output rose although a fall was forecast"
    assert not found("direction_miss", score(0, 1, **words))
    assert not found("forecast_miss", score(-1, 1, **words))


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


def test_holiday_months_are_one_severity_lower_and_say_why():
    february = date(2026, 2, 1)
    row = score(-70, -60, month=february)
    (alert,) = find(scores=scores(row), months=(february, february)).filter(rule="forecast_miss").to_dicts()
    assert alert["severity"] == "info"
    detail = json.loads(alert["detail"])
    # 12 February to 9 March 2026: 17 of 26 days.
    assert (detail["holiday"], detail["holiday_weight_pct"], detail["severity_without_holiday"]) == (
        "cny",
        65,
        "warning",
    )


def test_holiday_months_drop_nothing():
    february = date(2026, 2, 1)
    row = score(10, 17, month=february)
    (alert,) = find(scores=scores(row), months=(february, february)).filter(rule="forecast_miss").to_dicts()
    assert alert["severity"] == "info"


def test_candidates_conform_and_have_one_row_per_key():
    frame = find(scores=scores(*run_of([9, 9, 9]), score(-70, -60, segment="anode")))
    key = ["rule", "source", "chain", "segment", "product", "metric", "measure", "month"]
    assert frame.select(key).is_unique().all()
    assert frame.null_count().sum_horizontal().item() == 0
    assert frame.select(pl.col("detail").str.json_decode(pl.Struct({"unit": pl.String}))).height == frame.height
