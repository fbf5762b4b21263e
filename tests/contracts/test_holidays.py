"""The share of the new-year window in a month, day by day by hand."""

from datetime import date

import pytest

from contracts.holidays import weigh_holiday


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
