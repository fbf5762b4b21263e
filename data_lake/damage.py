"""What a reader that fails in the middle of a table is told: which data file is damaged or gone, and what to do."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from contracts.errors import SourceUnavailable

if TYPE_CHECKING:
    from data_lake.entries import LakeDamaged

_NAMED = 3
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@contextmanager
def tell_damage() -> Iterator[None]:
    """Turn an error of polars or of the disk into `LakeDamaged`, where a table that was read here is damaged."""
    try:
        yield
    except BaseException as error:
        damaged = find_damage() if _may_come_of_damage(error) else None
        if damaged is None:
            raise
        raise damaged from error


def find_damage() -> "LakeDamaged | None":
    """The data files that are missing or unreadable in the tables that this process has read; None where none is."""
    from contracts.text import count_noun  # noqa: PLC0415 - only where something failed
    from data_lake.audit import describe_file  # noqa: PLC0415
    from data_lake.entries import Entries, LakeDamaged  # noqa: PLC0415
    from data_lake.opening import list_seen  # noqa: PLC0415

    for storage, table in list_seen():
        try:
            files = sorted(Entries(storage, table).files())
            found = {path: said for path in files if (said := describe_file(storage, f"{table}/{path}"))}
        except SourceUnavailable:  # that it cannot be read says nothing about what failed
            continue
        if found:
            first, verb = next(iter(found)), "is" if len(found) == 1 else "are"
            return LakeDamaged(
                f"{count_noun(len(found), 'data file')} of the table {table} {verb} damaged or gone",
                where=storage.address(f"{table}/{first}"),
                found=[f"{path}: {said}" for path, said in list(found.items())[:_NAMED]],
                effect="nothing was changed; commands that need these rows stop",
                next="trona doctor --deep shows all that is damaged, trona repair rebuilds it from the kept documents",
            )
    return None


def _may_come_of_damage(error: BaseException) -> bool:
    """Whether polars or the disk raised this. A panic of polars is no `Exception`, and has no module of polars."""
    if isinstance(error, OSError):
        return error.errno not in _FULL and not isinstance(error, BrokenPipeError | ConnectionError)
    return type(error).__module__.startswith("polars") or type(error).__name__ == "PanicException"
