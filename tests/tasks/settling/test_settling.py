"""A review settled on a sheet: what counts, since when it is known, what is kept, and in any order of loading."""

import shutil
import subprocess
from datetime import datetime, timedelta
from itertools import permutations

import polars as pl
import pytest

from contracts.chain import load_chain
from contracts.errors import ContractBroken, DocumentUnavailable, TronaError, UsageError
from contracts.figures import FIGURES
from contracts.readings import Document, DocumentHints
from contracts.releases import QUARANTINE, RELEASES
from contracts.settlements import SETTLEMENTS
from data_lake.audit import audit_lake
from data_lake.figures import read_figures
from data_lake.lake import Lake, open_lake
from data_lake.opening import forget_open_tables
from data_lake.releases import restore_release, retract_release
from tasks.alerts.steps import list_changes
from tasks.history.repair import Repair
from tasks.intake import reading_process
from tasks.intake.ingest import IngestOutcome, ingest_document
from tasks.intake.read_again import list_release_numbers
from tasks.settling import SheetHead, build_reading_record, find_review_sheet, write_review_sheet
from tests.builders import day
from tests.data_lake.harm import data_files, everything, remove
from tests.tasks.settling.made_sheets import REVIEW, TEXT, Person, correct, settle_sheet, write_sheet

NOW = day("2025-07-01")
PUBLISHED = day("2025-06-04T16:00")  # the 5th begins in Shanghai
SETTLED = day("2025-06-05T16:00")  # and the 6th
NO_HINTS = DocumentHints()
HINTS = DocumentHints(source="smm", chain="sodium_ion")


def ingest(lake: Lake, document: Document, hints: DocumentHints = NO_HINTS, **more) -> list[IngestOutcome]:
    return ingest_document(lake, document, hints, now=more.pop("now", NOW), run_id="r1", **more)


def values(lake: Lake, as_of: datetime | None = None, **more) -> dict[tuple[str, str, str], float]:
    rows = read_figures(lake, as_of=as_of, **more)
    return {row[:3]: row[3] for row in rows.select("segment", "product", "measure", "value").rows()}


READ = {
    ("cathode", "", "mom_pct"): -3.0,
    ("cathode", "", "level"): 2300.0,
    ("cathode", "nfpp", "mom_pct"): 12.0,
    ("cathode", "nfpp", "yoy_pct"): 45.0,
    ("electrolyte", "", "mom_pct"): -5.0,
}
CORRECTED = READ | {
    ("cathode", "", "mom_pct"): 3.0,
    ("cathode", "", "yoy_pct"): 4.0,
    ("anode", "hard_carbon", "mom_pct"): 6.0,
    ("anode", "", "yoy_pct"): 5.0,
}


@pytest.fixture(autouse=True)
def _in_this_process(monkeypatch):
    """Documents are read here: what a process of their own does has its own tests."""
    monkeypatch.setattr(reading_process, "_is_daemon", lambda: True)


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """The folder of a lake that has the review as it was read."""
    folder = tmp_path_factory.mktemp("kept") / "lake"
    ingest(open_lake(folder), REVIEW, HINTS)
    return folder


@pytest.fixture
def read(kept, tmp_path) -> Lake:
    """Such a lake."""
    return open_lake(shutil.copytree(kept, tmp_path / "lake"))


@pytest.fixture
def settled(read, tmp_path) -> Lake:
    """A lake with the review and what Ann settled of it the day after."""
    (outcome,) = ingest(read, settle_sheet(tmp_path, correct))
    assert outcome.settled == "settled by Ann: 5 confirmed, 1 corrected, 1 rejected, 2 added"
    assert outcome.status == "recorded"
    return read


