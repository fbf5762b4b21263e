"""Working days of a month: official ones for China where they are known, else estimated, and said so."""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from functools import cache

import chinese_calendar
import polars as pl

from contracts.chain import Calendar, Chain
from contracts.holidays import CHINESE_ZONES, is_business_day, weigh_holiday
from contracts.period import add_months

_KNOWN_YEARS = {day.year for day in chinese_calendar.constants.holidays}
_SCHEMA = {
    "chain": pl.String(),
    "month": pl.Date(),
    "working_days": pl.Int32(),
    "holiday_weight": pl.Float64(),
    "is_estimated": pl.Boolean(),
}


def describe_months(chains: Mapping[str, Chain], months: Iterable[date]) -> pl.DataFrame:
    """Per chain and month its working days, and its share of the new-year window (0 outside China).

    China's days are the official ones, make-up days included (`chinesecalendar`), in the years it knows; later ones are
    estimated: Monday to Friday without the new-year week and the days that the law fixes. Elsewhere a week has five
    working days. A chain's own `days_off` never count.
    """
    months = sorted(set(months))
    rows = [(name, month, *_count(chain.calendar, month)) for name, chain in sorted(chains.items()) for month in months]
    return pl.DataFrame(rows, schema=_SCHEMA, orient="row")


@cache
def _count(calendar: Calendar, month: date) -> tuple[int, float, bool]:
    is_chinese = calendar.time_zone in CHINESE_ZONES
    is_official = is_chinese and month.year in _KNOWN_YEARS
    length = (add_months(month, 1) - month).days
    days = [month + timedelta(days=n) for n in range(length)]
    off = set(calendar.days_off)
    working = sum(
        (chinese_calendar.is_workday(day) if is_official else is_business_day(day, calendar.time_zone))
        for day in days
        if day not in off
    )
    return working, weigh_holiday(month) if is_chinese else 0.0, is_chinese and not is_official
