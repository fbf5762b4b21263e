"""What is remembered of a table is what its files say, and files are left out only where they hold nothing asked for."""

from datetime import date

import polars as pl
import pytest

from contracts.figures import FIGURES
from contracts.releases import RELEASES
from data_lake.figures import read_vintages
from data_lake.lake import Lake, open_lake
from data_lake.selection import Selection
from tests.builders import day, head, record


@pytest.fixture
def lake(tmp_path) -> Lake:
    """Three reviews; that of March restates January and forecasts the June after next year's."""
    lake = open_lake(tmp_path)
    for month, rows in (
        ("2026-01", [{"period": "2026-01"}]),
        ("2026-02", [{"period": "2026-02"}]),
        ("2026-03", [{"period": "2026-01", "value": 3.0}, {"period": "2027-06", "kind": "forecast"}]),
    ):
        at = day(f"2026-{int(month[-2:]) + 1:02}-05")
        record(lake, head(review_month=month, published_at=at, document=month * 9 + "e"), *rows)
    return lake


def count(rows: pl.LazyFrame) -> pl.LazyFrame:
    return rows.select(pl.len())


def test_a_summary_is_computed_again_where_the_table_has_grown(lake):
    assert lake.table(RELEASES).summarise("count", count).item() == 3
    calls = []
    assert lake.table(RELEASES).summarise("count", lambda rows: calls.append(1) or count(rows)).item() == 3
    assert calls == []
    record(lake, head(review_month="2026-04", published_at=day("2026-05-05"), document="4" * 64), {})
    assert lake.table(RELEASES).summarise("count", count).item() == 4
    assert lake.table(FIGURES).summarise("count", count).item() == 5


@pytest.mark.parametrize(
    ("months", "reviews"),
    [
        ((None, None), ["2026-01", "2026-02", "2026-03"]),
        (
            (date(2026, 2, 1), date(2026, 2, 1)),
            ["2026-02", "2026-03"],
        ),  # March's months reach from January to June 2027
        ((date(2026, 4, 1), None), ["2026-03"]),
        ((None, date(2026, 1, 1)), ["2026-01", "2026-03"]),
        ((date(2028, 1, 1), None), []),
    ],
)
def test_only_files_that_may_hold_the_months_are_read(lake, months, reviews):
    rows = lake.table(FIGURES).scan(months=months).collect()
    assert rows["review_month"].unique().sort().to_list() == reviews
    all_rows = lake.table(FIGURES).scan().collect()
    wanted = Selection(first=months[0], last=months[1])
    found = read_vintages(lake, wanted, as_of=day("2026-12-31")).collect().sort("figure_id")
    assert found.equals(wanted.apply(all_rows.lazy()).collect().sort("figure_id"))


def test_only_files_of_the_partitions_are_read(lake):
    rows = lake.table(FIGURES).scan(partitions={"2026-01", "2026-02"}).collect()
    assert rows["review_month"].unique().sort().to_list() == ["2026-01", "2026-02"]
