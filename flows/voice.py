"""Where a flow says what it is doing: the command line's stderr, else the run's log."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

Write = Callable[[str], None]


@dataclass(frozen=True)
class Voice:
    """`say` takes progress, one line each; `show` takes results; `report` asks for an overview at the end."""

    say: Write
    show: Write
    report: bool = False


_VOICE: ContextVar[Voice | None] = ContextVar("trona_voice", default=None)


@contextmanager
def speak(voice: Voice) -> Iterator[None]:
    """Let flows that are called inside speak with this voice."""
    token = _VOICE.set(voice)
    try:
        yield
    finally:
        _VOICE.reset(token)


def current_voice() -> Voice:
    """The voice of the caller, or the log of the flow run."""
    voice = _VOICE.get()
    if voice is not None:
        return voice
    from prefect import get_run_logger  # noqa: PLC0415 - inside a flow run only

    logger = get_run_logger()
    return Voice(say=logger.info, show=logger.info)
