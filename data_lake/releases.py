"""Releases in the lake: recorded whole, retracted without erasing, and visible as of an instant.

A release is in the lake when its row in `releases` is: its document, refused rows and figures are
written before that row, and readers take figures only of releases they can see. A writer that is
killed on the way leaves nothing to be seen, and the next run finishes the job.
"""

from datetime import datetime

import polars as pl

from contracts.errors import UsageError
from contracts.figures import FIGURES
from contracts.releases import QUARANTINE, RELEASES
from data_lake.delta import ClaimTaken
from data_lake.entries import RELEASES_STATED
from data_lake.lake import Lake


def record_release(lake: Lake, release: pl.DataFrame, figures: pl.DataFrame, quarantine: pl.DataFrame) -> bool:
    """Record a release with its figures and refused rows, completely or not at all.

    `release` is one row of `RELEASES` with event `recorded`; `figures` and `quarantine` conform to their
    tables. Returns False where the release was there already, or another writer recorded it in the
    same moment. The document's bytes are kept before (`Lake.keep_document`).
    """
    release_id = release["release_id"].item()
    if lake.table(RELEASES).claim_version(_claim(release_id)) is not None:
        return False
    told = {RELEASES_STATED: release.write_json()}
    for table, rows in ((QUARANTINE, quarantine), (FIGURES, figures)):
        if rows.height:
            try:
                lake.table(table).append(rows, claim=_claim(release_id), metadata=told)
            except ClaimTaken:
                continue  # an earlier, interrupted attempt or a second writer has written these rows
    try:
        lake.table(RELEASES).append(release, claim=_claim(release_id), metadata=told)
    except ClaimTaken:
        return False
    return True


def retract_release(lake: Lake, release_id: str, *, reason: str, at: datetime) -> pl.DataFrame:
    """Mark a release withdrawn from `at` on; as of earlier instants it still shows.

    Returns the row that was added. Raises `UsageError` where the release is unknown or withdrawn already.
    """
    row = find_release(lake, release_id).with_columns(
        event=pl.lit("retracted"), at=pl.lit(at, pl.Datetime("us", "UTC")), reason=pl.lit(reason)
    )
    try:
        told = {RELEASES_STATED: row.write_json()}
        lake.table(RELEASES).append(row, claim=f"retract:{release_id}", metadata=told)
    except ClaimTaken:
        raise UsageError(f"release {release_id} is withdrawn already", next="see `trona releases`") from None
    return row


def find_release(lake: Lake, release_id: str) -> pl.DataFrame:
    """The row that recorded a release that stands. Raises `UsageError` where it is unknown or withdrawn."""
    events = lake.table(RELEASES).scan().filter(release_id=release_id).collect()
    if events.is_empty():
        raise UsageError(f"unknown release {release_id!r}", next="list the releases with `trona releases`")
    if "retracted" in events["event"]:
        raise UsageError(f"release {release_id} is withdrawn already", next="see `trona releases`")
    return events.filter(pl.col("event") == "recorded")


def visible_releases(lake: Lake, *, as_of: datetime | None = None, as_recorded: datetime | None = None) -> pl.LazyFrame:
    """Releases that were public at `as_of`, known to this lake at `as_recorded`, and not withdrawn by then.

    None means no limit. Columns of `RELEASES`, one row per release (its event `recorded`).
    """
    events = lake.table(RELEASES).scan()
    recorded = events.filter(pl.col("event") == "recorded")
    withdrawn = events.filter(pl.col("event") == "retracted")
    if as_of is not None:
        recorded = recorded.filter(pl.col("published_at") <= as_of)
        withdrawn = withdrawn.filter(pl.col("at") <= as_of)
    if as_recorded is not None:
        recorded = recorded.filter(pl.col("at") <= as_recorded)
        withdrawn = withdrawn.filter(pl.col("at") <= as_recorded)
    return recorded.join(withdrawn.select("release_id"), on="release_id", how="anti")


def recorded_documents(lake: Lake) -> pl.DataFrame:
    """Documents of releases that stand: `document`, `release_id`, `published_at`, `recorded_at`."""
    return (
        visible_releases(lake)
        .select("document", "release_id", "source", "chain", "review_month", "published_at", recorded_at="at")
        .collect()
    )


def _claim(release_id: str) -> str:
    return f"release:{release_id}"
