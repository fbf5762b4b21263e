"""Where each delivery of the outbox stands, read from its rows alone."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import cast

import polars as pl

from contracts.alerts import DELIVERIES

OPEN_EVENTS = ("planned", "failed", "unanswered", "requeued", "sending")


def find_current(deliveries: pl.DataFrame) -> pl.DataFrame:
    """The latest event of every delivery, with the message and plan it began with, and `is_repeat`.

    What arrived has arrived: a receipt `sent` stands, also where a worker that was taken for lost wrote it late.
    `is_repeat`: an attempt ended without a word (no answer came, or its worker was lost), so the channel may have it.
    """
    ordered = deliveries.sort(pl.col("event") == "sent", "step", "at")
    last = ordered.unique("delivery_id", keep="last", maintain_order=True)
    plan = deliveries.filter(pl.col("event") == "planned").select(
        "delivery_id", pl.col("at").alias("planned_at"), pl.col("message").alias("plan_message")
    )
    next_attempt = pl.col("attempt").shift(-1).over("delivery_id")
    next_event = pl.col("event").shift(-1).over("delivery_id")
    # A claim that is followed by a claim of the same attempt was renewed; by one of the next, its worker was lost.
    was_lost = (pl.col("event") == "sending") & (next_event == "sending") & (next_attempt > pl.col("attempt"))
    silent = ordered.select(
        "delivery_id", ((pl.col("event") == "unanswered") | was_lost.fill_null(value=False)).alias("is_silent")
    )
    repeats = silent.group_by("delivery_id").agg(pl.col("is_silent").any().alias("was_silent"))
    return (
        last.join(plan.unique("delivery_id"), on="delivery_id", how="left")
        .join(repeats, on="delivery_id", how="left")
        .with_columns((pl.col("was_silent") | (pl.col("event") == "sending")).alias("is_repeat"))
        .drop("was_silent")
    )


def find_waiting(deliveries: pl.DataFrame) -> pl.DataFrame:
    """Deliveries that have neither arrived nor been given up."""
    return find_current(deliveries).filter(pl.col("event").is_in(OPEN_EVENTS))


def find_due(deliveries: pl.DataFrame, now: datetime, lost: pl.DataFrame | None = None) -> pl.DataFrame:
    """Deliveries to try now, oldest plan first: planned, failed and due again, or in hand of the `lost`.

    `lost` names claims (delivery_id, step) whose worker was watched and did not stir. A receipt that lies in the future
    is one of a clock that has since moved back: it holds nothing up.
    """
    waiting = find_waiting(deliveries)
    is_due = (pl.col("due_at") <= now) | (pl.col("at") > now)
    free = waiting.filter((pl.col("event") != "sending") & is_due)
    if lost is not None:
        left = waiting.filter(pl.col("event") == "sending").join(lost, on=["delivery_id", "step"], how="semi")
        free = pl.concat([free, left])
    return free.sort("planned_at", "month", "delivery_id")


def find_stale(deliveries: pl.DataFrame, now: datetime, lease: timedelta) -> pl.DataFrame:
    """Claims that were not renewed for the lease, by the clocks: columns delivery_id, step, receiver."""
    age = (pl.lit(now, DELIVERIES.schema["at"]) - pl.col("at")).abs()
    stale = find_waiting(deliveries).filter((pl.col("event") == "sending") & (age >= lease))
    return stale.select("delivery_id", "step", "receiver")


def next_due(deliveries: pl.DataFrame, receivers: Sequence[str], lease: timedelta) -> datetime | None:
    """When the next delivery that waits may be tried; one in hand, when its worker may be lost. None: none waits."""
    rows = find_waiting(deliveries).filter(pl.col("receiver").is_in(list(receivers)))
    is_in_hand = pl.col("event") == "sending"
    soonest = rows.select(pl.when(is_in_hand).then(pl.col("at") + lease).otherwise("due_at").min()).item()
    return cast("datetime | None", soonest)


def advance(rows: pl.DataFrame, event: str, *, now: datetime, run_id: str, is_renewal: bool = False) -> pl.DataFrame:
    """The next event of these deliveries. The message stands with the plan only; a claim begins an attempt."""
    is_new_attempt = event == "sending" and not is_renewal
    return DELIVERIES.conform(
        rows.with_columns(
            (pl.col("step") + 1).alias("step"),
            pl.lit(event).alias("event"),
            (pl.col("attempt") + int(is_new_attempt)).alias("attempt"),
            pl.lit(now, DELIVERIES.schema["at"]).alias("at"),
            pl.lit(None, DELIVERIES.schema["due_at"]).alias("due_at"),
            pl.lit("").alias("message"),
            pl.lit("").alias("covers"),
            pl.lit("").alias("reason"),
            pl.lit(run_id).alias("run_id"),
        )
    )


def find_roots(deliveries: pl.DataFrame) -> dict[str, str]:
    """Reference of the first message that arrived, by receiver and group."""
    sent = deliveries.filter(pl.col("event") == "sent").sort("at", "delivery_id")
    first = sent.unique(["receiver", "source", "chain", "month"], keep="first", maintain_order=True)
    return {name_group(row): row["reference"] for row in first.to_dicts()}


def name_group(row: dict[str, object]) -> str:
    """Receiver and group of a delivery, as one text."""
    return "\x1f".join(str(row[name]) for name in ("receiver", "source", "chain", "month"))
