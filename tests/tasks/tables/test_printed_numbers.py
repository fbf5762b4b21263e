"""Numbers as printed, and the rounding that their digits show."""

import math

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.tables.printed_numbers import parse_number


def parse(text, **options):
    return pl.select(parse_number(pl.lit(text, pl.String), **options)).item()


@pytest.mark.parametrize(
    ("text", "value", "half_width", "suffix"),
    [
        ("48.67", 48.67, 0.005, ""),
        ("6", 6.0, 0.5, ""),
        ("6.0", 6.0, 0.05, ""),
        ("1,234", 1234.0, 0.5, ""),
        ("1,234,567.8", 1234567.8, 0.05, ""),
        ("1 234", 1234.0, 0.5, ""),
        ("1\u00a0234", 1234.0, 0.5, ""),
        ("+6%", 6.0, 0.5, "%"),
        ("6 %", 6.0, 0.5, "%"),
        ("６％".replace("６", "6"), 6.0, 0.5, "%"),
        ("−5", -5.0, 0.5, ""),
        ("–5.25", -5.25, 0.005, ""),
        ("- 5", -5.0, 0.5, ""),
        (" 2 pp ", 2.0, 0.5, "pp"),
        (".5", 0.5, 0.05, ""),
        ("1.5e-2", 0.015, 0.0005, ""),
    ],
)
def test_numbers(text, value, half_width, suffix):
    assert parse(text) == {"value": value, "half_width": half_width, "suffix": suffix, "mark": ""}


@pytest.mark.parametrize(
    "text", ["12.5万", "1亿", "abc", "1.2.3", "1,23", "1234,567", "--5", "6.", "%", "-", "", "~6", ">5", "5-10", "(5)"]
)
def test_what_is_no_number_is_not_guessed(text):
    assert parse(text)["value"] is None


@pytest.mark.parametrize("text", ["nan", "NaN", "inf", "-inf", "+Infinity"])
def test_not_finite_is_read_for_the_contract_to_refuse(text):
    assert not math.isfinite(parse(text)["value"])


def test_comma_among_semicolons_is_not_guessed():
    assert parse("1,234", decimal="")["value"] is None
    assert parse("1.234", decimal="")["value"] is None
    assert parse("1 234.5", decimal="")["value"] == 1234.5
    assert parse("0.125", decimal="")["value"] == 0.125


def test_null_stays_null():
    assert parse(None)["value"] is None


@given(st.integers(-(10**9), 10**9), st.integers(0, 6))
def test_printed_numbers_read_back(number, digits):
    value = number / 10**digits
    for text in (f"{value:.{digits}f}", f"{value:,.{digits}f}", f"{value:.{digits}f}".replace("-", "−")):
        read = parse(text)
        assert read["value"] == float(f"{value:.{digits}f}")
        assert read["half_width"] == 0.5 / 10**digits
