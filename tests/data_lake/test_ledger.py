"""The ledger and the outbox in the lake: read by month, as of an instant, and written without losing a decision."""

from datetime import date, timedelta

import polars as pl
import pytest

from contracts.alerts import ALERTS, DELIVERIES
from contracts.errors import SourceUnavailable, UsageError
from data_lake.delta import ClaimTaken, DeltaLog
from data_lake.ledger import PUBLIC, acknowledge, read_alerts, read_ledger, read_notices, record_alerts
from tests.builders import day

NOON = day("2026-02-05T12:00")
JANUARY, FEBRUARY = date(2026, 1, 1), date(2026, 2, 1)


def row(alert_id: str, change: int = 1, *, month: date = JANUARY, **values) -> dict:
    text = dict.fromkeys((n for n, t in ALERTS.schema.items() if t == pl.String), "")
    at = NOON + timedelta(days=change)
    numbers = {"month": month, "first_at": NOON, "updated_at": at, "recorded_at": at, "change": change}
    return text | numbers | {"alert_id": alert_id, "state": "fired", "severity": "info", "kind": "event"} | values


def rows(*items: dict) -> pl.DataFrame:
    return ALERTS.conform(pl.DataFrame(list(items)))


def test_only_the_months_asked_for_are_read(lake):
    record_alerts(lake, lambda _: rows(row("aaaa1"), row("bbbb1", month=FEBRUARY)))
    assert read_ledger(lake, (FEBRUARY, FEBRUARY))["alert_id"].to_list() == ["bbbb1"]
    assert read_ledger(lake).height == 2


def test_nothing_to_record_writes_nothing(lake):
    assert record_alerts(lake, lambda ledger: ledger).is_empty()
    assert lake.table(ALERTS).claim_version("ledger") is None


def test_a_writer_that_was_overtaken_decides_again_on_what_is_there_now(lake):
    seen = []

    def decide(ledger: pl.DataFrame) -> pl.DataFrame:
        seen.append(ledger.height)
        if len(seen) == 1:
            record_alerts(lake, lambda _: rows(row("aaaa1")))
        return rows(row("bbbb1")) if ledger.height else rows(row("bbbb1", severity="error"))

    assert record_alerts(lake, decide)["severity"].to_list() == ["info"]
    assert seen == [0, 1]
    assert read_ledger(lake).height == 2


def test_a_ledger_that_others_write_all_the_time_is_told_and_not_waited_for(lake, monkeypatch):
    def taken(*_, **__):
        raise ClaimTaken("ledger")

    monkeypatch.setattr(DeltaLog, "append", taken)
    with pytest.raises(SourceUnavailable, match="alerts"):
        record_alerts(lake, lambda _: rows(row("aaaa1")))


def test_state_as_of_an_instant_and_as_recorded(lake):
    record_alerts(
        lake, lambda _: rows(row("aaaa1"), row("aaaa1", 2, state="amended"), row("aaaa1", 3, state="retracted"))
    )
    assert read_alerts(lake).select("state").item() == "retracted"
    assert read_alerts(lake, as_of=NOON + timedelta(days=2)).select("state").item() == "amended"
    assert read_alerts(lake, as_recorded=NOON + timedelta(days=1)).select("state").item() == "fired"
    assert read_alerts(lake, as_of=NOON).is_empty()
    assert tuple(read_alerts(lake).columns) == PUBLIC


def test_the_highest_change_counts_whatever_the_clocks_say(lake):
    late = {"updated_at": NOON - timedelta(days=9), "recorded_at": NOON - timedelta(days=9)}
    record_alerts(lake, lambda _: rows(row("aaaa1"), row("aaaa1", 2, state="retracted", **late)))
    assert read_alerts(lake).select("state").item() == "retracted"


def test_notices_are_what_people_are_to_be_told_of(lake):
    record_alerts(lake, lambda _: rows(row("aaaa1", notify="first"), row("bbbb1"), row("aaaa1", 2)))
    assert read_notices(lake).select("alert_id", "change").rows() == [("aaaa1", 1)]


def test_acknowledging_needs_one_alert(lake):
    record_alerts(lake, lambda _: rows(row("aaaa1"), row("aaaa2")))
    acknowledge(lake, "aaaa1", author="ana", note="", at=NOON)
    assert read_alerts(lake, full=True).filter(alert_id="aaaa1")["acknowledged"].item() == "ana 2026-02-05 12:00"
    with pytest.raises(UsageError, match="2 alerts begin"):
        acknowledge(lake, "aaaa", author="ana", note="", at=NOON)
    with pytest.raises(UsageError, match="too short"):
        acknowledge(lake, "aaa", author="ana", note="", at=NOON)


def test_an_empty_lake_has_no_alerts_and_no_deliveries(lake):
    assert read_alerts(lake, full=True).is_empty()
    assert lake.table(DELIVERIES).scan().collect().is_empty()
