"""Silences: who does not want to hear of what, until when, and why."""

from datetime import datetime

import polars as pl

MATCHERS = ("rule", "source", "chain", "segment", "product", "metric", "measure")


def read_active(silences: pl.DataFrame, now: datetime) -> pl.DataFrame:
    """The `added` rows of silences in force at `now`: begun, not expired, not ended by hand."""
    ended = silences.filter(pl.col("event") == "ended", pl.col("at") <= now).select("silence_id")
    return silences.filter(pl.col("event") == "added", pl.col("starts_at") <= now, pl.col("ends_at") > now).join(
        ended, on="silence_id", how="anti"
    )


def find_silenced(alerts: pl.DataFrame, silences: pl.DataFrame, now: datetime) -> pl.DataFrame:
    """Columns alert_id and silence_id of the alerts that an active silence matches; an empty matcher matches all."""
    active = read_active(silences, now)
    mine = alerts.select("alert_id", *MATCHERS, pl.col("month").dt.strftime("%Y-%m").alias("month"))
    theirs = active.select("silence_id", *(pl.col(n).alias(f"only_{n}") for n in (*MATCHERS, "month")))
    matches = [(pl.col(f"only_{n}") == "") | (pl.col(f"only_{n}") == pl.col(n)) for n in (*MATCHERS, "month")]
    return (
        mine.join(theirs, how="cross")
        .filter(pl.all_horizontal(matches))
        .sort("alert_id", "silence_id")
        .unique("alert_id", keep="first", maintain_order=True)
        .select("alert_id", "silence_id")
    )
