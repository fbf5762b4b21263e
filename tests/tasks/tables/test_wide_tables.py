"""The wide form: months across or down, labels by the chain's names, mapping files, templates."""

import tomllib
from datetime import UTC, date, datetime

import openpyxl
import polars as pl
import pytest

from contracts.chain import load_chain
from contracts.errors import ContractBroken, Exit, UsageError
from contracts.printed_period import PrintedPeriod
from contracts.readings import Document
from contracts.vocabulary import MEASURES
from tasks.tables import find_mapping, read_mapping, template
from tasks.tables.mapping import build_mapping
from tasks.tables.month_labels import read_month_label
from tests.tasks.tables.documents import read, take, workbook

SAID = {"source": "smm", "chain": "sodium_ion"}
ABOUT = ("segment", "product", "measure", "period", "kind", "value")


def wide(text, **options):
    mapping = build_mapping(options.pop("mapping", {"measure": "mom_pct"}), "test")
    (reading,) = read(Document("wide.csv", text.encode()), mapping=mapping, **{**SAID, **options})
    return reading


def test_segments_by_months():
    reading = wide(
        "Production MoM,,,,\n"
        ",,Dec-25,Jan-26,Feb-26 (F)\n"
        "Cathode materials,,+50%,2 %,−70\n"
        "Hard carbon,,,-14,-47\n"
        "电芯,,n/a,-41,-40\n"
        "Source: own,,,,\n"
    )
    assert reading.figures.select(ABOUT).rows() == [
        ("cathode", "", "mom_pct", "2025-12", "actual", 50.0),
        ("cathode", "", "mom_pct", "2026-01", "actual", 2.0),
        ("cathode", "", "mom_pct", "2026-02", "forecast", -70.0),
        ("anode", "hard_carbon", "mom_pct", "2026-01", "actual", -14.0),
        ("anode", "hard_carbon", "mom_pct", "2026-02", "forecast", -47.0),
        ("cell", "", "mom_pct", "2026-01", "actual", -41.0),
        ("cell", "", "mom_pct", "2026-02", "forecast", -40.0),
    ]
    first = reading.figures.row(0, named=True)
    assert (first["place"], first["evidence"], first["rule"]) == (
        "row 3 column 3",
        "Cathode materials | Dec-25 | +50%",
        "wide_table",
    )
    assert reading.head.review_month == "2026-01"
    assert reading.head.published_at == datetime(2026, 2, 4, 16, tzinfo=UTC)
    assert reading.refused.is_empty()


def test_months_after_the_stated_review_are_forecasts():
    reading = wide("x,2026-01,2026-02\ncell,-41,-40\n", review_month="2026-01")
    assert reading.figures["kind"].to_list() == ["actual", "forecast"]


def test_forecast_columns_of_the_mapping():
    mapping = {"measure": "mom_pct", "forecast_columns": ["2026-02"]}
    reading = wide("x,2026-01,2026-02\ncell,-41,-40\n", mapping=mapping)
    assert reading.figures["kind"].to_list() == ["actual", "forecast"]
    assert reading.head.review_month == "2026-01"


def test_product_belongs_to_the_segment_above_it():
    reading = wide("x,2026-01\nCathode,2\nNFPP,10\nCell,-41\nNFPP,-30\n")
    assert reading.figures.select("segment", "product", "value").rows() == [
        ("cathode", "", 2.0),
        ("cathode", "nfpp", 10.0),
        ("cell", "", -41.0),
        ("cell", "nfpp", -30.0),
    ]


def test_product_of_several_segments_is_not_guessed():
    reading = wide("x,2026-01\nNFPP,10\nHard carbon,-14\ncell: NFPP,3\n")
    assert reading.figures.select("segment", "product").rows() == [("anode", "hard_carbon"), ("cell", "nfpp")]
    assert reading.refused.select("row", "rule", "value", "message").rows() == [
        (
            "row 2 column 2",
            "label",
            "NFPP | 2026-01 | 10",
            "'NFPP' can be cathode / nfpp or cell / nfpp: write it so; or say what it is in the mapping's [labels]",
        )
    ]


def test_unknown_label_is_refused_with_the_nearest_names():
    reading = wide("x,2026-01,2026-02\nCathod,1,2\nCell,3,4\n")
    assert reading.figures["value"].to_list() == [3.0, 4.0]
    assert reading.refused["value"].to_list() == ["Cathod | 2026-01 | 1", "Cathod | 2026-02 | 2"]
    assert "did you mean cathode?" in reading.refused["message"][0]


