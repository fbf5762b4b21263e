"""A backfill on a Dask cluster: the same lake as on threads."""

import subprocess
import sys

import polars as pl
import pytest

from contracts.errors import UsageError
from data_lake.figures import read_vintages
from data_lake.lake import open_lake
from data_lake.ledger import read_ledger
from flows.run.task_runner import choose_task_runner
from tests.flows.conftest import ROOT

EXAMPLES = ROOT / "examples" / "figures" / "smm" / "sodium_ion"
CHANGES_WITH_THE_RUN = ("run_id", "recorded_at", "at")


def test_threads_where_nothing_is_said(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TRONA_DASK", raising=False)
    assert type(choose_task_runner()).__name__ == "ThreadPoolTaskRunner"


def test_a_cluster_without_its_package_is_said(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TRONA_DASK", "tcp://127.0.0.1:1")
    monkeypatch.setitem(sys.modules, "prefect_dask", None)
    with pytest.raises(UsageError, match="prefect-dask"):
        choose_task_runner()


@pytest.fixture(scope="module")
def cluster():
    """A scheduler and two workers on loopback, as an administrator starts them beside an installed Trona."""
    from distributed import LocalCluster

    settings = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None, "host": "127.0.0.1"}
    with LocalCluster(**settings) as made:
        yield made.scheduler_address


def content(lake: str) -> list[pl.DataFrame]:
    store = open_lake(lake)
    tables = (read_vintages(store).collect(), read_ledger(store))
    return [t.drop(CHANGES_WITH_THE_RUN, strict=False).sort(pl.all()) for t in tables]


@pytest.mark.soak
@pytest.mark.filterwarnings("default")  # Dask's workers and their sockets are closed by Dask
def test_a_backfill_on_workers_is_the_same_as_on_threads(up, cluster, tmp_path):
    found = []
    for name, address in (("threads", ""), ("dask", cluster)):
        command = [sys.executable, "-c", "from flows.cli import main; main()", "backfill", "--documents", str(EXAMPLES)]
        environment = up.environment | up.access | {"PREFECT_API_URL": up.api, "TRONA_DASK": address}
        lake = str(tmp_path / name)
        done = subprocess.run(
            [*command, "--lake", lake], env=environment, capture_output=True, text=True, timeout=200, check=False
        )
        assert done.returncode == 0, done.stderr
        found.append(content(lake))
    for on_threads, on_workers in zip(*found, strict=True):
        assert on_threads.height
        assert on_threads.equals(on_workers)
