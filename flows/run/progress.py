"""Where a flow says what it is doing: the command line's stderr, else the run's log."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from contracts.errors import TronaError

Write = Callable[[str], None]


@dataclass(frozen=True)
class Reporter:
    """`say` takes progress, one line each; `show` takes results; `report` asks for an overview at the end."""

    say: Write
    show: Write
    report: bool = False


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


def _drop_expected_traceback(record: logging.LogRecord) -> bool:
    """An expected error says in words what is wrong: where in the code it was raised helps nobody who reads the log."""
    if record.exc_info and isinstance(record.exc_info[1], TronaError):
        record.exc_info = None
    return True
