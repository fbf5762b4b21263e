"""Which rows are read: each part of a selection by itself, and what is passed over."""

from datetime import date

import polars as pl
import pytest

from data_lake.selection import Selection

KEYS = ("source", "chain", "segment", "metric", "measure", "kind")
MONTHS = [date(2026, m, 1) for m in (1, 2, 3)]
ROWS = pl.DataFrame({name: ["a", "b", "c"] for name in KEYS} | {"product": ["", "p", "q"], "month": MONTHS})


def months_of(selection, rows=ROWS):
    return [month.month for month in selection.apply(rows.lazy()).collect()["month"]]


@pytest.mark.parametrize("name", KEYS)
def test_each_name_selects_its_rows(name):
    assert months_of(Selection(**{name: "b"})) == [2]
    assert months_of(Selection(**{name: "z"})) == []
    assert months_of(Selection(**{name: "b"}), ROWS.drop(name)) == [1, 2, 3]


def test_no_product_and_the_segments_total_are_two_things():
    assert months_of(Selection()) == [1, 2, 3]
    assert months_of(Selection(product="")) == [1]
    assert months_of(Selection(product="q")) == [3]
    assert months_of(Selection(product="q"), ROWS.drop("product")) == [1, 2, 3]


def test_a_span_holds_both_its_ends():
    january, february, march = MONTHS
    assert months_of(Selection(first=february)) == [2, 3]
    assert months_of(Selection(last=february)) == [1, 2]
    assert months_of(Selection(first=january, last=february)) == [1, 2]
    assert months_of(Selection(first=march, last=march, source="c")) == [3]
    assert Selection(first=march).apply(ROWS.drop("month").lazy()).collect().height == 3
