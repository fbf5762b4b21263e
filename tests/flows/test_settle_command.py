"""`trona extract --xlsx`, `settle` and `reading-record`, as a person types them."""

import json
import os

import pytest

from contracts.readings import DocumentHints
from data_lake.figures import read_figures
from data_lake.lake import open_lake
from flows.inbox.pickup import take_from_inbox
from flows.inbox.stores import open_inbox
from tasks.intake.ingest import ingest_file
from tests.builders import day
from tests.flows.command import Command
from tests.tasks.settling.made_sheets import REVIEW, Person, correct, settle_sheet

NOW = day("2025-07-01")


@pytest.fixture
def trona(capfdbinary, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    (tmp_path / REVIEW.name).write_bytes(REVIEW.content)
    return Command(capfdbinary, monkeypatch, tmp_path / "lake")


def edit(path, by="Ann"):
    person = Person(path)
    person.sign(by)
    correct(person)
    person.save(path)


def test_a_review_is_extracted_settled_and_ingested(trona, tmp_path):
    """No ingest before: the document lies beside the sheet, and is read first."""
    said = trona("extract", "review.txt", "--source", "smm", "--xlsx", "review.xlsx", on_lake=False)
    assert "3 to look at; then: trona ingest review.xlsx" in said.err
    again = trona("extract", "review.txt", "--source", "smm", "--xlsx", "review.xlsx", code=2, on_lake=False)
    assert "there already" in again.err
    edit(tmp_path / "review.xlsx")
    said = trona("ingest", "review.xlsx")
    assert "settled by Ann: 5 confirmed, 1 corrected, 1 rejected, 2 added" in said.err
    assert [line.split()[0] for line in said.out.splitlines()[1:]] == ["review.txt", "review.xlsx"]
    events = json.loads(trona("releases", "--json").out)
    assert [(event["document_name"], event["settles"], event["reason"]) for event in events] == [
        ("review.txt", None, ""),
        ("review.xlsx", REVIEW.sha256, "settled by Ann"),
    ]


def test_a_recorded_release_is_settled_and_the_record_says_how_good_the_reader_was(trona, tmp_path):
    said = trona("ingest", "review.txt", "--source", "smm")
    release = json.loads(trona("releases", "--json").out)[0]["release_id"]
    assert f"2 figures need a look: trona settle {release} --xlsx review.xlsx --write" in said.err
    said = trona("settle", release, "--xlsx", "review.xlsx", "--write")
    assert f"then: trona settle {release} --xlsx review.xlsx" in said.err
    assert "there already" in trona("settle", release, "--xlsx", "review.xlsx", "--write", code=2).err
    edit(tmp_path / "review.xlsx", by="")
    assert "who settled" in trona("settle", release, "--xlsx", "review.xlsx", code=2).err
    said = trona("settle", release, "--xlsx", "review.xlsx", "--by", "Bo")
    assert "settled by Bo: 5 confirmed, 1 corrected" in said.err
    assert "80 %" in trona("reading-record").out
    (row,) = json.loads(trona("reading-record", "--source", "smm", "--json").out)
    assert (row["documents"], row["accepted"], row["accepted_right"]) == (1, 5, 4)
    left = {row["rule"] for row in json.loads(trona("quarantine", "--json").out)}
    assert left == {"release_refused"}  # of the try without a name; nothing doubtful is left
    figures = json.loads(trona("figures", "--measure", "level", "--json").out)
    assert "base of ⟦2,300 mt⟧. This week" in trona("explain", figures[0]["figure_id"][:8]).out


def test_sheets_of_other_documents_and_other_files_are_refused(trona, tmp_path):
    (tmp_path / "other.txt").write_text(REVIEW.content.decode().replace("May", "April").replace("06-05", "05-05"))
    trona("ingest", "review.txt", "other.txt", "--source", "smm")
    releases = {row["review_month"]: row["release_id"] for row in json.loads(trona("releases", "--json").out)}
    trona("settle", releases["2025-05"], "--xlsx", "may.xlsx", "--write")
    assert "about another release" in trona("settle", releases["2025-04"], "--xlsx", "may.xlsx", code=2).err
    assert "no review sheet" in trona("settle", releases["2025-05"], "--xlsx", "review.txt", code=2).err
    (tmp_path / "table.csv").write_text(
        "source,chain,published,review_month,segment,measure,period,value\n"
        "smm,sodium_ion,2026-02-05,2026-01,cathode,mom_pct,2026-01,2\n"
    )
    trona("ingest", "table.csv")
    table = next(row for row in json.loads(trona("releases", "--json").out) if row["document_name"] == "table.csv")
    assert "only a review" in trona("settle", table["release_id"], "--xlsx", "t.xlsx", "--write", code=2).err
    assert "only a review" in trona("extract", "table.csv", "--xlsx", "t.xlsx", code=2, on_lake=False).err


def test_a_sheet_in_the_inbox_is_taken_as_any_document(tmp_path):
    """Review and sheet at once, in whatever order their names have: the sheet's document is read first."""
    inbox, store = open_inbox(str(tmp_path / "inbox")), open_lake(tmp_path / "lake")
    inbox.folder.mkdir(parents=True, exist_ok=True)
    (inbox.folder / REVIEW.name).write_bytes(REVIEW.content)
    settle_sheet(inbox.folder, correct, name="a.xlsx")
    names = [REVIEW.name, "a.xlsx"]
    for name in names:
        os.utime(inbox.folder / name, (0, 0))
    hints = DocumentHints(source="smm")
    with take_from_inbox(str(inbox.folder), names, print) as pickup:
        found = {path: ingest_file(store, path, hints, now=NOW, run_id="r") for path in sorted(pickup.paths)}
        pickup.settle(dict.fromkeys(found))
    assert [[outcome.status for outcome in one] for one in found.values()] == [["recorded", "recorded"], ["known"]]
    assert read_figures(store).height == 8
    assert sorted(path.name for path in (inbox.folder / "done").iterdir()) == ["a.xlsx", "review.txt"]
