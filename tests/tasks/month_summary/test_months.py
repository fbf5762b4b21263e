"""Months as text: golden files of real and made months, and that no number is in a sentence that is in no table."""

import os
import re
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from contracts.chain import load_chain
from contracts.errors import UsageError
from contracts.period import parse_month
from contracts.text_table import Look
from data_lake.lake import Lake, open_lake
from flows.cli.month import lay_out
from tasks.month_summary.opening import open_months
from tasks.month_summary.reading import MonthReading, list_rows, newest_chain, read_month
from tasks.month_summary.writing import write_month
from tasks.reconciling.language import load_language
from tests.builders import day, head, record
from tests.tasks.interrupted import take_in_all

GOLDEN = Path(__file__).parent / "golden"
EXAMPLES = Path(__file__).parents[3] / "examples" / "figures" / "smm"
REAL = [
    *(("sodium_ion", month, "2026-03-01") for month in ("2024-09", "2025-07", "2025-08", "2025-11", "2026-01")),
    ("sodium_ion", "2026-01", "2025-09-10"),
    *(("lithium_ion", month, "2026-03-01") for month in ("2023-12", "2024-07", "2025-02", "2025-09", "2025-11")),
    ("lithium_ion", "2025-09", "2025-10-05"),
]


@pytest.fixture(scope="module")
def real(tmp_path_factory) -> Lake:
    """The real figures."""
    folder = tmp_path_factory.mktemp("months") / "lake"
    take_in_all(str(folder), [str(path) for path in sorted(EXAMPLES.rglob("*.csv"))])
    return open_lake(folder)


@pytest.fixture
def made(lake) -> Lake:
    """Three reviews of cathode and cells: cathode grows by 10 % and cells by 10, 2 and 2 %; the last one is far off."""
    for number, (cells, yoy) in enumerate(((10.0, 30.0), (2.0, 40.0), (2.0, 51.0)), 4):
        period = f"2025-{number:02}"
        rows = [
            {"period": period, "value": 10.0},
            {"period": period, "value": cells, "segment": "cell"},
            {"period": period, "value": yoy, "measure": "yoy_pct"},
            {"period": f"2025-{number + 1:02}", "value": -5.0, "kind": "forecast"},
        ]
        release = head(review_month=period, published_at=day(f"2025-{number + 1:02}-05"), document=f"{number}" * 64)
        record(lake, release, *rows)
    return lake


def read(lake: Lake, chain: str, month: str, as_of: str) -> MonthReading:
    return read_month(
        lake, load_chain(chain), parse_month(month), as_of=datetime.fromisoformat(as_of).replace(tzinfo=UTC)
    )


def check_golden(name: str, reading: MonthReading, language: str) -> None:
    text = "\n".join(lay_out(write_month(reading, load_language(language)), Look(100))) + "\n"
    path = GOLDEN / f"{name}_{language}.txt"
    if os.environ.get("TRONA_WRITE_GOLDEN"):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


@pytest.mark.parametrize(("chain", "month", "as_of"), REAL)
def test_real_months_read_as_they_should(real, chain, month, as_of):
    reading = read(real, chain, month, as_of)
    for language in ("en", "zh"):
        check_golden(f"{chain}_{month}_{as_of}", reading, language)
        check_numbers(reading, language)


@pytest.mark.parametrize("month", ["2025-04", "2025-06"])
def test_made_months_read_as_they_should(made, month):
    reading = read(made, "sodium_ion", month, "2026-03-01")
    for language in ("en", "zh"):
        check_golden(f"made_{month}", reading, language)
        check_numbers(reading, language)


def check_numbers(reading: MonthReading, language: str) -> None:
    """Every number of the text stands in a table of the reading, or is a date."""
    text = write_month(reading, load_language(language))
    said = [text.title, text.known, *text.chain, *(cell for row in text.segments for cell in row)]
    said += [line for lines in text.lists.values() for line in lines]
    numbers = {
        float(found.replace(",", ""))
        for found in re.findall(r"\d[\d,]*(?:\.\d+)?", re.sub(r"(?<=\D), ", "; ", " ".join(said)))
    }
    assert numbers - list_numbers(reading) == set(), said


def list_numbers(reading: MonthReading) -> set[float]:
    tables = (
        *(reading.segments, reading.gaps, reading.next_gaps, reading.net_gaps, reading.stock_gaps),
        *(reading.persistence, reading.leads, reading.shares, reading.concentration),
    )
    columns = [table[name] for table in tables for name in table.columns if table.schema[name].is_numeric()]
    known = {abs(round(value, digits)) for column in columns for value in column.drop_nulls() for digits in (0, 1, 2)}
    known |= {
        abs(round(row[name], 2))
        for row in reading.stated.values()
        for name in ("value", "lower", "upper")
        if row[name] is not None
    }
    known |= {
        abs(round(end, 1))
        for one in reading.findings
        for part in one.parts.values()
        if part.kind == "interval"
        for end in part.value
    }
    known |= {round(one.size_pct, digits) for one in reading.findings if one.size_pct for digits in (0, 1, 2)}
    known |= (
        {round(100 * weight) for weight in reading.holiday["weight"]}
        | set(reading.doubts.values())
        | {len(reading.findings)}
    )
    known |= {len([one for one in reading.findings if one.severity != "info"])}
    return known | set(range(1, 32)) | set(range(2022, 2027))  # days, months, years, the window of the new year


