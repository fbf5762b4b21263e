"""Dead letters, and messages that wait, put back into the outbox because somebody asked for it."""

from collections.abc import Sequence
from datetime import datetime

import polars as pl

from contracts.alerts import DELIVERIES
from contracts.errors import UsageError
from data_lake.lake import Lake
from data_lake.ledger import read_deliveries, record_deliveries
from tasks.delivery.outbox_state import advance, find_current

_SHORTEST_ID = 4
_AGAIN = ("dead", "failed", "unanswered")


def requeue(lake: Lake, ids: Sequence[str], *, every_dead: bool, now: datetime, run_id: str) -> pl.DataFrame:
    """Make these deliveries due now, with all their attempts before them; returns the rows written.

    Only those recipients are sent to who do not have the message yet. Raises as `find_requeued`.
    """

    def decide(deliveries: pl.DataFrame) -> pl.DataFrame:
        again = find_requeued(deliveries, ids, every_dead=every_dead).with_columns(pl.lit(0, pl.Int64).alias("attempt"))
        rows = advance(again, "requeued", now=now, run_id=run_id)
        return rows.with_columns(pl.lit(now, DELIVERIES.schema["due_at"]).alias("due_at"))

    return record_deliveries(lake, decide)


def find_requeued(deliveries: pl.DataFrame, ids: Sequence[str], *, every_dead: bool) -> pl.DataFrame:
    """The current state of the deliveries that these ids (or their beginnings) name, and with `every_dead` of all dead.

    Raises `UsageError` for an id that names none or several, or one that has arrived or is being sent.
    """
    current = find_current(deliveries)
    named = [_find_one(current, text) for text in ids]
    dead = current.filter(event="dead") if every_dead else current.clear()
    return pl.concat([dead, *named]).unique("delivery_id", maintain_order=True)


def _find_one(current: pl.DataFrame, text: str) -> pl.DataFrame:
    found = current.filter(pl.col("delivery_id").str.starts_with(text), pl.col("receiver") != "")
    if len(text) < _SHORTEST_ID or found.height != 1:
        what = f"{found.height} messages begin with" if found.height else "no message begins with"
        if len(text) < _SHORTEST_ID:
            what = f"at least {_SHORTEST_ID} characters are needed, not"
        raise UsageError(f"{what} {text!r}", next="see `trona notify --dead --dry-run` for the ids of dead letters")
    row = found.row(0, named=True)
    if row["event"] not in _AGAIN:
        states = {"sent": f"arrived at {row['at']:%Y-%m-%d %H:%M} UTC", "sending": "is being sent by another run"}
        raise UsageError(
            f"the message {row['delivery_id']} to {row['receiver']} {states.get(row['event'], 'is due already')}",
            effect="nothing was sent",
            next="trona notify sends what is due",
        )
    return found


def list_dead(lake: Lake) -> pl.DataFrame:
    """The dead letters, newest first: columns delivery_id, receiver, at, headline, reason."""
    dead = find_current(read_deliveries(lake)).filter(event="dead").sort("at", "delivery_id", descending=True)
    return dead.select("delivery_id", "receiver", "at", "headline", "reason")
