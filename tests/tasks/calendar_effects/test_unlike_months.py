"""January with February, working days, the new year's weight and ranks: by hand, and against brute force."""

from dataclasses import replace
from datetime import date
from itertools import product

import chinese_calendar
import numpy as np
import polars as pl
import pytest

from contracts.checks import check_table
from contracts.comparisons import COMPARISONS
from contracts.holidays import NEW_YEARS, weigh_holiday
from tasks.calendar_effects.own_history import rank_in_history
from tasks.calendar_effects.working_days import describe_months
from tasks.comparing.comparisons import compare_months, compare_with_forecasts
from tasks.reconciling.implied import select_known
from tests.tasks.reconciling.published import CHAINS, figures, real_figures

FEBRUARY = date(2026, 2, 1)


def compare(*rows):
    found = compare_months(figures(*rows), chains=CHAINS)
    check_table(COMPARISONS, found)
    return found


def three(frame: pl.DataFrame, **where) -> tuple[float, ...]:
    found = frame.filter(**where)
    assert found.height == 1, found
    return found.select("value", "lower", "upper").row(0)


@pytest.mark.parametrize(
    ("segment", "expected"),
    [
        # (2 + m)/(1/(1 + y1) + (1 + m)/(1 + y2)): 1.30/(1/2.92 + .30/.77) = 1.77577
        #   lowest at y1 191.5, y2 −23.5, m −69.5: 1.305/(.343053 + .398693) = 1.75936
        #   highest at y1 192.5, y2 −22.5, m −70.5: 1.295/(.341880 + .380645) = 1.79232
        ("cathode", (77.58, 75.94, 79.23)),
        # 1.57/(1/2.19 + .57/1.26) = 1.57/.909002 = 1.72717; 1.575/(1/2.185 + .575/1.255) = 1.71974;
        #   1.565/(1/2.195 + .565/1.265) = 1.73461
        ("electrolyte", (72.72, 71.97, 73.46)),
        # 1.60/(1/2.32 + .60/1.08) = 1.60/.986590 = 1.62175; 1.605/(1/2.315 + .605/1.075) = 1.61346;
        #   1.595/(1/2.325 + .595/1.085) = 1.63005
        ("cell", (62.17, 61.35, 63.01)),
        # 1.53/(1/1.59 + .53/1.10) = 1.53/1.110749 = 1.37745; 1.535/(1/1.585 + .535/1.095) = 1.37115;
        #   1.525/(1/1.595 + .525/1.105) = 1.38376
        ("anode", (37.74, 37.11, 38.38)),
    ],
)
def test_january_and_february_2026_with_the_forecasts(segment, expected):
    rows = real_figures("sodium_ion", reviews=("2026-01",)).with_columns(source=pl.lit("smm"))
    known = select_known(rows, with_forecasts=True)
    found = compare_with_forecasts(known, chains=CHAINS, months=(FEBRUARY, FEBRUARY))
    assert set(found["basis"]) == {"forecast"}
    assert three(found, segment=segment, measure="jan_feb_yoy_pct") == pytest.approx(expected, abs=0.011)
    assert found.filter(segment=segment)["flags"].item() == "cny"
    assert compare_months(rows, chains=CHAINS).filter(measure="jan_feb_yoy_pct").is_empty()


def test_its_ends_are_those_of_brute_force():
    rng = np.random.default_rng(8)
    for mom, january, february in rng.integers(-80, 200, (40, 3)):
        rows = [
            {"period": "2026-02", "value": float(mom)},
            {"period": "2026-01", "measure": "yoy_pct", "value": float(january)},
            {"period": "2026-02", "measure": "yoy_pct", "value": float(february)},
        ]
        steps = np.linspace(-0.5, 0.5, 21)
        every = [
            100
            * (
                (2 + (mom + a) / 100)
                / (1 / (1 + (january + b) / 100) + (1 + (mom + a) / 100) / (1 + (february + c) / 100))
                - 1
            )
            for a, b, c in product(steps, steps, steps)
        ]
        found = three(compare(*rows), measure="jan_feb_yoy_pct", basis="derived")
        assert found[1:] == pytest.approx((min(every), max(every)), abs=1e-9)
        # and the closed form from levels: last January = 1
        levels = 1 + january / 100, (1 + january / 100) * (1 + mom / 100)
        base = 1 + levels[1] / (1 + february / 100)
        assert found[0] == pytest.approx(100 * (sum(levels) / base - 1))


def test_levels_tell_it_better_than_percentages():
    levels = [("2025-01", 100.0), ("2025-02", 80.0), ("2026-01", 150.0), ("2026-02", 90.0)]
    rows = [{"period": p, "measure": "level", "value": v, "unit": "t"} for p, v in levels]
    # 240/180 = 1.33333; 239/181 = 1.32044; 241/179 = 1.34637
    assert three(compare(*rows), measure="jan_feb_yoy_pct") == pytest.approx((33.333, 32.044, 34.637), abs=0.001)