def test_only_unknown_labels():
    with pytest.raises(ContractBroken, match="no row of the file belongs to a release") as caught:
        wide("x,2026-01\nFoo,1\n")
    assert "'Foo' is nothing in chain sodium_ion" in caught.value.found


def test_labels_of_the_mapping_come_first():
    mapping = {
        "measure": "mom_pct",
        "labels": {
            "Total CAM": {"segment": "cathode"},
            "NFPP share": {"segment": "cathode", "product": "nfpp", "measure": "share_pct"},
            "CAM price": {"segment": "cathode", "metric": "price", "measure": "level", "unit": "CNY/t"},
        },
    }
    figures = wide('x,2026-01\ntotal cam,2\nNFPP share,81\nCAM price,"25,000"\n', mapping=mapping).figures
    assert figures.select("segment", "product", "metric", "measure", "unit", "value").rows() == [
        ("cathode", "", "production", "mom_pct", "%", 2.0),
        ("cathode", "nfpp", "production", "share_pct", "%", 81.0),
        ("cathode", "", "price", "level", "CNY/t", 25000.0),
    ]


def test_levels_take_the_unit_of_the_chain_and_a_scale():
    figures = wide("x,2026-01\nCathode,1.5\nCell,0.2\n", mapping={"measure": "level", "scale": 1000}).figures
    assert figures.select("unit", "value", "half_width").rows() == [("t", 1500.0, 50.0), ("MWh", 200.0, 50.0)]


def test_fractions_with_their_scale():
    figures = wide(
        "x,2026-01\nCathode,0.07\nCell,-0.41\nElectrolyte,5%\n", mapping={"measure": "mom_pct", "scale": 100}
    )
    assert figures.figures.select("value", "half_width").rows() == [(7.0, 0.5), (-41.0, 0.5), (5.0, 0.5)]


def test_header_that_says_segment_and_measure_needs_no_mapping():
    text = "segment,product,measure,2026-01\nCathode,,mom_pct,2\n,NFPP,share_pct,81\nCell,,level,200\n"
    (reading,) = read(Document("wide.csv", text.encode()), **SAID)
    assert reading.figures.select(ABOUT).rows() == [
        ("cathode", "", "mom_pct", "2026-01", "actual", 2.0),
        ("cathode", "nfpp", "share_pct", "2026-01", "actual", 81.0),
        ("cell", "", "level", "2026-01", "actual", 200.0),
    ]


def test_label_columns_by_letter_or_header():
    mapping = {"label_columns": {"segment": "stage", "product": "B", "measure": "what"}}
    figures = wide("stage,kind of,what,2026-01\nCathode,NFPP,share_pct,81\n", mapping=mapping).figures
    assert figures.select("segment", "product", "measure").rows() == [("cathode", "nfpp", "share_pct")]


def test_column_that_is_no_month_is_said():
    reading = wide("x,2026-01,Remark\nCell,-41,ok\n")
    assert reading.unresolved.select("place", "reason").rows() == [
        ("column Remark", "no month: the column was not read")
    ]


def test_month_13_is_read_for_the_contract_to_refuse():
    text = "x,2025-11,2025-12,2026-13\nCell,1,2,3\n"
    good, refused = take(
        Document("wide.csv", text.encode()),
        mapping=build_mapping({"measure": "mom_pct"}, ""),
        review_month="2025-12",
        **SAID,
    )
    assert good["value"].to_list() == [1.0, 2.0]
    assert refused.select("row", "rule", "period").rows() == [("row 2 column 4", "period_form", "2026-13")]


def test_text_in_a_cell_refuses_that_cell():
    reading = wide("x,2026-01,2026-02 (F)\nCell,strong,-40\n")
    assert reading.figures["value"].to_list() == [-40.0]
    assert reading.refused.select("row", "rule", "value").rows() == [("row 2 column 2", "number", "strong")]


def test_months_down_with_two_rows_of_labels():
    mapping = {
        "measure": "level",
        "orientation": "months_down",
        "header_rows": 2,
        "labels": {"Cathode / total": {"segment": "cathode"}},
    }
    text = "month;Cathode;Cathode;Cell\n;total;NFPP;\n2025-12;1000;800;200\n2026-01;1020;900;-\n"
    figures = wide(text, mapping=mapping).figures
    assert figures.select("segment", "product", "period", "value", "place").rows() == [
        ("cathode", "", "2025-12", 1000.0, "row 3 column 2"),
        ("cathode", "nfpp", "2025-12", 800.0, "row 3 column 3"),
        ("cell", "", "2025-12", 200.0, "row 3 column 4"),
        ("cathode", "", "2026-01", 1020.0, "row 4 column 2"),
        ("cathode", "nfpp", "2026-01", 900.0, "row 4 column 3"),
    ]


