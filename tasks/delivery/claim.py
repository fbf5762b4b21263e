"""What a worker of the outbox has in hand: claimed by compare-and-swap, renewed while it sends, given up when lost.

The instant of a claim is its own, not its run's. A claim that was not renewed for `LEASE` by the clock may be that of
a lost worker; clocks move, so whoever wants it watches it for `OBSERVE_SECONDS` by a stopwatch first, and takes it only
where it was not renewed meanwhile, which a live worker does every `RENEW_SECONDS`.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import polars as pl

from contracts.alerts import DELIVERIES
from contracts.errors import SourceUnavailable
from data_lake.lake import Lake
from data_lake.ledger import Months, append_receipts, record_deliveries
from tasks.delivery.outbox_state import advance, find_current

LEASE = timedelta(minutes=10)
RENEW_SECONDS, OBSERVE_SECONDS = 4.0, 15.0

Clock = Callable[[], datetime]
Stopwatch = Callable[[], float]


def read_stopwatch() -> float:
    """Seconds that pass whatever is done to the clock, while the machine sleeps too where the system counts them."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


def start_clock(now: datetime, stopwatch: Stopwatch = read_stopwatch) -> Clock:
    """A clock that says `now` and runs on from there."""
    start = stopwatch()
    return lambda: now + timedelta(seconds=stopwatch() - start)


@dataclass(frozen=True)
class Hands:
    """How a worker keeps time: its clock, a stopwatch, how it waits, and what renews its claims while it sends."""

    clock: Clock
    stopwatch: Stopwatch = read_stopwatch
    wait: Callable[[float], None] = time.sleep
    keep: "Callable[[Claim], AbstractContextManager[None]] | None" = None

    def keep_renewed(self, claim: "Claim") -> AbstractContextManager[None]:
        """While inside, the claim is renewed."""
        return self.keep(claim) if self.keep else _renew_in_background(claim)


class Claim:
    """The deliveries in hand, each by the step of its newest row `sending`; safe for the threads that send them."""

    def __init__(self, lake: Lake, months: Months, run_id: str, hands: Hands) -> None:
        self._lake, self._months, self._run_id, self._hands = lake, months, run_id, hands
        self._steps: dict[str, int] = {}
        self._renewed = hands.stopwatch()
        self._lock = threading.RLock()

    def take(self, choose: Callable[[pl.DataFrame], pl.DataFrame]) -> None:
        """Take in hand what `choose` finds free among the rows of the outbox."""
        taken: dict[str, int] = {}

        def claim(rows: pl.DataFrame) -> pl.DataFrame:
            due = choose(rows)
            taken.clear()
            taken.update(zip(due["delivery_id"], due["step"] + 1, strict=True))
            return advance(due, "sending", now=self._hands.clock(), run_id=self._run_id)

        record_deliveries(self._lake, claim, months=self._months)
        with self._lock:
            self._steps = taken
            self._renewed = self._hands.stopwatch()

    def holds(self, delivery_id: str) -> bool:
        """Whether it is still in hand; looked up in the lake where it was not renewed just now."""
        with self._lock:
            if self._hands.stopwatch() - self._renewed >= 2 * RENEW_SECONDS:
                self.renew()
            return delivery_id in self._steps

    def renew(self) -> None:
        """Say of everything in hand that it still is; what others have taken meanwhile is not, from here on."""
        with self._lock:
            held = pl.DataFrame({"delivery_id": list(self._steps), "step": list(self._steps.values())})
            kept: dict[str, int] = {}

            def extend(rows: pl.DataFrame) -> pl.DataFrame:
                mine = find_current(rows).filter(event="sending").join(held, on=["delivery_id", "step"], how="semi")
                kept.clear()
                kept.update(zip(mine["delivery_id"], mine["step"] + 1, strict=True))
                return advance(mine, "sending", now=self._hands.clock(), run_id=self._run_id, is_renewal=True)

            if self._steps:
                record_deliveries(self._lake, extend, months=self._months)
            self._steps = kept
            self._renewed = self._hands.stopwatch()

    def conclude(self, row: dict[str, Any], event: str, **values: Any) -> None:
        """Write what became of a delivery, whose state before it was taken is `row`, and let go of it.

        That it was sent is a fact and is always written; that it failed is nothing to say for who lost it.
        """
        name = row["delivery_id"]
        with self._lock:
            if event != "sent" and not self.holds(name):
                return
            step = self._steps.pop(name, row["step"] + 1)
            state = {n: row[n] for n in DELIVERIES.schema if n in row} | {"step": step, "attempt": row["attempt"] + 1}
            frame = pl.DataFrame([state], schema=DELIVERIES.schema)
            receipt = advance(frame, event, now=self._hands.clock(), run_id=self._run_id)
            filled = receipt.with_columns(pl.lit(v, DELIVERIES.schema[k]).alias(k) for k, v in values.items())
            append_receipts(self._lake, filled)
        _log_receipt(filled)


def _log_receipt(receipt: pl.DataFrame) -> None:
    """For machines that read the log: what became of a message, with its ids."""
    names = ("delivery_id", "event", "receiver", "channel", "source", "chain", "attempt", "reason", "run_id")
    (row,) = receipt.select(*names, pl.col("month").cast(pl.String)).to_dicts()
    logging.getLogger("trona.delivery").info("message %s", row["event"], extra={"trona": row})


@contextmanager
def _renew_in_background(claim: Claim) -> Iterator[None]:
    stop = threading.Event()

    def renew() -> None:
        while not stop.wait(RENEW_SECONDS):
            with suppress(SourceUnavailable):  # `holds` finds out, before anything more is sent
                claim.renew()

    thread = threading.Thread(target=renew, name="claim", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
