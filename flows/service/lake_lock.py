"""One `trona up` per lake: a lock that the system lets go of when its holder dies, however it dies."""

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from contracts.errors import SourceUnavailable, UsageError
from contracts.settings import Settings


def lock_path(settings: Settings) -> Path:
    """In the lake where it is a folder, so that whoever works on it finds it; else in `home`."""
    if "://" in settings.lake:
        name = "".join(c if c.isalnum() else "-" for c in settings.lake)
        return Path(settings.home).expanduser() / f"up-{name}.lock"
    return Path(settings.lake).expanduser() / ".trona-up.lock"


@contextmanager
def hold_lock(settings: Settings, told: Mapping[str, Any]) -> Iterator[None]:
    """Hold the lock of the lake; `told` stands in it for whoever comes second.

    Raises `UsageError` where another process holds it.
    """
    path = lock_path(settings)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("a+", encoding="utf-8")
    except OSError as error:
        raise SourceUnavailable(
            "the lake's folder cannot be written", where=str(path), found=error.strerror or str(error)
        ) from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            other = _read(file)
            raise UsageError(
                "another `trona up` is already running on this lake",
                where=settings.lake_address,
                found=f"process {other.get('pid', 'unknown')}, page {other.get('page', 'unknown')}",
                effect="nothing was started",
                next=f"use that one, or stop it: kill {other.get('pid', 'PID')}",
            ) from None
        file.truncate(0)
        file.write(json.dumps({"pid": os.getpid(), **told}))
        file.flush()
        yield
        file.truncate(0)


def find_up(settings: Settings) -> dict[str, Any]:
    """What the `trona up` that is running on the lake says of itself; empty where none is."""
    path = lock_path(settings)
    if not path.exists():
        return {}
    try:
        with path.open("r", encoding="utf-8") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return _read(file)
    except OSError:
        return {}
    return {}


def _read(file: IO[str]) -> dict[str, Any]:
    file.seek(0)
    try:
        found = json.loads(file.read() or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
