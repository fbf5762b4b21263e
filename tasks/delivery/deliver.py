"""Delivery as a whole: plan what is untold, send what is due, and tell the others when somebody cannot be told."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
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
from tasks.delivery.month_views import read_month_views
from tasks.delivery.outbox import Planning, find_pending_months, plan_deliveries
from tasks.delivery.sending import DeliveryReport, OutboxWorker, add_reports, send_due
from tasks.month_summary.opening import open_months


def deliver(
    post: OutboxWorker,
    chains: Mapping[str, Chain],
    now: datetime,
    *,
    patience_seconds: float = 0.0,
    only: Sequence[str] = (),
) -> DeliveryReport:
    """Plan and send everything of the worker's months that people are to be told; returns what became of it.

    `now` is the instant of the call, with whose knowledge messages are planned; claims and receipts have their own,
    of the clock of the worker's hands.

    Whatever a pass leaves (a channel that asks for patience, a crash) the next call takes up. Within
    `patience_seconds` a delivery that may be tried again soon is waited for. A dead letter becomes the state alert
    `delivery_broken`, told to the other receivers in the same call, and resolved with the next success. With `only`
    messages are planned for all receivers and sent to those named.
    """
    planning = Planning(post.receivers, chains, now, post.run_id, open_months(post.lake, chains), post.imprint)
    plan_untold(post.lake, planning, post.months)
    if only:
        post = replace(post, receivers=[receiver for receiver in post.receivers if receiver.name in only])
    report = _send_patiently(post, timedelta(seconds=patience_seconds))
    broken = record_broken_deliveries(post.lake, now=now, run_id=post.run_id)
    if broken.is_empty():
        return report
    plan_untold(post.lake, planning, (broken["month"].min(), broken["month"].max()))  # type: ignore[arg-type]
    again = send_due(post)
    record_broken_deliveries(post.lake, now=now, run_id=post.run_id)
    return add_reports(report, again)


def plan_untold(lake: Lake, planning: Planning, months: Months = None) -> pl.DataFrame:
    """Plan a message for every change of the ledger that no delivery covers yet; returns the planned rows."""
    return record_deliveries(lake, lambda deliveries: plan_pending(lake, deliveries, planning, months), months=months)


def plan_pending(lake: Lake, deliveries: pl.DataFrame, planning: Planning, months: Months = None) -> pl.DataFrame:
    """What is to be planned beside these rows of the outbox; of the ledger only the months with news are read whole."""
    pending = find_pending_months(read_notices(lake, months), deliveries)
    if pending is None:
        return DELIVERIES.empty()
    planning = replace(planning, views=read_month_views(lake, planning.chains, pending))
    return plan_deliveries(read_ledger(lake, pending), deliveries, planning, _read_acknowledged(lake, pending))


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


def _send_patiently(post: OutboxWorker, patience: timedelta) -> DeliveryReport:
    clock = post.hands.clock
    end = clock() + patience
    report = DeliveryReport()
    while True:
        one = send_due(post)
        report = add_reports(report, one)
        if not one.failed or one.again_at is None or not clock() < one.again_at <= end:
            return report
        post.hands.wait((one.again_at - clock()).total_seconds())


def _read_acknowledged(lake: Lake, months: Months) -> dict[str, str]:
    rows = read_acknowledgements(lake, months).sort("at", *ACKNOWLEDGEMENTS.key)
    return {row["alert_id"]: f"{row['author']} on {row['at']:%Y-%m-%d}" for row in rows.to_dicts()}
