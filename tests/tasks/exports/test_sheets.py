"""Sheets of an export: the month's numbers with their sentences, and sources by counts that stand behind them."""

from datetime import date

import pytest

from contracts.chain import load_chain
from contracts.readings import Document, DocumentHints
from data_lake.releases import standing_releases, superseded_among
from tasks.exports.month_sheet import list_months
from tasks.exports.sources_sheet import summarise_sources
from tasks.intake import reading_process
from tasks.intake.ingest import ingest_document
from tests.builders import day
from tests.tasks.settling.made_sheets import REVIEW, correct, settle_sheet

CHAINS = {"sodium_ion": load_chain("sodium_ion")}


@pytest.fixture
def read(lake, monkeypatch):
    """A lake with the review of May, published on 5 June in Shanghai."""
    monkeypatch.setattr(reading_process, "_is_daemon", lambda: True)
    hints = DocumentHints(source="smm", chain="sodium_ion")
    ingest_document(lake, REVIEW, hints, now=day("2025-07-01"), run_id="r")
    return lake


def sources(lake):
    stands = standing_releases(lake).collect()
    (row,) = summarise_sources(stands, superseded_among(stands.lazy()).collect(), CHAINS).to_dicts()
    return row


def test_the_month_has_its_numbers_with_the_sentences_that_state_them(read):
    months = list_months(read, CHAINS, [("sodium_ion", "smm")], None, as_of=day("2025-07-01"))
    row = months.rows.row(0, named=True)
    said = (row["source"], row["month"], row["segment"], row["mom_pct"], row["mom_evidence"])
    assert said == (
        "smm",
        date(2025, 5, 1),
        "cathode",
        -3.0,
        "Cathode output fell 3% MoM in May, on a base of 2,300 mt.",
    )
    ((title, sentences),) = months.told
    assert title == "Sodium-ion batteries, May 2025, smm"
    assert "−3 % MoM" in sentences


def test_a_source_is_as_punctual_as_its_documents_also_where_they_are_settled_later(read, tmp_path):
    """Published on the 5th of the month after: 5. Settled on the 6th: one document still, and 8 figures."""
    row = sources(read)
    assert (row["reviews"], row["usual_days"], row["figures"], row["unresolved"], row["settled"]) == (1, 5, 5, 1, 0)
    ingest_document(read, settle_sheet(tmp_path, correct), DocumentHints(), now=day("2025-07-01"), run_id="r")
    row = sources(read)
    assert (row["reviews"], row["usual_days"], row["figures"], row["unresolved"], row["settled"]) == (1, 5, 8, 0, 1)
    assert row["last_published_at"] == day("2025-06-04T16:00")


def test_a_quarter_has_no_usual_day(lake):
    head = "source,chain,review_month,published,segment,measure,period,value\n"
    row = "smm,sodium_ion,2025-Q1,2025-04-20,cathode,yoy_pct,2025-Q1,2\n"
    ingest_document(lake, Document("q.csv", (head + row).encode()), DocumentHints(), now=day("2025-07-01"), run_id="r")
    assert (sources(lake)["usual_days"], sources(lake)["first_month"]) == (None, "2025-Q1")
