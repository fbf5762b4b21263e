"""Delta tables of the lake: Parquet files that are on disk before the log names them.

Data files are written first, under a name that is the hash of their bytes, and flushed; only then does
one transaction of the Delta log add (and remove) them, and the log is flushed too. A reader therefore
sees all of a commit or nothing, and a commit that has returned survives a power cut. A commit may carry
a *claim*, a named counter in the log: of two commits that expect the same count, one is refused.
"""

import hashlib
import io
import json
from collections.abc import Callable, Collection, Mapping
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
from deltalake import DeltaTable, Schema
from deltalake.exceptions import CommitFailedError, DeltaError
from deltalake.transaction import AddAction, CommitProperties, RemoveAction, Transaction

from contracts.errors import SourceUnavailable
from contracts.table import Table
from data_lake.claims import claim_count, note_claims
from data_lake.entries import FILES_STATED, Entries
from data_lake.opening import open_table, table_address, unreadable
from data_lake.remembered import remember
from data_lake.storage import Storage, flush, hold

_CONFIGURATION: dict[str, str | None] = {
    "delta.checkpointInterval": "10",
    "delta.enableExpiredLogCleanup": "false",
    "delta.deletedFileRetentionDuration": "interval 3650 days",
}
_ATTEMPTS = 50
_REPLACED = "replace"
"""The claim that counts how often rows of the table were replaced."""
_NOTED_AT = "noted at"
"""How often they had been replaced when the notes were written."""


class ClaimTaken(Exception):
    """Another commit holds this claim: the work is done, or another writer decided first."""


@dataclass(frozen=True)
class _Terms:
    """What a commit carries beside its files, and on which count of its claim it may be made (None = never claimed)."""

    claim: str = ""
    expect: int | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    notes: Mapping[str, int] = field(default_factory=dict)

    def counts(self) -> dict[str, int]:
        """The counters that the commit sets in the log: its claim, counted up, and its notes with that count."""
        if not self.claim:
            return {}
        count = 0 if self.expect is None else self.expect + 1
        return {self.claim: count, **self.notes, **({_NOTED_AT: count} if self.notes else {})}


