"""Releases in the lake: recorded whole, retracted without erasing, restored, and visible as of an instant.

A release is in the lake when its row in `releases` is: its document, refused rows and figures are
written before that row, and readers take figures only of releases they can see. A writer that is
killed on the way leaves nothing to be seen, and the next run finishes the job.
"""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import polars as pl

from contracts.errors import UsageError
from contracts.figures import FIGURES
from contracts.releases import QUARANTINE, RELEASES
from contracts.settlements import SETTLEMENTS
from data_lake.delta import ClaimTaken
from data_lake.entries import RELEASES_STATED
from data_lake.ids import find_by_prefix
from data_lake.lake import Lake


def record_release(
    lake: Lake,
    release: pl.DataFrame,
    figures: pl.DataFrame,
    quarantine: pl.DataFrame,
    settlements: pl.DataFrame | None = None,
) -> bool:
    """Record a release with its figures and refused rows, completely or not at all.

    `release` is one row of `RELEASES` with event `recorded`; `figures`, `quarantine` and `settlements` conform to
    their tables. Returns False where the release was there already, or another writer recorded it in the
    same moment. The document's bytes are kept before (`Lake.keep_document`).
    """
    release_id = release["release_id"].item()
    if lake.table(RELEASES).claim_version(_claim(release_id)) is not None:
        return False
    told = state_releases(release)
    settled = SETTLEMENTS.empty() if settlements is None else settlements
    for table, rows in ((QUARANTINE, quarantine), (FIGURES, figures), (SETTLEMENTS, settled)):
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


def state_releases(rows: pl.DataFrame) -> dict[str, str]:
    """What a commit says of the releases it is about, so that the log can say them again where files are lost."""
    return {RELEASES_STATED: rows.write_json()}


def stated_releases(actions: list[dict[str, Any]]) -> pl.DataFrame:
    """The rows of `RELEASES` that a log entry states; none where it states none."""
    infos = (action["commitInfo"] for action in actions if "commitInfo" in action)
    rows = [row for info in infos for row in json.loads(info.get(RELEASES_STATED, "[]"))]
    if not rows:
        return RELEASES.empty()
    instants = [pl.col(name).str.to_datetime(time_unit="us", time_zone="UTC") for name in ("published_at", "at")]
    return RELEASES.conform(pl.DataFrame(rows, infer_schema_length=None).with_columns(instants))


def retract_release(lake: Lake, release_id: str, *, reason: str, at: datetime) -> pl.DataFrame:
    """Mark a release withdrawn from `at` on; as of earlier instants it still shows.

    Returns the row that was added. Raises `UsageError` where the release is unknown or withdrawn already.
    """
    return _turn(lake, release_id, "retracted", reason=reason, at=at)


def restore_release(lake: Lake, release_id: str, *, reason: str, at: datetime) -> pl.DataFrame:
    """Undo a retraction from `at` on; as of instants in between the release still does not show.

    Returns the row that was added. Raises `UsageError` where the release is unknown or was not withdrawn.
    """
    return _turn(lake, release_id, "restored", reason=reason, at=at)


def _turn(lake: Lake, release_id: str, event: str, *, reason: str, at: datetime) -> pl.DataFrame:
    """Add the event that withdraws a release or brings it back: they take turns, whoever is faster by a moment."""
    count = lake.table(RELEASES).claim_version(f"retract:{release_id}")
    found = find_release(lake, release_id, is_withdrawn=event == "restored")
    before = lake.table(RELEASES).scan().filter(release_id=found["release_id"].item()).select(pl.col("at").max())
    after = max(
        at, before.collect().item() + timedelta(microseconds=1)
    )  # the order of events is that of their instants
    row = found.with_columns(event=pl.lit(event), at=pl.lit(after, pl.Datetime("us", "UTC")), reason=pl.lit(reason))
    try:
        lake.table(RELEASES).append(row, claim=f"retract:{release_id}", expect=count, metadata=state_releases(row))
    except ClaimTaken:
        raise UsageError(
            f"release {release_id} was withdrawn or restored by somebody else just now", next="see `trona releases`"
        ) from None
    return row


def find_release(lake: Lake, release_id: str, *, is_withdrawn: bool = False) -> pl.DataFrame:
    """The row that recorded a release that stands, or of one that is withdrawn.

    Raises `UsageError` where it is unknown, or is not as asked.
    """
    events = lake.table(RELEASES).scan().filter(release_id=release_id).collect()
    if events.is_empty():
        raise UsageError(f"unknown release {release_id!r}", next="list the releases with `trona releases`")
    if (release_id in withdrawn_releases(lake)) != is_withdrawn:
        state = "is not withdrawn" if is_withdrawn else "is withdrawn already"
        raise UsageError(f"release {release_id} {state}", next="see `trona releases`")
    return events.filter(pl.col("event") == "recorded")


