"""Days as people mean them: those of the chain's time zone."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from functools import partial

import polars as pl

from contracts.chain import load_chain
from contracts.local_time import end_day, find_zone, place_instant, show_local, write_day

SODIUM = load_chain("sodium_ion")
clock = partial(datetime, tzinfo=None)  # a clock time that states no zone
SHANGHAI, BERLIN = "Asia/Shanghai", "Europe/Berlin"


def chain_in(zone):
    return replace(SODIUM, calendar=replace(SODIUM.calendar, time_zone=zone))


def test_a_clock_time_is_placed_in_the_zone_unless_it_states_one():
    # Shanghai is 8 hours before UTC, all year
    assert place_instant(clock(2026, 2, 5), SHANGHAI) == datetime(2026, 2, 4, 16, tzinfo=UTC)
    stated = datetime(2026, 2, 5, 9, tzinfo=timezone(timedelta(hours=1)))
    placed = place_instant(stated, SHANGHAI)
    assert (placed, placed.tzinfo) == (datetime(2026, 2, 5, 8, tzinfo=UTC), UTC)


def test_a_day_ends_one_microsecond_before_the_next_also_where_clocks_change():
    assert end_day(clock(2026, 2, 28, 13), SHANGHAI) == datetime(2026, 2, 28, 15, 59, 59, 999_999, tzinfo=UTC)
    # on 29 March 2026 Berlin goes from one to two hours before UTC: the day has 23 hours
    assert end_day(clock(2026, 3, 28), BERLIN) == datetime(2026, 3, 28, 22, 59, 59, 999_999, tzinfo=UTC)
    assert end_day(clock(2026, 3, 29), BERLIN) == datetime(2026, 3, 29, 21, 59, 59, 999_999, tzinfo=UTC)


def test_of_several_zones_the_easternmost_counts():
    assert find_zone({}) == SHANGHAI
    assert find_zone({"a": chain_in(BERLIN)}) == BERLIN
    zones = ("America/New_York", "Asia/Tokyo", SHANGHAI, BERLIN)
    assert find_zone({zone: chain_in(zone) for zone in zones}) == "Asia/Tokyo"


def test_each_row_shows_the_clock_of_its_chain():
    chains = {"east": chain_in(SHANGHAI), "west": chain_in(BERLIN), "also_west": chain_in(BERLIN)}
    at = datetime(2026, 2, 4, 23, 30, tzinfo=UTC)
    rows = pl.DataFrame({"chain": ["east", "west", "also_west", "unknown"], "at": [at] * 4})
    shown = rows.select(show_local(pl.col("at"), chains)).to_series()
    west = clock(2026, 2, 5, 0, 30)
    assert shown.to_list() == [clock(2026, 2, 5, 7, 30), west, west, clock(2026, 2, 4, 23, 30)]
    days = rows.select(write_day(pl.col("at"), chains)).to_series().to_list()
    assert days == ["2026-02-05", "2026-02-05", "2026-02-05", "2026-02-04"]
    assert rows.select(write_day(pl.col("at"), chains, "%d/%m"))["at"][3] == "04/02"