def test_corrections_are_known_from_their_instant_on(settled):
    assert values(settled, PUBLISHED) == READ
    assert values(settled, SETTLED - timedelta(microseconds=1)) == READ
    assert values(settled, SETTLED) == values(settled) == CORRECTED
    since = {
        row[:3]: row[3] for row in read_figures(settled).select("segment", "product", "measure", "published_at").rows()
    }
    changed = CORRECTED.keys() - {key for key, value in READ.items() if CORRECTED[key] == value}
    assert {key for key, at in since.items() if at == SETTLED} == changed
    assert {at for key, at in since.items() if key not in changed} == {PUBLISHED}


def test_each_number_is_kept_as_read_and_as_settled(settled):
    rows = settled.table(SETTLEMENTS).scan().collect()
    told = {
        (r["text"], r["status"]): (r["outcome"], r["read_value"], r["value"])
        for r in rows.to_dicts()
        if r["outcome"] != "open"
    }
    assert told == {
        ("3%", "figure"): ("corrected", -3.0, 3.0),
        ("2,300 mt", "figure"): ("confirmed", 2300.0, 2300.0),
        ("12%", "figure"): ("confirmed", 12.0, 12.0),
        ("45%", "figure"): ("confirmed", 45.0, 45.0),
        ("5%", "figure"): ("confirmed", -5.0, -5.0),
        ("6%", "doubtful"): ("confirmed", 6.0, 6.0),
        ("8%", "doubtful"): ("rejected", 8.0, None),
        ("4%", "unresolved"): ("added", None, 4.0),
        ("", ""): ("added", None, 5.0),
    }
    assert set(rows["settled_by"]) == {"Ann"}
    assert set(rows["settled_at"]) == {SETTLED}
    assert set(rows["document"]) == {REVIEW.sha256}
    assert set(rows["recorded_at"]) == {NOW}


def test_a_figure_says_by_whom_it_was_settled_and_keeps_its_place_and_rounding(settled):
    row = read_figures(settled).row(
        by_predicate=(pl.col("segment") == "cathode") & (pl.col("measure") == "mom_pct") & (pl.col("product") == ""),
        named=True,
    )
    assert row["note"] == "settled by Ann, read as cathode mom_pct -3.0 %"
    assert TEXT[row["span_start"] : row["span_end"]] == "3%"
    assert row["evidence"] == "Cathode output fell 3% MoM in May, on a base of 2,300 mt."
    level = read_figures(settled).row(by_predicate=pl.col("measure") == "level", named=True)
    assert (level["half_width"], level["note"]) == (0.5, "")


def test_how_often_the_reader_was_right(settled):
    """Accepted 5, of them −3 wrong: 4/5. Doubtful 2, one right. Missed 2, one of them in no account.

    Figures are 8: 5 accepted less none, 6, 4 and 5; accepted and right 4, so recall 4/8. Wilson, n = 5, p = .8:
    (.8 + 3.8415/10 ± 1.96 √(.16/5 + 3.8415/100)) / (1 + 3.8415/5) = (1.18415 ± .52000) / 1.76829 = .3756, .9637.
    """
    (row,) = build_reading_record(settled.table(SETTLEMENTS).scan().collect()).to_dicts()
    assert (row["documents"], row["accepted"], row["accepted_right"], row["accepted_right_pct"]) == (1, 5, 4, 80.0)
    assert row["accepted_lower_pct"] == pytest.approx(37.56, abs=0.01)
    assert row["accepted_upper_pct"] == pytest.approx(96.37, abs=0.01)
    assert (row["doubtful"], row["doubtful_right"], row["doubtful_right_pct"]) == (2, 1, 50.0)
    assert (row["missed"], row["missed_silently"], row["recall_pct"]) == (2, 1, 50.0)


