"""Periods as texts, months and columns: one reading for all three."""

import re
from datetime import date

import polars as pl
import pytest

from contracts.errors import UsageError
from contracts.period import (
    add_months,
    first_month,
    format_month,
    last_month,
    month_column,
    parse_month,
    parse_period,
    parse_span,
)

# period, its first and its last month
PERIODS = [
    ("2026-01", date(2026, 1, 1), date(2026, 1, 1)),
    ("2026-12", date(2026, 12, 1), date(2026, 12, 1)),
    ("2025-Q1", date(2025, 1, 1), date(2025, 3, 1)),
    ("2025-Q2", date(2025, 4, 1), date(2025, 6, 1)),
    ("2025-Q3", date(2025, 7, 1), date(2025, 9, 1)),
    ("2025-Q4", date(2025, 10, 1), date(2025, 12, 1)),
    ("2025-H1", date(2025, 1, 1), date(2025, 6, 1)),
    ("2025-H2", date(2025, 7, 1), date(2025, 12, 1)),
    ("2025", date(2025, 1, 1), date(2025, 12, 1)),
    ("0001", date(1, 1, 1), date(1, 12, 1)),
]
NO_PERIODS = [
    "",
    "2026-00",
    "2026-13",
    "2025-Q0",
    "2025-Q5",
    "2025-H3",
    "0000-01",
    "26-01",
    "2026-1",
    "2026-01-01",
    "x",
]


@pytest.mark.parametrize(("text", "first", "last"), PERIODS)
def test_first_and_last_month(text, first, last):
    assert (first_month(text), last_month(text)) == (first, last)
    assert pl.select(month_column(pl.lit(text))).item() == first


@pytest.mark.parametrize("text", NO_PERIODS)
def test_what_is_no_period_is_refused_with_the_forms(text):
    with pytest.raises(UsageError, match=f"not a period: {text!r}") as raised:
        first_month(text)
    assert raised.value.next == "write a month as 2026-01, or 2025-Q3, 2025-H1, 2025"


def test_a_column_of_periods_has_nulls_for_other_text():
    texts = [text for text in NO_PERIODS if text != "0000-01"]  # a year 0 is a year to polars, and none to Python
    months = pl.select(month_column(pl.Series(texts))).to_series()
    assert (months.dtype, months.null_count()) == (pl.Date, len(texts))


def test_only_a_month_is_a_month_however_it_is_written():
    for text in ("2026-02", "2026年2月", "Feb 2026"):
        assert parse_month(text) == date(2026, 2, 1)
    for text in ("2026", "2026-Q1", "2026-13", "2026-02-03", "Feb 2026 F", ""):
        with pytest.raises(UsageError, match=f"not a month: {text!r}") as raised:
            parse_month(text)
        assert raised.value.next == "write it as YYYY-MM, for example 2026-01"


@pytest.mark.parametrize(
    ("text", "period"),
    [
        *(("Jan-26", "2026-01"), ("2026年1月", "2026-01"), ("202601", "2026-01"), ("Q1 2026", "2026-Q1")),
        *(("2026年上半年", "2026-H1"), ("2026", "2026"), ("2026-01", "2026-01")),
    ],
)
def test_a_period_is_read_however_it_is_written(text, period):
    assert parse_period(text) == period


@pytest.mark.parametrize("text", ["01/02/2026", "2026-13", "Jan-26 F", "soon", ""])
def test_what_is_no_period_or_could_be_two_is_refused_as_typed(text):
    with pytest.raises(UsageError, match=re.escape(f"not a period: {text!r}")):
        parse_period(text)


def test_a_span_is_open_where_it_is_empty_and_may_be_one_month():
    january, march = date(2026, 1, 1), date(2026, 3, 1)
    assert parse_span("2026-01", "2026-03") == (january, march)
    assert parse_span("2026-01", "2026-01") == (january, january)
    assert parse_span("2026-01", "") == (january, None)
    assert parse_span("", "2026-03") == (None, march)
    assert parse_span("", "") == (None, None)
    with pytest.raises(UsageError, match="the first month 2026-03 is after the last 2026-01") as raised:
        parse_span("2026-03", "2026-01")
    assert raised.value.next == "swap --from and --to"


@pytest.mark.parametrize(
    ("count", "wanted"),
    [(0, (2026, 1)), (1, (2026, 2)), (11, (2026, 12)), (12, (2027, 1)), (-1, (2025, 12)), (-13, (2024, 12))],
)
def test_months_are_added_over_the_turn_of_the_year(count, wanted):
    assert add_months(date(2026, 1, 31), count) == date(*wanted, 1)


def test_a_month_is_written_as_it_is_read():
    assert format_month(date(2026, 1, 31)) == "2026-01"
