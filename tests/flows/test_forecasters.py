"""A team's own forecasts beside an agency's: declared in the settings, or for one question."""

import json

import pytest

from data_lake.lake import open_lake
from tasks.alerts.expected_releases import find_expected_releases
from tasks.comparing.refresh import load_chains
from tests.builders import day
from tests.flows.command import Command

HEAD = "source,chain,review_month,published,segment,product,metric,measure,period,kind,value\n"
ROWS = {
    "smm-1": "smm,sodium_ion,2025-04,2025-05-05,cathode,,production,mom_pct,2025-05,forecast,12\n",
    "house": "house,sodium_ion,2025-04,2025-05-07,cathode,,production,mom_pct,2025-05,forecast,9\n",
    "smm-2": "smm,sodium_ion,2025-05,2025-06-05,cathode,,production,mom_pct,2025-05,actual,8\n",
}


@pytest.fixture
def loaded(capfdbinary, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    trona = Command(capfdbinary, monkeypatch, tmp_path / "lake")
    for name, rows in ROWS.items():
        (tmp_path / f"{name}.csv").write_text(HEAD + rows, encoding="utf-8")
        trona("ingest", tmp_path / f"{name}.csv")
    return trona


def read(trona, *words):
    return json.loads(trona(*words, "--json").out)


def test_without_a_word_a_house_waits_for_its_own_actuals(loaded):
    assert [r["status"] for r in read(loaded, "scores", "--source", "house")] == ["pending"]


@pytest.mark.parametrize("by", ["option", "setting"])
def test_a_forecaster_is_marked_by_the_agency(loaded, monkeypatch, by):
    option = ("--actuals", "smm") if by == "option" else ()
    if by == "setting":
        monkeypatch.setenv("TRONA_FORECASTERS", "house=smm")
    (row,) = read(loaded, "scores", "--source", "house", *option)
    assert (row["status"], row["surprise_pp"]) == ("scored", -1)
    record = {r["source"]: r["mae"] for r in read(loaded, "record", *option)}
    assert record == {"house": 1, "smm": 4}
    pairs = {(r["forecaster"], r["other"]): r for r in read(loaded, "record", "--show", "comparison", *option)}
    assert (pairs["house", "smm"]["n"], pairs["house", "smm"]["mae_ratio"]) == (1, 0.25)


def test_no_review_is_expected_of_a_forecaster(loaded, monkeypatch):
    lake = open_lake(str(loaded.lake))
    expected = [one.source for one in find_expected_releases(lake, load_chains(lake), day("2025-06-20"))]
    assert expected == ["house", "smm"]
    monkeypatch.setenv("TRONA_FORECASTERS", "house=smm")
    assert [one.source for one in find_expected_releases(lake, load_chains(lake), day("2025-06-20"))] == ["smm"]


def test_a_source_or_setting_that_is_none_is_told(loaded, monkeypatch):
    assert "no source 'sm' in this lake" in loaded("scores", "--actuals", "sm", code=None).err
    monkeypatch.setenv("TRONA_FORECASTERS", "house")
    assert "not a list of pairs" in loaded("scores", code=None).err
