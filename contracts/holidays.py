"""Holidays that distort a month, as data: Chinese New Year and the window around it, and days off work."""

from collections.abc import Mapping
from datetime import date, timedelta

# First day of the lunar year, Beijing date.
NEW_YEARS: Mapping[int, date] = {
    day.year: day
    for day in (
        *(date(2010, 2, 14), date(2011, 2, 3), date(2012, 1, 23), date(2013, 2, 10), date(2014, 1, 31)),
        *(date(2015, 2, 19), date(2016, 2, 8), date(2017, 1, 28), date(2018, 2, 16), date(2019, 2, 5)),
        *(date(2020, 1, 25), date(2021, 2, 12), date(2022, 2, 1), date(2023, 1, 22), date(2024, 2, 10)),
        *(date(2025, 1, 29), date(2026, 2, 17), date(2027, 2, 6), date(2028, 1, 26), date(2029, 2, 13)),
        *(date(2030, 2, 3), date(2031, 1, 23), date(2032, 2, 11), date(2033, 1, 31), date(2034, 2, 19)),
        *(date(2035, 2, 8), date(2036, 1, 28), date(2037, 2, 15), date(2038, 2, 4), date(2039, 1, 24)),
    )
}
# Days around the new year in which factories run down and up again (the default window of X-13's genhol).
WINDOW_FIRST_DAY, WINDOW_LAST_DAY = -5, 20
# The new-year holiday: from the eve, eight days.
_NEW_YEAR_OFF = range(-1, 7)
# First of October and first of May: days off that the law fixes.
_NATIONAL_DAYS_OFF, _LABOUR_DAYS_OFF = 7, 3
CHINESE_ZONES = {"Asia/Shanghai", "Asia/Hong_Kong", "Asia/Urumqi", "PRC"}


def weigh_holiday(month: date) -> float:
    """Share of the new-year window that falls in the month, 0 … 1; 0 for years without a known new year.

    2025: January 8/26, February 18/26. 2026: February 17/26, March 9/26.
    """
    new_year = NEW_YEARS.get(month.year)
    if new_year is None:
        return 0.0
    days = [new_year + timedelta(days=d) for d in range(WINDOW_FIRST_DAY, WINDOW_LAST_DAY + 1)]
    return sum((d.year, d.month) == (month.year, month.month) for d in days) / len(days)


def is_business_day(day: date, time_zone: str) -> bool:
    """Monday to Friday, and in China neither the new-year week nor the days off of October and May."""
    if day.weekday() >= 5:
        return False
    if time_zone not in CHINESE_ZONES:
        return True
    new_year = NEW_YEARS.get(day.year)
    is_new_year_week = new_year is not None and (day - new_year).days in _NEW_YEAR_OFF
    is_national = day.month == 10 and day.day <= _NATIONAL_DAYS_OFF
    is_labour = day.month == 5 and day.day <= _LABOUR_DAYS_OFF
    return not (is_new_year_week or is_national or is_labour)


def add_business_days(day: date, count: int, time_zone: str) -> date:
    """The day `count` business days after `day`."""
    while count > 0:
        day += timedelta(days=1)
        count -= is_business_day(day, time_zone)
    return day