def test_loaded_in_any_order_the_history_is_one(tmp_path):
    """The review, what Ann settled on the 6th, and what Bo settled on the 8th."""
    first = settle_sheet(tmp_path, correct, name="a.xlsx")
    second = settle_sheet(tmp_path, lambda p: p.fill(p.row("-3"), value=-30), name="b.xlsx", by="Bo", at="2025-06-08")
    told = []
    for number, order in enumerate([*permutations([REVIEW, first, second])][::2]):
        lake = open_lake(tmp_path / f"lake{number}")
        for place, document in enumerate(order):
            hints = HINTS if document is REVIEW else DocumentHints(beside=_lay(tmp_path / f"beside{number}"))
            ingest(lake, document, hints, now=NOW + timedelta(hours=place))
        stated = lake.table(FIGURES).scan().drop("recorded_at").collect().sort("figure_id")
        as_of = [values(lake, at) for at in (PUBLISHED, SETTLED, day("2025-06-08"), NOW)]
        steps = list_changes(lake).drop("release_id").rows()
        told.append((stated.rows(), as_of, steps))
    assert told[0][1] == [READ, CORRECTED, READ | {("cathode", "", "mom_pct"): -30.0}, told[0][1][2]]
    assert all(one == told[0] for one in told)


def _lay(folder):
    folder.mkdir(exist_ok=True)
    (folder / REVIEW.name).write_bytes(REVIEW.content)
    return folder


def test_ingested_again_nothing_changes(settled, tmp_path):
    before = everything(settled)
    write_sheet(tmp_path / "unused.xlsx")
    again = [
        ingest(settled, document) for document in (Document("review.xlsx", (tmp_path / "review.xlsx").read_bytes()),)
    ]
    again.append(ingest(settled, REVIEW, HINTS))
    assert [outcome.status for outcomes in again for outcome in outcomes] == ["known", "known"]
    assert everything(settled) == before


def test_a_withdrawn_settlement_gives_the_reading_its_place_back(settled):
    release = read_figures(settled)["release_id"][0]
    retract_release(settled, release, reason="Ann was wrong", at=day("2025-06-10"))
    assert values(settled, SETTLED) == CORRECTED
    assert values(settled) == READ
    restore_release(settled, release, reason="she was not", at=day("2025-06-11"))
    assert values(settled) == CORRECTED


def test_before_it_was_recorded_the_lake_did_not_know_it(lake, tmp_path):
    ingest(lake, REVIEW, HINTS, now=day("2025-06-05"))
    ingest(lake, settle_sheet(tmp_path, correct), now=day("2025-06-20"))
    assert values(lake, as_recorded=day("2025-06-19")) == READ
    assert values(lake, as_recorded=day("2025-06-20")) == CORRECTED


def test_a_deleted_figure_is_a_change_of_its_month(read, tmp_path):
    """The forecast for June is deleted: the step at that instant reaches June, of which no figure is left."""

    def delete(person: Person) -> None:
        person.page.delete_rows(person.row("-5"))

    ingest(read, settle_sheet(tmp_path, delete))
    assert ("electrolyte", "", "mom_pct") not in values(read)
    change = list_changes(read).filter(pl.col("instant") == SETTLED)
    assert change.select("first", "last").rows() == [(day("2025-05-01").date(), day("2025-06-01").date())]


def test_what_nobody_decided_stays_open(read, tmp_path):
    (outcome,) = ingest(read, settle_sheet(tmp_path))
    assert values(read) == READ
    assert (outcome.doubtful, outcome.unresolved) == (2, 1)
    open_ones = read.table(QUARANTINE).scan().filter(release_id=outcome.release_id).collect()
    assert sorted(open_ones["rule"]) == ["doubtful", "doubtful", "unresolved"]
    (row,) = build_reading_record(read.table(SETTLEMENTS).scan().collect()).to_dicts()
    assert (row["accepted_right_pct"], row["doubtful"], row["missed"]) == (100.0, 0, 0)


