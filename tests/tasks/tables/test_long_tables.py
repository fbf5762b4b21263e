"""The long form: what is read, what is filled in, what is refused and how it is said."""

from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from contracts.errors import ContractBroken, Exit, UsageError
from contracts.figures import READ_FIGURES
from tasks.tables import is_table
from tests.tasks.tables.documents import GOOD_LINES, HEADER, broken, csv, line, read, take

GOLDEN = Path(__file__).parent / "golden" / "wrong_columns.txt"


def test_a_row_as_it_is_read():
    text = "smm,sodium_ion,2026-01,2026-02-05,cathode,nfpp,production,2026-01,actual,share_pct,48.67,,,%,exact"
    (reading,) = read(csv(text))
    assert reading.head.published_at == datetime(2026, 2, 4, 16, tzinfo=UTC)  # start of 5 February in Shanghai
    assert (reading.head.source, reading.head.chain, reading.head.review_month) == ("smm", "sodium_ion", "2026-01")
    assert not reading.head.is_published_assumed
    assert reading.figures.schema == READ_FIGURES.schema
    assert reading.figures.row(0, named=True) == {
        "segment": "cathode",
        "product": "nfpp",
        "metric": "production",
        "measure": "share_pct",
        "period": "2026-01",
        "kind": "actual",
        "value": 48.67,
        "lower": None,
        "upper": None,
        "unit": "%",
        "qualifier": "exact",
        "half_width": 0.005,
        "place": "row 2",
        "evidence": "cathode | nfpp | production | 2026-01 | actual | share_pct | 48.67 | % | exact",
        "span_start": None,
        "span_end": None,
        "rule": "long_table",
        "note": "",
        "source_url": "",
    }


def test_only_segment_period_measure_and_value_are_needed():
    document = csv(
        "cathode,2026-01,mom_pct,2",
        "cathode,2026-02,mom_pct,-70",
        "cathode,2026-01,level,1000",
        "cathode,2026-01,share_mom_pp,10",
        "cathode,2026-01,direction,up",
        "cathode,2026-H1,yoy_pct,5",
        header="segment,period,measure,value",
    )
    (reading,) = read(document, source="smm", chain="sodium_ion", review_month="2026-01")
    assert reading.figures.select("metric", "kind", "unit", "qualifier", "value").rows() == [
        ("production", "actual", "%", "exact", 2.0),
        ("production", "forecast", "%", "exact", -70.0),
        ("production", "actual", "t", "exact", 1000.0),
        ("production", "actual", "pp", "exact", 10.0),
        ("production", "actual", "sign", "exact", 1.0),
        ("production", "forecast", "%", "exact", 5.0),
    ]
    assert reading.figures["half_width"].to_list() == [0.5, 0.5, 0.5, 0.5, 0.0, 0.5]


def test_qualifier_follows_from_what_is_filled():
    header = "segment,period,measure,value,lower,upper"
    lines = ("cathode,2026-01,mom_pct,2,,", "cell,2026-01,mom_pct,,1,2.5", "cell,2026-01,yoy_pct,,25,")
    (reading,) = read(csv(*lines, header=header), source="smm", chain="sodium_ion", review_month="2026-01")
    assert reading.figures["qualifier"].to_list() == ["exact", "range", "bound"]
    assert reading.figures["half_width"].to_list() == [0.5, 0.5, 0.5]


@pytest.mark.parametrize(
    ("review_month", "expected"),
    [
        ("2026-01", datetime(2026, 2, 4, 16, tzinfo=UTC)),
        ("2025-12", datetime(2026, 1, 4, 16, tzinfo=UTC)),
        ("2025-H1", datetime(2025, 7, 4, 16, tzinfo=UTC)),
        ("2025-Q3", datetime(2025, 10, 4, 16, tzinfo=UTC)),
        ("2025", datetime(2026, 1, 4, 16, tzinfo=UTC)),
    ],
)
def test_blank_publication_is_the_usual_day_and_marked(review_month, expected):
    row = f"smm,sodium_ion,{review_month},,cathode,,production,2025-06,actual,mom_pct,2,,,%,exact"
    head = read(csv(row))[0].head
    assert head.published_at == expected
    assert head.is_published_assumed


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-02-05", datetime(2026, 2, 4, 16, tzinfo=UTC)),
        ("2026/2/5", datetime(2026, 2, 4, 16, tzinfo=UTC)),
        ("2026年2月5日", datetime(2026, 2, 4, 16, tzinfo=UTC)),
        ("2026-02-05 09:30", datetime(2026, 2, 5, 1, 30, tzinfo=UTC)),
        ("2026-02-05T09:30:00+01:00", datetime(2026, 2, 5, 8, 30, tzinfo=UTC)),
        ("2026-02-05T09:30:00Z", datetime(2026, 2, 5, 9, 30, tzinfo=UTC)),
    ],
)
def test_publication_dates_and_instants(text, expected):
    row = f"smm,sodium_ion,2026-01,{text},cathode,,production,2026-01,actual,mom_pct,2,,,%,exact"
    assert read(csv(row))[0].head.published_at == expected


