"""Upkeep of a lake: many small files become few, checkpoints are fresh, files that nothing names any more go.

No row is lost or changed. Readers and writers may be at work: a commit takes the small files' place at once, and what
it leaves behind stays as long as a reader may still be reading it. What a writer has written and not yet committed is
as young, and stays too.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from contracts.releases import RELEASES
from contracts.table import Table
from data_lake.delta import ClaimTaken, DeltaLog
from data_lake.lake import Lake
from data_lake.releases import state_releases
from data_lake.tables import FROM_DOCUMENTS, FROM_FIGURES, LAKE_TABLES

_WHOLE = 64 * 2**20
_MANY = 4
_ATTEMPTS = 5
_DATA_FILE = re.compile(r"(?:[^/]+=[^/]+/)?[0-9a-f]{32}\.parquet")


@dataclass(frozen=True)
class Upkeep:
    """What was done to one table: its data files before and after, and what was removed that nothing names."""

    table: str
    files_before: int
    files_after: int
    removed: int
    removed_bytes: int


def maintain_lake(lake: Lake, *, before: datetime, dry_run: bool = False) -> Iterator[Upkeep]:
    """Look after each table of the lake in turn.

    Files that no newest state names are removed where they were written before `before`. With `dry_run` nothing is
    written, and `files_after` and `removed` say what would be. Raises `SourceUnavailable` where the lake cannot be
    read or written; tables done before stay done.
    """
    for table in LAKE_TABLES:
        log = lake.table(table)
        files = log.sizes()
        groups = [] if table in FROM_FIGURES else [*_list_groups(log.files(), files)]
        if not files:
            continue
        merged = 0 if dry_run else sum(_merge(lake, table, group) for group in groups)
        if merged:
            log.checkpoint()
        unused = {name: size for name, (size, at) in _list_unused(lake, log).items() if at < before}
        gone = unused if dry_run else {name: size for name, size in unused.items() if lake.storage.remove(name, before)}
        after = len(files) - sum(len(group) - 1 for group in groups) if dry_run else len(log.files())
        yield Upkeep(table.name, len(files), after, len(gone), sum(gone.values()))


def _list_groups(partitions: dict[str, str], sizes: dict[str, int], whole: int = _WHOLE) -> Iterator[set[str]]:
    """Small files of one partition that are worth a file together; a file is done when it is `whole`."""
    small = sorted((part, path) for path, part in partitions.items() if sizes.get(path, whole) < whole // _MANY)
    for part in sorted({part for part, _ in small}):
        group: set[str] = set()
        size = 0
        for path in (path for at, path in small if at == part):
            group.add(path)
            size += sizes[path]
            if size >= whole:
                yield group
                group, size = set(), 0
        if len(group) >= _MANY:
            yield group


def _merge(lake: Lake, table: Table, group: set[str]) -> bool:
    """Put one file in the place of these, in one commit. False where others were faster each time: nothing is done."""
    for _ in range(_ATTEMPTS):
        log = lake.table(table)
        group &= log.files().keys()
        if len(group) < _MANY:
            return False
        try:
            rows = log.read_files(group)
            log.swap(rows, group, metadata=_state(lake, table, rows))
        except ClaimTaken:
            continue
        return True
    return False


def _state(lake: Lake, table: Table, moved: pl.DataFrame) -> dict[str, str]:
    """What the commit says of the releases whose rows it moves, so that a repair finds their documents."""
    if table not in FROM_DOCUMENTS:
        return {}
    if table is RELEASES:
        return state_releases(moved.sort(RELEASES.key))
    recorded = lake.table(RELEASES).scan().filter(event="recorded").collect()
    return state_releases(recorded.join(moved, on="release_id", how="semi").sort(RELEASES.key))


def _list_unused(lake: Lake, log: DeltaLog) -> dict[str, tuple[int, datetime]]:
    """Data files in the table's folder that its newest state does not name: size and time of writing."""
    folder, named = log.table.name, log.files().keys()
    there = lake.storage.list_times(folder)
    paths = {name: name.removeprefix(f"{folder}/") for name in there}
    return {name: there[name] for name, path in paths.items() if _DATA_FILE.fullmatch(path) and path not in named}
