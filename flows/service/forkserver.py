"""Runs that start warm: forked from a process that has loaded everything and done nothing yet.

A run's own process takes seconds to load Prefect, polars and pandera. The runner keeps one process that has only
imported them, without a thread or a connection, and forks each run from it.
"""

import multiprocessing
from multiprocessing.context import ForkServerContext
from types import ModuleType
from typing import Any

# Modules that read nothing and start nothing when imported: a fork copies no threads.
LOADED = (
    "prefect.main",
    "prefect.flow_engine",
    "prefect.task_engine",
    "prefect.events",
    "prefect.artifacts",
    "prefect.runner._process_manager",
    "deltalake",
    "pandera.polars",
    "trafilatura",
    "flows.monthly",
    "flows.deadline",
)


class _Warm:
    """`multiprocessing` as Prefect's engine sees it: where it asks for a spawned process it gets a forked one."""

    def __init__(self, module: ModuleType, context: ForkServerContext) -> None:
        self._module = module
        self._context = context

    def __getattr__(self, name: str) -> Any:
        return getattr(self._module, name)

    def get_context(self, method: str | None = None) -> Any:
        """The context of the warm process for `spawn`, else what Python gives."""
        return self._context if method == "spawn" else self._module.get_context(method)


def start_warm() -> bool:
    """Let runs of this process start warm from now on; False where this system or this Prefect does not allow it.

    Prefect names `spawn` in its engine and has no setting for it, so the name under which the engine knows
    `multiprocessing` is replaced. Where that name is gone, runs start as Prefect starts them.
    """
    from prefect import flow_engine  # noqa: PLC0415 - only the runner loads Prefect

    if "forkserver" not in multiprocessing.get_all_start_methods():
        return False
    if getattr(flow_engine, "multiprocessing", None) is not multiprocessing:
        return False
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(LOADED))
    context.Process(target=int).start()  # the first process starts the server, which then loads
    flow_engine.multiprocessing = _Warm(multiprocessing, context)  # type: ignore[attr-defined, assignment]
    return True
