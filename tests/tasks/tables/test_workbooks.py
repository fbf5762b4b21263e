"""Spreadsheets: merged cells, formulas, hidden sheets, percent formats, places."""

import io
import re
import zipfile
from datetime import date

import openpyxl
import pytest

from contracts.errors import ContractBroken, UsageError
from contracts.readings import Document
from tasks.tables import TableMapping
from tasks.tables.grid import name_column
from tasks.tables.workbook import read_workbook
from tests.tasks.tables.documents import broken, read, take, workbook

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
    assert good.select("value", "half_width").rows() == [(6.0, 0.5), (-41.07, 0.005), (7.0, 0.05)]


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


# --- what a spreadsheet says beside its values ---------------------------------


def rezip(document, change):
    """The document with each part of its archive changed by `change(name, bytes)`."""
    content = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(document.content)) as old, zipfile.ZipFile(content, "w") as new:
        for name in old.namelist():
            new.writestr(name, change(name, old.read(name)))
    return Document(document.name, content.getvalue())


def percents(book):
    sheet = book.add_worksheet("Data")
    sheet.write_row(0, 0, HEADER)
    shown = book.add_format({"num_format": "0%"})
    for row, (segment, value) in enumerate((("cathode", 0.02), ("cell", -0.04), ("electrolyte", 1.92)), start=1):
        sheet.write_row(row, 0, (segment, "", "2026-01", "yoy_pct"))
        sheet.write_number(row, 4, value, shown)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (rb'<c r="(E\d)" s="1">', rb'<c s="1" r="\1">'),
        (rb'<c r="(E\d)" s="1">', rb"<c s='1' r='\1'>"),
        (rb'<c r="(E\d)" s="1">', rb'<c\n  cm="0"\n  s="1"\n  r="\1"\n>'),
        (b"<(/?)(c|v|row|sheetData|worksheet)([ >/])", rb"<\1x:\2\3"),
        (rb"schemas.openxmlformats.org/spreadsheetml/2006/main", b"purl.oclc.org/ooxml/spreadsheetml/main"),
    ],
)
def test_attributes_and_namespaces_as_other_programs_write_them(old, new):
    def change(name, part):
        changed = re.sub(old, new, part) if "sheet1" in name or b"purl" in new else part
        return changed.replace(b"<x:worksheet xmlns=", b"<x:worksheet xmlns:x=")

    good, _ = take(rezip(workbook(percents), change), **SAID)
    assert good["value"].to_list() == [2.0, -4.0, 192.0]


def test_hidden_and_filtered_rows_and_columns_are_read_and_said():
    def fill(book):
        sheet = long_sheet([(s, "", "2026-01", "mom_pct", i) for i, s in enumerate(("cathode", "cell", "anode"))])(book)
        sheet.set_row(2, options={"hidden": True})
        sheet.set_column(4, 4, options={"hidden": True})

    (reading,) = read(workbook(fill), **SAID)
    assert reading.figures["value"].to_list() == [0.0, 1.0, 2.0]
    assert reading.unresolved.select("place", "reason").rows() == [
        ("Data row 3", "hidden or filtered out in the spreadsheet, and read"),
        ("Data hidden columns", "hidden in the spreadsheet, and read"),
    ]


def test_numbers_that_their_format_hides_are_said():
    def fill(book):
        sheet = long_sheet([("cathode", "", "2026-01", "mom_pct", 2), ("cell", "", "2026-01", "mom_pct")])(book)
        sheet.write_number(2, 4, 0, book.add_format({"num_format": "0.0;-0.0;"}))

    (reading,) = read(workbook(fill), **SAID)
    assert reading.unresolved.select("place", "reason").rows() == [
        ("Data 1 cells", "their number format shows nothing, so they were not read")
    ]


def test_every_wide_sheet_of_one_form_is_read():
    def fill(book):
        for name in ("Cathode", "Cell", "Electrolyte"):
            sheet = book.add_worksheet(name)
            sheet.write_row(0, 0, ("segment", "measure", "2025-12", "2026-01"))
            sheet.write_row(1, 0, (name, "mom_pct", 2, 3))

    (reading,) = read(workbook(fill), **SAID)
    assert reading.figures["place"].to_list() == [f"{s}!{c}2" for s in ("Cathode", "Cell", "Electrolyte") for c in "CD"]


def test_a_sheet_of_another_form_is_said():
    def fill(book):
        long_sheet((("cathode", "", "2026-01", "mom_pct", 2),), name="Long")(book)
        wide = book.add_worksheet("Wide")
        wide.write_row(0, 0, ("segment", "measure", "2026-01"))
        wide.write_row(1, 0, ("cell", "mom_pct", 3))

    (reading,) = read(workbook(fill), **SAID)
    assert reading.unresolved["reason"].to_list() == [
        "the sheet is a table of another form and was not read: give it as a file of its own"
    ]


def test_month_merged_over_two_columns_refuses_both():
    def fill(book):
        sheet = book.add_worksheet("Data")
        sheet.write_row(0, 0, ("segment", "measure"))
        sheet.merge_range(0, 2, 0, 3, "2026-01")
        sheet.write_row(1, 0, ("cathode", "mom_pct", 2, 3))
        sheet.write_row(2, 0, ("cell", "mom_pct", 4))

    good, refused = take(workbook(fill), **SAID)
    assert good["value"].to_list() == [4.0]
    assert broken(refused, "one_value_per_key") == ["Data!C2", "Data!D2"]


