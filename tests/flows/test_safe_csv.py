"""Text of documents as a spreadsheet gets it: `--format csv --safe`, and as it is everywhere else."""

import csv
import io
import json
from datetime import datetime

import openpyxl
import pytest

from data_lake.opening import forget_open_tables
from flows.cli import main
from tests.flows.command import Command

HEAD = "source,chain,review_month,published,segment,metric,period,kind,measure,value,unit,qualifier,note,source_url\n"
NOTE, URL = "=cmd|'/c calc'!A1", "@SUM(1+1)"
ROW = f"test,sodium_ion,2026-01,2026-02-05,cathode,production,2026-01,actual,mom_pct,-2.5,%,exact,{NOTE},{URL}\n"


@pytest.fixture
def trona(capfdbinary, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "january.csv").write_text(HEAD + ROW, encoding="utf-8")
    forget_open_tables()
    return Command(capfdbinary, monkeypatch, tmp_path / "lake")


def rows_of(called):
    (row,) = csv.DictReader(io.StringIO(called.out))
    return row


def test_safe_csv_quotes_what_a_spreadsheet_would_compute_and_nothing_else(trona):
    trona("ingest", "january.csv")
    plain, safe = (rows_of(trona("figures", "--format", "csv", *more)) for more in ((), ("--safe",)))
    assert (plain["note"], plain["source_url"], plain["value"]) == (NOTE, URL, "-2.5")
    assert (safe["note"], safe["source_url"], safe["value"]) == (f"'{NOTE}", f"'{URL}", "-2.5")
    assert {name for name in plain if plain[name] != safe[name]} == {"note", "source_url"}


def test_before_it_is_recorded_and_in_the_data_of_the_site_too(trona, tmp_path):
    assert rows_of(trona("extract", "january.csv", "--format", "csv", "--safe", on_lake=False))["note"] == f"'{NOTE}"
    trona("ingest", "january.csv")
    trona("page")
    with (tmp_path / "page" / "sodium_ion" / "data" / "figures.csv").open(encoding="utf-8", newline="") as file:
        (row,) = csv.DictReader(file)
    assert {row.get("note", f"'{NOTE}"), row.get("source_url", f"'{URL}")} == {f"'{NOTE}", f"'{URL}"}
    assert not [
        value for name, value in row.items() if value.startswith(("=", "@")) or (value[:1] == "-" and name != "value")
    ]


@pytest.mark.parametrize("shape", [("--safe",), ("--json", "--safe"), ("--format", "parquet", "--safe")])
def test_safe_is_refused_where_no_csv_is_printed(trona, shape):
    trona("ingest", "january.csv")
    called = trona("figures", *shape, code=2)
    assert "use --format csv-excel" in called.err
    assert called.out == ""


def test_json_keeps_the_text_as_it_was_published(trona):
    trona("ingest", "january.csv")
    (row,) = json.loads(trona("figures", "--json").out)
    assert row["note"] == NOTE


def test_csv_for_excel_begins_with_a_mark_and_quotes_too(trona, capfdbinary, monkeypatch):
    trona("ingest", "january.csv")
    monkeypatch.setattr("sys.argv", ["trona", "figures", "--format", "csv-excel", "--lake", str(trona.lake)])
    with pytest.raises(SystemExit):
        main()
    content = capfdbinary.readouterr().out
    assert content.startswith(b"\xef\xbb\xbfsource,chain,")
    (row,) = csv.DictReader(io.StringIO(content.decode("utf-8-sig")))
    assert (row["note"], row["value"]) == (f"'{NOTE}", "-2.5")


def test_a_workbook_has_real_dates_and_numbers_units_in_heads_and_texts_that_are_texts(trona, capfdbinary, monkeypatch):
    trona("ingest", "january.csv")
    monkeypatch.setattr("sys.argv", ["trona", "figures", "--format", "xlsx", "--lake", str(trona.lake)])
    with pytest.raises(SystemExit):
        main()
    page = openpyxl.load_workbook(io.BytesIO(capfdbinary.readouterr().out))["Trona"]
    row = {head.value: cell for head, cell in zip(*page.iter_rows(), strict=True)}
    assert (row["value"].value, row["note"].value, row["note"].data_type) == (-2.5, NOTE, "s")
    assert row["published (UTC)"].value == datetime(2026, 2, 4, 16)  # noqa: DTZ001 - Excel knows no zone
    assert row["month"].value == datetime(2026, 1, 1)  # noqa: DTZ001
    assert row["month"].number_format == "yyyy-mm"
