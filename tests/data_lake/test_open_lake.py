"""docs/lake.md as it stands there: a lake opened by DuckDB, polars and pyarrow, without any code of ours."""

import re
from datetime import datetime
from pathlib import Path

import duckdb
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from contracts.figures import FIGURE_KEY
from data_lake.figures import read_figures
from data_lake.lake import Lake
from data_lake.releases import restore_release, retract_release
from data_lake.tables import LAKE_TABLES
from tests.builders import day, head, record

PAGE = (Path(__file__).parents[2] / "docs" / "lake.md").read_text(encoding="utf-8")
SQL, PYTHON = (re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL) for language in ("sql", "python"))
NAMES = [name for name in FIGURE_KEY if name != "release_id"]
TOLD = [*NAMES, "value", "lower", "upper", "evidence"]


@pytest.fixture
def told(lake, monkeypatch) -> Lake:
    """A review, one that revises it, one withdrawn, one withdrawn and brought back, one settled twice.

    The test stands beside the lake.
    """
    monkeypatch.chdir(Path(lake.storage.uri).parent)
    record(lake, head(), {"value": 2.0}, {"segment": "cells", "value": None, "lower": 3.0, "qualifier": "bound"})
    later = {"review_month": "2026-02", "published_at": day("2026-03-05")}
    record(lake, head(**later, document="e" * 64), {"value": 3.0}, {"value": -5.0, "period": "2026-02"})
    for letter, value in (("f", 70.0), ("a", 7.0)):
        release = head(source=letter, document=letter * 64)
        record(lake, release, {"value": value})
        retract_release(lake, release.release_id, reason="a wrong month", at=day("2026-02-10"))
        if letter == "a":
            restore_release(lake, release.release_id, reason="it was right", at=day("2026-02-20"))
    review = head(source="s", document="1" * 64)
    record(lake, review, {"value": 11.0}, {"value": 12.0, "measure": "yoy_pct"})
    for number, (value, at) in enumerate(((21.0, "2026-02-12"), (31.0, "2026-02-22")), start=2):
        sheet = head(source="s", document=str(number) * 64, published_at=day(at))
        record(lake, sheet, {"value": value}, settles=review.document)
    return lake


def known(lake: Lake, as_of: datetime | None = None) -> pl.DataFrame:
    return read_figures(lake, as_of=as_of).select(TOLD).sort(NAMES)


@pytest.mark.parametrize("as_of", [None, "2026-02-08", "2026-02-15", "2026-02-25"])
def test_duckdb_sees_what_trona_sees_now_and_at_an_instant(told, as_of):
    names: dict[str, duckdb.DuckDBPyConnection] = {}
    exec(PYTHON[0], names)
    query = SQL[0].replace("current_timestamp", f"timestamptz '{as_of} 00:00:00+00'" if as_of else "current_timestamp")
    expected = known(told, day(as_of) if as_of else None)
    assert (
        expected["source"].unique().sort().to_list()
        == {
            None: ["a", "s", "smm"],
            "2026-02-08": ["a", "f", "s", "smm"],
            "2026-02-15": ["s", "smm"],
            "2026-02-25": ["a", "s", "smm"],
        }[as_of]
    )
    settled = expected.filter(source="s")["value"].to_list()
    assert settled == {None: [31.0], "2026-02-08": [11.0, 12.0], "2026-02-15": [21.0], "2026-02-25": [31.0]}[as_of]
    assert_frame_equal(names["db"].sql(query).pl(), expected, check_dtypes=False)


def test_polars_alone_sees_what_trona_sees(told):
    names: dict[str, pl.LazyFrame] = {}
    exec(PYTHON[2], names)
    assert_frame_equal(names["known"].select(TOLD).collect().sort(NAMES), known(told))


def test_plain_pyarrow_reads_a_filtered_table(told, capsys):
    exec(PYTHON[3], {})
    assert "mom_pct" in capsys.readouterr().out


def test_the_page_names_every_table_and_how_it_is_laid_out():
    laid_out = {
        name: partition.strip(" `")
        for names, _, partition in re.findall(r"^\| (`\w+/`.*?) \| (.*?) \|(.*?)\|$", PAGE, re.MULTILINE)
        for name in re.findall(r"(\w+)/", names)
    }
    assert laid_out == {table.name: table.partition for table in LAKE_TABLES}


def test_the_page_of_columns_has_every_table_of_the_lake():
    columns = (Path(__file__).parents[2] / "docs" / "tables.md").read_text(encoding="utf-8")
    assert [table.name for table in LAKE_TABLES if f"## {table.name}\n" not in columns] == []
