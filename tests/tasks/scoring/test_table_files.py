"""Files of forecasts are read as files of figures are: any encoding, separator, spelling of numbers and months."""

import io
from datetime import UTC, date, datetime

import polars as pl
import pytest

from contracts.errors import ContractBroken
from contracts.readings import Document
from tasks.scoring import score_table
from tasks.scoring.table_file import read_score_file

HEADER = ["Forecaster", "Series", "Month", "Issued At", "Measure", "Forecast", "ACTUAL", "Q_0.1", "Q_0.5", "Q_0.9"]
ROWS = [
    ["house", "cathode", "Jan-25", "2025/1/5", "level", "1,004", "990", "900", "1,004", "1,100"],
    ["house", "cathode", "2025年2月", "2025年2月5日", "level", "1,100", "1 180", "1,000", "1,100", "n/a"],
    ["house", "cathode", "2025-03", "2025-03-05", "level", "990", "n/a", "-", "990", "1,050"],
    ["house", "anode", "202501", "2025-01-05", "mom_pct", "−4.5", "–3", "", "", ""],
]


def text(separator: str) -> str:
    cells = [[f'"{c}"' if separator in c else c for c in row] for row in [HEADER, *ROWS]]
    return "\n".join(separator.join(row) for row in cells)


def workbook() -> bytes:
    buffer = io.BytesIO()
    pl.DataFrame(ROWS, schema=HEADER, orient="row").write_excel(buffer, worksheet="forecasts")
    return buffer.getvalue()


FILES = {
    "comma.csv": lambda: text(",").encode(),
    "tab.tsv": lambda: text("\t").encode(),
    "utf16.csv": lambda: text("\t").encode("utf-16"),
    "windows.csv": lambda: text(",").replace("\n", "\r\n").encode("utf-8-sig"),
    "book.xlsx": workbook,
}


@pytest.mark.parametrize("name", FILES)
def test_every_form_of_a_file_gives_the_same_scores(name):
    table = read_score_file(Document(name, FILES[name]()))
    scores, record = score_table(table.frame, decimal=table.decimal)
    anode, first, second, third = scores.to_dicts()
    assert (anode["month"], anode["forecast"], anode["actual"], anode["wis"]) == (date(2025, 1, 1), -4.5, -3, None)
    assert (first["month"], first["forecast"], first["actual"]) == (date(2025, 1, 1), 1004, 990)
    assert first["issued_at"] == datetime(2025, 1, 4, 16, tzinfo=UTC)
    assert (second["month"], second["issued_at"].day, second["actual"]) == (date(2025, 2, 1), 4, 1180)
    # what says "nothing" is nothing: an outcome that is not known, an interval without an end
    assert (third["status"], third["actual"], second["covered_80"], first["covered_80"]) == ("pending", None, None, 1)
    assert dict(record.select("measure", "n").rows()) == {"level": 2, "mom_pct": 1}


def test_among_semicolons_the_numbers_tell_what_a_comma_is():
    """−4.5 tells that the point is the decimal mark; −4,5 tells that the comma is, so that 1.004 is 1004."""
    for content in (
        text(";"),
        text(";").replace(",", "#").replace(".5", ",5").replace("#", ".").replace("Q_0,5", "Q_0.5"),
    ):
        table = read_score_file(Document("a.csv", content.encode()))
        scores, _ = score_table(table.frame, decimal=table.decimal)
        assert scores["forecast"].to_list() == [-4.5, 1004, 1100, 990]
    table = read_score_file(Document("a.csv", text(";").replace("−4.5", "−4").encode()))
    with pytest.raises(ContractBroken, match="nothing tells whether"):
        score_table(table.frame, decimal=table.decimal)


def test_a_table_without_rows_or_the_wrong_one_says_so():
    with pytest.raises(ContractBroken, match="the table has no rows"):
        read_score_file(Document("a.csv", ",".join(HEADER).encode()))
    with pytest.raises(ContractBroken, match="lacks 7 of the 7 columns"):
        score_table(read_score_file(Document("a.csv", b"a,b\n1,2\n")).frame)


def test_of_several_sheets_the_one_with_the_columns_is_read():
    from xlsxwriter import Workbook

    buffer = io.BytesIO()
    with Workbook(buffer) as book:
        book.add_worksheet("notes").write_row(0, 0, ["about", "this"])
        sheet = book.add_worksheet("forecasts")
        for number, row in enumerate([HEADER, *ROWS], start=2):
            sheet.write_row(number, 1, row)
    assert read_score_file(Document("a.xlsx", buffer.getvalue())).frame.height == 4