def test_one_reading_per_release_in_the_order_of_the_file():
    rows = [
        "smm,sodium_ion,2025-09,2025-10-10,cathode,,production,2025-09,actual,mom_pct,13.55,,,%,exact",
        "smm,sodium_ion,2025-09,2025-09-30,cathode,,production,2025-09,actual,mom_pct,2.61,,,%,exact",
        "other,sodium_ion,2025-09,2025-09-30,cathode,,production,2025-09,actual,mom_pct,3,,,%,exact",
        "smm,sodium_ion,2025-09,2025/10/10,cathode,,production,2025-09,actual,yoy_pct,23.44,,,%,exact",
    ]
    readings = read(csv(*rows))
    assert [(r.head.source, r.head.published_at.day, r.figures["value"].to_list()) for r in readings] == [
        ("smm", 9, [13.55, 23.44]),
        ("smm", 29, [2.61]),
        ("other", 29, [3.0]),
    ]
    assert len({r.head.release_id for r in readings}) == 3


def test_review_month_follows_from_the_actuals_where_nothing_states_it():
    header = "segment,period,kind,measure,value"
    lines = ("cell,2025-12,actual,mom_pct,1", "cell,2026-01,actual,mom_pct,2", "cell,2026-02,forecast,mom_pct,3")
    assert read(csv(*lines, header=header), source="smm", chain="sodium_ion")[0].head.review_month == "2026-01"


def test_periods_as_people_write_them():
    lines = [
        line(i, period=p) for i, p in enumerate(("2026/1", "2025年12月", "2025-11-01", "2025q3", "2025-h1", "2025"))
    ]
    assert read(csv(*lines))[0].figures["period"].to_list() == [
        "2026-01",
        "2025-12",
        "2025-11",
        "2025-Q3",
        "2025-H1",
        "2025",
    ]


def test_caller_says_what_the_file_does_not():
    header = "segment,period,measure,value"
    at = datetime(2026, 2, 6, 1, tzinfo=UTC)
    (reading,) = read(
        csv("cell,2026-01,mom_pct,-41", header=header),
        source="smm",
        chain="sodium_ion",
        review_month="2026-01",
        published=at,
    )
    assert (reading.head.published_at, reading.head.is_published_assumed) == (at, False)


@pytest.mark.parametrize(
    ("options", "column", "message"),
    [
        ({"source": "other"}, "source", "the file and the command (other) differ"),
        ({"review_month": "2025-12"}, "review_month", "the file and the command (2025-12) differ"),
        ({"published": datetime(2026, 2, 6, tzinfo=UTC)}, "published", "(2026-02-06 08:00 Asia/Shanghai) differ"),
    ],
)
def test_caller_and_file_that_differ_are_refused(options, column, message):
    with pytest.raises(ContractBroken, match="no row of the file belongs to a release") as caught:
        read(csv(line(2)), **options)
    assert f"row 2 {column}" in caught.value.found
    assert message in caught.value.found


def test_the_usual_source_is_for_files_that_do_not_say_theirs():
    (says,) = read(csv(line(2)), usual_source="usual")
    assert says.head.source == "smm"
    (silent,) = read(csv(line(2).replace("smm,", ",", 1)), usual_source="usual")
    assert silent.head.source == "usual"