def test_february_undoes_january(real):
    reading = read(real, "sodium_ion", "2026-01", "2026-03-01")
    gap = {row["upstream"]: row for row in reading.gaps.to_dicts()}["cathode"]
    # 1.02/.59 = 1.72881; 1.015/.595 = 1.70588; 1.025/.585 = 1.75214
    assert [gap[f"{name}_pct"] for name in ("value", "lower", "upper")] == pytest.approx(
        [72.881, 70.588, 75.214], abs=0.001
    )
    later = {row["upstream"]: row for row in reading.next_gaps.to_dicts()}["cathode"]
    # .30/.60 = .5; .295/.605 = .48760; .305/.595 = .51261
    assert [later[f"{name}_pct"] for name in ("value", "lower", "upper")] == pytest.approx(
        [-50.0, -51.240, -48.739], abs=0.001
    )
    net = {row["upstream"]: row for row in reading.net_gaps.to_dicts()}["cathode"]
    # 1.72881·.5 = .86441; 1.70588·.48760 = .83179; 1.75214·.51261 = .89816
    assert [net[f"{name}_pct"] for name in ("value", "lower", "upper")] == pytest.approx(
        [-13.559, -16.821, -10.184], abs=0.001
    )
    said = write_month(reading, load_language("en")).chain
    assert (
        "The forecasts for February 2026 undo it: cathode materials −50.0 % [−51.2, −48.7] in that month"
        in " ".join(said)
    )


def test_a_gap_that_holds_is_counted(made):
    reading = read(made, "sodium_ion", "2025-06", "2026-03-01")
    row = reading.persistence.row(0, named=True)
    # April is level, May and June are ahead: two of three
    assert (row["same_sign"], row["n_months"], row["spread"], row["spread_from"]) == (2, 3, 20.0, "definition")


def test_gaps_add_up_over_three_months(made):
    reading = read(made, "sodium_ion", "2025-06", "2026-03-01")
    row = reading.stock_gaps.row(0, named=True)
    # 1.1³/(1.1·1.02²) = 1.16301; 1.095³/(1.105·1.025²) = 1.13092; 1.105³/(1.095·1.015²) = 1.19602
    assert [row[f"{name}_pct"] for name in ("value", "lower", "upper")] == pytest.approx(
        [16.301, 13.092, 19.603], abs=0.001
    )
    assert reading.stock_gaps["from_month"].to_list() == [parse_month("2025-03")]  # six months are not known


def test_a_gap_that_turns_round_is_said(lake):
    rows = [{"period": f"2025-{n:02}", "value": value} for n, value in ((5, 20.0), (6, -10.0))]
    rows += [{"period": f"2025-{n:02}", "value": 0.0, "segment": "cell"} for n in (5, 6)]
    record(lake, head(review_month="2025-06", published_at=day("2025-07-05")), *rows)
    reading = read(lake, "sodium_ion", "2025-06", "2026-03-01")
    # 1.20/1.00 = 1.2; 1.195/1.005 = 1.18905; 1.205/.995 = 1.21106
    assert (
        "That turns round the gap of May 2025: +20.0 % [+18.9, +21.1]."
        in write_month(reading, load_language("en")).chain
    )
    check_numbers(reading, "zh")


def test_the_spread_of_a_link_is_measured_once_it_can_be(lake):
    rows = []
    for number in range(1, 11):
        rows += [{"period": f"2025-{number:02}", "value": 10.0 if number % 2 else 0.0}]
        rows += [{"period": f"2025-{number:02}", "value": 0.0, "segment": "cell"}]
    record(lake, head(review_month="2025-10", published_at=day("2025-11-05")), *rows)
    row = read(lake, "sodium_ion", "2025-10", "2026-03-01").persistence.row(0, named=True)
    # nine months before: ln 1.1 five times, 0 four times; sd = ln 1.1·sqrt((5·(4/9)² + 4·(5/9)²)/8) = .0953102·.527046
    assert (row["spread_from"], row["n_spread"]) == ("measured", 9)
    assert row["spread"] == pytest.approx(100 * (2.718281828 ** (0.0953102 * 0.527046) - 1), abs=1e-4)


def test_without_a_month_or_chain_the_newest_is_read(real, made):
    assert newest_chain(real) == "sodium_ion"
    assert read_month(
        made, load_chain("sodium_ion"), None, as_of=datetime(2026, 3, 1, tzinfo=UTC)
    ).month == parse_month("2025-06")


def test_what_nobody_knows_yet_is_said(real):
    with pytest.raises(UsageError, match="nothing is known of chain lithium_ion"):
        read(real, "lithium_ion", "2025-09", "2020-01-01")
    said = write_month(read(real, "sodium_ion", "2025-12", "2026-03-01"), load_language("en"))
    assert said.chain == ["smm has published nothing about December 2025."] or said.chain


def test_gaps_are_never_taken_from_forecasts_of_the_month(real):
    reading = read(real, "sodium_ion", "2025-12", "2026-01-01")
    assert reading.gaps.is_empty()
    assert isinstance(reading.segments, pl.DataFrame)


@pytest.mark.parametrize(("name", "column"), [("gaps", "from_month"), ("spreads", "spread"), ("leads", "lead_months")])
def test_each_table_of_a_month_can_be_had(made, name, column):
    reading = read(made, "sodium_ion", "2025-06", "2026-03-01")
    assert column in list_rows(reading, name).columns
    spans = list_rows(reading, "gaps").select("from_month", "to_month").unique()
    assert spans.height == list_rows(reading, "gaps").height == 2  # one link, June alone and since March


@pytest.mark.parametrize(("chain", "month", "as_of"), [REAL[2], REAL[4], REAL[-1]])
def test_a_message_opens_with_the_sentences_of_the_screen(real, chain, month, as_of):
    reading = read(real, chain, month, as_of)
    group = {"source": "smm", "chain": chain, "month": parse_month(month)}
    opening = open_months(real, {chain: load_chain(chain)})(group, reading.as_of, "en")
    assert list(opening) == list(write_month(reading, load_language("en")).chain)