def find_read_document(lake: Lake, release: Mapping[str, Any]) -> tuple[str, str]:
    """Name and hash of the document that a release was read from; of a settled one the review, not the sheet."""
    if not release["settles"]:
        return str(release["document_name"]), str(release["document"])
    read = lake.table(RELEASES).scan().filter(document=release["settles"]).select("document_name", "document")
    found = read.head(1).collect().rows()
    return found[0] if found else (str(release["document_name"]), str(release["settles"]))


def find_release_id(lake: Lake, text: str) -> str:
    """The id of the one release that `text` begins, or whose last part, the hash, it begins.

    Raises `UsageError` where there is none, or more than one.
    """
    ids = lake.table(RELEASES).scan().select("release_id").unique().sort("release_id").collect()["release_id"]
    return find_by_prefix(text, ids, "release", "list the releases with `trona releases`")


def read_events(lake: Lake) -> pl.DataFrame:
    """All rows of `RELEASES`; read again only where there are new ones."""
    return lake.table(RELEASES).summarise("rows")


def withdrawn_releases(lake: Lake) -> list[str]:
    """Ids of the releases that are withdrawn now."""
    return withdrawn_among(read_events(lake).lazy()).collect()["release_id"].to_list()


def visible_releases(lake: Lake, *, as_of: datetime | None = None, as_recorded: datetime | None = None) -> pl.LazyFrame:
    """Releases that were public at `as_of`, known to this lake at `as_recorded`, and neither withdrawn nor settled.

    Of a document whose reading somebody settled by then, the newest settlement alone: it takes the place of what the
    reader read. None means no limit. Columns of `RELEASES`, one row per release (its event `recorded`).
    """
    stands = standing_releases(lake, as_of=as_of, as_recorded=as_recorded)
    return stands.join(superseded_among(stands), on="release_id", how="anti")


def superseded_among(releases: pl.LazyFrame) -> pl.LazyFrame:
    """`release_id` of those of these releases whose place a settlement among them takes.

    Which one follows from what the settlements say of themselves, not from the order in which they were recorded.
    """
    read = releases.with_columns(read=pl.coalesce("settles", "document"))
    newest = (
        releases.filter(pl.col("settles").is_not_null())
        .sort("published_at", "document", "release_id")
        .group_by("source", "chain", "review_month", read="settles")
        .agg(pl.col("release_id").last().alias("newest"))
    )
    both = read.join(newest, on=["source", "chain", "review_month", "read"])
    return both.filter(pl.col("release_id") != pl.col("newest")).select("release_id")


def standing_releases(
    lake: Lake, *, as_of: datetime | None = None, as_recorded: datetime | None = None
) -> pl.LazyFrame:
    """As `visible_releases`, with those whose place a settlement took."""
    events = read_events(lake).lazy()
    recorded, turns = events.filter(pl.col("event") == "recorded"), events
    if as_of is not None:
        recorded = recorded.filter(pl.col("published_at") <= as_of)
        turns = turns.filter(pl.col("at") <= as_of)
    if as_recorded is not None:
        recorded = recorded.filter(pl.col("at") <= as_recorded)
        turns = turns.filter(pl.col("at") <= as_recorded)
    return recorded.join(withdrawn_among(turns), on="release_id", how="anti")


def withdrawn_among(events: pl.LazyFrame) -> pl.LazyFrame:
    """`release_id` of releases whose last retraction was not undone, among these events."""
    turns = events.filter(pl.col("event").is_in(["retracted", "restored"])).sort("at")
    last = turns.group_by("release_id").agg(pl.col("event").last())
    return last.filter(pl.col("event") == "retracted").select("release_id")


def recorded_documents(lake: Lake) -> pl.DataFrame:
    """Documents of releases that stand: `document`, `release_id`, `published_at`, `recorded_at` …, and `is_settled`.

    `is_settled` says that a settlement took the release's place.
    """
    stands = standing_releases(lake)
    settled = superseded_among(stands).with_columns(is_settled=pl.lit(value=True))
    return (
        stands.join(settled, on="release_id", how="left", maintain_order="left")
        .select(
            *("document", "release_id", "source", "chain", "review_month", "published_at"),
            pl.col("is_settled").fill_null(value=False),
            recorded_at="at",
        )
        .collect()
    )


def _claim(release_id: str) -> str:
    return f"release:{release_id}"