@pytest.mark.parametrize(
    ("missing", "message"),
    [
        ("source", "does not state its source"),
        ("chain", "does not state its chain"),
        ("review_month", "does not state its review month"),
    ],
)
def test_what_nobody_says_is_asked_for(missing, message):
    said = {"source": "smm", "chain": "sodium_ion", "review_month": "2026-01"}
    del said[missing]
    with pytest.raises(UsageError, match=message) as caught:
        read(csv("cell,2026-01,mom_pct,-41", header="segment,period,measure,value"), **said)
    assert caught.value.exit_code == Exit.USAGE


# --- bad input ---------------------------------------------------------------


@pytest.mark.parametrize("content", [b"", b"   \n\n", b"\xef\xbb\xbf"])
def test_empty_file(content):
    document = csv()
    with pytest.raises(ContractBroken, match="the file is empty") as caught:
        read(type(document)("empty.csv", content))
    assert caught.value.exit_code == Exit.CONTRACT
    assert caught.value.where == "empty.csv"


def test_header_only():
    with pytest.raises(ContractBroken, match="the table has no rows"):
        read(csv())


def test_wrong_columns_with_the_nearest_names():
    with pytest.raises(ContractBroken) as caught:
        read(csv("cathode,2026-01,mom_pct,2", header="segmnt,period,mesure,valeu"))
    assert str(caught.value) == GOLDEN.read_text(encoding="utf-8").rstrip("\n")


def test_misspelt_optional_column_is_not_passed_over():
    with pytest.raises(ContractBroken, match="columns are not those") as caught:
        read(csv("cathode,2026-01,mom_pct,2,kt", header="segment,period,measure,value,units"))
    assert "column units, did you mean unit?" in caught.value.found


def test_other_columns_are_let_be():
    header = "segment,period,measure,value,analyst"
    (reading,) = read(
        csv("cell,2026-01,mom_pct,2,Li", header=header), source="smm", chain="sodium_ion", review_month="2026-01"
    )
    assert reading.figures.height == 1


def test_column_that_stands_twice():
    with pytest.raises(ContractBroken, match="columns are not those") as caught:
        read(csv("cathode,2026-01,mom_pct,2,3", header="segment,period,measure,value,Value"))
    assert "column value stands twice" in caught.value.found


def test_text_in_a_number_refuses_that_row():
    good, refused = take(csv(*GOOD_LINES, line("strong"), line("12.5万", segment="cell")))
    assert good.height == len(GOOD_LINES)
    assert refused.select("row", "rule", "column", "value").rows() == [
        ("row 17", "number", "value", "strong"),
        ("row 18", "number", "value", "12.5万"),
    ]
    assert "without 万" in refused["message"][1]


@pytest.mark.parametrize(
    ("value", "measure"), [("2 %", "share_mom_pp"), ("2 pp", "mom_pct"), ("6%", "level"), ("2 pp", "level")]
)
def test_sign_of_another_unit_is_refused(value, measure):
    _, refused = take(csv(*GOOD_LINES, line(value, measure=measure)))
    assert broken(refused, "number") == ["row 17"]


@pytest.mark.parametrize(
    ("bad", "rule"),
    [
        (line(910, product="nfpp", measure="share_pct"), "share_within_0_and_100"),
        (line(-140), "growth_from_minus_100"),
        (line("NaN"), "finite"),
        (line("inf"), "finite"),
        (line("-inf"), "finite"),
        (line(2, period="2026-13"), "period_form"),
        (line(2, segment="cathod"), "known_segment"),
        (line(0.06), "percent_not_fraction"),
        (line(""), "value_or_bounds"),
        (line(2, period="2026-03"), "actual_has_begun"),
    ],
)
def test_bad_row_is_refused_and_the_others_go_on(bad, rule):
    good, refused = take(csv(*GOOD_LINES, bad))
    assert good.height == len(GOOD_LINES)
    assert refused.select("row", "rule").rows() == [("row 17", rule)]


def test_fractions_where_percents_are_meant():
    lines = [line(v, segment=s) for s, v in (("cathode", 0.02), ("electrolyte", -0.05), ("cell", -0.41))]
    with pytest.raises(ContractBroken, match=r"look like fractions: 0\.06 where 6 is meant"):
        take(csv(*GOOD_LINES, *lines))


