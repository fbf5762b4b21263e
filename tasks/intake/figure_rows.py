"""Rows of `FIGURES` from what a reader found and the release that states it."""

import hashlib
from datetime import datetime

import polars as pl

from contracts.figures import FIGURES
from contracts.period import month_column
from contracts.readings import ReleaseHead, Settlement
from contracts.releases import RELEASES
from contracts.settlements import SETTLEMENTS
from contracts.table import INSTANT

_ID_PARTS = (
    *("source", "chain", "segment", "product", "metric", "measure", "period", "kind"),
    *("value", "lower", "upper", "unit", "qualifier", "release_id"),
)


def build_figures(
    figures: pl.DataFrame, head: ReleaseHead, *, recorded_at: datetime, settled: Settlement | None = None
) -> pl.DataFrame:
    """Make rows of `FIGURES` from checked rows of `READ_FIGURES` and the release that states them.

    A figure of a settled release is known since the release, or longer where it was not changed (`Settlement.since`).
    `figure_id` is 16 hex digits of SHA-256 over key, values and release, so it depends on nothing else.
    """
    rows = figures.with_columns(
        source=pl.lit(head.source),
        chain=pl.lit(head.chain),
        published_at=_known_since(head, settled),
        recorded_at=pl.lit(recorded_at, pl.Datetime("us", "UTC")),
        release_id=pl.lit(head.release_id),
        month=month_column(pl.col("period")),
        is_monthly=pl.col("period").str.contains(r"^\d{4}-\d{2}$"),
        review_month=pl.lit(head.review_month),
        is_published_assumed=pl.lit(head.is_published_assumed),
        document=pl.lit(head.document),
    )
    identity = pl.concat_str([pl.col(c).cast(pl.String).fill_null("") for c in _ID_PARTS], separator="\x1f")
    rows = rows.with_columns(figure_id=identity.map_elements(short_hash, pl.String))
    return FIGURES.conform(rows)


def _known_since(head: ReleaseHead, settled: Settlement | None) -> pl.Expr:
    published = pl.lit(head.published_at, INSTANT)
    if settled is None or not settled.since:
        return published
    return pl.col("place").replace_strict(dict(settled.since), default=published, return_dtype=INSTANT)


def build_settlements(settled: Settlement, head: ReleaseHead, *, recorded_at: datetime) -> pl.DataFrame:
    """Rows of `SETTLEMENTS`: each number of the sheet, with the release that states what was settled."""
    rows = settled.numbers.with_columns(
        release_id=pl.lit(head.release_id),
        source=pl.lit(head.source),
        chain=pl.lit(head.chain),
        review_month=pl.lit(head.review_month),
        document=pl.lit(settled.document),
        sheet=pl.lit(head.document),
        settled_by=pl.lit(settled.by),
        settled_at=pl.lit(head.published_at, INSTANT),
        recorded_at=pl.lit(recorded_at, INSTANT),
    )
    return SETTLEMENTS.conform(rows)


def build_release(
    head: ReleaseHead,
    *,
    at: datetime,
    figures: int,
    quarantined: int = 0,
    unresolved: int = 0,
    settled: Settlement | None = None,
) -> pl.DataFrame:
    """The row of `RELEASES` that records a release: one row, event `recorded`."""
    row = {
        "release_id": head.release_id,
        "event": "recorded",
        "source": head.source,
        "chain": head.chain,
        "review_month": head.review_month,
        "published_at": head.published_at,
        "is_published_assumed": head.is_published_assumed,
        "at": at,
        "document": head.document,
        "document_name": head.document_name,
        "figures": figures,
        "quarantined": quarantined,
        "unresolved": unresolved,
        "reason": f"settled by {settled.by}" if settled else "",
        "settles": settled.document if settled else None,
    }
    return pl.DataFrame([row], schema=RELEASES.schema)


def short_hash(text: str) -> str:
    """16 hex digits of SHA-256."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]
