"""Tables as they come: each text that was once read wrongly, with its right values, and its relatives."""

from datetime import UTC, datetime

import polars as pl
import pytest

from contracts.chain import load_chain
from contracts.checks import ReleaseDoubtful, check_reading
from contracts.errors import ContractBroken
from contracts.readings import Document, DocumentHints
from tasks.tables import read_table
from tasks.tables.mapping import TableMapping

SAID = {"source": "desk", "chain": "sodium_ion", "review_month": "2026-01"}
PUBLISHED = {"published": datetime(2026, 2, 4, 16, tzinfo=UTC)}
LONG = "segment,product,period,measure,value"


def take(text, name="t.csv", encoding="utf-8", mapping=None, **options):
    document = Document(name, text if isinstance(text, bytes) else text.encode(encoding))
    (reading,) = read_table(document, DocumentHints(**{**SAID, **PUBLISHED, **options}), mapping)
    good, refused = check_reading(reading, chain=load_chain("sodium_ion"))
    return good, refused, reading.unresolved


def rows(good):
    return good.select("segment", "measure", "period", "kind", "value").rows()


def values(good):
    return good["value"].to_list()


# --- months ------------------------------------------------------------------


def test_words_that_only_begin_like_a_month_are_no_months():
    text = (
        "segment,measure,2025-12,2026-01,Margin 2026,Market 2025,Decline 26,Octane 2026\nCathode,mom_pct,3,4,5,6,7,8\n"
    )
    good, refused, unread = take(text)
    assert rows(good) == [
        ("cathode", "mom_pct", "2025-12", "actual", 3.0),
        ("cathode", "mom_pct", "2026-01", "actual", 4.0),
    ]
    assert refused.is_empty()
    told = dict(unread.select("text", "reason").rows())
    assert told == dict.fromkeys(
        ("column Margin 2026", "column Market 2025", "column Decline 26", "column Octane 2026"),
        "no month: the column was not read",
    )


def test_december_of_1999_is_in_the_last_century():
    good, _, _ = take("segment,measure,Dec-99,Jan-00,Feb-00\nCathode,mom_pct,3,4,5\n")
    assert good["period"].to_list() == ["1999-12", "2000-01", "2000-02"]
    assert set(good["kind"]) == {"actual"}


@pytest.mark.parametrize(
    ("header", "periods", "kinds"),
    [
        ("2025-12-31,2026-01-31,2026-02-28", ("2025-12", "2026-01", "2026-02"), "aaf"),
        ("31/12/2025,31/01/2026,28/02/2026", ("2025-12", "2026-01", "2026-02"), "aaf"),
        ("12/31/2025,1/31/2026,2/28/2026", ("2025-12", "2026-01", "2026-02"), "aaf"),
        ("2025-12A,2026-01A,2026-02E", ("2025-12", "2026-01", "2026-02"), "aaf"),
        ("2025-12 (r),2026-01 (p),2026-02 (F)", ("2025-12", "2026-01", "2026-02"), "aaf"),
        ("Dec-25 rev,Jan-26 prelim.,Feb-26 est", ("2025-12", "2026-01", "2026-02"), "aaf"),
        ("2025年12月份,2026年1月份初值,2026年2月份预计", ("2025-12", "2026-01", "2026-02"), "aaf"),
        ("202512,202601,202602", ("2025-12", "2026-01", "2026-02"), "aaf"),
        ("2025M12,2026M01,2026M2", ("2025-12", "2026-01", "2026-02"), "aaf"),
        ("12/2025,01/2026,2/2026", ("2025-12", "2026-01", "2026-02"), "aaf"),
        ("46022,46053,46081", ("2025-12", "2026-01", "2026-02"), "aaf"),
        ("45992,46023,46054", ("2025-12", "2026-01", "2026-02"), "aaf"),
    ],
)
def test_months_as_headers_write_them(header, periods, kinds):
    good, refused, _ = take(f"segment,measure,{header}\nCathode,mom_pct,3,4,5\n")
    expected = [
        ("cathode", "mom_pct", period, {"a": "actual", "f": "forecast"}[kind], value)
        for period, kind, value in zip(periods, kinds, (3.0, 4.0, 5.0), strict=True)
    ]
    assert rows(good) == expected
    assert refused.is_empty()


@pytest.mark.parametrize(
    "header", ["2026-01-15,2026-02-15", "01/02/2026,02/01/2026", "26-Jan,26-Feb", "1,2", "46023,50000"]
)
def test_what_may_be_another_thing_is_no_month(header):
    with pytest.raises(ContractBroken, match="the columns are not those of a table of figures"):
        take(f"segment,measure,{header}\nCathode,mom_pct,3,4\n")


