"""Delivery as a whole: plan what is untold, send what is due, and tell the others when somebody cannot be told."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

import polars as pl

from contracts.alerts import ACKNOWLEDGEMENTS, DELIVERIES
from contracts.chain import Chain
from data_lake.lake import Lake
from data_lake.ledger import (
    Months,
    read_acknowledgements,
    read_deliveries,
    read_ledger,
    read_notices,
    read_silences,
    record_alerts,
    record_deliveries,
)
from tasks.alerts.decisions import Entry, Scope, decide
from tasks.alerts.rules.delivery_broken import RULE, find_broken_deliveries
from tasks.delivery.claim import Hands, start_clock
from tasks.delivery.outbox import find_pending_months, plan_deliveries
from tasks.delivery.receiver import Receiver
from tasks.delivery.secrets import Resolver
from tasks.delivery.senders import Write
from tasks.delivery.sending import DeliveryReport, OutboxWorker, Senders, add_reports, send_due


def deliver(
    lake: Lake,
    receivers: Sequence[Receiver],
    resolve_secret: Resolver,
    now: datetime,
    *,
    chains: Mapping[str, Chain],
    run_id: str,
    console: Write,
    months: Months = None,
    wait: Callable[[float], None] | None = None,
    patience_seconds: float = 0.0,
    senders: Senders | None = None,
    only: Sequence[str] = (),
    hands: Hands | None = None,
) -> DeliveryReport:
    """Plan and send everything of `months` (None = all) that people are to be told; returns what became of it.

    `now` is the instant of the call, with whose knowledge messages are planned; claims and receipts have their own,
    of the clock of `hands`, by default one that runs on from `now`.

    Whatever a pass leaves (a channel that asks for patience, a crash) the next call takes up. With `wait` and
    `patience_seconds` a delivery that may be tried again soon is waited for. A dead letter becomes the state alert
    `delivery_broken`, told to the other receivers in the same call, and resolved with the next success. With `only`
    messages are planned for all receivers and sent to those named.
    """
    plan_untold(lake, receivers, chains=chains, now=now, run_id=run_id, months=months)
    sent_to = [receiver for receiver in receivers if not only or receiver.name in only]
    post = OutboxWorker(
        lake, sent_to, resolve_secret, run_id, console, hands or Hands(start_clock(now)), months, senders or {}
    )
    report = _send_patiently(post, wait, timedelta(seconds=patience_seconds))
    broken = record_broken_deliveries(lake, now=now, run_id=run_id)
    if broken.is_empty():
        return report
    span = (broken["month"].min(), broken["month"].max())
    plan_untold(lake, receivers, chains=chains, now=now, run_id=run_id, months=span)  # type: ignore[arg-type]
    again = send_due(post)
    record_broken_deliveries(lake, now=now, run_id=run_id)
    return add_reports(report, again)


def plan_untold(
    lake: Lake,
    receivers: Sequence[Receiver],
    *,
    chains: Mapping[str, Chain],
    now: datetime,
    run_id: str,
    months: Months = None,
) -> pl.DataFrame:
    """Plan a message for every change of the ledger that no delivery covers yet; returns the planned rows."""

    def plan(deliveries: pl.DataFrame) -> pl.DataFrame:
        return plan_pending(lake, deliveries, receivers, chains=chains, now=now, run_id=run_id, months=months)

    return record_deliveries(lake, plan, months=months)


def plan_pending(
    lake: Lake,
    deliveries: pl.DataFrame,
    receivers: Sequence[Receiver],
    *,
    chains: Mapping[str, Chain],
    now: datetime,
    run_id: str,
    months: Months = None,
) -> pl.DataFrame:
    """What is to be planned beside these rows of the outbox; of the ledger only the months with news are read whole."""
    pending = find_pending_months(read_notices(lake, months), deliveries)
    if pending is None:
        return DELIVERIES.empty()
    return plan_deliveries(
        read_ledger(lake, pending),
        deliveries,
        receivers,
        chains=chains,
        now=now,
        run_id=run_id,
        acknowledged=_read_acknowledged(lake, pending),
    )


def record_broken_deliveries(lake: Lake, *, now: datetime, run_id: str) -> pl.DataFrame:
    """Fire or resolve `delivery_broken`, from all receipts; returns the ledger rows written."""
    deliveries = read_deliveries(lake)
    dead = deliveries.filter(pl.col("event") == "dead")
    if dead.is_empty():
        return pl.DataFrame()
    candidates = RULE.complete(find_broken_deliveries(deliveries))
    silences, entry = read_silences(lake), Entry(as_of=now, recorded_at=now, run_id=run_id)
    return record_alerts(
        lake,
        lambda ledger: decide(candidates, ledger, silences, entry, Scope(rules={RULE.name})),
        months=(dead["month"].min(), dead["month"].max()),  # type: ignore[arg-type]
    )


def _send_patiently(post: OutboxWorker, wait: Callable[[float], None] | None, patience: timedelta) -> DeliveryReport:
    clock = post.hands.clock
    end = clock() + patience
    report = DeliveryReport()
    while True:
        one = send_due(post)
        report = add_reports(report, one)
        if wait is None or not one.failed:
            return report
        if one.again_at is None or not clock() < one.again_at <= end:
            return report
        wait((one.again_at - clock()).total_seconds())


def _read_acknowledged(lake: Lake, months: Months) -> dict[str, str]:
    rows = read_acknowledgements(lake, months).sort("at", *ACKNOWLEDGEMENTS.key)
    return {row["alert_id"]: f"{row['author']} on {row['at']:%Y-%m-%d}" for row in rows.to_dicts()}
