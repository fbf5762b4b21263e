"""Files that a person named or will look for: whole under their name, or told in five parts that they are not."""

from collections.abc import Callable
from pathlib import Path
from typing import IO

from contracts.errors import SourceUnavailable
from data_lake.storage import write_whole


def write_file(path: Path, content: bytes) -> None:
    """Write a file whole, and the folders above it where there are none. Raises `SourceUnavailable` as `fill_file`."""
    fill_file(path, lambda file: file.write(content))


def fill_file(path: Path, write: Callable[[IO[bytes]], object]) -> None:
    """Let `write` put a file together; its name holds what was there before until all of it is on the disk.

    Raises `SourceUnavailable` where the disk does not take it: full, over a quota, not writable.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, write)
    except OSError as error:
        raise SourceUnavailable(
            "the file cannot be written",
            where=str(path),
            found=error.strerror or str(error),
            effect="what was there before is as it was; files written before it are whole",
            next="make room there (or in the folder for temporary files, TMPDIR), or name another place",
        ) from error
