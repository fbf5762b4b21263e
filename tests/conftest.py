"""Fixtures that every test may use."""

from datetime import UTC, datetime

import pytest

from data_lake.lake import Lake, open_lake


@pytest.fixture
def lake(tmp_path) -> Lake:
    """An empty lake on the local disk."""
    return open_lake(tmp_path / "lake")


@pytest.fixture
def now() -> datetime:
    """The clock of a test."""
    return datetime(2026, 3, 1, 12, tzinfo=UTC)
