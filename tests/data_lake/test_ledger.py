"""The ledger and the outbox in the lake: read by month, as of an instant, and written without losing a decision."""

from datetime import date, timedelta

import polars as pl
import pytest

from contracts.alerts import ALERTS, DELIVERIES, SILENCES
from contracts.errors import SourceUnavailable, UsageError
from data_lake.delta import ClaimTaken, DeltaLog
from data_lake.ledger import (
    PUBLIC,
    acknowledge,
    add_silence,
    append_receipts,
    end_silence,
    read_acknowledgements,
    read_alerts,
    read_deliveries,
    read_ledger,
    read_notices,
    read_silences,
    record_alerts,
    record_deliveries,
)
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


def test_notes_are_told_in_the_order_of_their_instants(lake):
    record_alerts(lake, lambda _: rows(row("aaaa1"), row("bbbb1", month=FEBRUARY)))
    acknowledge(lake, "aaaa1", author="bo", note="known since May", at=NOON + timedelta(hours=1))
    acknowledge(lake, "aaaa", author="ana", note="", at=NOON)
    told = "ana 2026-02-05 12:00; bo 2026-02-05 13:00: known since May"
    assert read_alerts(lake, full=True)["acknowledged"].to_list() == [told, ""]
    assert read_acknowledgements(lake, (JANUARY, JANUARY)).height == 2
    assert read_acknowledgements(lake, (FEBRUARY, FEBRUARY)).is_empty()
    with pytest.raises(UsageError, match="unknown alert 'cccc'"):
        acknowledge(lake, "cccc", author="ana", note="", at=NOON)


def delivery(name: str, step: int, event: str, *, month: date = JANUARY, hours: int = 0, **values) -> dict:
    text = dict.fromkeys((n for n, t in DELIVERIES.schema.items() if t == pl.String), "")
    at = {"at": NOON + timedelta(hours=hours), "due_at": None, "attempt": 1}
    return text | at | {"delivery_id": name, "step": step, "event": event, "month": month, "receiver": name} | values


def deliveries(*items: dict) -> pl.DataFrame:
    return DELIVERIES.conform(pl.DataFrame(list(items), schema_overrides=DELIVERIES.schema))


def test_an_alert_says_who_was_told_of_it_and_when(lake):
    record_alerts(lake, lambda _: rows(row("aaaa1"), row("bbbb1"), row("cccc1", month=FEBRUARY)))
    planned = deliveries(
        delivery("planning", 1, "planned", covers="aaaa1:1 bbbb1:1"),
        delivery("desk", 1, "planned", covers="aaaa1:1"),
        delivery("night", 1, "planned", month=FEBRUARY, covers="cccc1:1"),
    )
    assert record_deliveries(lake, lambda _: planned).height == 3
    append_receipts(
        lake,
        deliveries(
            delivery("planning", 2, "sent", hours=2), delivery("desk", 2, "sent"), delivery("night", 2, "failed")
        ),
    )
    told = read_alerts(lake, full=True).select("alert_id", "told").rows()
    both = "desk 2026-02-05 12:00; planning 2026-02-05 14:00"
    assert told == [("aaaa1", both), ("bbbb1", "planning 2026-02-05 14:00"), ("cccc1", "")]
    assert read_deliveries(lake, (FEBRUARY, FEBRUARY))["delivery_id"].to_list() == ["night"]
    assert read_deliveries(lake).height == 6


def test_a_silence_is_ended_once_and_keeps_its_words(lake):
    silence = dict.fromkeys((n for n, t in SILENCES.schema.items() if t == pl.String), "")
    silence |= {"silence_id": "s1", "event": "added", "rule": "forecast_miss", "author": "ana", "reason": "known"}
    silence |= {"starts_at": NOON, "ends_at": NOON + timedelta(days=9), "at": NOON}
    add_silence(lake, SILENCES.conform(pl.DataFrame([silence])))
    end_silence(lake, "s1", author="bo", at=NOON + timedelta(days=1))
    columns = ("event", "rule", "author", "reason", "ends_at", "at")
    kept = ("forecast_miss", "known", NOON + timedelta(days=9))
    assert read_silences(lake).sort("at").select(columns).rows() == [
        ("added", kept[0], "ana", *kept[1:], NOON),
        ("ended", kept[0], "bo", *kept[1:], NOON + timedelta(days=1)),
    ]
    with pytest.raises(UsageError, match="no running silence 's1'"):
        end_silence(lake, "s1", author="bo", at=NOON)
    with pytest.raises(UsageError, match="'s2' is too short for a silence"):
        end_silence(lake, "s2", author="bo", at=NOON)


def test_notices_of_some_months(lake):
    record_alerts(lake, lambda _: rows(row("aaaa1", notify="first"), row("bbbb1", month=FEBRUARY, notify="first")))
    assert read_notices(lake, (FEBRUARY, FEBRUARY)).rows() == [("bbbb1", 1, FEBRUARY)]
    assert read_notices(lake).height == 2