@pytest.mark.parametrize(
    ("period", "read", "kind"),
    [
        ("2026-01-31", "2026-01", "actual"),
        ("202601", "2026-01", "actual"),
        ("Jan-26", "2026-01", "actual"),
        ("2026-01A", "2026-01", "actual"),
        ("2026-01P", "2026-01", "actual"),
        ("2026-02E", "2026-02", "forecast"),
        ("Q4 2025", "2025-Q4", "actual"),
        ("4Q25", "2025-Q4", "actual"),
        ("2025年四季度", "2025-Q4", "actual"),
        ("2025年下半年", "2025-H2", "actual"),
    ],
)
def test_periods_of_cells(period, read, kind):
    good, _, _ = take(f"{LONG}\ncathode,,{period},mom_pct,3\n")
    assert good.select("period", "kind").row(0) == (read, kind)


def test_a_period_marked_as_forecast_in_a_row_that_says_actual_is_refused():
    _, refused, _ = take(
        "segment,period,kind,measure,value\ncathode,2026-02E,actual,mom_pct,3\ncell,2026-01,,mom_pct,2\n"
    )
    assert refused.select("row", "value").unique().rows() == [("row 2", "2026-02E")]
    assert "period_form" in refused["rule"].to_list()


def test_years_written_above_their_months():
    good, refused, _ = take(",,2025,,2026\nsegment,measure,Nov,Dec,Jan\nCathode,mom_pct,3,4,5\n")
    assert good.select("period", "value").rows() == [("2025-11", 3.0), ("2025-12", 4.0), ("2026-01", 5.0)]
    assert refused.is_empty()


def test_years_that_do_not_fit_their_months_are_not_guessed():
    with pytest.raises(ContractBroken):
        take(",,2025,,2026\nsegment,measure,Nov,Mar,Jan\nCathode,mom_pct,3,4,5\n")


# --- columns and rows that no header or label names ----------------------------


def test_a_filled_column_without_a_header_is_refused_by_its_place():
    good, refused, _ = take("segment,measure,2025-12,,2026-01\nCathode,mom_pct,3,99,4\nCell,mom_pct,1,77,2\n")
    assert values(good) == [3.0, 4.0, 1.0, 2.0]
    assert refused.select("row", "rule", "value").rows() == [("row 1 column 4", "month", "99, 77")]


def test_an_empty_column_without_a_header_is_nothing():
    good, refused, unread = take("segment,measure,2025-12,,2026-01\nCathode,mom_pct,3,,4\n")
    assert (values(good), refused.height, unread.height) == ([3.0, 4.0], 0, 0)


def test_a_label_written_once_counts_for_the_rows_under_it():
    text = "segment,product,measure,2025-12,2026-01\nCathode,,mom_pct,3,4\n,,yoy_pct,13,14\n,NFPP,share_pct,60,61\n,,share_mom_pp,1,1\n"
    good, refused, _ = take(text)
    assert good.filter(period="2026-01").select("segment", "product", "measure", "value").rows() == [
        ("cathode", "", "mom_pct", 4.0),
        ("cathode", "", "yoy_pct", 14.0),
        ("cathode", "nfpp", "share_pct", 61.0),
        ("cathode", "nfpp", "share_mom_pp", 1.0),
    ]
    assert refused.is_empty()


def test_numbers_without_any_label_are_refused_by_their_place():
    mapping = TableMapping(measure="mom_pct")
    good, refused, _ = take("what,2025-12,2026-01\nCathode,3,4\n,5,6\nCell,1,2\n", mapping=mapping)
    assert values(good) == [3.0, 4.0, 1.0, 2.0]
    assert refused.select("row", "rule").rows() == [("row 3 column 2", "label"), ("row 3 column 3", "label")]


def test_notes_below_a_table_whose_rows_name_their_release():
    header = "source,chain,review_month,published,segment,period,measure,value"
    line = "desk,sodium_ion,2026-01,2026-02-05,{},2026-01,mom_pct,{}"
    notes = ("Source: desk survey,,,,,,,", '"* preliminary, 2026",,,,,,,')
    text = "\n".join([header, line.format("cathode", 3), line.format("cell", 4), *notes, ""])
    good, refused, _ = take(text, source="", chain="", review_month="", published=None)
    assert values(good) == [3.0, 4.0]
    assert refused.select("row", "rule", "value").rows() == [
        ("row 4", "no_figure", "Source: desk survey"),
        ("row 5", "no_figure", "* preliminary, 2026"),
    ]