def test_spreadsheet_with_merged_labels_and_dates_as_months():
    def fill(book):
        sheet = book.add_worksheet("Output")
        month = book.add_format({"num_format": "mmm yy"})
        percent = book.add_format({"num_format": "0%"})
        sheet.merge_range("B2:E2", "Sodium-ion review")
        sheet.write_row("B3", ("segment", "product"))
        for column, number in ((3, 1), (4, 2)):
            sheet.write_datetime(2, column, date(2026, number, 1), month)
        sheet.merge_range("B4:B5", "Cathode")
        sheet.write_row("C4", ("", 0.02, -0.7), percent)
        sheet.write_row("C5", ("NFPP", 0.1), percent)

    (reading,) = read(
        workbook(fill), mapping=build_mapping({"measure": "mom_pct", "review_month": "2026-01"}, ""), **SAID
    )
    assert reading.figures.select(*ABOUT, "place").rows() == [
        ("cathode", "", "mom_pct", "2026-01", "actual", 2.0, "Output!D4"),
        ("cathode", "", "mom_pct", "2026-02", "forecast", -70.0, "Output!E4"),
        ("cathode", "nfpp", "mom_pct", "2026-01", "actual", 10.0, "Output!D5"),
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-01", ("2026-01", False)),
        ("2026/1", ("2026-01", False)),
        ("202601", ("2026-01", False)),
        ("2026-01-01 00:00:00", ("2026-01", False)),
        ("2026年1月", ("2026-01", False)),
        ("2026年2月预测", ("2026-02", True)),
        ("Jan 2026", ("2026-01", False)),
        ("June 2026", ("2026-06", False)),
        ("Sept. 25", ("2025-09", False)),
        ("Feb-26E", ("2026-02", True)),
        ("2026 Feb (forecast)", ("2026-02", True)),
        ("2025Q3", ("2025-Q3", False)),
        ("2026-13", ("2026-13", False)),
        ("2026", None),
        ("114000", None),
        ("Total", None),
        ("Forecast", None),
    ],
)
def test_months_in_headers(text, expected):
    found = read_month_label(text)
    assert (found and (found.period, found.kind == "forecast")) == expected


def test_month_format_of_the_mapping():
    assert read_month_label("01.26", "%m.%y") == PrintedPeriod("2026-01")
    assert read_month_label("2026-01", "%m.%y") is None


def test_no_months():
    with pytest.raises(ContractBroken, match="no months found in a table of months across") as caught:
        wide("a,b\nCell,2\n")
    assert caught.value.exit_code == Exit.CONTRACT


@pytest.mark.parametrize("form", ["long", "wide"])
@pytest.mark.parametrize("name", ["sodium_ion", "lithium_ion"])
def test_template_reads_back_once_it_is_filled(form, name, tmp_path):
    chain = load_chain(name)
    for file, content in template(chain, form, month="2026-01", source="smm").items():
        (tmp_path / file).write_bytes(content)
    (table,) = tmp_path.glob("*.csv")
    mapping = find_mapping(table)
    empty = Document(table.name, table.read_bytes())
    with pytest.raises(ContractBroken, match="the table has no rows"):
        read(empty, mapping=mapping, source="smm", chain=name)
    text = empty.content.decode("utf-8-sig")
    if form == "wide":
        filled = text.replace(",%,,,", ",%,1,1,1").replace(",pp,,,", ",pp,0,0,0").replace(",t,,,", ",t,10,20,30")
    else:
        filled = (
            text + f"smm,{name},2026-01,,{chain.segments[0].name},,production,2026-01,actual,mom_pct,2,,,%,exact,,\r\n"
        )
    good, refused = take(Document(table.name, filled.encode("utf-8-sig")), mapping=mapping)
    assert refused.is_empty()
    assert good.height == (
        1 if form == "long" else 3 * filled.count(",1,1,1") + 3 * filled.count(",0,0,0") + 3 * filled.count(",10,20,30")
    )