def test_moved_renamed_sorted_copied_and_odd_cells(read, tmp_path):
    """Columns and rows in another order, sheets renamed, numbers and months as programs and people leave them."""

    def disturb(person: Person) -> None:
        correct(person)
        copied = {
            name: person.page.cell(person.row("45"), person.column(name)).value
            for name in ("number", "segment", "product", "metric", "measure", "kind", "unit")
        }
        person.add(**copied | {"period": datetime(2025, 4, 1), "value": "７ ％"})  # noqa: DTZ001 - as typed
        person.fill(person.row("12"), value="+12.0%", kind="Actual", product="NFPP")
        person.fill(person.row("2300"), value="2,300", unit="tonnes")
        page = person.page
        rows = [[cell.value for cell in row] for row in page.iter_rows(min_row=2)]
        turned = [list(reversed(row)) for row in [rows[0], *reversed(rows[1:])]]
        for number, row in enumerate(turned, start=2):
            for place, value in enumerate(row, start=1):
                page.cell(number, place).value = value
        page.insert_cols(1)
        page.title, person.book["About"].title, person.book["As read"].title = "Blatt 1", "Info", "x"
        del person.book["Lists of words"]

    (outcome,) = ingest(read, settle_sheet(tmp_path, disturb))
    assert outcome.error is None
    april = ("cathode", "nfpp", "yoy_pct")
    rows = read_figures(read)
    assert rows.filter(period="2025-04").select("segment", "product", "measure", "value").rows() == [(*april, 7.0)]
    assert {k: v for k, v in values(read).items() if k != april} == {k: v for k, v in CORRECTED.items() if k != april}
    outcomes = dict(read.table(SETTLEMENTS).scan().filter(status="figure").select("text", "outcome").collect().rows())
    assert outcomes["12%"] == outcomes["2,300 mt"] == "confirmed"


def test_a_row_that_breaks_a_rule_is_refused_with_its_cell_and_the_others_count(read, tmp_path):
    def mistype(person: Person) -> None:
        correct(person)
        person.fill(person.row("12"), segment="cathod")
        person.fill(person.row("45"), value="about 45")

    (outcome,) = ingest(read, settle_sheet(tmp_path, mistype))
    assert outcome.status == "recorded"
    assert values(read).keys() == CORRECTED.keys() - {("cathode", "nfpp", "mom_pct"), ("cathode", "nfpp", "yoy_pct")}
    refused = read.table(QUARANTINE).scan().filter(release_id=outcome.release_id).collect()
    assert set(refused["row"].str.extract(r"^(Review!K)\d+$")) == {"Review!K"}
    assert set(refused["column"]) == {"segment", "value"}


def _refusal(lake: Lake, document: Document, hints: DocumentHints = NO_HINTS) -> TronaError:
    (outcome,) = ingest(lake, document, hints)
    assert outcome.status == "refused"
    assert outcome.error is not None
    assert outcome.error.effect
    assert outcome.error.next
    return outcome.error


def test_a_document_that_is_not_at_hand_is_asked_for(lake, tmp_path):
    error = _refusal(lake, settle_sheet(tmp_path))
    assert isinstance(error, DocumentUnavailable)
    assert "review.txt" in error.found
    (tmp_path / "review.txt").write_text(TEXT + "\n")
    error = _refusal(lake, settle_sheet(tmp_path), DocumentHints(beside=tmp_path))
    assert isinstance(error, ContractBroken)
    assert "is not the one" in error.what
    assert values(lake) == {}


def test_a_sheet_whose_numbers_stand_elsewhere_is_refused(read, tmp_path):
    def forge(person: Person) -> None:
        page = person.book["As read"]
        column = [cell.value for cell in page[1]].index("span_start") + 1
        page.cell(2, column).value = "7"

    assert "another text" in _refusal(read, settle_sheet(tmp_path, forge)).what


@pytest.mark.parametrize(
    ("signed", "said"),
    [
        ({"by": ""}, "who settled"),
        ({"at": "soon"}, "soon"),
        ({"at": "2025-06-03"}, "published 2025-06-04 16:00"),
        ({"at": "2026-01-01"}, "sheet About"),
    ],
)
def test_who_and_when_must_be_said(read, tmp_path, signed, said):
    assert said in str(_refusal(read, settle_sheet(tmp_path, **signed)))