def test_formula_with_an_empty_text_is_empty():
    empty = b'<c r="B2" t="str"><f>IF(1,"","x")</f><v></v></c>'
    body = b"<sheetData>" + GOOD_ROWS.replace(cell("B2", ""), empty) + b"</sheetData>"
    assert read(bare_sheet(body), **SAID)[0].figures["product"].to_list() == ["", ""]


def test_cells_agree_with_another_reader():
    """openpyxl reads the same cells of a sheet of plain texts and numbers."""

    def fill(book):
        sheet = book.add_worksheet("Data")
        for row in range(40):
            for column in range(row % 7, 30, 1 + row % 3):
                value = f"t{row}<&>{column} é硬" if (row + column) % 2 else (row - 20) * 1.25**column
                sheet.write(row, column, value)

    document = workbook(fill)
    (grid,) = read_workbook(document)
    sheet = openpyxl.load_workbook(io.BytesIO(document.content))["Data"]
    expected = {
        (cell.row, cell.column - 1): cell.value for line in sheet.iter_rows() for cell in line if cell.value is not None
    }
    read_back = {
        (line["row"], int(column)): text
        for line in grid.cells.iter_rows(named=True)
        for column, text in line.items()
        if column != "row" and text is not None
    }
    assert read_back.keys() == expected.keys()
    for place, value in expected.items():
        assert read_back[place] == (value if isinstance(value, str) else f"{value:.15g}")


# --- small files of huge cost ------------------------------------------------------


def bare_sheet(body):
    """A workbook whose one sheet has this XML inside its worksheet."""

    def change(name, part):
        if "sheet1" in name:
            return (
                b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
                + body
                + b"</worksheet>"
            )
        return part

    return rezip(workbook(lambda book: book.add_worksheet("Data")), change)


def cell(place, text):
    return f'<c r="{place}" t="inlineStr"><is><t>{text}</t></is></c>'.encode()


GOOD_ROWS = b"".join(
    b"<row>" + b"".join(cell(f"{c}{r}", t) for c, t in zip("ABCDE", line, strict=True)) + b"</row>"
    for r, line in enumerate(
        (HEADER, ("cathode", "", "2026-01", "mom_pct", "2"), ("cell", "", "2026-01", "mom_pct", "3")), 1
    )
)


def test_a_stray_cell_in_the_last_corner_costs_nothing():
    body = b"<sheetData>" + GOOD_ROWS + b"<row>" + cell("XFD1048576", "x") + b"</row></sheetData>"
    (reading,) = read(bare_sheet(body), **SAID)
    assert reading.figures["value"].to_list() == [2.0, 3.0]


def test_a_range_merged_over_the_whole_sheet_costs_what_the_table_has():
    merged = b'<mergeCells><mergeCell ref="F1:XFD1048576"/></mergeCells>'
    (reading,) = read(bare_sheet(b"<sheetData>" + GOOD_ROWS + b"</sheetData>" + merged), **SAID)
    assert reading.figures["value"].to_list() == [2.0, 3.0]


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (b"<sheetData>" + GOOD_ROWS + b"</sheetData><mergeCells>" + b'<mergeCell ref="A1:B2"/>' * 20_001 + b"</mergeCells>", "merged ranges"),
        (b"<sheetData><row>" + b"".join(cell(f"{name_column(i)}1", "x") for i in range(2_001)) + b"</row></sheetData>", "2,001 columns"),
        (b"<sheetData><row>", "mismatched tag"),
    ],
)  # fmt: skip
def test_more_than_a_table_has_is_refused(body, found):
    with pytest.raises(ContractBroken) as caught:
        read(bare_sheet(body), **SAID)
    assert found in caught.value.found


def test_a_text_longer_than_a_cell_can_hold_is_cut():
    long = cell("F2", "x" * 100_000)
    body = b"<sheetData>" + GOOD_ROWS.replace(b"</row><row>", long + b"</row><row>", 2) + b"</sheetData>"
    (grid,) = read_workbook(bare_sheet(body))
    assert max(len(text) for line in grid.cells.drop("row").rows() for text in line if text) < 300


# --- situations from the trackers of other readers ------------------------------


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("Cathode_x000D_", "Cathode"),  # exceljs 584: a line end that XML cannot hold
        ("_x005F_x000D_", "_x000D_"),  # exceljs 584: the same, meant as text
        ("AT&amp;T &lt;tag&gt; 5", "AT&T <tag> 5"),  # office_oxide 269: spaces beside escapes were lost
        ("  Cathode  ", "Cathode"),  # fastexcel 624: spaces at the ends
        ("Cath</t></r><r><t>ode", "Cathode"),  # runs of one text, each with its own look
        ("Cathode</t></r><rPh><t>kasodo</t></rPh><r><t>", "Cathode"),  # how a text is pronounced
    ],
)
def test_texts_of_cells(text, label):
    rich = f'<c r="A4" t="inlineStr"><is><r><t>{text}</t></r></is></c>'.encode()
    (grid,) = read_workbook(bare_sheet(b"<sheetData>" + GOOD_ROWS + b"<row>" + rich + b"</row></sheetData>"))
    assert grid.cells["0"][-1].strip() == label


def test_a_number_that_is_shown_as_a_time_is_no_number():
    """readxl 264: 1.5 in the format h:mm came out as a date of 1899."""

    def fill(book):
        sheet = long_sheet([("cathode", "", "2026-01", "mom_pct"), ("cell", "", "2026-01", "mom_pct", 2)])(book)
        sheet.write_number(1, 4, 1.5, book.add_format({"num_format": "h:mm AM/PM"}))

    good, refused = take(workbook(fill), **SAID)
    assert good["value"].to_list() == [2.0]
    assert broken(refused, "number") == ["Data!E2"]
