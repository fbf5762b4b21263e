"""A date that a person types or reads is a day of the chain's time zone; instants in data stay UTC."""

import json
from datetime import UTC, datetime

import pytest

from contracts.errors import UsageError
from flows.cli.options import parse_instant, parse_published
from tests.flows.command import Command

SHANGHAI, BRUSSELS = "Asia/Shanghai", "Europe/Brussels"
NOW = datetime(2026, 2, 5, 22, 30, tzinfo=UTC)  # 06:30 of 6 February in Shanghai


@pytest.mark.parametrize(
    ("text", "zone", "instant"),
    [
        ("2026-02-04", SHANGHAI, datetime(2026, 2, 4, 15, 59, 59, 999999, tzinfo=UTC)),
        ("2026-02-04", BRUSSELS, datetime(2026, 2, 4, 22, 59, 59, 999999, tzinfo=UTC)),
        ("2025-07-04", BRUSSELS, datetime(2025, 7, 4, 21, 59, 59, 999999, tzinfo=UTC)),
        ("2026-02-04T09:00", SHANGHAI, datetime(2026, 2, 4, 1, tzinfo=UTC)),
        ("2026-02-04T09:00Z", SHANGHAI, datetime(2026, 2, 4, 9, tzinfo=UTC)),
        # the morning of the 6th in China is no future there
        ("2026-02-06", SHANGHAI, datetime(2026, 2, 6, 15, 59, 59, 999999, tzinfo=UTC)),
    ],
)
def test_a_day_is_one_of_the_zone(text, zone, instant):
    assert parse_instant(text, now=NOW, zone=zone) == instant


@pytest.mark.parametrize(("text", "zone"), [("2026-02-07", SHANGHAI), ("2026-02-06", BRUSSELS)])
def test_the_future_is_that_of_the_zone(text, zone):
    with pytest.raises(UsageError, match="lies in the future"):
        parse_instant(text, now=NOW, zone=zone)


def test_a_publication_keeps_no_zone_where_it_states_none():
    assert parse_published("2026-02-05").tzinfo is None
    assert parse_published("2026-02-05T09:00:00+08:00").astimezone(UTC) == datetime(2026, 2, 5, 1, tzinfo=UTC)


@pytest.fixture
def trona(capfdbinary, monkeypatch, tmp_path):
    monkeypatch.setenv("TRONA_CONFIG", str(tmp_path))
    return Command(capfdbinary, monkeypatch, tmp_path / "lake")


STEEL = """title = "Crude steel"
[names]
en = ["steel"]
[calendar]
time_zone = "Europe/Brussels"
publication_day = 23
grace_business_days = 3
[[segment]]
name = "crude_steel"
title = "Crude steel"
units = { production = "t" }
names = { en = ["crude steel"] }
"""
LINE = "segment,product,metric,measure,period,kind,value\n{},,production,mom_pct,2026-01,actual,2\n"


@pytest.fixture
def loaded(trona, tmp_path, monkeypatch):
    """A review of sodium in Shanghai and one of steel in Brussels, both published on 5 February."""
    chains = tmp_path / "chains"
    chains.mkdir()
    (chains / "steel.toml").write_text(STEEL, encoding="utf-8")
    monkeypatch.setenv("TRONA_CHAINS", str(chains))
    for chain, segment in (("sodium_ion", "cathode"), ("steel", "crude_steel")):
        path = tmp_path / f"{chain}.csv"
        path.write_text(LINE.format(segment), encoding="utf-8")
        trona("ingest", path, "--source", "smm", "--chain", chain, "--month", "2026-01", "--published", "2026-02-05")
    return trona


def test_published_is_a_day_of_the_documents_chain(loaded):
    rows = json.loads(loaded("releases", "--json").out)
    at = {row["chain"]: row["published_at"] for row in rows}
    assert at == {"sodium_ion": "2026-02-04T16:00:00Z", "steel": "2026-02-04T23:00:00Z"}
    for chain in at:
        assert "2026-02-05" in loaded("releases", "--chain", chain).out


def test_explain_and_extract_show_the_clock_of_the_chain(loaded, tmp_path):
    (figure,) = json.loads(loaded("figures", "--chain", "steel", "--json").out)
    assert figure["published_at"] == "2026-02-04T23:00:00Z"
    assert "published   2026-02-05 00:00 Europe/Brussels" in loaded("explain", figure["figure_id"]).out
    options = ("--source", "smm", "--chain", "steel", "--month", "2026-01", "--published", "2026-02-05")
    said = loaded("extract", tmp_path / "steel.csv", *options, on_lake=False).err
    assert "published 2026-02-05 00:00 Europe/Brussels" in said


@pytest.mark.parametrize("chain", ["sodium_ion", "steel"])
def test_the_day_before_knows_nothing_of_it_and_its_day_does(loaded, chain):
    for day, rows in (("2026-02-04", 0), ("2026-02-05", 1)):
        for command in ("figures", "releases"):
            found = json.loads(loaded(command, "--chain", chain, "--as-of", day, "--json").out)
            assert len(found) == rows, (command, day)


def test_without_a_chain_a_day_ends_where_it_ends_first(loaded):
    assert json.loads(loaded("figures", "--as-of", "2026-02-04", "--json").out) == []
    # in Shanghai the 5th begins and ends seven hours before it does in Brussels
    assert len(json.loads(loaded("figures", "--as-of", "2026-02-05", "--json").out)) == 2


def test_another_value_of_the_same_day_is_told_and_the_one_recorded_last_holds(trona, tmp_path):
    head = "source,chain,review_month,published,segment,product,metric,measure,period,kind,value\n"
    row = "alpha,sodium_ion,2025-05,2025-06-05T01:00:00Z,electrolyte,,production,mom_pct,2025-05,actual,{}\n"
    for name, value in (("a", 3), ("b", 12)):
        (tmp_path / f"{name}.csv").write_text(head + row.format(value), encoding="utf-8")
    said = trona("ingest", tmp_path / "a.csv", tmp_path / "b.csv").err
    told = "another value for electrolyte production mom_pct 2025-05 actual is recorded for the same day: 3 %, now 12 %"
    assert told in said
    assert [row["value"] for row in json.loads(trona("figures", "--json").out)] == [12]
    published = json.loads(trona("figures", "--vintages", "--json").out)
    assert [row["value"] for row in published] == [3, 12]
    assert [row["value"] for row in json.loads(trona("restatements", "--json").out)] == [12]