def test_a_sheet_that_nobody_saved_settles_nothing(read, tmp_path):
    write_sheet(tmp_path / "review.xlsx")
    document = Document("review.xlsx", (tmp_path / "review.xlsx").read_bytes())
    assert "was not saved" in _refusal(read, document, DocumentHints(settled_by="Ann")).found


def test_the_command_and_the_program_that_saved_it_say_who_and_when(read, tmp_path):

    def save_by_program(person: Person) -> None:
        person.book.properties.lastModifiedBy = "Cy"

    document = settle_sheet(tmp_path, save_by_program, by="", at="")
    sheet = find_review_sheet(document)
    assert sheet is not None
    assert sheet.saved_by == "Cy"
    assert sheet.saved_at is not None
    (outcome,) = ingest_document(read, document, DocumentHints(settled_by="Di"), now=sheet.saved_at, run_id="r")
    assert outcome.settled.startswith("settled by Di: ")
    assert outcome.published_at == sheet.saved_at


@pytest.mark.parametrize("lost", ["measure", "number", "right?"])
def test_a_sheet_without_a_needed_column_says_which(read, tmp_path, lost):
    error = _refusal(read, settle_sheet(tmp_path, lambda person: person.page.delete_cols(person.column(lost))))
    assert error.found == f"no column {lost}"


def test_on_the_day_of_publication_a_day_is_not_before_it(lake, tmp_path):
    morning = DocumentHints(source="smm", chain="sodium_ion", published=day("2025-06-05T01:30"))
    ingest(lake, REVIEW, morning)
    (outcome,) = ingest(lake, settle_sheet(tmp_path, correct, at="2025-06-05"))
    assert outcome.published_at == day("2025-06-05T01:30")
    assert values(lake) == CORRECTED


def test_hostile_text_stays_text(tmp_path):
    text = TEXT + "=cmd|' /C calc'!A0 output of NFPP rose 9% QoQ. http://127.0.0.1/ <b>7%</b>\n"
    path = tmp_path / "review.xlsx"
    write_sheet(path, Document('=HYPERLINK("x").txt', text.encode()))
    for page in __import__("openpyxl").load_workbook(path).worksheets:
        for row in page.iter_rows():
            assert {cell.data_type for cell in row} <= {"s", "n"}
            assert all(cell.hyperlink is None for cell in row)


def test_a_sheet_of_a_settled_release_shows_what_holds_and_keeps_what_was_read(settled, tmp_path):
    """Written again, a second person turns one figure; the reader's record is about the reader all the same."""
    release = read_figures(settled)["release_id"][0]
    head, rows, text = list_release_numbers(settled, release, None)
    path = tmp_path / "second.xlsx"
    stated = SheetHead(
        head.document_name,
        head.document,
        head.source,
        load_chain(head.chain),
        head.review_month,
        head.published_at,
        "x",
    )
    write_review_sheet(path, stated, rows, text, now=NOW)
    person = Person(path)
    with pytest.raises(LookupError):
        person.row("8")  # settled as no figure
    statuses = [person.page.cell(row, person.column("status")).value for row in range(3, person.page.max_row + 1)]
    assert statuses.count("settled") == len(CORRECTED)
    person.fill(person.row("12"), value=21)
    person.sign("Bo", "2025-06-09")
    ingest(settled, person.save(path))
    assert values(settled) == CORRECTED | {("cathode", "nfpp", "mom_pct"): 21.0}
    assert values(settled, SETTLED) == CORRECTED
    since = dict(read_figures(settled).select("value", "published_at").rows())
    assert (since[21.0], since[3.0], since[45.0]) == (day("2025-06-08T16:00"), SETTLED, PUBLISHED)
    (row,) = build_reading_record(settled.table(SETTLEMENTS).scan().collect()).to_dicts()
    # of 5 accepted now −3 and 12 are wrong; of the doubtful 8 is still wrong, 6 right; missed are 4 and 5
    assert (row["accepted"], row["accepted_right"], row["doubtful"], row["doubtful_right"]) == (5, 3, 2, 1)
    assert (row["missed"], row["missed_silently"]) == (2, 1)