# --- numbers -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "separator", "numbers", "read"),
    [
        ("t.csv", ";", ("12.345", "1.234", "987"), (None, None, 987.0)),
        ("t.csv", ";", ("12.345", "1.234", "2,5"), (12345.0, 1234.0, 2.5)),
        ("t.csv", ";", ("12,345", "1,234", "2.5"), (12345.0, 1234.0, 2.5)),
        ("t.csv", ";", ("1.234", "2.5", "3,5"), (None, 2.5, None)),
        ("t.tsv", "\t", ("10,125", "2,5", "3"), (10.125, 2.5, 3.0)),
        ("t.tsv", "\t", ("10,125", "2", "3"), (None, 2.0, 3.0)),
        ("t.csv", ";", ("1.234.567", "1,234", "3"), (1234567.0, 1.234, 3.0)),
        ("t.csv", ";", ("1'234.5", "2.25", "3"), (1234.5, 2.25, 3.0)),
        ("t.csv", "|", ("0.125", "2.250", "3"), (0.125, 2.25, 3.0)),
        ("t.csv", ",", ("12.345", "2", "3"), (12.345, 2.0, 3.0)),
    ],
)
def test_a_mark_and_three_digits_are_decided_by_the_other_numbers_or_refused(name, separator, numbers, read):
    segments = ("cathode", "electrolyte", "cell", "anode", "anode", "anode", "anode", "anode")
    months = ("2026-01", "2026-01", "2026-01", "2025-12", "2025-11", "2025-10", "2025-09", "2025-08")
    lines = [
        [segment, "", month, "level", number]
        for segment, month, number in zip(segments, months, (*numbers, "1", "2", "3", "4", "5"), strict=True)
    ]
    text = "\n".join(separator.join(line) for line in [LONG.split(","), *lines]) + "\n"
    good, refused, _ = take(text, name)
    by_segment = dict(good.filter(pl.col("segment") != "anode").select("segment", "value").rows())
    assert tuple(by_segment.get(segment) for segment in segments[:3]) == read
    assert refused["value"].to_list() == [number for number, value in zip(numbers, read, strict=True) if value is None]


def test_marks_of_statistics_are_read_or_refused_one_by_one():
    texts = ("12.3*", "2.1 (r)", "3.1p", "(5.2)", "..", "—", "n/a", "１２.３", "5", "6")
    names = ("cathode", "cell", "electrolyte", "anode")
    about = [(name, measure) for measure in ("mom_pct", "yoy_pct", "ytd_yoy_pct") for name in names]
    lines = [f"{name},,2026-01,{measure},{text}" for (name, measure), text in zip(about, texts, strict=False)]
    good, refused, _ = take("\n".join([LONG, *lines, ""]))
    assert good.select("value", "half_width", "note").rows() == [
        (2.1, 0.05, "revised"),
        (3.1, 0.05, "preliminary"),
        (12.3, 0.05, ""),
        (5.0, 0.5, ""),
        (6.0, 0.5, ""),
    ]
    assert refused.sort("row").select("row", "rule", "value").rows() == [
        ("row 2", "number", "12.3*"),
        ("row 5", "number", "(5.2)"),
        ("row 6", "not_stated", ".."),
        ("row 7", "not_stated", "—"),
        ("row 8", "not_stated", "n/a"),
    ]


def test_a_release_refused_whole_names_its_rows_and_values():
    lines = [f"{name},,2026-01,mom_pct,~{i}" for i, name in enumerate(("cathode", "cell", "electrolyte", "anode"), 1)]
    with pytest.raises(ReleaseDoubtful, match="4 of 4 rows") as caught:
        take("\n".join([LONG, *lines, ""]))
    assert caught.value.where == "t.csv · row 2, row 3, row 4, row 5"
    assert caught.value.found.startswith("row 2 number ~1 a number is written")
    assert caught.value.refused["value"].to_list() == ["~1", "~2", "~3", "~4"]


@pytest.mark.parametrize(("unit", "text"), [("t", "12.5t"), ("t", "12.5 吨"), ("MWh", "12.5 MWh")])
def test_a_level_may_carry_its_unit(unit, text):
    segment = "cell" if unit == "MWh" else "cathode"
    good, _, _ = take(f"{LONG}\n{segment},,2026-01,level,{text}\n")
    assert good.select("value", "unit").row(0) == (12.5, unit)


# --- names -------------------------------------------------------------------


def test_the_long_form_takes_the_names_of_the_wide_form():
    header = "segment,product,period,metric,measure,kind,unit,value"
    lines = ("Battery cells,,Mar-26,Output,MoM,Forecast,percent,3", "正极材料,NFPP,2026年1月,产量,占比,实际,%,61")
    good, refused, _ = take("\n".join([header, *lines, ""]))
    assert good.select("segment", "product", "period", "metric", "measure", "kind", "unit").rows() == [
        ("cell", "", "2026-03", "production", "mom_pct", "forecast", "%"),
        ("cathode", "nfpp", "2026-01", "production", "share_pct", "actual", "%"),
    ]
    assert refused.is_empty()


