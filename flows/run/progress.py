"""Where a flow says what it is doing: the command line's stderr, else the run's log."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from contracts.errors import TronaError
from contracts.text_table import Look

if TYPE_CHECKING:
    from uuid import UUID

    from flows.run.request import RunRequest

Write = Callable[[str], None]


@dataclass(frozen=True)
class Reporter:
    """`say` takes what was done, one line each; `show` takes results; `report` asks for an overview at the end.

    `wait` takes what is waited for now: it is said to who looks at it, and kept nowhere. `look` is what results fit.
    """

    say: Write
    show: Write
    report: bool = False
    wait: Write = lambda _: None
    look: Look = field(default_factory=Look)


_REPORTER: ContextVar[Reporter | None] = ContextVar("trona_reporter", default=None)


@contextmanager
def use_reporter(reporter: Reporter) -> Iterator[None]:
    """Let flows that are called inside speak with this reporter."""
    token = _REPORTER.set(reporter)
    try:
        yield
    finally:
        _REPORTER.reset(token)


def current_reporter() -> Reporter:
    """The reporter of the caller, or the log of the flow run."""
    reporter = _REPORTER.get()
    if reporter is not None:
        return reporter
    from prefect import get_run_logger  # noqa: PLC0415 - inside a flow run only

    for name in ("prefect.flow_runs", "prefect.task_runs"):
        logging.getLogger(name).addFilter(_drop_expected_traceback)  # the same function twice is one filter
    logger = get_run_logger()
    return Reporter(say=logger.info, show=logger.info)


@dataclass(frozen=True)
class Progress(Reporter):
    """The reporter of a run, and the bar in the UI that shows how far it is."""

    artifact: "UUID | None" = None

    def advance(self, percent: float) -> None:
        """Move the bar."""
        from prefect.artifacts import update_progress_artifact  # noqa: PLC0415 - inside a flow run only

        if self.artifact is not None:
            update_progress_artifact(self.artifact, percent)


def start_progress(request: "RunRequest") -> Progress:
    """The caller's reporter with a bar in the UI; called inside a flow run."""
    from prefect.artifacts import create_progress_artifact  # noqa: PLC0415 - inside a flow run only

    reporter = current_reporter()
    key = f"trona-{request.flow.replace('_', '-')}"
    artifact = cast("UUID", create_progress_artifact(0.0, key=key, description=f"run {request.run_id}"))
    return Progress(reporter.say, reporter.show, reporter.report, reporter.wait, reporter.look, artifact)


def _drop_expected_traceback(record: logging.LogRecord) -> bool:
    """An expected error says in words what is wrong: where in the code it was raised helps nobody who reads the log."""
    if record.exc_info and isinstance(record.exc_info[1], TronaError):
        record.expected_error, record.exc_info = record.exc_info[1], None
    return True