@pytest.mark.parametrize("form", ["long", "wide"])
def test_template_for_a_spreadsheet_has_drop_downs_and_reads_back(form, tmp_path):
    for file, content in template("sodium_ion", form, month="2026-01", source="smm", file_format="xlsx").items():
        (tmp_path / file).write_bytes(content)
    (table,) = tmp_path.glob("*.xlsx")
    book = openpyxl.load_workbook(table)
    page, words = book["Figures"], book["Lists of words"]
    header = [cell.value for cell in page[1]]
    ranges = {str(rule.sqref)[0]: rule.formula1 for rule in page.data_validations.dataValidation}
    letter = openpyxl.utils.get_column_letter(header.index("measure") + 1)
    source = ranges[letter].partition("!")[2].replace("$", "")
    assert [cell.value for (cell,) in words[source]] == list(MEASURES)
    assert (page.freeze_panes, words.sheet_state) == ("A2", "hidden")
    row = {name: place for place, name in enumerate(header, start=1)}
    stated = {"segment": "Cathode materials", "measure": "MoM", "2026-02": -5, "value": -5, "period": "2026-02"}
    for name, value in stated.items():
        if name in row:
            page.cell(2, row[name]).value = value
    book.save(table)
    document = Document(table.name, table.read_bytes())
    (reading,) = read(document, mapping=find_mapping(table), review_month="2026-01", **SAID)
    assert reading.unresolved.is_empty()  # the hidden words are no sheet that somebody hid
    figure = reading.figures.row(0, named=True)
    said = {name: figure[name] for name in ("segment", "measure", "period", "kind", "value")}
    assert said == {"segment": "cathode", "measure": "mom_pct", "period": "2026-02", "kind": "forecast", "value": -5.0}


def test_template_of_another_form():
    with pytest.raises(UsageError, match="no form 'tall'"):
        template("sodium_ion", "tall")


def test_template_mapping_is_understood_and_says_what_is_the_usual():
    files = template("sodium_ion", "wide", month="2026-01", source="smm")
    mapping = build_mapping(tomllib.loads(files["sodium_ion_2026-01_wide.mapping.toml"].decode()), "template")
    assert (mapping.source, mapping.chain, mapping.review_month) == ("smm", "sodium_ion", "2026-01")


@pytest.mark.parametrize(
    ("text", "found", "hint"),
    [
        ("shet = 'x'", "no such key 'shet'", "did you mean sheet?"),
        ("scale = 'x'", "scale = 'x'", "scale is a number"),
        ("orientation = 'across'", "orientation: 'across'", "did you mean months_across?"),
        ("[label_columns]\nsegmnt = 'A'", "label_columns: 'segmnt'", "did you mean segment?"),
        ("[labels]\nx = { segmnt = 'cell' }", "labels: 'segmnt'", "did you mean segment?"),
    ],
)
def test_mapping_that_is_not_understood(tmp_path, text, found, hint):
    path = tmp_path / "x.mapping.toml"
    path.write_text(text)
    with pytest.raises(UsageError, match="the mapping file cannot be understood") as caught:
        read_mapping(path)
    assert (caught.value.found, caught.value.next, caught.value.where) == (found, hint, str(path))


def test_mapping_that_is_no_toml(tmp_path):
    path = tmp_path / "x.mapping.toml"
    path.write_text("a = = 1")
    with pytest.raises(UsageError, match="the mapping file cannot be read"):
        read_mapping(path)


def test_mapping_is_found_beside_its_table(tmp_path):
    assert find_mapping(tmp_path / "x.csv") is None
    (tmp_path / "x.mapping.toml").write_text("")
    assert find_mapping(tmp_path / "x.csv") == tmp_path / "x.mapping.toml"


def test_ten_years_of_months_in_parquet(tmp_path):
    months = [f"{2016 + i // 12}-{i % 12 + 1:02}" for i in range(120)]
    frame = pl.DataFrame({"segment": ["cell", "cathode"], "measure": ["level"] * 2})
    frame = frame.with_columns(pl.Series(month, [float(i), i + 0.5]) for i, month in enumerate(months, start=100))
    frame.write_parquet(tmp_path / "history.parquet")
    good, refused = take(Document("history.parquet", (tmp_path / "history.parquet").read_bytes()), **SAID)
    assert refused.is_empty()
    assert good.height == 240
    assert good.row(239, named=True)["place"] == "row 2 column 122"
    assert good.filter(segment="cathode", period="2025-12").select("value", "half_width").rows() == [(219.5, 0.05)]