@pytest.mark.parametrize("year", range(2018, 2027))
def test_working_days_are_the_official_ones(year):
    months = [date(year, m, 1) for m in range(1, 13)]
    found = describe_months({"sodium_ion": CHAINS["sodium_ion"]}, months)
    expected = [
        sum(chinese_calendar.is_workday(d) for d in pl.date_range(m, m.replace(day=28), eager=True).to_list())
        + sum(
            chinese_calendar.is_workday(d)
            for d in pl.date_range(m.replace(day=28), pl.Series([m]).dt.month_end().item(), eager=True).to_list()[1:]
        )
        for m in months
    ]
    assert found["working_days"].to_list() == expected
    assert not found["is_estimated"].any()


def test_months_counted_by_hand():
    found = describe_months(
        {"sodium_ion": CHAINS["sodium_ion"]}, [date(2025, 1, 1), date(2025, 2, 1), date(2026, 2, 1)]
    )
    # January 2025: 23 weekdays, less the 1st, 28–31 (5), plus Sunday the 26th: 19. February 2025: 20 weekdays, less
    # the 3rd and 4th, plus Saturday the 8th: 19. February 2026: 20 weekdays, less 16–20 and 23 (6), plus the 14th and 28th: 16.
    assert found["working_days"].to_list() == [19, 19, 16]
    # The window of 26 days from day −5: 24 January to 18 February 2025, 12 February to 9 March 2026.
    assert found["holiday_weight"].to_list() == pytest.approx([8 / 26, 18 / 26, 17 / 26])


@pytest.mark.parametrize("year", range(2010, 2040))
def test_the_window_is_that_of_the_definition_of_x13s_genhol(year):
    """Of the days −5 … +20 around the holiday the part in each month. genhol itself is no package, so this is counted."""
    new_year = np.datetime64(NEW_YEARS[year])
    days = new_year + np.arange(-5, 21)
    months = days.astype("datetime64[M]")
    for number in range(1, 13):
        part = np.mean(months == np.datetime64(f"{year}-{number:02}"))
        assert weigh_holiday(date(year, number, 1)) == pytest.approx(part)
    if year <= 2026:  # an official holiday, and by its name
        _, name = chinese_calendar.get_holiday_detail(NEW_YEARS[year])
        assert name == "Spring Festival"


def test_a_year_without_a_calendar_is_estimated_and_says_so():
    rows = ({"period": "2027-03", "value": 10.0}, {"period": "2026-05", "value": 10.0})
    found = compare(*rows).filter(measure="mom_pct").sort("month")
    assert found["flags"].to_list() == ["", "cny days_estimated"]
    estimated = describe_months({"sodium_ion": CHAINS["sodium_ion"]}, [date(2027, 2, 1)])
    # New year on 6 February 2027: the 5th to 12th off; 20 weekdays less 6
    assert estimated.select("working_days", "is_estimated").row(0) == (14, True)


def test_other_chains_have_their_own_days():
    own = replace(CHAINS["sodium_ion"].calendar, time_zone="Europe/Berlin", days_off=(date(2026, 2, 16),))
    found = describe_months({"x": replace(CHAINS["sodium_ion"], calendar=own)}, [date(2026, 2, 1)])
    assert found.row(0) == ("x", date(2026, 2, 1), 19, 0.0, False)


def test_growth_per_working_day_stands_beside_the_reported_one():
    found = compare({"period": "2026-02", "value": -30.0})
    assert three(found, measure="mom_pct", basis="reported") == (-30.0, -30.5, -29.5)
    # January 2026: 22 weekdays, less the 1st and 2nd, plus Sunday the 4th: 21. February 16: .70·21/16 = .91875
    row = found.filter(measure="mom_pct").row(0, named=True)
    assert (row["working_days"], row["base_working_days"], row["flags"]) == (16, 21, "cny")
    assert row["per_day_pct"] == pytest.approx(-8.125)
    price = compare({"period": "2026-02", "value": -30.0, "metric": "price"}).row(0, named=True)
    assert (price["per_day_pct"], price["flags"]) == (None, "cny")


def test_acceleration_is_the_change_of_growth():
    found = compare({"period": "2025-06", "value": 3.0}, {"period": "2025-07", "value": 10.0})
    assert found.sort("month")["acceleration_pp"].to_list() == [None, 7.0]


def test_rank_among_the_months_up_to_it():
    values = [3.0, 1.0, 2.0, 5.0, 4.0, 0.0, 6.0, 7.0, 5.0]
    rows = figures(*({"period": f"2025-{m:02}", "value": v} for m, v in enumerate(values, 1)))
    found = rank_in_history(rows).sort("month")
    assert found["rank"].to_list() == [None] * 7 + [1, 3]  # 7 is the highest of eight; 7, 6, 5, 5: the third of nine
    assert found["n_history"].to_list() == [None] * 7 + [8, 9]
    assert found["percentile"].to_list()[7:] == pytest.approx([100.0, 100 * 7 / 9])


def test_the_window_is_that_of_x13s_genhol():
    """Weights of the months are the shares of days in the window, as genhol counts them for one regressor."""
    for new_year, weights in {
        date(2025, 1, 29): {(2025, 1): 8, (2025, 2): 18},
        date(2026, 2, 17): {(2026, 2): 17, (2026, 3): 9},
        date(2027, 2, 6): {(2027, 2): 26},
    }.items():
        months = [date(y, m, 1) for y, m in weights]
        found = describe_months({"sodium_ion": CHAINS["sodium_ion"]}, months)
        assert found["holiday_weight"].to_list() == pytest.approx([n / 26 for n in weights.values()]), new_year