@dataclass(frozen=True)
class DeltaLog:
    """One table of the lake, kept as a Delta table named like it."""

    storage: Storage
    table: Table

    @property
    def address(self) -> str:
        """Where the table lives."""
        return self.storage.address(self.table.name)

    def scan(
        self, *, partitions: Collection[str] | None = None, months: tuple[date | None, date | None] = (None, None)
    ) -> pl.LazyFrame:
        """All rows, lazily; a filter on the partition column reads only its files. Empty where nothing was written.

        With `partitions` or `months`, files are left out by what the log states of them: those of other partitions,
        and those without a row from the first to the last `month` (None = no limit). What is left may hold other rows.
        """
        return self._scan(self._open(), partitions, months)

    def summarise(self, name: str, compute: Callable[[pl.LazyFrame], pl.LazyFrame] = lambda rows: rows) -> pl.DataFrame:
        """What `compute` makes of all rows, remembered under its `name` until the table changes. For small results."""
        files = tuple(self.files().items())
        address = (self.storage.uri, tuple(sorted(self.storage.options.items())), self.table.name, name)
        return remember(address, files, lambda: compute(self.scan()).collect())

    def append(
        self,
        frame: pl.DataFrame,
        *,
        claim: str = "",
        expect: int | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> int:
        """Add rows in one transaction and return the table's version.

        With a `claim`, the commit counts it up from `expect` (None = never claimed) and raises
        `ClaimTaken` where the count is another, also where another writer is faster by a moment.
        """
        rows = self.table.conform(frame)
        return self._commit(rows, lambda _: [], _Terms(claim, expect, metadata or {}))[0]

    def replace(self, frame: pl.DataFrame, partitions: set[str], *, follows: int | None = None) -> int | None:
        """Make these partitions hold exactly the rows of `frame`, in one transaction.

        Partitions whose files would be the same bytes are left as they are. Concurrent calls follow one
        another; the last one stands. Returns how often the table was replaced by then (`count_replaced`); None where
        that was not `follows` before: others have replaced rows in between.
        """
        rows = self.table.conform(frame)
        while True:
            count = self.count_replaced()
            terms = _Terms(_REPLACED, None if count < 0 else count)
            with suppress(ClaimTaken):
                is_new = self._commit(rows, lambda found: _files_of(found, partitions), terms)[1]
                return count + is_new if count == follows else None

    def note(self, notes: Mapping[str, int], *, follows: int) -> bool:
        """Note in the log what all rows follow from (`scan_noted`); False where the table was replaced otherwise."""
        terms = _Terms(_REPLACED, None if follows < 0 else follows, notes=notes)
        try:
            self._commit(self.table.empty(), lambda _: [], terms)
        except ClaimTaken:
            return False
        return True

    def count_replaced(self) -> int:
        """How often rows of the table were replaced; -1 = never, 0 = once."""
        count = self.claim_version(_REPLACED)
        return -1 if count is None else count

    def scan_noted(self, names: Collection[str]) -> tuple[pl.LazyFrame, Mapping[str, int]]:
        """All rows, lazily, and the notes of these names that hold for exactly these rows.

        There are no notes where rows were replaced since they were written.
        """
        found = self._open()
        if found is None:
            return self._scan(None), {}
        counts = {
            name: claim_count(self.storage, self.table.name, found, name) for name in (*names, _NOTED_AT, _REPLACED)
        }
        holds = counts[_NOTED_AT] == counts[_REPLACED]
        return self._scan(found), {name: count for name in names if holds and (count := counts[name]) is not None}

    def swap(self, frame: pl.DataFrame, gone: set[str], *, metadata: Mapping[str, Any] | None = None) -> None:
        """Put these rows into the place of these data files, in one transaction; files of the same bytes stay.

        Raises `ClaimTaken` where one of the files is gone already, or another replaces rows in the same moment.
        """

        def remove(found: DeltaTable) -> list[tuple[str, str]]:
            there = [(path, value) for path, value in _files_of(found, None) if path in gone]
            if len(there) < len(gone):
                raise ClaimTaken(_REPLACED)
            return there

        count = self.claim_version(_REPLACED)
        self._commit(self.table.conform(frame), remove, _Terms(_REPLACED, count, metadata or {}))

    def read_files(self, paths: Collection[str]) -> pl.DataFrame:
        """The rows of these data files of the newest version."""
        pairs = [(path, value) for path, value in self.files().items() if path in paths]
        return scan_files(self.storage, self.table, pairs).collect() if pairs else self.table.empty()

    def checkpoint(self) -> None:
        """Write the newest state as one file, from which readers begin."""
        found = self._open(is_writing=True)
        if found is None:
            return
        found.create_checkpoint()
        if self.storage.local:
            log = Path(self.address) / "_delta_log"
            flush(log / f"{found.version():020}.checkpoint.parquet", log / "_last_checkpoint", log)

    def claim_version(self, claim: str) -> int | None:
        """How often the claim was counted up, or None."""
        found = self._open()
        return claim_count(self.storage, self.table.name, found, claim) if found else None

    def files(self) -> dict[str, str]:
        """Data files of the newest version: name (with the hash of the content) → partition value."""
        found = self._open()
        return dict(_files_of(found, None)) if found else {}

    def sizes(self) -> dict[str, int]:
        """Data files of the newest version, with the bytes that the log states."""
        found = self._open()
        actions = pl.DataFrame(found.get_add_actions(flatten=True)) if found else pl.DataFrame()
        return dict(actions.select("path", "size_bytes").iter_rows()) if actions.height else {}

    def _scan(
        self,
        found: DeltaTable | None,
        partitions: Collection[str] | None = None,
        months: tuple[date | None, date | None] = (None, None),
    ) -> pl.LazyFrame:
        paths = _files_of(found, partitions, months) if found else []
        return scan_files(self.storage, self.table, paths) if paths else self.table.empty().lazy()

    def _open(self, *, is_writing: bool = False) -> DeltaTable | None:
        return open_table(self.storage, self.table.name, is_writing=is_writing)

    def _create(self) -> DeltaTable:
        schema = Schema.from_arrow(self.table.empty().to_arrow().schema)
        partition = [self.table.partition] if self.table.partition else None
        for _ in range(_ATTEMPTS):
            try:
                DeltaTable.create(
                    table_address(self.storage, self.table.name),
                    schema,
                    mode="ignore",
                    partition_by=partition,
                    name=self.table.name,
                    description=self.table.meaning,
                    configuration=_CONFIGURATION,
                    storage_options=dict(self.storage.options) or None,
                )
            except (DeltaError, OSError) as error:  # another writer created it in the same moment
                reason: Exception = error
            found = self._open(is_writing=True)
            if found is not None:
                self._acknowledge(-1)
                return found
        raise unreadable(self.address, reason) from reason

    def _commit(
        self, rows: pl.DataFrame, removals: "Callable[[DeltaTable], list[tuple[str, str]]]", terms: _Terms
    ) -> tuple[int, bool]:
        """The version after the commit, and whether there was anything to commit."""
        written = self._write_files(rows)
        for _ in range(_ATTEMPTS):
            found = self._open(is_writing=True) or self._create()
            if terms.claim and claim_count(self.storage, self.table.name, found, terms.claim) != terms.expect:
                raise ClaimTaken(terms.claim)
            gone = dict(removals(found))
            kept = gone.keys() & {action.path for action in written}
            actions: list[AddAction | RemoveAction] = [
                *(action for action in written if action.path not in kept),
                *(_removal(path, self.table.partition, gone[path]) for path in gone if path not in kept),
            ]
            if not actions and not terms.notes:
                return found.version(), False
            try:
                return self._transact(found, actions, terms), True
            except CommitFailedError:
                continue
            except (DeltaError, OSError) as error:
                raise _unwritable(self.address, error) from error
        raise _unwritable(self.address, TimeoutError(f"{_ATTEMPTS} attempts met another writer"))

    def _transact(self, found: DeltaTable, actions: list[AddAction | RemoveAction], terms: _Terms) -> int:
        stated = {name: str(value) for name, value in terms.metadata.items()} | {FILES_STATED: str(len(actions))}
        log = Path(self.address) / "_delta_log"
        with hold(log, alone=False) if self.storage.local else nullcontext():
            found.create_write_transaction(
                actions,
                mode="append",
                schema=found.schema(),
                partition_by=[self.table.partition] if self.table.partition else None,
                commit_properties=CommitProperties(
                    custom_metadata=stated, app_transactions=[Transaction(*count) for count in terms.counts().items()]
                ),
            )
            newest = self._acknowledge(found.version())
        if newest == found.version() + 1:  # else others have committed too, and the log says what
            note_claims(self.storage, self.table.name, newest, terms.counts())
        return newest

    def _write_files(self, rows: pl.DataFrame) -> list[AddAction]:
        partition = self.table.partition
        if rows.is_empty():
            return []
        parts = rows.partition_by(partition, as_dict=True, include_key=False) if partition else {("",): rows}
        return [self._write_file(str(key[0]), part) for key, part in sorted(parts.items(), key=lambda i: str(i[0]))]

    def _write_file(self, value: str, part: pl.DataFrame) -> AddAction:
        partition = self.table.partition
        ordered = part.sort([name for name in self.table.key if name in part.columns], maintain_order=True)
        buffer = io.BytesIO()
        ordered.write_parquet(buffer, compression="zstd", compression_level=3, statistics=True)
        content = buffer.getvalue()
        digest = hashlib.sha256(content).hexdigest()[:32]
        path = f"{partition}={value}/{digest}.parquet" if partition else f"{digest}.parquet"
        name = f"{self.table.name}/{path}"
        if not self.storage.renew(name, len(content)):
            self.storage.put(name, content)
        values = {partition: value} if partition else {}
        return AddAction(path, len(content), values, 0, data_change=True, stats=_statistics(ordered))

    def _acknowledge(self, before: int) -> int:
        """Bring the log's new entries to disk and copy them: from now on they count as acknowledged. The newest."""
        entries, after = Entries(self.storage, self.table.name), before + 1
        try:
            while self.storage.size(entries.name(after + 1)) is not None:
                after += 1
            if self.storage.local:  # a writer before us may have died, or its disk been full, between entry and copy
                before = entries.last_kept(before)
            if self.storage.local:
                log = Path(self.address) / "_delta_log"
                ends = (".json", ".checkpoint.parquet")
                names = [f"{version:020}{end}" for version in range(before + 1, after + 1) for end in ends]
                flush(*(log / name for name in names), log / "_last_checkpoint", log, log.parent, log.parent.parent)
            entries.keep(before + 1, after)
        except (SourceUnavailable, OSError) as error:
            raise _unsecured(self.address, error) from error
        return after


def scan_files(storage: Storage, table: Table, paths: list[tuple[str, str]]) -> pl.LazyFrame:
    """Rows of these data files of a table (name, partition value), lazily.

    Where the lake's own address has a `=`, polars would take that for a partition too: then each partition is a scan
    of its own.
    """
    options: dict[str, Any] = {
        "glob": False,
        "storage_options": dict(storage.options) or None,
        "missing_columns": "insert",
        "extra_columns": "ignore",
    }
    inside = {name: dtype for name, dtype in table.schema.items() if name != table.partition}
    if not table.partition:
        scan = pl.scan_parquet([storage.address(f"{table.name}/{path}") for path, _ in paths], schema=inside, **options)
    elif "=" not in storage.uri:
        addresses = [storage.address(f"{table.name}/{path}") for path, _ in paths]
        partition = {table.partition: table.schema[table.partition]}
        scan = pl.scan_parquet(addresses, schema=inside, hive_partitioning=True, hive_schema=partition, **options)
    else:
        values = sorted({value for _, value in paths})
        scan = pl.concat(
            pl.scan_parquet(
                [storage.address(f"{table.name}/{path}") for path, at in paths if at == value],
                schema=inside,
                hive_partitioning=False,
                **options,
            ).with_columns(pl.lit(value).cast(table.schema[table.partition]).alias(table.partition))
            for value in values
        )
    return scan.select(table.schema.names())


def _files_of(
    found: DeltaTable,
    partitions: Collection[str] | None,
    months: tuple[date | None, date | None] = (None, None),
) -> list[tuple[str, str]]:
    actions: pl.DataFrame = pl.DataFrame(found.get_add_actions(flatten=True))
    keys = [name for name in actions.columns if name.startswith("partition.")]
    values = actions[keys[0]].cast(pl.String) if keys else pl.repeat("", actions.height, eager=True)
    files = actions.with_columns(values.alias("_value"))
    if partitions is not None:
        files = files.filter(pl.col("_value").is_in(list(partitions)))
    for limit, name, beyond in ((months[0], "max.month", pl.Expr.lt), (months[1], "min.month", pl.Expr.gt)):
        if limit is not None and name in files.columns:
            files = files.filter(~beyond(pl.col(name).cast(pl.Date), limit).fill_null(value=False))
    return sorted(files.select("path", "_value").iter_rows())


def _removal(path: str, partition: str, value: str) -> RemoveAction:
    return RemoveAction(
        path=path, data_change=True, partition_values={partition: value} if partition else {}, deletion_timestamp=0
    )


def _statistics(frame: pl.DataFrame) -> str:
    columns = [name for name, dtype in frame.schema.items() if dtype in (pl.Date, pl.String)]
    lowest = frame.select(pl.col(columns).min().cast(pl.String)).row(0, named=True)
    highest = frame.select(pl.col(columns).max().cast(pl.String)).row(0, named=True)
    short = {k for k in columns if lowest[k] is not None and len(lowest[k]) <= 32 and len(highest[k]) <= 32}
    nulls = frame.select(pl.col(columns).null_count()).row(0, named=True)
    return json.dumps(
        {
            "numRecords": frame.height,
            "minValues": {k: lowest[k] for k in columns if k in short},
            "maxValues": {k: highest[k] for k in columns if k in short},
            "nullCount": nulls,
        }
    )


def _unsecured(address: str, error: SourceUnavailable | OSError) -> SourceUnavailable:
    return SourceUnavailable(
        "what was written to a table of the lake could not be secured",
        where=address,
        found=error.found if isinstance(error, SourceUnavailable) else error.strerror or str(error),
        effect="it is recorded, yet a power cut or damage to the disk could still take it; earlier data is intact",
        next="check permissions and free space, then run the same command again: nothing is recorded twice",
    )


def _unwritable(address: str, error: Exception) -> SourceUnavailable:
    return SourceUnavailable(
        "a table of the lake cannot be written",
        where=address,
        found=str(error).splitlines()[0] if str(error) else type(error).__name__,
        effect="nothing was written; earlier data is intact",
        next="check permissions and free space, then run the same command again",
    )
