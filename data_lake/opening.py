"""Opening a Delta table: kept open by each thread, brought up to date, and never taken for less than was acknowledged.

Opening changes nothing. A newest entry that a power cut tore was never acknowledged: readers pass it over, and a
writer that holds the table alone sets it aside.
"""

import os
import re
import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path

from deltalake import DeltaTable
from deltalake.exceptions import DeltaError, TableNotFoundError

from contracts.errors import SourceUnavailable, UsageError
from data_lake.entries import Entries
from data_lake.remembered import forget
from data_lake.storage import Storage, encode_address, hold

_LOOKED_BACK = 20
_KEPT_OPEN = 32
# Characters of a path that the Delta library reads as others: it opens another folder, or none.
_MISREAD = re.compile(r"[\\\x00-\x1f\x7f\ud800-\udfff]|%[0-9A-Fa-f]{2}")


@dataclass
class _Open(threading.local):
    """Tables that this thread of this process has open. None is shared: bringing one up to date changes it."""

    tables: "OrderedDict[tuple[object, ...], tuple[DeltaTable, int, bool]]" = field(default_factory=OrderedDict)


_OPEN = _Open()
_SEEN: "OrderedDict[tuple[object, ...], tuple[Storage, str]]" = OrderedDict()


def check_address(storage: Storage) -> None:
    """Raise `UsageError` where the Delta library would read the lake's address as another one."""
    text = str(storage.local) if storage.local else storage.uri
    found = _MISREAD.search(text)
    if found:
        raise UsageError(
            f"a lake cannot lie below a name that holds {found[0]!r}",
            where=ascii(text)[1:-1],
            effect="nothing was read or written",
            next="rename the folder: spaces, other letters and signs are fine, but no backslash, "
            "no % before two hexadecimal digits, no control character, no bytes that are not UTF-8",
        )


def table_address(storage: Storage, name: str) -> str:
    """The address of a table for the Delta library: percent-encoded, so that `#` and `%` stand for themselves."""
    if storage.local:
        return (storage.local / name).as_uri()
    return encode_address(storage.address(name))


def open_table(storage: Storage, name: str, *, is_writing: bool = False) -> DeltaTable | None:
    """The newest state of a table; None where it was never written.

    Raises `LakeDamaged` where an entry that was acknowledged is damaged or gone, and `SourceUnavailable` where the
    table cannot be read.
    """
    check_address(storage)
    key = _key(storage, name)
    found, has_copies = _take_open(storage, name, key)
    looked_at = found.version() if found else -1
    found = _bring_up_to_date(found) or _open_afresh(storage, name, is_writing=is_writing)
    if found is None:
        return None
    if storage.local and not _is_newest_whole(storage, name, found, looked_at, is_writing=is_writing):
        return open_table(storage, name, is_writing=True) if is_writing else _open_before(storage, name, found)
    if is_writing and not has_copies:
        Entries(storage, name).keep_missing(found.version())
    _SEEN[key] = (storage, name)
    _SEEN.move_to_end(key)
    _OPEN.tables[key] = (found, _stamp(storage, name), has_copies or is_writing)
    while len(_OPEN.tables) > _KEPT_OPEN:
        _OPEN.tables.popitem(last=False)
    return found


def _take_open(storage: Storage, name: str, key: tuple[object, ...]) -> tuple[DeltaTable | None, bool]:
    """The table as this thread has it open, and whether copies of its entries are known to be there.

    None where the log at its address is another one by now.
    """
    known = _OPEN.tables.pop(key, None)
    if known is None or known[1] != _stamp(storage, name):
        return None, False
    is_there = storage.size(Entries(storage, name).name(known[0].version())) is not None
    return (known[0], known[2]) if is_there else (None, False)


def log_identity(storage: Storage, name: str) -> tuple[object, ...]:
    """What tells this log from others, also from one that was made later at the same address."""
    return (*_key(storage, name), _stamp(storage, name))


def _key(storage: Storage, name: str) -> tuple[object, ...]:
    return (os.getpid(), storage.uri, tuple(sorted(storage.options.items())), name)


def _stamp(storage: Storage, name: str) -> int:
    """What tells a log from another one that was made later at the same address."""
    if not storage.local:
        return 0
    try:
        return (storage.local / name / "_delta_log").stat().st_ino
    except OSError:
        return -1