def test_same_row_twice_is_one_and_said():
    good, refused = take(csv(*GOOD_LINES, line(2), line(2)))
    assert good.height == len(GOOD_LINES) + 1
    assert refused.select("row", "rule", "message").rows() == [
        ("row 18", "stated_once", "the same as row 17, which is kept")
    ]


def test_two_values_for_one_key_are_both_refused():
    good, refused = take(csv(*GOOD_LINES, line(2), line(3)))
    assert good.height == len(GOOD_LINES)
    assert broken(refused, "one_value_per_key") == ["row 17", "row 18"]


LITHIUM = "smm,lithium_ion,2026-01,2026-02-05,lfp,,production,2026-01,actual,mom_pct,4,,,%,exact"


def test_two_chains_in_one_file_are_refused_whole():
    with pytest.raises(ContractBroken) as caught:
        read(csv(line(2), LITHIUM))
    assert str(caught.value).splitlines() == [
        "the file holds 2 chains; one file holds one",
        "  where   january.csv",
        "  found   sodium_ion, lithium_ion",
        "  effect  no rows were loaded",
        "  next    split it by chain, or ingest one of them with --chain",
    ]


def test_named_chain_is_taken_and_the_other_refused():
    good, refused = take(csv(*GOOD_LINES, LITHIUM), chain="sodium_ion")
    assert good.height == len(GOOD_LINES)
    assert refused.select("row", "rule", "value", "segment").rows() == [("row 17", "chain", "lithium_ion", "lfp")]


def test_unknown_chain_with_the_nearest_names():
    with pytest.raises(ContractBroken, match="unknown chain 'sodium_ions'") as caught:
        read(csv(line(2).replace("sodium_ion", "sodium_ions")))
    assert caught.value.next == "did you mean sodium_ion?"


def test_malformed_release_is_refused_with_its_rows():
    bad = [line(2).replace("2026-01,2026-02-05", f"{m},{p}") for m, p in (("2026-13", ""), ("2026-01", "soon"))]
    good, refused = take(csv(*GOOD_LINES, *bad))
    assert good.height == len(GOOD_LINES)
    assert refused.select("row", "rule", "value").rows() == [
        ("row 17", "review_month", "2026-13"),
        ("row 18", "published", "soon"),
    ]
    assert "write 2026-02-05 or 2026-02-05T09:30+08:00" in refused["message"][1]


def test_more_releases_than_one_file_can_hold():
    lines = [line(2).replace("2026-02-05", f"2026-02-05T09:{i // 60 % 60:02}:{i % 60:02}.{i:06}Z") for i in range(5001)]
    with pytest.raises(ContractBroken, match="the rows name 5,001 releases"):
        read(csv(*lines))


def test_mixed_line_ends_and_byte_order_mark():
    text = (
        "\r\n".join([HEADER, *GOOD_LINES[:5]]) + "\n" + "\n".join(GOOD_LINES[5:10]) + "\r" + "\r".join(GOOD_LINES[10:])
    )
    document = csv()
    mixed = type(document)("mixed.csv", b"\xef\xbb\xbf" + text.encode())
    figures = read(mixed)[0].figures
    assert figures.drop("place").equals(read(csv(*GOOD_LINES))[0].figures.drop("place"))
    assert figures["place"].to_list() == [f"row {i}" for i in range(2, 17)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "gb18030"])
def test_encodings(encoding):
    document = csv("cathode,2026-01,mom_pct,2,硬碳", header="segment,period,measure,value,note", encoding=encoding)
    (reading,) = read(document, source="smm", chain="sodium_ion", review_month="2026-01")
    assert reading.figures["note"].to_list() == ["硬碳"]


def test_bytes_in_no_known_encoding():
    document = csv()
    with pytest.raises(ContractBroken, match="not text in a known encoding") as caught:
        read(type(document)("x.csv", b"segment,period,measure,value\n\xff\xff\xff\x81,1,1,1"))
    assert "at 29" in caught.value.found


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_separators(separator):
    lines = (text.replace(",", separator) for text in (HEADER, *GOOD_LINES))
    assert read(csv(*lines, header=""))[0].figures.height == len(GOOD_LINES)


