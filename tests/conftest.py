"""Fixtures that every test may use."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from hypothesis import settings

from data_lake.lake import Lake, open_lake
from tests.object_store import serve_objects

# Random examples are the same at every run, and a failure prints what repeats it; slowness of a shared machine is no
# failure. `make soak` tries many. For other examples: pytest --hypothesis-profile=default --hypothesis-seed=N, whose seed
# pytest prints
settings.register_profile("fixed", derandomize=True, print_blob=True, deadline=None, max_examples=20)
settings.register_profile("many", settings.get_profile("fixed"), max_examples=500)
settings.load_profile("fixed")

_SERVER = {"up", "prefect_api"}


@pytest.hookimpl(tryfirst=True)  # the marks are chosen by in the same hook
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that need the one Prefect server are marked, so that `make test` runs all others beside them."""
    for item in items:
        if _SERVER & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.server)


@pytest.fixture
def lake(tmp_path) -> Lake:
    """An empty lake on the local disk."""
    return open_lake(tmp_path / "lake")


@pytest.fixture
def now() -> datetime:
    """The clock of a test."""
    return datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="session")
def object_store() -> Iterator[dict[str, str]]:
    """The environment of an object store with an empty `s3://bucket`."""
    with serve_objects() as environment:
        yield environment
