"""The share of the new-year window in a month, day by day by hand."""

from datetime import date

import pytest

from contracts.holidays import add_business_days, is_business_day, weigh_holiday


@pytest.mark.parametrize(
    ("month", "days"),
    [
        # new year 29 January 2025: the window of 26 days runs from 24 January to 18 February
        (date(2024, 12, 1), 0),
        (date(2025, 1, 1), 8),
        (date(2025, 2, 1), 18),
        (date(2025, 3, 1), 0),
        # 10 February 2024: 5 February to 1 March
        (date(2024, 2, 1), 25),
        (date(2024, 3, 1), 1),
        # 17 February 2026: 12 February to 9 March
        (date(2026, 1, 1), 0),
        (date(2026, 2, 1), 17),
        (date(2026, 3, 1), 9),
        # 6 February 2027: 1 to 26 February
        (date(2027, 2, 1), 26),
        # the same month of a year without a known new year
        (date(2050, 2, 1), 0),
    ],
)
def test_days_of_the_window_in_the_month(month, days):
    assert weigh_holiday(month) == days / 26


@pytest.mark.parametrize(
    ("day", "is_open"),
    [
        # new year on Tuesday 17 February 2026: off from its eve for eight days, 16 to 23 February
        (date(2026, 2, 13), True),  # a Friday
        (date(2026, 2, 14), False),  # a Saturday
        (date(2026, 2, 16), False),
        (date(2026, 2, 23), False),
        (date(2026, 2, 24), True),
        # Labour Day 2026 is a Friday, National Day 2026 a Thursday
        (date(2026, 4, 30), True),
        (date(2026, 5, 1), False),
        (date(2026, 5, 4), True),
        (date(2024, 5, 3), False),  # a Friday, the third day
        (date(2024, 5, 6), True),
        (date(2026, 9, 30), True),
        (date(2026, 10, 1), False),
        (date(2026, 10, 7), False),
        (date(2026, 10, 8), True),
        # a year without a known new year has its weekends and the days of the law
        (date(2050, 2, 1), True),
        (date(2050, 10, 3), False),
    ],
)
def test_business_days_in_china(day, is_open):
    assert is_business_day(day, "Asia/Shanghai") is is_open
    # elsewhere only the weekend is off
    assert is_business_day(day, "Europe/Berlin") is (day.isoweekday() <= 5)


@pytest.mark.parametrize(
    ("count", "zone", "wanted"),
    [
        (0, "Asia/Shanghai", date(2026, 2, 12)),
        (1, "Asia/Shanghai", date(2026, 2, 13)),
        (2, "Asia/Shanghai", date(2026, 2, 24)),  # over the weekend and the holiday
        (2, "Europe/Berlin", date(2026, 2, 16)),
    ],
)
def test_business_days_are_added(count, zone, wanted):
    assert add_business_days(date(2026, 2, 12), count, zone) == wanted
