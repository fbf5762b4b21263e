"""The ledger of alerts and the outbox, in the lake: read, and written so that no writer decides on stale rows.

Whoever decides reads the count of a claim, then the rows, and appends with that count; where another writer was
faster the append is refused and the decision is taken again on what is there now. No lock is held while deciding.
"""

from collections.abc import Callable
from datetime import date, datetime

import polars as pl

from contracts.alerts import ACKNOWLEDGEMENTS, ALERTS, DELIVERIES, SILENCES
from contracts.errors import SourceUnavailable, UsageError
from contracts.table import Table
from data_lake.delta import ClaimTaken
from data_lake.ids import find_by_prefix
from data_lake.lake import Lake

PUBLIC = (
    *("alert_id", "kind", "rule", "severity", "state", "source", "chain", "segment", "product", "metric", "measure"),
    *("month", "title", "first_at", "updated_at"),
)
_ATTEMPTS = 100

Months = tuple[date, date] | None
Decision = Callable[[pl.DataFrame], pl.DataFrame]


def record_alerts(lake: Lake, decide: Decision, *, months: Months = None) -> pl.DataFrame:
    """Decide on the ledger rows of `months` (None = all) and append what comes of it; returns the appended rows.

    `decide` takes the rows and gives rows of `ALERTS`; it may be called again where another writer came between, so
    it must be a pure function. Raises `SourceUnavailable` where other writers win a hundred times in a row.
    """
    return _decide(lake, ALERTS, "ledger", decide, months)


def record_deliveries(lake: Lake, decide: Decision, *, months: Months = None) -> pl.DataFrame:
    """The same for the outbox: plan, or take deliveries in hand, on the rows of `months`."""
    return _decide(lake, DELIVERIES, "outbox", decide, months)


def append_receipts(lake: Lake, rows: pl.DataFrame) -> None:
    """Append what became of deliveries that this worker had in hand; unconditional, a receipt is a fact."""
    lake.table(DELIVERIES).append(rows)


def read_ledger(lake: Lake, months: Months = None) -> pl.DataFrame:
    """Every change of the alerts of these months; only their partitions are read."""
    return _read(lake, ALERTS, months)


def read_notices(lake: Lake, months: Months = None) -> pl.DataFrame:
    """Every change that people are to be told of: columns alert_id, change, month; narrow, so that all are cheap."""
    rows = lake.table(ALERTS).scan()
    rows = rows if months is None else rows.filter(pl.col("month").is_between(*months))
    return rows.filter(pl.col("notify") != "").select("alert_id", "change", "month").collect()


def read_deliveries(lake: Lake, months: Months = None) -> pl.DataFrame:
    """Every event of the outbox for these months."""
    return _read(lake, DELIVERIES, months)


def read_silences(lake: Lake) -> pl.DataFrame:
    """Every event of every silence."""
    return lake.table(SILENCES).scan().collect()


def read_acknowledgements(lake: Lake, months: Months = None) -> pl.DataFrame:
    """Who took note of which alert."""
    return _read(lake, ACKNOWLEDGEMENTS, months)


def add_silence(lake: Lake, row: pl.DataFrame) -> None:
    """Record one event of a silence (a row of `SILENCES`)."""
    lake.table(SILENCES).append(row)


def end_silence(lake: Lake, silence_id: str, *, author: str, at: datetime) -> None:
    """End a silence before its time. Raises `UsageError` where there is none of this name, or it was ended."""
    silences = read_silences(lake)
    silence_id = find_by_prefix(silence_id, silences["silence_id"], "silence", "see `trona silence list`")
    events = silences.filter(pl.col("silence_id") == silence_id)
    if events.is_empty() or "ended" in events["event"]:
        state = "no silence" if events.is_empty() else "no running silence"
        raise UsageError(f"{state} {silence_id!r}", next="see `trona silence list`")
    ended = events.head(1).with_columns(
        pl.lit("ended").alias("event"), pl.lit(author).alias("author"), pl.lit(at).alias("at")
    )
    lake.table(SILENCES).append(ended)


