"""What does not come from one month's news: the single digest of a backfill, a test message, and a look ahead."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import NamedTuple

import polars as pl

from contracts.alerts import DELIVERIES
from contracts.chain import Chain
from contracts.period import MONTH_PATTERN, first_month
from contracts.releases import RELEASES
from contracts.text import count_noun
from contracts.wording import SEVERITY_RANK, rank_severity
from data_lake.lake import Lake
from data_lake.ledger import Months, read_deliveries, read_ledger, record_deliveries
from tasks.alerts.decisions import ACTIVE, read_current
from tasks.alerts.identity import hash_text
from tasks.delivery.deliver import plan_pending
from tasks.delivery.outbox import Planning, select_routes
from tasks.delivery.outbox_state import find_waiting
from tasks.delivery.receiver import Receiver
from tasks.delivery.secrets import Resolver
from tasks.delivery.senders import SendOutcome, SendRequest, Write
from tasks.delivery.sending import DeliveryReport, OutboxWorker, keep_in, send_due, send_once
from tasks.messages.digest import MOST_ROWS, build_findings, list_names, name_people
from tasks.messages.neutral import Message
from tasks.month_summary.opening import open_months


def deliver_summary(post: OutboxWorker, chains: Mapping[str, Chain], now: datetime) -> DeliveryReport:
    """Tell each receiver once what the worker's run over history entered into the ledger.

    That is what was loaded, counts, and findings: those of the last month that was loaded first, then the worst.

    One message per receiver and run, however many months; asking twice for the same run sends nothing more. What is
    told here stays quiet in the ledger: the first live run after it announces only what is new then.
    """
    entered = read_current(read_ledger(post.lake)).filter(
        pl.col("run_id") == post.run_id, pl.col("state").is_in(ACTIVE)
    )
    if entered.is_empty():
        return DeliveryReport()

    loaded = _read_loaded(post.lake, post.run_id)
    planning = Planning(post.receivers, chains, now, post.run_id, open_months(post.lake, chains), post.imprint)

    def plan(deliveries: pl.DataFrame) -> pl.DataFrame:
        done = deliveries["delivery_id"].unique().to_list()
        plans = plan_summary(entered, loaded, planning)
        return plans.filter(~pl.col("delivery_id").is_in(done))

    record_deliveries(post.lake, plan)
    return send_due(post)


class Loaded(NamedTuple):
    """What a run loaded, in words, and the last month that it reviewed; empty and None where it loaded nothing."""

    words: str = ""
    last: date | None = None


def _read_loaded(lake: Lake, run_id: str) -> Loaded:
    releases = lake.table(RELEASES).scan().filter(event="evaluated", reason=f"run {run_id}").collect()
    months = releases.filter(pl.col("review_month").str.contains(MONTH_PATTERN))["review_month"].sort()
    if months.is_empty():
        return Loaded()
    sources = ", ".join(releases["source"].unique().sort())
    words = f"{count_noun(releases.height, 'release')} of {sources}, {months[0]} to {months[-1]}"
    return Loaded(words, first_month(months[-1]))


def plan_summary(entered: pl.DataFrame, loaded: Loaded, planning: Planning) -> pl.DataFrame:
    """One planned row of `DELIVERIES` per receiver that these ledger rows concern."""
    selected = [(receiver, entered.filter(select_routes(receiver))) for receiver in planning.receivers]
    told = tuple(receiver.name for receiver, mine in selected if mine.height)
    rows = [
        _plan_row(_build_summary(mine, receiver, told, loaded, planning), mine, receiver, planning)
        for receiver, mine in selected
        if mine.height
    ]
    return DELIVERIES.conform(pl.DataFrame(rows, schema_overrides=DELIVERIES.schema)) if rows else DELIVERIES.empty()


def _build_summary(
    mine: pl.DataFrame, receiver: Receiver, told: tuple[str, ...], loaded: Loaded, planning: Planning
) -> Message:
    first, last = (f"{month:%Y-%m}" for month in mine["month"].sort()[[0, -1]].to_list())
    chains = mine["chain"].unique().sort().to_list()
    worst = max(mine["severity"], key=SEVERITY_RANK.__getitem__)
    ordered = mine.sort(
        pl.col("month").ne_missing(loaded.last),
        -rank_severity(pl.col("severity")).cast(pl.Int32),
        "month",
        "title",
        descending=[False, False, True, False],
    )
    counts = mine.group_by("severity").len().sort(-rank_severity(pl.col("severity")).cast(pl.Int32))
    words = ", ".join(f"{n} {severity}" for severity, n in counts.iter_rows())
    return Message(
        marker=hash_text("\x1f".join(["summary", receiver.name, planning.run_id])),
        thread=hash_text("\x1f".join(["summary-thread", receiver.name, planning.run_id])),
        severity=worst,
        headline=f"{mine.height} findings in {mine['month'].n_unique()} months: {words}",
        context=(
            *([("Loaded", loaded.words)] if loaded.words else []),
            ("Chain", list_names([planning.chains[name].title for name in chains if name in planning.chains])),
            ("Months", f"{first} to {last}"),
            ("As of", f"{planning.now:%Y-%m-%d %H:%M} UTC"),
            ("Run", planning.run_id),
            *name_people(planning.imprint.owner, told),
        ),
        opening=_open_last(mine, receiver, loaded, planning),
        findings=build_findings(
            ordered.head(MOST_ROWS).with_columns(pl.lit("").alias("news")), planning.chains, with_month=True
        ),
        more=max(0, mine.height - MOST_ROWS),
        notes=("A summary of history: these findings were not announced one by one.",),
        links=planning.link(receiver, "", None),
        commands=(f"trona alerts --from {first} --to {last}",),
    )


def _open_last(mine: pl.DataFrame, receiver: Receiver, loaded: Loaded, planning: Planning) -> tuple[str, ...]:
    """The sentences of the last month that was loaded, where that is one chain of one source."""
    if loaded.last is None:
        return ()
    groups = mine.filter(pl.col("month") == loaded.last).select("source", "chain", "month").unique().to_dicts()
    return planning.open_month(groups[0], planning.now, receiver.language) if len(groups) == 1 else ()


def _plan_row(message: Message, mine: pl.DataFrame, receiver: Receiver, planning: Planning) -> dict[str, object]:
    blank = dict.fromkeys(("source", "chain", "covers", "reference", "reason"), "")
    return {
        **blank,
        "delivery_id": message.marker,
        "step": 1,
        "event": "planned",
        "receiver": receiver.name,
        "channel": receiver.kind,
        "month": mine["month"].max(),
        "severity": message.severity,
        "headline": message.headline,
        "attempt": 0,
        "at": planning.now,
        "due_at": planning.now,
        "message": message.to_json(),
        "run_id": planning.run_id,
    }


def send_test(
    lake: Lake, receiver: Receiver, resolve_secret: Resolver, now: datetime, *, run_id: str, console: Write
) -> SendOutcome:
    """Send a message that says it is a test, past the outbox; the outcome holds no secret."""
    message = Message(
        marker=hash_text("\x1f".join(["test", receiver.name, run_id])),
        thread=hash_text("\x1f".join(["test-thread", receiver.name])),
        severity="info",
        headline=f"This is how a message reaches {receiver.name}; nothing has happened",
        context=(("Receiver", receiver.name), ("Channel", receiver.kind), ("As of", f"{now:%Y-%m-%d %H:%M} UTC")),
        is_test=True,
    )
    request = SendRequest(message, receiver, {}, now, show=console, keep=keep_in(lake))
    return send_once(receiver, request, resolve_secret, {})


def look_ahead(lake: Lake, planning: Planning, months: Months = None) -> list[tuple[str, Message]]:
    """Exactly what a delivery now would send to whom, in order; writes nothing."""
    deliveries = read_deliveries(lake, months)
    planned = plan_pending(lake, deliveries, planning, months)
    waiting = find_waiting(pl.concat([deliveries, planned])).sort("planned_at", "month", "delivery_id")
    names = {receiver.name for receiver in planning.receivers}
    rows = waiting.filter(pl.col("receiver").is_in(list(names))).to_dicts()
    return [(row["receiver"], Message.from_json(row["plan_message"])) for row in rows]