def test_comma_among_semicolons_is_refused_not_guessed():
    lines = [text.replace(",", ";") for text in (HEADER, *GOOD_LINES)]
    bad = line("X", measure="level").replace(",", ";").replace("X", "1,234")
    _, refused = take(csv(*lines, bad, header=""))
    assert refused["message"].to_list() == [
        "1,234 or 1.234 may mean 1234 or 1.234 here, where no other number tells: write 1234 or 1.2340"
    ]


def test_blank_lines_and_quoted_cells_keep_the_row_numbers():
    header = "segment,period,measure,value,note"
    document = csv(
        '"cathode",2026-01,mom_pct,"1,234","a ""b"", c"', "", ",,,,", "cell,2026-01,mom_pct,2,", header=header
    )
    figures = read(document, source="smm", chain="sodium_ion", review_month="2026-01")[0].figures
    assert figures.select("place", "value", "note").rows() == [("row 2", 1234.0, 'a "b", c'), ("row 5", 2.0, "")]


def test_title_above_the_header():
    assert read(csv(HEADER, line(2), header=""))[0].figures["place"].to_list() == ["row 3"]


def test_row_with_too_many_cells():
    with pytest.raises(ContractBroken, match="cannot be read as a table") as caught:
        read(csv(*[line(2)] * 300, line(2) + ",more"))
    assert caught.value.found == "row 302 has 16 cells where the table has 15"


def test_open_quote():
    with pytest.raises(ContractBroken, match="cannot be read as a table"):
        read(csv(line('"2'), line(3)))


# --- Parquet -----------------------------------------------------------------


def parquet(tmp_path, frame):
    path = tmp_path / "january.parquet"
    frame.write_parquet(path)
    return path.read_bytes()


FRAME = pl.DataFrame(
    {
        "segment": ["cathode", "cell", "electrolyte"],
        "period": ["2026-01"] * 3,
        "measure": ["share_pct", "mom_pct", "level"],
        "product": ["nfpp", None, None],
        "value": [48.67, 6.0, 114000.0],
        "published": [datetime(2026, 2, 5, tzinfo=UTC)] * 3,
    }
)
SAID = {"source": "smm", "chain": "sodium_ion", "review_month": "2026-01"}


def test_parquet_numbers_have_the_digits_of_their_shortest_form(tmp_path):
    document = csv()
    (reading,) = read(type(document)("january.parquet", parquet(tmp_path, FRAME)), **SAID)
    assert reading.figures.select("place", "value", "half_width").rows() == [
        ("row 1", 48.67, 0.005),
        ("row 2", 6.0, 0.5),
        ("row 3", 114000.0, 0.5),
    ]
    assert reading.head.published_at == datetime(2026, 2, 5, tzinfo=UTC)


@pytest.mark.parametrize("keep", [5, 400, -1])
def test_truncated_parquet(tmp_path, keep):
    document = csv()
    with pytest.raises(ContractBroken, match="damaged or truncated") as caught:
        read(type(document)("january.parquet", parquet(tmp_path, FRAME)[:keep]), **SAID)
    assert caught.value.exit_code == Exit.CONTRACT


def test_damaged_parquet(tmp_path):
    content = bytearray(parquet(tmp_path, FRAME))
    content[-20:-8] = b"\x00" * 12
    document = csv()
    with pytest.raises(ContractBroken, match="damaged or truncated"):
        read(type(document)("january.parquet", bytes(content)), **SAID)


def test_parquet_nan_reaches_the_contract(tmp_path):
    frame = FRAME.with_columns(value=pl.Series([float("nan"), 6.0, 114000.0]))
    document = csv()
    good, refused = take(type(document)("january.parquet", parquet(tmp_path, frame)), **SAID)
    assert good.height == 2
    assert refused["rule"].to_list() == ["finite"]


def test_parquet_with_nested_columns(tmp_path):
    document = csv()
    with pytest.raises(ContractBroken, match="plain columns") as caught:
        read(type(document)("n.parquet", parquet(tmp_path, FRAME.with_columns(x=pl.concat_list("value")))), **SAID)
    assert caught.value.found == "x is List(Float64)"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.csv", True),
        ("A.XLSX", True),
        ("a.parquet", True),
        ("a.tsv", True),
        ("a.txt", False),
        ("a.mapping.toml", False),
    ],
)
def test_tables_by_name(name, expected):
    assert is_table(name) is expected
