"""Documents are read in a process of their own, so that one that breaks its reader breaks nothing else.

A document is text from anywhere, and its readers allocate what it asks for. Its process has limits of memory, processor
time and elapsed time, and what it gives back has one of size; beyond them it ends, the document is refused with the
reason, and the next document gets a new process. A process that read its document well is kept for the next one:
forked from a server that has the readers loaded, it costs some 20 ms once and 2 ms a document.
"""

import multiprocessing
import os
import pickle
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import ModuleType
from typing import Any

from contracts.errors import ContractBroken, TronaError

_LOADED = ("tasks.intake.documents",)
_MOST_PROCESSES = min(4, os.cpu_count() or 1)


@dataclass(frozen=True)
class ReadingLimits:
    """What one document may cost: bytes of memory and of answer, seconds of processor and on the clock."""

    memory_bytes: int = 4 << 30
    answer_bytes: int = 1 << 30
    cpu_seconds: int = 120
    clock_seconds: int = 300


LIMITS = ReadingLimits()


class ReaderFailed(ContractBroken):
    """A document broke its reader: it is refused, and the documents beside it go on."""


def warm_reader() -> None:
    """Start loading the readers in the background, for a command that is about to read documents."""
    if not _is_daemon():
        _context()
        from multiprocessing import forkserver  # noqa: PLC0415 - only where documents are read

        forkserver.ensure_running()


def call_guarded(read: Callable[..., Any], *arguments: object, document: str, limits: ReadingLimits = LIMITS) -> Any:
    """What `read(*arguments)` returns, computed in a process with limits; its `TronaError` is raised here.

    `read` is a function of a module. Raises `ReaderFailed` where it ends otherwise: an error of the reader, a limit
    reached, a process that was ended from outside.
    """
    if _is_daemon():  # a worker of a cluster, which may have no children and is watched by its own nanny
        return _call(read, arguments, document)
    with _lease() as child:
        return child.call(read, arguments, document, limits)


class _Child:
    """A process that reads one document after another, over a pipe."""

    def __init__(self) -> None:
        ours, theirs = multiprocessing.Pipe()
        self._pipe: Connection = ours
        self._process: BaseProcess = _context().Process(target=_serve, args=(theirs,), daemon=True)
        with _without_main():
            self._process.start()
        theirs.close()
        self.is_sound = True

    def call(
        self, read: Callable[..., Any], arguments: tuple[object, ...], document: str, limits: ReadingLimits
    ) -> Any:
        self.is_sound = False
        try:
            self._pipe.send((read, arguments, document, limits, str(Path.cwd())))
            if not self._pipe.poll(limits.clock_seconds):
                raise _failed(document, f"it took more than {limits.clock_seconds} s")
            is_good, answer, self.is_sound = pickle.loads(self._pipe.recv_bytes())  # noqa: S301 - our own process
        except (EOFError, OSError) as error:
            raise _failed(document, self._explain_end(limits)) from error
        if is_good:
            return answer
        raise answer

    def end(self) -> None:
        """End it, whatever it does."""
        self._pipe.close()
        self._process.kill()
        self._process.join()

    def _explain_end(self, limits: ReadingLimits) -> str:
        self._process.join(1)
        code = self._process.exitcode
        if code == -signal.SIGXCPU:
            return f"it took more than {limits.cpu_seconds} s of processor time"
        if code is not None and -code in {signal.SIGABRT, signal.SIGKILL, signal.SIGSEGV, signal.SIGBUS}:
            return f"it needed more than {limits.memory_bytes >> 20:,} MiB of memory, or broke its reader ({-code})"
        return f"its reader ended ({code})"


_lock = threading.Lock()
_places = threading.BoundedSemaphore(_MOST_PROCESSES)
_idle: list[tuple[int, _Child]] = []
"""Processes that wait for a document, each with the id of the process that started it: a fork does not own them."""


@contextmanager
def _lease() -> Iterator[_Child]:
    with _places:
        with _lock:
            mine = [child for owner, child in _idle if owner == os.getpid()]
            child = mine[-1] if mine else None
            _idle[:] = [(owner, kept) for owner, kept in _idle if owner == os.getpid() and kept is not child]
        child = child or _Child()
        try:
            yield child
        finally:
            if child.is_sound:
                with _lock:
                    _idle.append((os.getpid(), child))
            else:
                child.end()


def _context() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(_LOADED))  # without effect where a warm server runs already
    return context


@contextmanager
def _without_main() -> Iterator[None]:
    """Keep a new process from running the program's main module, which it would do to know its names.

    A reader needs none of them, loading them takes time, and a script without `if __name__ == "__main__"` would run
    once more.
    """
    with _lock:
        main = sys.modules["__main__"]
        sys.modules["__main__"] = ModuleType("__main__")
        try:
            yield
        finally:
            sys.modules["__main__"] = main


def _is_daemon() -> bool:
    return bool(multiprocessing.current_process().daemon)


def _serve(pipe: Connection) -> None:
    """Answer calls until the other end closes. What a reader prints goes nowhere."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the command that is stopped ends its readers itself
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(nowhere, stream)
    while True:
        try:
            read, arguments, document, limits, folder = pipe.recv()
        except (EOFError, OSError):
            return
        os.chdir(folder)
        _limit(limits)
        answer = _answer(read, arguments, document, limits)
        del read, arguments
        pipe.send_bytes(answer)


def _answer(read: Callable[..., Any], arguments: tuple[object, ...], document: str, limits: ReadingLimits) -> bytes:
    """The pickled answer, or error, and whether this process is fit for another document."""
    try:
        answer = pickle.dumps((True, _call(read, arguments, document), True))
    except TronaError as error:
        return pickle.dumps((False, error, not isinstance(error, ReaderFailed)))
    if len(answer) > limits.answer_bytes:
        return pickle.dumps((False, _failed(document, f"it says more than {limits.answer_bytes >> 20:,} MiB"), False))
    return answer


def _call(read: Callable[..., Any], arguments: tuple[object, ...], document: str) -> Any:
    try:
        return read(*arguments)
    except TronaError:
        raise
    except MemoryError as error:
        raise _failed(document, "it needs more memory than a document may") from error
    except BaseException as error:  # panics of libraries are no `Exception`
        if isinstance(error, (KeyboardInterrupt, SystemExit, GeneratorExit)):
            raise
        raise _failed(document, f"{type(error).__name__}: {error}"[:300]) from error


def _limit(limits: ReadingLimits) -> None:
    import resource  # noqa: PLC0415 - not on every system

    used = resource.getrusage(resource.RUSAGE_SELF)
    spent = int(used.ru_utime + used.ru_stime) + 1
    _lower(resource.RLIMIT_CPU, spent + limits.cpu_seconds)
    _lower(resource.RLIMIT_AS, limits.memory_bytes)
    _lower(resource.RLIMIT_CORE, 0)
    _lower(resource.RLIMIT_FSIZE, 0)  # a reader writes no files


def _lower(kind: int, wanted: int) -> None:
    """Set the soft limit, as far as the hard one allows it."""
    import resource  # noqa: PLC0415 - not on every system

    _, hard = resource.getrlimit(kind)
    resource.setrlimit(kind, (wanted if hard == resource.RLIM_INFINITY else min(wanted, hard), hard))


def _failed(document: str, found: str) -> ReaderFailed:
    return ReaderFailed(
        "the document cannot be read: its reader failed",
        where=document,
        found=found,
        effect="nothing of this document was recorded; other documents were",
        next="open it to see whether it is whole and holds the table or review alone; if so, this is a defect of the "
        "reader worth reporting",
    )
