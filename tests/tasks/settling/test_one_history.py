"""Alerts that rest on a misread number are taken back when it is settled, and every way of loading gives that ledger."""

from datetime import datetime

import polars as pl
import pytest

from contracts.readings import Document, DocumentHints
from data_lake.lake import Lake, open_lake
from tasks.intake import reading_process
from tasks.intake.ingest import ingest_document
from tests.builders import day
from tests.tasks.alerts.test_any_history import find_differences, read_standing
from tests.tasks.alerts.worlds import run
from tests.tasks.settling.made_sheets import REVIEW, settle_sheet

APRIL = Document(
    "april.txt",
    b"Sodium-ion battery review, April 2025\nPublished: 2025-05-06\n\n"
    b"In May, cathode output is expected to rise by 40% MoM.\n",
)
SETTLED = day("2025-06-05T16:00")
HINTS = DocumentHints(source="smm", chain="sodium_ion")


def load(lake: Lake, documents: list[Document], now: datetime, *, is_live: bool = True) -> None:
    for document in documents:
        outcomes = ingest_document(lake, document, HINTS, now=now, run_id="r")
        assert [outcome.error for outcome in outcomes] == [None]
    run(lake, now, is_live=is_live)


@pytest.fixture
def sheet(tmp_path, monkeypatch) -> Document:
    """May's growth of cathode, read as −3 %, is +40 %: as forecast."""
    monkeypatch.setattr(reading_process, "_is_daemon", lambda: True)
    return settle_sheet(tmp_path, lambda person: person.fill(person.row("-3"), value=40))


def list_misses(lake: Lake, as_of: datetime) -> list[str]:
    misses = read_standing(lake, as_of).filter(pl.col("rule") == "forecast_miss")
    return misses["state"].to_list()


def test_live_backfill_and_replay_agree(tmp_path, sheet):
    live, backfilled = (open_lake(tmp_path / name) for name in ("live", "backfilled"))
    load(live, [APRIL], day("2025-05-07"))
    load(live, [REVIEW], day("2025-06-05"))
    assert list_misses(live, day("2025-06-05")) == ["fired"]
    load(live, [sheet], day("2025-06-07"))
    load(backfilled, [APRIL, REVIEW, sheet], day("2025-06-07"), is_live=False)
    for lake in (live, backfilled):
        assert list_misses(lake, day("2025-06-05")) == ["fired"], "before, it was a miss"
        assert list_misses(lake, SETTLED) == [], "from then on it is none"
        assert read_standing(lake).drop("is_told").equals(read_standing(live).drop("is_told"))
        differences = find_differences(lake, open_lake(f"{lake.uri}-fresh"), day("2025-06-07"))
        assert differences.is_empty(), differences
