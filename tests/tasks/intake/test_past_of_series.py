"""A review on its way in is held against what its source had published of the chain before, and no more."""

from datetime import timedelta

import pytest

from contracts.readings import Document, DocumentHints
from contracts.releases import QUARANTINE
from data_lake.figures import read_figures
from data_lake.releases import visible_releases
from tasks.intake.ingest import ingest_document
from tasks.intake.read_again import read_release_again

REVIEW = """Sodium-ion battery review, {month}
Published: {day}

Cathode materials
Cathode output was {level} mt in {name}, {growth} MoM.
"""
APRIL = {"month": "April 2026", "name": "April", "level": "1,000", "growth": "up 2%"}
MAY = {"month": "May 2026", "name": "May", "level": "1,300", "growth": "up 3%"}


def ingest(lake, now, facts, day, *, source="smm", accept=False):
    document = Document(f"{facts['name']}.txt", REVIEW.format(**facts, day=day).encode())
    hints = DocumentHints(source=source, chain="sodium_ion", accept_doubtful=accept)
    (outcome,) = ingest_document(lake, document, hints, now=now, run_id="r")
    assert outcome.status == "recorded", outcome
    return outcome


def levels(lake):
    return dict(read_figures(lake).filter(measure="level").select("period", "value").rows())


@pytest.fixture
def later(now):
    return now + timedelta(days=365)


def test_level_that_last_months_rules_out_is_kept_as_doubtful(lake, later):
    ingest(lake, later, APRIL, "2026-05-06")
    outcome = ingest(lake, later + timedelta(hours=1), MAY, "2026-06-05")
    assert (outcome.figures, outcome.doubtful) == (0, 2)
    assert levels(lake) == {"2026-04": 1000.0}
    kept = lake.table(QUARANTINE).scan().collect().filter(rule="doubtful")["message"].to_list()
    assert any("the last level known, 1000.0, grown as stated makes 1030.0" in message for message in kept)


@pytest.mark.parametrize(
    ("april", "source"),
    [("2026-06-06", "smm"), ("2026-05-06", "icc")],  # published after May's review; of another source
)
def test_only_what_the_source_had_published_before_counts(lake, later, april, source):
    ingest(lake, later, APRIL, april, source=source)
    outcome = ingest(lake, later + timedelta(hours=1), MAY, "2026-06-05")
    assert (outcome.figures, outcome.doubtful) == (2, 0)


def test_accepted_doubts_are_recorded(lake, later):
    ingest(lake, later, APRIL, "2026-05-06")
    outcome = ingest(lake, later + timedelta(hours=1), MAY, "2026-06-05", accept=True)
    assert (outcome.figures, outcome.doubtful) == (2, 0)


def test_release_read_again_is_held_against_the_past_that_was_known_then(lake, later):
    ingest(lake, later, MAY, "2026-06-05")
    ingest(lake, later + timedelta(hours=1), APRIL, "2026-05-06")  # comes late, and would have raised a doubt
    (release,) = visible_releases(lake).collect().filter(review_month="2026-05").to_dicts()
    assert read_release_again(lake, release, None).figures.height == 2