def acknowledge(lake: Lake, alert_id: str, *, author: str, note: str, at: datetime) -> pl.DataFrame:
    """Record that somebody took note; returns the alert's current state. Raises `UsageError` for an unknown alert."""
    known = read_alerts(lake)
    name = find_by_prefix(alert_id, known["alert_id"], "alert", "see `trona alerts --json` for the alert_id")
    found = known.filter(pl.col("alert_id") == name)
    row = found.select("alert_id", "month").with_columns(
        pl.lit(author).alias("author"), pl.lit(note).alias("note"), pl.lit(at).alias("at")
    )
    lake.table(ACKNOWLEDGEMENTS).append(row)
    return found


def read_alerts(
    lake: Lake, *, as_of: datetime | None = None, as_recorded: datetime | None = None, full: bool = False
) -> pl.DataFrame:
    """The state of every alert: as of an instant, as this lake knew it at another; None = now.

    Columns of `PUBLIC`; with `full` moreover detail and figure_ids (why), inhibited_by, silence_id, change, run_id,
    told (who was told when) and acknowledged (who took note). Sorted by month, severity is left to the reader.
    """
    rows = lake.table(ALERTS).scan()
    if as_of is not None:
        rows = rows.filter(pl.col("updated_at") <= as_of)
    if as_recorded is not None:
        rows = rows.filter(pl.col("recorded_at") <= as_recorded)
    current = rows.filter(pl.col("change") == pl.col("change").max().over("alert_id")).collect()
    current = current.sort("month", "chain", "source", "rule", "segment", "product", "metric", "measure")
    if not full:
        return current.select(PUBLIC)
    more = ("detail", "figure_ids", "inhibited_by", "silence_id", "announced_severity", "change", "run_id")
    return (
        current.select(*PUBLIC, *more)
        .join(_say_told(lake), on="alert_id", how="left")
        .join(_say_acknowledged(lake), on="alert_id", how="left")
        .with_columns(pl.col("told", "acknowledged").fill_null(""))
    )


def _say_told(lake: Lake) -> pl.DataFrame:
    """`desk 2026-02-06 09:00; planning …` per alert, from the receipts."""
    rows = read_deliveries(lake)
    sent = rows.filter(pl.col("event") == "sent").select("delivery_id", "receiver", "at")
    return (
        rows.filter(pl.col("event") == "planned")
        .select("delivery_id", pl.col("covers").str.split(" ").alias("cover"))
        .explode("cover", empty_as_null=True)
        .join(sent, on="delivery_id")
        .sort("at", "receiver")
        .select(
            pl.col("cover").str.split(":").list.first().alias("alert_id"),
            (pl.col("receiver") + " " + pl.col("at").dt.strftime("%Y-%m-%d %H:%M")).alias("told"),
        )
        .group_by("alert_id", maintain_order=True)
        .agg(pl.col("told").str.join("; "))
    )


def _say_acknowledged(lake: Lake) -> pl.DataFrame:
    rows = read_acknowledgements(lake).sort("at")
    note = pl.when(pl.col("note") != "").then(pl.lit(": ") + pl.col("note")).otherwise(pl.lit(""))
    words = pl.concat_str("author", pl.lit(" "), pl.col("at").dt.strftime("%Y-%m-%d %H:%M"), note)
    return rows.group_by("alert_id", maintain_order=True).agg(words.str.join("; ").alias("acknowledged"))


def _decide(lake: Lake, table: Table, claim: str, decide: Decision, months: Months) -> pl.DataFrame:
    for _ in range(_ATTEMPTS):
        count = lake.table(table).claim_version(claim)
        rows = table.conform(decide(_read(lake, table, months)))
        if rows.is_empty():
            return rows
        try:
            lake.table(table).append(rows, claim=claim, expect=count)
        except ClaimTaken:
            continue
        return rows
    raise SourceUnavailable(
        f"the table {table.name} is being written by others all the time",
        effect="nothing was recorded by this step",
        next="run the same command again",
    )


def _read(lake: Lake, table: Table, months: Months) -> pl.DataFrame:
    rows = lake.table(table).scan()
    return (rows if months is None else rows.filter(pl.col("month").is_between(*months))).collect()
