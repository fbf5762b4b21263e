"""Rules about publishing: release missing, contract broken, delivery broken; and the calendar behind them."""

import json
from datetime import UTC, date, datetime

import polars as pl
import pytest

from contracts.alerts import DELIVERIES
from contracts.holidays import add_business_days, is_business_day, weigh_holiday
from contracts.period import add_months
from tasks.alerts.rules.delivery_broken import find_broken_deliveries
from tasks.alerts.rules.release_missing import find_deadline
from tests.tasks.alerts.rows import MAY, SODIUM, figure, figures, find, instant, quarantine, refused, release, releases

APRIL = add_months(MAY, -1)


def missing(*rows, as_of: str, months=(MAY, MAY), **tables) -> list[dict]:
    found = find(releases=releases(*rows), as_of=instant(as_of), months=months, **tables)
    return found.filter(rule="release_missing").to_dicts()


def test_a_month_is_missing_after_its_deadline_in_the_zone_of_the_chain():
    # Due 5 June 2026 (Friday) and five business days: Friday 12 June, in Shanghai until 16:00 UTC.
    assert not missing(release(APRIL), as_of="2026-06-12T15:59")
    (alert,) = missing(release(APRIL), as_of="2026-06-12T16:00")
    assert alert["title"] == "No review of sodium-ion batteries for May 2026 from smm: it was due by 2026-06-12"
    assert (alert["kind"], alert["severity"], alert["segment"]) == ("state", "critical", "")


def test_it_is_not_missing_once_it_is_there():
    assert not missing(release(APRIL), release(MAY), as_of="2026-07-01")


def test_a_backfill_of_an_old_month_does_not_turn_the_current_one_green():
    old = release(date(2025, 1, 1), published_at=instant("2026-06-30"), at=instant("2026-06-30"))
    assert missing(release(APRIL), old, as_of="2026-07-01")


def test_a_retracted_release_is_missing_again():
    gone = release(MAY, event="retracted", reason="wrong file")
    assert missing(release(APRIL), release(MAY), gone, as_of="2026-07-01")


def test_a_release_that_was_restored_is_not_missing():
    gone = release(MAY, event="retracted", reason="wrong file", at=instant("2026-06-11"))
    back = release(MAY, event="restored", reason="it was right", at=instant("2026-06-12"))
    assert not missing(release(APRIL), release(MAY), gone, back, as_of="2026-07-01")


def test_a_month_told_together_with_the_next_is_not_missing():
    rows = figures(figure(2, month=MAY, review=add_months(MAY, 1)))
    assert not missing(release(APRIL), as_of="2026-07-20", figures=rows)


def test_nobody_is_missed_who_never_published_or_has_ended():
    assert not missing(as_of="2026-07-01")
    assert not missing(release(add_months(MAY, -4)), as_of="2026-07-01")
    assert missing(release(add_months(MAY, -3)), as_of="2026-07-01")


def test_each_month_is_missed_by_itself():
    june = add_months(MAY, 1)
    found = missing(release(APRIL), as_of="2026-08-01", months=(MAY, june))
    assert [row["month"] for row in found] == [MAY, june]
    (only,) = missing(release(APRIL), release(june), as_of="2026-08-01", months=(MAY, june))
    assert only["month"] == MAY


def test_deadlines_skip_weekends_and_chinese_holidays():
    calendar = SODIUM["sodium_ion"].calendar
    assert find_deadline(MAY, calendar) == date(2026, 6, 12)
    # New year 2027 on 6 February: 5–12 February are off, so five business days after the 5th end on the 19th.
    assert find_deadline(date(2027, 1, 1), calendar) == date(2027, 2, 19)
    # 1–7 October are off: due the 5th, then 8, 9, 12, 13, 14 October 2026.
    assert find_deadline(date(2026, 9, 1), calendar) == date(2026, 10, 14)
    assert find_deadline(date(2026, 12, 1), calendar) == date(2027, 1, 12)


def test_holidays_are_those_of_the_zone():
    assert not is_business_day(date(2026, 2, 17), "Asia/Shanghai")
    assert is_business_day(date(2026, 2, 17), "Europe/Berlin")
    assert add_business_days(date(2026, 6, 5), 0, "Asia/Shanghai") == date(2026, 6, 5)


@pytest.mark.parametrize(
    ("month", "weight"),
    [
        (date(2025, 1, 1), 0.31),
        (date(2025, 2, 1), 0.69),
        (date(2026, 1, 1), 0.0),
        (date(2026, 2, 1), 0.65),
        (date(2026, 3, 1), 0.35),
        (date(2027, 2, 1), 1.0),
        (date(2027, 1, 1), 0.0),
        (date(1999, 2, 1), 0.0),
    ],
)
def test_weight_of_the_new_year_window(month, weight):
    assert round(weigh_holiday(month), 2) == weight


def broken(release_rows, refused_rows, months=(MAY, MAY)) -> list[dict]:
    found = find(releases=releases(*release_rows), quarantine=quarantine(*refused_rows), months=months)
    return found.filter(rule="contract_broken").to_dicts()


@pytest.mark.parametrize(
    ("kept", "refusals", "severity"), [(98, 2, "info"), (95, 5, "error"), (0, 3, "critical"), (10, 0, None)]
)
def test_contract_broken_by_how_much_was_refused(kept, refusals, severity):
    found = broken([release(MAY, figures=kept)], [refused(MAY, i) for i in range(refusals)])
    assert [row["severity"] for row in found] == ([severity] if severity else [])


def test_a_release_refused_whole_is_critical():
    (alert,) = broken([], [refused(MAY, 1), refused(MAY, 2)])
    assert alert["severity"] == "critical"
    assert alert["title"] == "2 of 2 rows of the May 2026 review of sodium-ion batteries were refused"
    assert json.loads(alert["detail"])["rules"] == "share_range"


def test_a_clean_later_release_ends_it():
    later = instant("2026-06-20")
    clean = release(MAY, release_id="smm-2026-05-b", published_at=later, at=later)
    assert not broken([release(MAY), clean], [refused(MAY, 1)])


def receipt(receiver: str, event: str, hour: int) -> dict:
    return {
        "delivery_id": f"{receiver}{hour}",
        "step": 3,
        "event": event,
        "receiver": receiver,
        "channel": "slack",
        "source": "smm",
        "chain": "sodium_ion",
        "month": MAY,
        "attempt": 1,
        "at": datetime(2026, 6, 5, hour, tzinfo=UTC),
        "reason": "HTTP 404",
        "headline": "x",
    }


def test_delivery_broken_until_the_receiver_is_reached_again():
    def names(*rows):
        frame = DELIVERIES.conform(pl.DataFrame(list(rows)))
        return find_broken_deliveries(frame)["segment"].to_list()

    assert names(receipt("desk", "dead", 1), receipt("desk", "sent", 2)) == []
    assert names(receipt("desk", "sent", 1), receipt("desk", "dead", 2), receipt("mail", "sent", 3)) == ["desk"]
    assert names(receipt("desk", "failed", 1)) == []
