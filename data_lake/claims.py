"""Claims of a table: named counters in its log, of which a commit may count one up.

The Delta library answers each question about a claim by reading the log again from its last checkpoint on: on an
object store a dozen requests. Here a thread reads a log's claims once, and afterwards only the entries that are new.
"""

import json
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl
from deltalake import DeltaTable

from data_lake.entries import Entries
from data_lake.opening import log_identity
from data_lake.storage import Storage

_KEPT = 32


@dataclass
class Claims:
    """The counts of one log, up to and including a version."""

    version: int = -1
    counts: dict[str, int] = field(default_factory=dict)


@dataclass
class _Known(threading.local):
    """Claims that this thread has read. None is shared: bringing them up to date changes them."""

    logs: "OrderedDict[tuple[object, ...], Claims]" = field(default_factory=OrderedDict)


_KNOWN = _Known()


def claim_count(storage: Storage, name: str, found: DeltaTable, claim: str) -> int | None:
    """How often the claim was counted up by the version of the table that is open; None where it never was."""
    key = log_identity(storage, name)
    known = _KNOWN.logs.pop(key, None)
    if known is None or known.version > found.version():  # the log was set back: a torn entry was set aside
        known = _read_checkpoint(storage, name, found)
    entries = Entries(storage, name)
    for version in range(known.version + 1, found.version() + 1):
        known.counts |= _claims_in(entries.actions(version))
    known.version = found.version()
    _KNOWN.logs[key] = known
    while len(_KNOWN.logs) > _KEPT:
        _KNOWN.logs.popitem(last=False)
    return known.counts.get(claim)


def note_claims(storage: Storage, name: str, version: int, counts: Mapping[str, int]) -> None:
    """Set claims as this thread's own commit has set them, the entry after the newest that it knows."""
    known = _KNOWN.logs.get(log_identity(storage, name))
    if known is not None and known.version == version - 1:
        known.version, known.counts = version, {**known.counts, **counts}


def _read_checkpoint(storage: Storage, name: str, found: DeltaTable) -> Claims:
    """The claims as of the last checkpoint; none where there is none that helps: then every entry is read."""
    log = f"{name}/_delta_log"
    if storage.size(f"{log}/_last_checkpoint") is None:
        return Claims()
    version = int(json.loads(storage.get(f"{log}/_last_checkpoint"))["version"])
    whole = f"{log}/{version:020}.checkpoint.parquet"
    if version > found.version() or storage.size(whole) is None:
        return Claims()
    options = dict(storage.options) or None
    stated = pl.scan_parquet(storage.address(whole), storage_options=options, glob=False, hive_partitioning=False)
    rows = stated.select(pl.col("txn").struct.unnest()).drop_nulls("appId").select("appId", "version").collect()
    return Claims(version, dict(rows.iter_rows()))


def _claims_in(actions: list[dict[str, dict[str, object]]]) -> dict[str, int]:
    return {str(a["txn"]["appId"]): int(str(a["txn"]["version"])) for a in actions if "txn" in a}
