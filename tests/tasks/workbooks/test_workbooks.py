"""Workbooks: real dates and numbers, text that stays text, notes, fills, and a first sheet that says what it is."""

from datetime import UTC, date, datetime

import openpyxl
import polars as pl
import pytest

from contracts.errors import SourceUnavailable, UsageError
from tasks.workbooks import Sheet, write_workbook
from tasks.workbooks.workbook import MOST_ROWS, name_head

HOSTILE = [
    "=cmd|' /C calc'!A0",
    "@SUM(1+1)*2",
    '=HYPERLINK("http://127.0.0.1/x","y")',
    "-2+3",
    "http://127.0.0.1/",
    "12",
]


@pytest.fixture
def book(tmp_path):
    frame = pl.DataFrame(
        {
            "month": [date(2026, 1, 1), date(2026, 2, 1)],
            "published_at": [datetime(2026, 2, 4, 16, tzinfo=UTC), None],
            "title": ["Cathode materials", ""],
            "surprise_pp": [-33.3, None],
            "n": [3, 4],
            "verdict": ["miss", "hit"],
            "evidence": ["a sentence", ""],
        },
        schema_overrides={"published_at": pl.Datetime("us", "UTC")},
    )
    texts = pl.DataFrame({"text": HOSTILE})
    path = tmp_path / "book.xlsx"
    sheets = [Sheet("Scores", frame, {"n": "how many"}, {"surprise_pp": "evidence"}), Sheet("Texts", texts)]
    write_workbook(path, [("lake", "./lake"), ("as of", "2026-02-05")], sheets)
    return openpyxl.load_workbook(path)


def test_the_first_sheet_says_what_as_of_when_and_how_much(book):
    assert book.sheetnames == ["About", "Scores", "Texts"]
    said = {row[0].value: row[1].value for row in book["About"].iter_rows(min_row=3, max_col=2)}
    assert said == {"lake": "./lake", "as of": "2026-02-05", "Scores": "2 rows", "Texts": "6 rows"}


def test_dates_and_numbers_are_real_and_heads_name_their_units(book):
    page = book["Scores"]
    head = [cell.value for cell in page[1]]
    assert head == ["month", "published (UTC)", "title", "surprise (pp)", "n", "verdict", "evidence"]
    first = [cell.value for cell in page[2]]
    assert first[:5] == [datetime(2026, 1, 1), datetime(2026, 2, 4, 16), "Cathode materials", -33.3, 3]  # noqa: DTZ001
    assert [cell.value for cell in page[3]][1:4] == [None, None, None]
    assert page["A2"].number_format == "yyyy-mm"
    assert page.freeze_panes == "A2"
    assert page.auto_filter.ref == "A1:G3"


def test_text_of_a_document_never_becomes_a_formula_or_a_link(book):
    cells = [row[0] for row in book["Texts"].iter_rows(min_row=2)]
    assert [cell.value for cell in cells] == HOSTILE
    assert {cell.data_type for cell in cells} == {"s"}
    assert all(cell.hyperlink is None for cell in cells)


def test_evidence_is_a_note_and_heads_explain_themselves(book):
    page = book["Scores"]
    assert page["D2"].comment.text == "a sentence"
    assert page["D3"].comment is None
    assert page["E1"].comment.text == "how many"


def test_verdicts_are_filled_beside_their_word(book):
    rules = [rule for found in book["Scores"].conditional_formatting for rule in found.rules]
    assert sorted(rule.formula[0] for rule in rules) == ['"hit"', '"miss"']


def test_more_rows_than_a_sheet_holds_are_refused_before_anything_is_written(tmp_path):
    frame = pl.DataFrame({"value": pl.repeat(None, MOST_ROWS + 1, dtype=pl.Float64, eager=True)})
    with pytest.raises(UsageError, match="more rows than a sheet can hold"):
        write_workbook(tmp_path / "book.xlsx", [], [Sheet("Figures", frame)])
    assert not (tmp_path / "book.xlsx").exists()


@pytest.mark.parametrize(
    ("column", "head"),
    [("surprise_pp", "surprise (pp)"), ("yoy_pct", "yoy (%)"), ("age_days", "age (days)"), ("figure_id", "figure id")],
)
def test_heads(column, head):
    assert name_head(column) == head


def test_a_workbook_that_cannot_be_finished_leaves_the_one_before_it(tmp_path, monkeypatch):
    from xlsxwriter.workbook import Workbook

    path = tmp_path / "book.xlsx"
    path.write_bytes(b"the one before")

    def fill_the_disk(*_args, **_more):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Workbook, "_store_workbook", fill_the_disk)
    with pytest.raises(SourceUnavailable) as told:
        write_workbook(path, [], [])
    assert (told.value.where, told.value.found) == (str(path), "No space left on device")
    assert path.read_bytes() == b"the one before"
    assert [p.name for p in tmp_path.iterdir()] == ["book.xlsx"]


def test_a_note_on_a_column_that_a_month_does_not_have_is_left_out(tmp_path):
    """As in the month of a lake whose releases are withdrawn: it has no change to put a note on."""
    path = tmp_path / "book.xlsx"
    write_workbook(path, [], [Sheet("Month", pl.DataFrame({"segment": ["cell"]}), {}, {"mom_pct": "segment"})])
    (row,) = openpyxl.load_workbook(path)["Month"].iter_rows(min_row=2, max_row=2)
    assert (row[0].value, row[0].comment) == ("cell", None)
