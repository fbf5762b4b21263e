"""Where settled figures are shown: in their review's text, and with a publisher who is as punctual as before."""

import pytest

from contracts.chain import load_chain
from contracts.readings import DocumentHints
from tasks.intake import reading_process
from tasks.intake.ingest import ingest_document
from tasks.pages.documents import build_document
from tasks.pages.facts import read_facts
from tasks.pages.sources import build_sources
from tests.builders import day
from tests.tasks.settling.made_sheets import REVIEW, correct, settle_sheet

NOW = day("2025-09-01")
LATE = "2025-08-20"  # long after the chain's days of grace


@pytest.fixture
def settled(lake, tmp_path, monkeypatch):
    monkeypatch.setattr(reading_process, "_is_daemon", lambda: True)
    hints = DocumentHints(source="smm", chain="sodium_ion")
    for document in (REVIEW, settle_sheet(tmp_path, correct, at=LATE)):
        ingest_document(lake, document, hints, now=NOW, run_id="r")
    return lake


def test_on_the_page(settled):
    facts = read_facts(settled, load_chain("sodium_ion"), NOW)
    (release,) = facts.releases.to_dicts()
    assert release["document_name"] == "review.xlsx"
    text = build_document(settled, facts, release).text
    assert "2,300 mt" in text
    assert "<details" in text
    (card,) = build_sources(facts).cards
    punctuality = next(grade for grade in card.grades if grade.quality == "punctuality")
    assert (punctuality.kept, punctuality.of, card.usual_day, card.figures) == (1, 1, 5, 8)
