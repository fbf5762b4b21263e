"""Spreadsheets: merged cells, formulas, hidden sheets, percent formats, places."""

import io
import zipfile
from datetime import date

import openpyxl
import pytest

from contracts.errors import ContractBroken, UsageError
from contracts.readings import Document
from tasks.tables import TableMapping
from tests.tasks.tables.documents import read, take, workbook

SAID = {"source": "smm", "chain": "sodium_ion", "review_month": "2026-01"}
HEADER = ("segment", "product", "period", "measure", "value")


def long_sheet(rows, name="Data", top=0, left=0):
    def fill(book):
        sheet = book.add_worksheet(name)
        for i, row in enumerate((HEADER, *rows)):
            sheet.write_row(top + i, left, row)
        return sheet

    return fill


def test_cells_have_their_places():
    rows = (("cathode", "", "2026-01", "mom_pct", 2), ("cathode", "nfpp", "2026-01", "share_pct", 48.67))
    (reading,) = read(workbook(long_sheet(rows, name="Na {ion}")), **SAID)
    assert reading.figures.select("place", "value", "half_width").rows() == [
        ("Na {ion}!E2", 2.0, 0.5),
        ("Na {ion}!E3", 48.67, 0.005),
    ]


def test_table_that_starts_further_down_and_right_keeps_its_places():
    rows = (("cathode", "", "2026-01", "mom_pct", 2),)
    (reading,) = read(workbook(long_sheet(rows, top=4, left=26)), **SAID)
    assert reading.figures["place"].to_list() == ["Data!AE6"]


def test_merged_segment_stands_in_each_of_its_rows():
    def fill(book):
        sheet = book.add_worksheet("Data")
        sheet.write_row(0, 0, HEADER)
        sheet.merge_range("A2:A4", "cathode")
        for row, (product, measure, value) in enumerate(
            (("", "mom_pct", 2), ("nfpp", "share_pct", 81), ("layered_oxide", "share_pct", 6)), start=1
        ):
            sheet.write_row(row, 1, (product, "2026-01", measure, value))

    figures = read(workbook(fill), **SAID)[0].figures
    assert figures.select("segment", "product", "value").rows() == [
        ("cathode", "", 2.0),
        ("cathode", "nfpp", 81.0),
        ("cathode", "layered_oxide", 6.0),
    ]


def test_number_merged_over_two_rows_is_not_said_twice():
    def fill(book):
        sheet = book.add_worksheet("Data")
        sheet.write_row(0, 0, HEADER)
        sheet.write_row(1, 0, ("cathode", "", "2026-01", "mom_pct"))
        sheet.write_row(2, 0, ("cell", "", "2026-01", "mom_pct"))
        sheet.merge_range("E2:E3", 2)

    good, refused = take(workbook(fill), **SAID)
    assert good["segment"].to_list() == ["cathode"]
    assert refused.select("row", "rule").rows() == [("Data!3", "value_or_bounds")]


def test_formulas_count_with_their_stored_values():
    def fill(book):
        sheet = book.add_worksheet("Data")
        sheet.write_row(0, 0, HEADER)
        for row, formula, stored in ((1, "=1+1", 2), (2, "=100*(95010/114000-1)", -16.657894736842106)):
            sheet.write_row(row, 0, ("cathode" if row == 1 else "cell", "", "2026-01", "mom_pct"))
            sheet.write_formula(row, 4, formula, None, stored)

    figures = read(workbook(fill), **SAID)[0].figures
    assert figures["value"].to_list() == [2.0, pytest.approx(-16.657894737)]


def test_formula_without_a_stored_value_and_error_are_refused():
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Data"
    for row in (
        HEADER,
        ("cathode", "", "2026-01", "mom_pct", "=1+1"),
        ("cell", "", "2026-01", "mom_pct", "=1/0"),
        ("electrolyte", "", "2026-01", "mom_pct", -5),
        ("anode", "hard_carbon", "2026-01", "mom_pct", -14),
        ("anode", "hard_carbon", "2026-01", "yoy_pct", 59),
        ("cell", "", "2026-01", "yoy_pct", 132),
    ):
        sheet.append(row)
    content = io.BytesIO()
    book.save(content)
    # The error as a spreadsheet program stores it beside the formula.
    document = _replace_in_sheet(
        Document("f.xlsx", content.getvalue()),
        b'<c r="E3"><f>1/0</f><v></v></c>',
        b'<c r="E3" t="e"><f>1/0</f><v>#DIV/0!</v></c>',
    )
    good, refused = take(document, **SAID)
    assert good.height == 4
    assert refused.select("row", "rule", "value", "message").rows() == [
        (
            "Data!E2",
            "number",
            "=1+1",
            "the formula has no stored value: open the file in a spreadsheet program and save it",
        ),
        ("Data!E3", "number", "#DIV/0!", "the cell holds an error"),
    ]


