"""A worker that takes documents in and is killed at a chosen step, for `test_interruptions`."""

import os
import signal
from datetime import UTC, datetime
from pathlib import Path

from deltalake import DeltaTable

from contracts.readings import DocumentHints
from data_lake import delta, storage
from data_lake.lake import open_lake
from tasks.intake.ingest import ingest_file

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def take_in_all(uri: str, paths: list[str]) -> None:
    """Take the documents in, as the command does."""
    lake = open_lake(uri)
    for path in paths:
        ingest_file(lake, Path(path), DocumentHints(), now=NOW, run_id="test")


def take_in_until(uri: str, paths: list[str], kill_at: int, counted: "os.PathLike[str] | None" = None) -> None:
    """Take the documents in and die by SIGKILL at the given step; 0 = never, and write the number of steps."""
    steps = 0

    def step() -> None:
        nonlocal steps
        steps += 1
        if steps == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    real_fsync, real_replace = os.fsync, Path.replace
    real_commit = DeltaTable.create_write_transaction
    real_create = DeltaTable.create

    def fsync(descriptor: int) -> None:
        step()
        real_fsync(descriptor)

    def replace(self: Path, target: "str | Path") -> Path:
        step()
        moved = real_replace(self, target)
        step()
        return moved

    def commit(self, *args, **kwargs):
        step()
        real_commit(self, *args, **kwargs)
        step()

    def create(*args, **kwargs):
        step()
        made = real_create(*args, **kwargs)
        step()
        return made

    os.fsync = storage.os.fsync = fsync
    Path.replace = replace
    delta.DeltaTable.create_write_transaction = commit
    delta.DeltaTable.create = staticmethod(create)
    take_in_all(uri, paths)
    if counted is not None:
        Path(counted).write_text(str(steps))