def _bring_up_to_date(found: DeltaTable | None) -> DeltaTable | None:
    if found is None:
        return None
    try:
        found.update_incremental()
    except (DeltaError, OSError):
        return None  # opened afresh, and told there
    return found


def _open_afresh(storage: Storage, name: str, *, is_writing: bool) -> DeltaTable | None:
    try:
        return _open_version(storage, name)
    except TableNotFoundError:
        _check_nothing_there(storage, name)
        return None
    except (DeltaError, OSError) as error:
        state = _find_reason(storage, name) if storage.local else None
        if state is None:
            raise unreadable(storage.address(name), error) from error
        if not is_writing:
            return _open_version(storage, name, state - 1) if state else None
        _set_aside(storage, name, state)
        return _open_afresh(storage, name, is_writing=True)


def _open_version(storage: Storage, name: str, version: int | None = None) -> DeltaTable:
    return DeltaTable(table_address(storage, name), version=version, storage_options=dict(storage.options) or None)


def _open_before(storage: Storage, name: str, found: DeltaTable) -> DeltaTable | None:
    """The state before a newest entry that is torn: that entry was never acknowledged."""
    return _open_version(storage, name, found.version() - 1) if found.version() else None


def _check_nothing_there(storage: Storage, name: str) -> None:
    """Raise `SourceUnavailable` where a table's folder is there and cannot be looked into, or has lost its log."""
    entries = Entries(storage, name)
    kept = entries.kept_versions() if storage.local else []
    if kept and not entries.versions():
        raise entries.damage(kept[-1], "missing")


def _is_newest_whole(storage: Storage, name: str, found: DeltaTable, looked_at: int, *, is_writing: bool) -> bool:
    """Whether all entries that were not looked at yet are whole.

    False where the newest is torn; a writer has set it aside by then. Raises `LakeDamaged` where one that was
    acknowledged is not whole.
    """
    entries, newest = Entries(storage, name), found.version()
    for version in range(max(looked_at + 1, newest - _LOOKED_BACK, 0), newest + 1):
        state = entries.look(version)
        if state == "torn" and version == newest:
            if is_writing:
                _set_aside(storage, name, version)
            return False
        if state != "whole":
            raise entries.damage(version, state)
    if storage.size(entries.kept_name(newest + 1)) is not None:  # acknowledged a moment ago, or gone
        found.update_incremental()
        if found.version() == newest:
            raise entries.damage(newest + 1, "missing")
        return _is_newest_whole(storage, name, found, newest, is_writing=is_writing)
    return True


def _find_reason(storage: Storage, name: str) -> int | None:
    """Why a table does not open: the version of a newest entry that is torn, or None where another thing is wrong.

    Raises `LakeDamaged` for an entry that was acknowledged, `SourceUnavailable` for one that cannot be opened.
    """
    entries = Entries(storage, name)
    versions = entries.versions()
    for version in versions:
        state = entries.look(version, thoroughly=True)
        if state == "torn" and version == versions[-1]:
            return version
        if state != "whole":
            raise entries.damage(version, state)
    return None


def _set_aside(storage: Storage, name: str, version: int) -> None:
    """Set a torn entry aside, holding the table alone. Raises `SourceUnavailable` where others are writing."""
    entries = Entries(storage, name)
    log = Path(storage.address(name)) / "_delta_log"
    with hold(log, alone=True) as is_alone:
        if not is_alone:
            raise SourceUnavailable(
                f"entry {version} of the table {name} is torn, and others are writing",
                where=str(log),
                effect="nothing was written",
                next="run the same command again",
            )
        if entries.look(version) == "torn":
            entries.set_aside_torn(version)


def forget_open_tables() -> None:
    """Close what this thread has open: what is asked next is read from the log and the files."""
    _OPEN.tables.clear()
    forget()


def list_seen() -> list[tuple[Storage, str]]:
    """Tables that this process has opened, the last first."""
    return list(reversed(_SEEN.values()))


def unreadable(address: str, error: Exception) -> SourceUnavailable:
    """The error that says that a table cannot be read, with the library's own words."""
    return SourceUnavailable(
        "a table of the lake cannot be read",
        where=address,
        found=str(error).splitlines()[0] if str(error) else type(error).__name__,
        effect="nothing was changed",
        next="trona doctor --deep shows what is damaged; check the address and the permissions",
    )