def test_lost_files_of_a_settled_release_are_rebuilt(settled):
    before = everything(settled)
    assert [*audit_lake(settled)] == []
    for table in (FIGURES, SETTLEMENTS, RELEASES):
        for name in data_files(settled, table.name):
            remove(settled.storage, name)
    forget_open_tables()
    assert {m.did for m in Repair(settled, NOW).run()} == {"rebuilt, byte for byte"}
    assert [*audit_lake(settled)] == []
    after = everything(settled)
    assert {n: after[n] for n in before if "/_" not in n} == {n: before[n] for n in before if "/_" not in n}


def test_what_was_accepted_though_doubtful_stays_and_says_nothing_of_the_reader_until_somebody_looks(lake, tmp_path):
    ingest(lake, REVIEW, DocumentHints(source="smm", chain="sodium_ion", accept_doubtful=True))
    release = read_figures(lake)["release_id"][0]
    head, rows, text = list_release_numbers(lake, release, None)
    path, chain = tmp_path / "accepted.xlsx", load_chain(head.chain)
    named = (head.document_name, head.document, head.source, chain, head.review_month, head.published_at)
    write_review_sheet(path, SheetHead(*named, "x"), rows, text, now=NOW)
    person = Person(path)
    assert person.page.cell(3, person.column("status")).value == "doubtful"
    assert person.page.cell(3, person.column("right?")).value in {None, ""}
    person.sign()
    before = values(lake)
    ingest(lake, person.save(path))
    assert values(lake) == before
    (row,) = build_reading_record(lake.table(SETTLEMENTS).scan().collect()).to_dicts()
    assert (row["accepted"], row["doubtful"]) == (5, 0)


def test_other_workbooks_are_none(tmp_path):
    from xlsxwriter import Workbook

    with Workbook(tmp_path / "table.xlsx") as book:
        book.add_worksheet().write_string(0, 0, "segment")
    assert find_review_sheet(Document("table.xlsx", (tmp_path / "table.xlsx").read_bytes())) is None
    assert find_review_sheet(Document("table.xlsx", b"PK\x03\x04 cut off")) is None


@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")
def test_saved_by_libreoffice_it_settles_the_same(read, tmp_path):
    settle_sheet(tmp_path, correct)
    (there := tmp_path / "saved").mkdir()
    command = ["soffice", f"-env:UserInstallation=file://{tmp_path}/profile", "--headless", "--convert-to", "xlsx"]
    subprocess.run(
        [*command, "--outdir", str(there), str(tmp_path / "review.xlsx")], check=True, capture_output=True, timeout=120
    )
    (outcome,) = ingest(read, Document("review.xlsx", (there / "review.xlsx").read_bytes()))
    assert outcome.settled == "settled by Ann: 5 confirmed, 1 corrected, 1 rejected, 2 added"
    assert values(read) == CORRECTED


def test_nobody_is_asked_for_a_source_twice(lake, tmp_path):
    """A sheet written without a source: it is asked for, and taken from the command."""
    write_sheet(tmp_path / "review.xlsx", source="")
    person = Person(tmp_path / "review.xlsx")
    person.sign()
    document = person.save(tmp_path / "review.xlsx")
    lake.keep_document(REVIEW.sha256, REVIEW.content)
    assert isinstance(_refusal(lake, document), UsageError)
    outcomes = ingest(lake, document, DocumentHints(source="smm"))
    assert [outcome.status for outcome in outcomes] == ["recorded", "recorded"]
