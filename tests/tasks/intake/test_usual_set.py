"""A review that gives far fewer figures than those before it is said to; one that gives as many is not."""

import pytest

from contracts.readings import Document, DocumentHints
from tasks.intake import reading_process
from tasks.intake.ingest import ingest_document
from tests.builders import day, head, record

NOW = day("2026-05-01")
LONG = "Cathode output rose 5% MoM. Electrolyte output fell 3% MoM. Hard carbon output rose 6% MoM. Cell output fell 4% MoM."


@pytest.fixture(autouse=True)
def here(monkeypatch):
    monkeypatch.setattr(reading_process, "_is_daemon", lambda: True)  # read in this process


def take(lake, text: str) -> str:
    document = Document(
        "april.txt", f"Sodium-ion battery review, April 2026\nPublished: 2026-05-01\n\n{text}\n".encode()
    )
    (outcome,) = ingest_document(lake, document, DocumentHints(source="smm", chain="sodium_ion"), now=NOW, run_id="r1")
    assert outcome.status == "recorded"
    return outcome.few


@pytest.mark.parametrize(
    ("months", "text", "said"),
    [
        (3, "Cathode output rose 5% MoM.", True),  # 1 of usually 4
        (3, LONG, False),
        (2, "Cathode output rose 5% MoM.", False),  # too few to know what is usual
    ],
)
def test_a_review_is_held_against_the_usual_set_of_its_source(lake, months, text, said):
    segments = ("cathode", "electrolyte", "anode", "cell")
    for month in range(1, months + 1):
        release = head(
            review_month=f"2026-0{month}", document=f"{month:064}", published_at=day(f"2026-0{month + 1}-05")
        )
        record(lake, release, *({"segment": name, "period": f"2026-0{month}"} for name in segments))
    other = head(source="other", review_month="2026-03", document="f" * 64, published_at=day("2026-04-06"))
    record(lake, other, {"period": "2026-03"})  # of another source: no part of what is usual
    expected = "1 figure, usually 4: `trona extract april.txt --all` shows what was passed over"
    assert take(lake, text) == (expected if said else "")
