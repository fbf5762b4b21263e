"""Days and clock times as people mean them: those of the chain's time zone. Instants in data stay UTC."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import polars as pl

from contracts.chain import Chain

DEFAULT_ZONE = "Asia/Shanghai"
"""Time zone of a day where no chain is known yet: that of the chains shipped with Trona."""


def place_instant(instant: datetime, zone: str) -> datetime:
    """The UTC instant of a clock time, in `zone` where it states none; a bare day is its first instant."""
    return (instant if instant.tzinfo else instant.replace(tzinfo=ZoneInfo(zone))).astimezone(UTC)


def end_day(day: datetime, zone: str) -> datetime:
    """The last microsecond of a day in `zone`, as UTC."""
    next_day = datetime(day.year, day.month, day.day) + timedelta(days=1)  # noqa: DTZ001 - placed in its zone
    return place_instant(next_day, zone) - timedelta(microseconds=1)


def find_zone(chains: Mapping[str, Chain]) -> str:
    """The zone that days are meant in where these chains are asked about; of several zones the easternmost.

    There a day ends first, so that nothing that was public on a later day of any chain is taken in.
    """
    zones = sorted({chain.calendar.time_zone for chain in chains.values()})
    noon = datetime(2026, 1, 1, 12)  # noqa: DTZ001 - placed in each zone
    return min(zones, key=lambda zone: place_instant(noon, zone)) if zones else DEFAULT_ZONE


def write_instant(instant: datetime, zone: str) -> str:
    """An instant as a clock of `zone` shows it: `2026-02-05 09:00 Asia/Shanghai`."""
    return f"{instant.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M} {zone}"


def write_day(instant: pl.Expr, chains: Mapping[str, Chain], form: str = "%Y-%m-%d") -> pl.Expr:
    """The day of an instant in the time zone of the row's `chain`, as text; in UTC where the chain is not known."""
    return show_local(instant, chains).dt.strftime(form)


def show_local(instant: pl.Expr, chains: Mapping[str, Chain]) -> pl.Expr:
    """An instant as a clock of the row's `chain` shows it, without a zone; that of UTC where the chain is not known."""
    zones = {name: chain.calendar.time_zone for name, chain in chains.items()}
    local = instant.dt.replace_time_zone(None)
    for zone in sorted(set(zones.values())):
        of_zone = [name for name, where in zones.items() if where == zone]
        there = instant.dt.convert_time_zone(zone).dt.replace_time_zone(None)
        local = pl.when(pl.col("chain").is_in(of_zone)).then(there).otherwise(local)
    return local
