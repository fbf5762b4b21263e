"""Where the tasks of a backfill work: threads of its own process, or the workers of a Dask cluster."""

from typing import Any

from prefect.task_runners import TaskRunner, ThreadPoolTaskRunner

from contracts.errors import UsageError
from contracts.settings import load_settings


def choose_task_runner() -> TaskRunner[Any]:
    """The cluster of the setting `dask`, else threads. Raises `UsageError` where `prefect-dask` is not installed.

    Tasks are handed addresses, keys and paths, so a worker must reach the lake, the documents and the server.
    """
    address = load_settings().dask
    if not address:
        return ThreadPoolTaskRunner()
    try:
        from prefect_dask.task_runners import DaskTaskRunner  # noqa: PLC0415 - an extra: only who has a cluster needs it
    except ImportError as error:
        raise UsageError(
            "the setting `dask` needs prefect-dask",
            where=address,
            found=str(error),
            effect="nothing was started",
            next="pip install 'trona[dask]', or take the setting away",
        ) from error
    runner: TaskRunner[Any] = DaskTaskRunner(address=address)
    return runner
