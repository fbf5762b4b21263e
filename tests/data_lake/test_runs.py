"""The summary of a run, and what became of the rows that stood before it."""

from datetime import date, timedelta

import polars as pl
import pytest

from contracts.comparisons import COMPARISONS
from contracts.errors import ContractBroken
from contracts.figures import FIGURES
from contracts.runs import RUNS
from data_lake.derived import Basis, note_basis, read_basis, replace_months
from data_lake.lake import open_lake
from data_lake.runs import FiguresCompared, compare_figures, record_run, see_figures
from tests.builders import day, head, record

SUMMARY = {
    **{name: 0 for name, dtype in RUNS.schema.items() if dtype == pl.Int64},
    **{name: day("2026-03-01") for name, dtype in RUNS.schema.items() if dtype == pl.Datetime},
    "run_id": "r1",
    "flow": "ingest",
    "chain": "sodium_ion",
    "outcome": "done",
    "message": "first",
    "from_month": None,
    "to_month": None,
}


def test_a_run_that_is_tried_again_keeps_the_first_summary(lake):
    record_run(lake, SUMMARY)
    record_run(lake, SUMMARY | {"message": "again"})
    record_run(lake, SUMMARY | {"run_id": "r2", "message": "other"})
    kept = lake.table(RUNS).scan().collect().sort("run_id")
    assert kept.select("run_id", "message").rows() == [("r1", "first"), ("r2", "other")]


def test_a_summary_that_breaks_its_contract_is_not_kept(lake):
    with pytest.raises(ContractBroken, match="contract `runs`"):
        record_run(lake, SUMMARY | {"outcome": "perhaps"})
    assert lake.table(RUNS).scan().collect().is_empty()


def test_new_figures_take_nothing_away(lake):
    record(lake, head(), {"value": 2.0})
    before = see_figures(lake)
    record(lake, head(document="e" * 64), {"value": 3.0})
    assert compare_figures(lake, before) == FiguresCompared(removed=0, changed=0)
    assert len(before.files) == 1


@pytest.mark.parametrize("place", ["disk", "object store"])
def test_rows_that_are_gone_or_read_differently_are_counted(lake, request, place):
    """Four rows stood: one is dropped, one gets another value, two move into another file as they were."""
    if place != "disk":
        lake = open_lake("s3://bucket/runs/lake", request.getfixturevalue("object_store"))
    kept = ({"segment": "anode", "value": 3.0}, {"segment": "electrolyte", "value": 4.0})
    record(lake, head(), {"value": 1.0}, {"segment": "cell", "value": 2.0}, *kept)
    before = see_figures(lake)
    log = lake.table(FIGURES)
    rows = log.scan().collect()
    changed = rows.filter(pl.col("segment") != "cathode").with_columns(
        value=pl.when(pl.col("segment") == "cell").then(20.0).otherwise("value")
    )
    log.replace(changed, set(log.files().values()))
    assert compare_figures(lake, before) == FiguresCompared(removed=1, changed=1)
    log.replace(FIGURES.empty(), set(log.files().values()))
    assert compare_figures(lake, before) == FiguresCompared(removed=4, changed=0)


def test_only_the_months_of_the_span_are_replaced(lake):
    """Four months stand; from February to March hold exactly the new rows, here one of March."""
    months = [date(2026, month, 1) for month in (1, 2, 3, 4)]

    def rows(*values: tuple[date, float]) -> pl.DataFrame:
        text = {name: "x" for name, dtype in COMPARISONS.schema.items() if dtype == pl.String}
        return COMPARISONS.conform(pl.DataFrame([text | {"month": month, "value": value} for month, value in values]))

    replace_months(lake, COMPARISONS, rows(*((month, float(month.month)) for month in months)), first=months[0])
    replace_months(lake, COMPARISONS, rows((months[2], 30.0)), first=months[1], last=months[2])
    kept = lake.table(COMPARISONS).scan().sort("month").collect()
    assert kept.select("month", "value").rows() == [(months[0], 1.0), (months[2], 30.0), (months[3], 4.0)]
    replace_months(lake, COMPARISONS, COMPARISONS.empty(), first=months[1], last=months[2])
    assert lake.table(COMPARISONS).scan().sort("month").collect()["value"].to_list() == [1.0, 4.0]
    replace_months(lake, COMPARISONS, COMPARISONS.empty(), first=months[2])
    assert lake.table(COMPARISONS).scan().collect()["value"].to_list() == [1.0]


def test_what_a_table_follows_from_is_noted_to_the_microsecond(lake):
    basis = Basis(2**62 + 1, day("2026-03-01T09:30") + timedelta(microseconds=1), day("2026-02-28"))
    text = {name: "x" for name, dtype in COMPARISONS.schema.items() if dtype == pl.String}
    january = date(2026, 1, 1)
    first, other = (
        COMPARISONS.conform(pl.DataFrame([text | {"month": january, "value": value}])) for value in (1.0, 2.0)
    )
    replaced = replace_months(lake, COMPARISONS, first, first=january, follows=-1)
    assert (replaced, read_basis(lake, COMPARISONS)[1]) == (0, None)
    assert note_basis(lake, COMPARISONS, basis, follows=replaced)
    assert read_basis(lake, COMPARISONS)[1] == basis
    assert not note_basis(lake, COMPARISONS, basis, follows=None)
    replace_months(lake, COMPARISONS, other, first=january)
    assert read_basis(lake, COMPARISONS)[1] is None
    assert not note_basis(lake, COMPARISONS, basis, follows=replaced)