def test_the_wide_form_takes_the_names_of_the_long_form():
    good, _, _ = take("Segment,Metric,Measure,Unit,Jan-26\nElectrolyte,output,m/m,percent,3\n")
    assert good.select("segment", "metric", "measure", "unit").row(0) == ("electrolyte", "production", "mom_pct", "%")


# --- separators and encodings ---------------------------------------------------

TIE = "segment;2025-12;2026-01\nCathode;12,5;13,1\nCell;3,5;2,1\n"
TITLED = (
    "Sodium-ion output, by segment, percent, desk, January\nsegment;measure;2025-12;2026-01\n"
    "Cathode;mom_pct;12.5;13.1\nCell;mom_pct;3.5;2.1\n"
)
STATED = "sep=;\nsegment;measure;2025-12;2026-01\nCathode;mom_pct;12,5;13,1\nCell;mom_pct;3,5;2,1\n"
BARS = "segment|measure|2025-12|2026-01\nCathode|mom_pct|12.5|13.1\nCell|mom_pct|3.5|2.1\n"


@pytest.mark.parametrize("text", [TIE, TITLED, STATED, STATED.replace("sep=;", '"sep=;"'), BARS])
def test_the_separator_is_the_one_that_fits_most_lines(text):
    mapping = TableMapping(measure="mom_pct") if text == TIE else None
    good, refused, _ = take(text, mapping=mapping)
    assert values(good) == [12.5, 13.1, 3.5, 2.1]
    assert good["half_width"].to_list() == [0.05] * 4
    assert refused.is_empty()


def test_a_stated_separator_keeps_the_row_numbers():
    assert take(STATED)[0]["place"][0] == "row 3 column 3"


@pytest.mark.parametrize(
    ("encoding", "note"),
    [
        ("cp1252", "Größe, naïve café – “µ” 5 °C"),
        ("cp932", "正極材の生産、リチウム"),
        ("gb18030", "硬碳负极材料产量环比增长，价格（元/吨）"),
        ("gb18030", "钠电"),
        ("utf-16", "硬碳"),
    ],
)
def test_text_is_read_as_it_was_written(encoding, note):
    good, _, _ = take(f'segment,period,measure,value,note\ncathode,2026-01,mom_pct,3,"{note}"\n', encoding=encoding)
    assert good["note"].to_list() == [note]


def test_text_in_another_encoding_is_refused():
    text = "segment,period,measure,value,note\ncathode,2026-01,mom_pct,3,производство катодов\n"
    with pytest.raises(ContractBroken, match="not text in a known encoding"):
        take(text, encoding="cp1251")


def test_more_columns_than_a_table_of_figures_has():
    with pytest.raises(ContractBroken, match="larger than a table of figures"):
        take("," * 1_000_000)


# --- situations from the trackers of other readers ------------------------------


@pytest.mark.parametrize(
    ("separator", "numbers", "read"),
    [
        (";", ("1,20", "22,3", "1.234,56"), (1.2, 22.3, 1234.56)),  # pandas 59299: an error about another row
        (";", ("1.299,99", "3", "4"), (1299.99, 3.0, 4.0)),  # polars 18797: not read
        (";", ("1a.2,3", "2,5", "4,5"), (None, 2.5, 4.5)),  # pandas 38420: read as 1a2.3
        (";", ("1,2,3", "2,5", "4,5"), (None, 2.5, 4.5)),  # pandas 38420: read as 1.2.3
        (";", ("1.2,3", "2,5", "4,5"), (None, 2.5, 4.5)),  # pandas 38420, duckdb 17220: read as 12.3
        (";", ("1 ,", "2,5", "4,5"), (None, 2.5, 4.5)),  # pandas 64631: read as 1
        ("|", ("2,334.01", "5", "13"), (2334.01, 5.0, 13.0)),  # pandas 4598: a text
        (";", ("1.23.456", "2,5", "4,5"), (None, 2.5, 4.5)),
    ],
)
def test_numbers_that_other_readers_took_for_another(separator, numbers, read):
    lines = [f"anode,,2025-{month:02},level,{month}".split(",") for month in range(1, 8)]
    lines += [[s, "", "2026-01", "level", n] for s, n in zip(("cathode", "electrolyte", "cell"), numbers, strict=True)]
    good, refused, _ = take("\n".join(separator.join(line) for line in [LONG.split(","), *lines]) + "\n")
    found = dict(good.filter(period="2026-01").select("segment", "value").rows())
    assert tuple(found.get(segment) for segment in ("cathode", "electrolyte", "cell")) == read
    assert refused["value"].to_list() == [number for number, value in zip(numbers, read, strict=True) if value is None]
