"""The outbox worker: takes what is due in hand, sends it, records what became of it.

Decide → ledger → outbox → in hand (`sending`) → send → receipt. A crash between two of these leaves rows from which
the next worker goes on. A delivery is in the hands of one worker at a time (see `claim`). What was sent but not
recorded is sent again with the same marker, by which the channels that can (mail clients, webhooks, the bot) drop the
second one.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import polars as pl

from contracts.errors import TronaError
from contracts.secret import Secret
from data_lake.lake import Lake
from data_lake.ledger import Months, read_deliveries
from tasks.delivery.channel import find_channels
from tasks.delivery.claim import LEASE, OBSERVE_SECONDS, Claim, Hands
from tasks.delivery.outbox import Imprint
from tasks.delivery.outbox_state import find_due, find_roots, find_stale, find_waiting, name_group, next_due
from tasks.delivery.receiver import Receiver
from tasks.delivery.secrets import Resolver, hide_in_logs, hide_secrets
from tasks.delivery.senders import Refused, SaveFile, Sender, SendOutcome, SendRequest, Sent, Unavailable, Write
from tasks.messages.neutral import Message

FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=30), timedelta(hours=6)
MOST_ATTEMPTS = 10


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
    """All that a worker of the outbox needs: whose messages, in which lake and months, and what channels are given.

    `senders` stand in the place of those of the channels, by kind; `imprint` stands on every message it plans.
    """

    lake: Lake
    receivers: Sequence[Receiver]
    resolve_secret: Resolver
    run_id: str
    show: Write
    hands: Hands
    months: Months = None
    senders: Senders = field(default_factory=dict)
    imprint: Imprint = field(default_factory=Imprint)

    @property
    def by_name(self) -> dict[str, Receiver]:
        """Receivers by name."""
        return {receiver.name: receiver for receiver in self.receivers}


def send_due(post: OutboxWorker) -> DeliveryReport:
    """One pass over the outbox: every delivery that is due is tried once; receivers side by side, each in order.

    A receiver whose channel cannot take a message now is left alone for the rest of the pass, so that its messages
    stay in order; the others go on.
    """
    claim = Claim(post.lake, post.months, post.run_id, post.hands)
    taken, roots = _take(post, claim, _find_lost(post))
    queues: dict[str, list[dict[str, Any]]] = {}
    for row in taken:
        queues.setdefault(row["receiver"], []).append(row)
    report = DeliveryReport()
    with post.hands.keep_renewed(claim), ThreadPoolExecutor(max_workers=min(8, len(queues) or 1)) as pool:
        worker = _Worker(post, claim, roots)
        for future in as_completed([pool.submit(worker.send_queue, queue) for queue in queues.values()]):
            report = add_reports(report, future.result())
    deliveries = read_deliveries(post.lake, post.months)
    left = find_waiting(deliveries).height
    return replace(report, waiting=left, again_at=next_due(deliveries, list(post.by_name), LEASE) if left else None)


def _find_lost(post: OutboxWorker) -> pl.DataFrame:
    """Claims of workers that are gone: not renewed for the lease by the clocks, nor while we watched."""
    stale = find_stale(read_deliveries(post.lake, post.months), post.hands.clock(), LEASE)
    stale = stale.filter(pl.col("receiver").is_in(list(post.by_name)))
    if stale.height:
        post.hands.wait(OBSERVE_SECONDS)
    return stale.drop("receiver")


def _take(post: OutboxWorker, claim: Claim, lost: pl.DataFrame) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """Take in hand what is due or was left by the lost; as rows in their state before, and the roots of threads."""
    taken: list[dict[str, Any]] = []
    roots: dict[str, str] = {}

    def choose(rows: pl.DataFrame) -> pl.DataFrame:
        due = find_due(rows, post.hands.clock(), lost).filter(pl.col("receiver").is_in(list(post.by_name)))
        taken[:] = due.to_dicts()
        roots.update(find_roots(rows))
        return due

    claim.take(choose)
    return taken, roots


def pause_after(attempt: int, asked_seconds: float | None) -> timedelta:
    """Time until the next attempt: 30 s doubled each time, at most 6 h; where the channel asks, that, up to 24 h."""
    if asked_seconds is None:
        doubled: timedelta = FIRST_PAUSE * 2 ** min(max(attempt - 1, 0), 20)
        return min(doubled, LONGEST_PAUSE)
    return min(timedelta(seconds=min(asked_seconds, 1e6)), timedelta(hours=24))


def send_once(receiver: Receiver, request: SendRequest[Any], resolve_secret: Resolver, senders: Senders) -> SendOutcome:
    """Resolve the receiver's secrets and send; the outcome holds none of them, nor does any log.

    Whatever a channel throws is that channel's failure and stops nobody else.
    """
    secrets: dict[str, Secret] = {}
    try:
        for setting, name in receiver.secret_names.items():
            secrets[setting] = resolve_secret(name)
        send = senders.get(receiver.kind) or find_channels()[receiver.kind].send
        with hide_in_logs(secrets):
            outcome = send(replace(request, secrets=secrets))
    except TronaError as error:
        outcome = Unavailable(error.what, reached=request.reached)
    except Exception as error:  # noqa: BLE001 - one channel's defect must not keep the others from being told
        told = f"{type(error).__name__}: {error}"
        outcome = Unavailable(told, is_unanswered=True, reached=request.reached)
    if isinstance(outcome, Sent):
        return Sent(hide_secrets(outcome.reference, secrets.values()))
    return replace(outcome, reason=hide_secrets(outcome.reason, secrets.values())[:500])


@dataclass(frozen=True)
class _Worker:
    """Sends what was taken in hand, and writes a receipt after each."""

    post: OutboxWorker
    claim: Claim
    roots: dict[str, str]

    def send_queue(self, queue: Sequence[dict[str, Any]]) -> DeliveryReport:
        """Send one receiver's messages in order; after one that cannot be taken now, the rest wait with it.

        Of what is no longer in hand nothing is sent: somebody else is at it.
        """
        report = DeliveryReport()
        held_until: datetime | None = None
        for row in queue:
            if held_until:
                waiting = row | {"attempt": row["attempt"] - 1}
                self.claim.conclude(waiting, "failed", due_at=held_until, reason="waits its turn")
                continue
            if not self.claim.holds(row["delivery_id"]):
                continue
            outcome = self._try_once(row)
            report = add_reports(report, self._record_outcome(outcome, row))
            if isinstance(outcome, Sent):
                self.roots.setdefault(name_group(row), outcome.reference)
            if isinstance(outcome, Unavailable) and row["attempt"] + 1 < MOST_ATTEMPTS:
                held_until = self.post.hands.clock() + pause_after(row["attempt"] + 1, outcome.after_seconds)
        return report

    def _try_once(self, row: Mapping[str, Any]) -> SendOutcome:
        receiver = self.post.by_name[row["receiver"]]
        request = SendRequest(
            message=Message.from_json(row["plan_message"]),
            receiver=receiver,
            secrets={},
            at=self.post.hands.clock(),
            root=self.roots.get(name_group(dict(row)), ""),
            is_repeat=row["is_repeat"],
            reached=row["reference"] or "",
            show=self.post.show,
            keep=keep_in(self.post.lake),
        )
        return send_once(receiver, request, self.post.resolve_secret, self.post.senders)

    def _record_outcome(self, outcome: SendOutcome, row: dict[str, Any]) -> DeliveryReport:
        if isinstance(outcome, Sent):
            self.claim.conclude(row, "sent", reference=outcome.reference)
            return DeliveryReport(sent=1)
        attempt = row["attempt"] + 1
        said = {"reason": outcome.reason, "reference": outcome.reached}
        line = f"{row['receiver']}: {row['headline']}: {outcome.reason}"
        if isinstance(outcome, Refused) or attempt >= MOST_ATTEMPTS:
            self.claim.conclude(row, "dead", **said)
            return DeliveryReport(dead=1, lines=(f"given up {row['delivery_id']}, {line}",))
        due = self.post.hands.clock() + pause_after(attempt, outcome.after_seconds)
        self.claim.conclude(row, "unanswered" if outcome.is_unanswered else "failed", due_at=due, **said)
        return DeliveryReport(failed=1, lines=(f"tried again from {due:%Y-%m-%d %H:%M:%S} UTC on, {line}",))


def keep_in(lake: Lake) -> SaveFile:
    """How a channel saves a file in the lake: name and content to its address."""

    def keep(name: str, content: bytes) -> str:
        lake.storage.put(name, content)
        return lake.storage.address(name)

    return keep


def add_reports(a: DeliveryReport, b: DeliveryReport) -> DeliveryReport:
    """Both passes together; what waits is what waited at the end of the second."""
    return DeliveryReport(
        a.sent + b.sent, a.failed + b.failed, a.dead + b.dead, b.waiting, a.lines + b.lines, b.again_at
    )
