"""Rows for tests, each with sensible values where a test does not care."""

from datetime import UTC, datetime

import polars as pl

from contracts.figures import READ_FIGURES
from contracts.readings import ReleaseHead, Settlement
from contracts.releases import QUARANTINE
from contracts.settlements import SETTLEMENTS
from data_lake.lake import Lake
from data_lake.releases import record_release
from tasks.intake.figure_rows import build_figures, build_release


def day(text: str) -> datetime:
    """An instant in UTC from ISO text."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def read_rows(*rows: dict[str, object]) -> pl.DataFrame:
    """Rows of `READ_FIGURES`: cathode production of January 2026, +2 % MoM, where not said otherwise."""
    usual = {
        "segment": "cathode",
        "product": "",
        "metric": "production",
        "measure": "mom_pct",
        "period": "2026-01",
        "kind": "actual",
        "value": 2.0,
        "lower": None,
        "upper": None,
        "unit": "%",
        "qualifier": "exact",
        "half_width": 0.5,
        "place": "row 2",
        "evidence": "2",
        "rule": "long_table",
        "note": "",
        "source_url": "",
    }
    return READ_FIGURES.conform(pl.DataFrame([usual | row for row in rows], infer_schema_length=None))


def head(**parts: object) -> ReleaseHead:
    """A release of smm about sodium_ion, January 2026, published on 5 February."""
    usual: dict[str, object] = {
        "source": "smm",
        "chain": "sodium_ion",
        "review_month": "2026-01",
        "published_at": day("2026-02-05T00:00"),
        "document": "d" * 64,
        "document_name": "2026-01.csv",
    }
    return ReleaseHead(**(usual | parts))  # type: ignore[arg-type]


def record(
    lake: Lake,
    release: ReleaseHead,
    *rows: dict[str, object],
    recorded_at: datetime | None = None,
    settles: str = "",
) -> bool:
    """Record a release with these rows, an hour after its publication unless said otherwise.

    `settles` names the document whose reading it settles.
    """
    settled = Settlement(settles, release.published_at, "Ann", SETTLEMENTS.empty(), {}) if settles else None
    at = recorded_at or release.published_at.replace(hour=1)
    figures = build_figures(read_rows(*rows), release, recorded_at=at)
    return record_release(
        lake, build_release(release, at=at, figures=figures.height, settled=settled), figures, QUARANTINE.empty()
    )