def _replace_in_sheet(document, old, new):
    before = zipfile.ZipFile(io.BytesIO(document.content))
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as after:
        for name in before.namelist():
            data = before.read(name)
            if name == "xl/worksheets/sheet1.xml":
                assert old in data
                data = data.replace(old, new)
            after.writestr(name, data)
    return Document(document.name, content.getvalue())


def test_hidden_sheets_are_not_read_and_said():
    def fill(book):
        long_sheet((("cathode", "", "2026-01", "mom_pct", 2),))(book)
        long_sheet((("cathode", "", "2026-01", "mom_pct", 99),), name="old")(book).hide()
        long_sheet((("cathode", "", "2026-01", "mom_pct", 98),), name="older")(book).very_hidden()
        book.add_worksheet("Notes").write(0, 0, "made by hand")

    (reading,) = read(workbook(fill), **SAID)
    assert reading.figures["value"].to_list() == [2.0]
    assert reading.unresolved.select("place", "reason").rows() == [
        ("old", "the sheet is hidden and was not read"),
        ("older", "the sheet is hidden and was not read"),
        ("Notes", "the sheet holds no such table and was not read"),
    ]


def test_every_visible_long_sheet_is_read():
    def fill(book):
        long_sheet((("cathode", "", "2026-01", "mom_pct", 2),), name="Cathode")(book)
        long_sheet((("cell", "", "2026-01", "mom_pct", -41),), name="Cell")(book)

    (reading,) = read(workbook(fill), **SAID)
    assert reading.figures.select("place", "value").rows() == [("Cathode!E2", 2.0), ("Cell!E2", -41.0)]


def test_only_hidden_sheets():
    def fill(book):
        book.add_worksheet("empty")
        long_sheet((("cathode", "", "2026-01", "mom_pct", 2),), name="old")(book).hide()

    with pytest.raises(ContractBroken, match="no visible sheet with cells"):
        read(workbook(fill), **SAID)


def test_percent_format_reads_as_people_see_it():
    def fill(book):
        sheet = book.add_worksheet("Data")
        sheet.write_row(0, 0, HEADER)
        percents = [book.add_format({"num_format": f}) for f in ("0%", "0.00%", '+0.0%;-0.0%;"flat"')]
        rows = (("cathode", 0.06), ("cell", -0.4107), ("electrolyte", 0.07))
        for row, ((segment, value), shown) in enumerate(zip(rows, percents, strict=True), start=1):
            sheet.write_row(row, 0, (segment, "", "2026-01", "mom_pct"))
            sheet.write_number(row, 4, value, shown)

    good, refused = take(workbook(fill), **SAID)
    assert refused.is_empty()
    assert good.select("value", "half_width").rows() == [(6.0, 0.5), (-41.07, 0.005), (7.0, 0.5)]


def test_months_that_a_spreadsheet_made_dates_of():
    def fill(book):
        sheet = book.add_worksheet("Data")
        shown = book.add_format({"num_format": "mmm yyyy"})
        sheet.write_row(0, 0, (*HEADER, "published"))
        sheet.write_row(1, 0, ("cathode", "", "", "mom_pct", 2))
        sheet.write_datetime(1, 2, date(2026, 1, 1), shown)
        sheet.write_datetime(1, 5, date(2026, 2, 5), shown)

    (reading,) = read(workbook(fill), **SAID)
    assert reading.figures["period"].to_list() == ["2026-01"]
    assert f"{reading.head.published_at:%Y-%m-%d %H:%M}" == "2026-02-04 16:00"


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"PK\x03\x04 cut short", "the archive inside is truncated"),
        (b"\xd0\xcf\x11\xe0 an old book", "an old XLS, or protected by a password"),
        (b"not a spreadsheet", "it is no XLSX inside"),
    ],
)
def test_what_is_no_spreadsheet(content, found):
    with pytest.raises(ContractBroken, match="the spreadsheet cannot be read") as caught:
        read(Document("january.xlsx", content), **SAID)
    assert found in caught.value.found


def test_truncated_spreadsheet():
    whole = workbook(long_sheet((("cathode", "", "2026-01", "mom_pct", 2),))).content
    with pytest.raises(ContractBroken, match="the spreadsheet cannot be read"):
        read(Document("january.xlsx", whole[:-200]), **SAID)


def test_zip_that_holds_no_workbook():
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("a.txt", "a")
    with pytest.raises(ContractBroken, match="the spreadsheet cannot be read") as caught:
        read(Document("january.xlsx", content.getvalue()), **SAID)
    assert caught.value.found == "it holds no workbook"


def test_sheet_that_the_mapping_names():
    def fill(book):
        long_sheet((("cathode", "", "2026-01", "mom_pct", 1),), name="first")(book)
        long_sheet((("cathode", "", "2026-01", "mom_pct", 2),), name="second")(book)

    (reading,) = read(workbook(fill), mapping=TableMapping(form="long", sheet="second"), **SAID)
    assert reading.figures["value"].to_list() == [2.0]
    with pytest.raises(UsageError, match="no visible sheet 'third'"):
        read(workbook(fill), mapping=TableMapping(form="long", sheet="third"), **SAID)
