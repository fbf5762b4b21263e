"""The outbox worker: takes what is due in hand, sends it, records what became of it.

Decide → ledger → outbox → in hand (`sending`) → send → receipt. A crash between two of these leaves rows from which
the next worker goes on. A delivery is in the hands of one worker at a time: it is taken by compare-and-swap, and
given free when the worker has not been heard of for `LEASE`. What was sent but not recorded is sent again with the
same marker, by which the channels that can (mail clients, webhooks, the bot) drop the second one.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, cast

import polars as pl

from contracts.alerts import DELIVERIES
from contracts.errors import TronaError
from data_lake.lake import Lake
from data_lake.ledger import Months, append_receipts, read_deliveries, record_deliveries
from tasks.delivery.receivers import Receiver
from tasks.delivery.secrets import Resolver, hide_secrets, quiet_libraries
from tasks.delivery.senders import Refused, Sender, SendOutcome, SendRequest, Sent, Unavailable
from tasks.messages.neutral import Message

LEASE = timedelta(minutes=10)
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=30), timedelta(hours=6)
MOST_ATTEMPTS = 10
_OPEN = ("planned", "failed", "sending")


@dataclass(frozen=True)
class DeliveryReport:
    """What one pass did: deliveries by what became of them, and a line for each that did not arrive.

    `again_at` is when the next of what waits may be tried.
    """

    sent: int = 0
    failed: int = 0
    dead: int = 0
    waiting: int = 0
    lines: tuple[str, ...] = ()
    again_at: datetime | None = None


Senders = Mapping[str, Sender]


@dataclass(frozen=True)
class OutboxWorker:
    """All that a worker of the outbox needs: whose messages, through which senders, in which lake and months."""

    lake: Lake
    receivers: Sequence[Receiver]
    senders: Senders
    resolve_secret: Resolver
    run_id: str
    months: Months = None

    @property
    def by_name(self) -> dict[str, Receiver]:
        """Receivers by name."""
        return {receiver.name: receiver for receiver in self.receivers}


def send_due(post: OutboxWorker, now: datetime) -> DeliveryReport:
    """One pass over the outbox: every delivery that is due is tried once; receivers side by side, each in order.

    A receiver whose channel cannot take a message now is left alone for the rest of the pass, so that its messages
    stay in order; the others go on.
    """
    taken: list[dict[str, Any]] = []
    roots: dict[str, str] = {}

    def take(rows: pl.DataFrame) -> pl.DataFrame:
        due = find_due(rows, now).filter(pl.col("receiver").is_in(list(post.by_name)))
        taken[:] = due.to_dicts()
        roots.update(_find_roots(rows))
        return _advance(due, event="sending", now=now, run_id=post.run_id)

    record_deliveries(post.lake, take, months=post.months)
    queues: dict[str, list[dict[str, Any]]] = {}
    for row in taken:
        queues.setdefault(row["receiver"], []).append(row)
    report = DeliveryReport()
    with ThreadPoolExecutor(max_workers=min(8, len(queues) or 1)) as pool:
        worker = _Worker(post, now, roots)
        for future in as_completed([pool.submit(worker.send_queue, queue) for queue in queues.values()]):
            report = add_reports(report, future.result())
    deliveries = read_deliveries(post.lake, post.months)
    left = find_waiting(deliveries).height
    return replace(report, waiting=left, again_at=next_due(deliveries, post.receivers) if left else None)


def find_current(deliveries: pl.DataFrame) -> pl.DataFrame:
    """The latest event of every delivery, with the message and plan it began with.

    What arrived has arrived: a receipt `sent` stands, also where a worker that was taken for lost wrote it late.
    """
    ordered = deliveries.sort(pl.col("event") == "sent", "step", "at")
    last = ordered.unique("delivery_id", keep="last", maintain_order=True)
    plan = deliveries.filter(pl.col("event") == "planned").select(
        "delivery_id", pl.col("at").alias("planned_at"), pl.col("message").alias("plan_message")
    )
    return last.join(plan.unique("delivery_id"), on="delivery_id", how="left")


def find_waiting(deliveries: pl.DataFrame) -> pl.DataFrame:
    """Deliveries that have neither arrived nor been given up."""
    return find_current(deliveries).filter(pl.col("event").is_in(_OPEN))


def find_due(deliveries: pl.DataFrame, now: datetime) -> pl.DataFrame:
    """Deliveries to try now, oldest plan first: planned, failed and due again, or left in hand by a lost worker.

    A receipt that lies in the future is one of a clock that has since moved back: it holds nothing up.
    """
    age = (pl.lit(now, DELIVERIES.schema["at"]) - pl.col("at")).abs()
    is_due = (pl.col("due_at") <= now) | (pl.col("at") > now)
    free = ((pl.col("event") != "sending") & is_due) | ((pl.col("event") == "sending") & (age >= LEASE))
    return find_waiting(deliveries).filter(free).sort("planned_at", "month", "delivery_id")


def next_due(deliveries: pl.DataFrame, receivers: Sequence[Receiver]) -> datetime | None:
    """When the next delivery that waits may be tried; one in hand, when its worker counts as lost. None: none waits."""
    names = [receiver.name for receiver in receivers]
    rows = find_waiting(deliveries).filter(pl.col("receiver").is_in(names))
    is_in_hand = pl.col("event") == "sending"
    soonest = rows.select(pl.when(is_in_hand).then(pl.col("at") + LEASE).otherwise("due_at").min()).item()
    return cast("datetime | None", soonest)


def pause_after(attempt: int, asked_seconds: float | None) -> timedelta:
    """Time until the next attempt: 30 s doubled each time, at most 6 h; where the channel asks, that, up to 24 h."""
    if asked_seconds is None:
        doubled: timedelta = FIRST_PAUSE * 2 ** min(max(attempt - 1, 0), 20)
        return min(doubled, LONGEST_PAUSE)
    return min(timedelta(seconds=min(asked_seconds, 1e6)), timedelta(hours=24))


def _one(row: Mapping[str, Any], **values: Any) -> pl.DataFrame:
    kept = {name: row[name] for name in DELIVERIES.schema if name in row} | values
    return pl.DataFrame([kept], schema=DELIVERIES.schema)


def _advance(rows: pl.DataFrame, event: str, now: datetime, run_id: str) -> pl.DataFrame:
    """The next event of these deliveries. The message stands with the plan only."""
    counted = pl.col("attempt") + (1 if event == "sending" else 0)
    return DELIVERIES.conform(
        rows.with_columns(
            (pl.col("step") + 1).alias("step"),
            pl.lit(event).alias("event"),
            counted.alias("attempt"),
            pl.lit(now, DELIVERIES.schema["at"]).alias("at"),
            pl.lit(None, DELIVERIES.schema["due_at"]).alias("due_at"),
            pl.lit("").alias("message"),
            pl.lit("").alias("covers"),
            pl.lit("").alias("reason"),
            pl.lit(run_id).alias("run_id"),
        )
    )


def _find_roots(deliveries: pl.DataFrame) -> dict[str, str]:
    """Reference of the first message that arrived, by receiver and group."""
    sent = deliveries.filter(pl.col("event") == "sent").sort("at", "delivery_id")
    first = sent.unique(["receiver", "source", "chain", "month"], keep="first", maintain_order=True)
    return {_group_name(row): row["reference"] for row in first.to_dicts()}


def _group_name(row: Mapping[str, Any]) -> str:
    return "\x1f".join(str(row[name]) for name in ("receiver", "source", "chain", "month"))


@dataclass(frozen=True)
class _Worker:
    """Sends what was taken in hand, and writes a receipt after each."""

    post: OutboxWorker
    now: datetime
    roots: dict[str, str]

    def send_queue(self, queue: Sequence[dict[str, Any]]) -> DeliveryReport:
        """Send one receiver's messages in order; after one that cannot be taken now, the rest wait with it."""
        report = DeliveryReport()
        held_until: datetime | None = None
        for row in queue:
            if held_until:
                waiting = row | {"attempt": row["attempt"] - 1}
                self._write_receipt(waiting, "failed", due_at=held_until, reason="waits its turn")
                continue
            outcome, secrets = self._try_once(row)
            report = add_reports(report, self._record_outcome(outcome, secrets, row))
            if isinstance(outcome, Sent):
                self.roots.setdefault(_group_name(row), outcome.reference)
            if isinstance(outcome, Unavailable) and row["attempt"] + 1 < MOST_ATTEMPTS:
                held_until = self.now + pause_after(row["attempt"] + 1, outcome.after_seconds)
        return report

    def _try_once(self, row: Mapping[str, Any]) -> tuple[SendOutcome, Mapping[str, str]]:
        """Resolve secrets and send. Whatever a channel throws is that channel's failure and stops nobody else."""
        receiver = self.post.by_name[row["receiver"]]
        secrets: dict[str, str] = {}
        try:
            for setting, name in receiver.secret_names.items():
                secrets[setting] = self.post.resolve_secret(name)
            request = SendRequest(
                message=Message.from_json(row["plan_message"]),
                receiver=receiver,
                secrets=secrets,
                at=self.now,
                root=self.roots.get(_group_name(row), ""),
                is_repeat=row["event"] == "sending" or row["attempt"] > 0,
            )
            with quiet_libraries(secrets):
                return self.post.senders[receiver.kind](request), secrets
        except TronaError as error:
            return Unavailable(error.what), secrets
        except Exception as error:  # noqa: BLE001 - one channel's defect must not keep the others from being told
            return Unavailable(f"{type(error).__name__}: {error}"), secrets

    def _record_outcome(
        self, outcome: SendOutcome, secrets: Mapping[str, str], row: Mapping[str, Any]
    ) -> DeliveryReport:
        if isinstance(outcome, Sent):
            self._write_receipt(row, "sent", reference=hide_secrets(outcome.reference, secrets))
            return DeliveryReport(sent=1)
        attempt = row["attempt"] + 1
        reason = hide_secrets(outcome.reason, secrets)[:500]
        line = f"{row['receiver']}: {row['headline']}: {reason}"
        if isinstance(outcome, Refused) or attempt >= MOST_ATTEMPTS:
            self._write_receipt(row, "dead", reason=reason)
            return DeliveryReport(dead=1, lines=(f"given up, {line}",))
        due = self.now + pause_after(attempt, outcome.after_seconds)
        self._write_receipt(row, "failed", reason=reason, due_at=due)
        return DeliveryReport(failed=1, lines=(f"tried again from {due:%Y-%m-%d %H:%M:%S} UTC on, {line}",))

    def _write_receipt(self, row: Mapping[str, Any], event: str, **values: Any) -> None:
        """`row` is the state before it was taken in hand: the receipt comes one step after `sending`."""
        in_hand = _one(row, step=row["step"] + 1, attempt=row["attempt"] + 1)
        frame = _advance(in_hand, event, self.now, self.post.run_id)
        filled = frame.with_columns(pl.lit(v, DELIVERIES.schema[k]).alias(k) for k, v in values.items())
        append_receipts(self.post.lake, filled)


def add_reports(a: DeliveryReport, b: DeliveryReport) -> DeliveryReport:
    """Both passes together; what waits is what waited at the end of the second."""
    return DeliveryReport(
        a.sent + b.sent, a.failed + b.failed, a.dead + b.dead, b.waiting, a.lines + b.lines, b.again_at
    )
