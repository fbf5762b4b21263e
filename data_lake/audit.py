"""The whole lake, recomputed: hashes of documents, log entries and data files, counts, keys and lineage.

Reads every byte and changes nothing. Each fault says what is wrong and where; `tasks.history.repair` mends what can be.
"""

import hashlib
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import polars as pl
from deltalake.exceptions import DeltaError

from contracts.errors import SourceUnavailable
from contracts.figures import FIGURES
from contracts.releases import NO_BREACH, QUARANTINE, RELEASES
from contracts.scores import SCORES
from contracts.table import Table
from contracts.text import count_noun
from data_lake.entries import Entries, describe_actions
from data_lake.lake import Lake, document_name
from data_lake.opening import forget_open_tables
from data_lake.storage import Storage
from data_lake.tables import LAKE_TABLES

FaultKind = Literal["entry", "log", "file", "document", "key", "count", "lineage"]
_DIGITS = 32
_SHA256 = re.compile(r"[0-9a-f]{64}")
_NAMED = 3


@dataclass(frozen=True)
class Fault:
    """One thing that is not as it was recorded. `name` is relative to the lake; `version` is that of a log entry."""

    kind: FaultKind
    table: str
    name: str
    found: str
    version: int = -1


def audit_lake(lake: Lake, tables: tuple[Table, ...] = LAKE_TABLES) -> Iterator[Fault]:
    """Every fault of the lake; a table whose log or files are damaged is not looked at further."""
    forget_open_tables()
    whole: list[Table] = []
    for table in tables:
        faults = [*audit_log(lake, table)]
        faults = faults or [*audit_files(lake, table)]
        yield from faults
        if not faults:
            whole.append(table)
            yield from audit_keys(lake, table)
    yield from audit_documents(lake)
    yield from audit_lineage(lake, whole)


def glance_at(lake: Lake, tables: tuple[Table, ...] = LAKE_TABLES) -> Iterator[Fault]:
    """What can be seen without reading data: tables that do not open, data files that are gone or of another size."""
    forget_open_tables()
    for table in tables:
        entries = Entries(lake.storage, table.name)
        try:
            wanted = lake.table(table).sizes()
            there = lake.storage.list(table.name) if wanted else {}
        except SourceUnavailable as error:
            yield Fault("log", table.name, entries.name(0).rpartition("/")[0], f"{error.what}: {error.found}")
            continue
        for path, size in wanted.items():
            name = f"{table.name}/{path}"
            if there.get(name) != size:
                found = "missing" if name not in there else f"{there[name]:,} of {size:,} bytes"
                yield Fault("file", table.name, name, found)


def audit_log(lake: Lake, table: Table) -> Iterator[Fault]:
    """Entries against their copies, each byte; and the newest state against what the entries say."""
    entries = Entries(lake.storage, table.name)
    kept = set(entries.kept_versions())
    versions = {*entries.versions(), *kept}
    if not versions:
        return
    faults = []
    for version in range(max(versions) + 1):
        try:
            state = entries.look(version, thoroughly=True)
        except SourceUnavailable as error:
            faults.append(Fault("entry", table.name, entries.name(version), f"cannot be read: {error.found}", version))
            continue
        if state != "whole":
            lost = describe_actions(entries.actions(version, kept=True)) if version in kept else ""
            faults.append(Fault("entry", table.name, entries.name(version), f"{state}: {lost}".rstrip(": "), version))
    yield from faults
    if not faults:
        yield from _audit_state(lake, table, entries)


def _audit_state(lake: Lake, table: Table, entries: Entries) -> Iterator[Fault]:
    """The files that a reader finds, who begins at a checkpoint, against those that all entries add up to."""
    stated = set(entries.files())
    folder = f"{table.name}/_delta_log"
    try:
        found = set(lake.table(table).files())
    except (SourceUnavailable, DeltaError) as error:
        yield Fault("log", table.name, folder, f"cannot be opened: {getattr(error, 'found', error)}")
        return
    if found != stated:
        lost, more = stated - found, found - stated
        yield Fault("log", table.name, folder, f"a checkpoint lacks {len(lost)} files and has {len(more)} too many")


def audit_files(lake: Lake, table: Table) -> Iterator[Fault]:
    """Data files: there, readable, with the rows that the log states, and with bytes that hash to their name."""
    entries = Entries(lake.storage, table.name)
    for path, version in entries.files().items():
        name = f"{table.name}/{path}"
        try:
            found = describe_file(lake.storage, name)
        except SourceUnavailable as error:
            found = f"cannot be read: {error.found}"
        if found:
            yield Fault("file", table.name, name, found, version)


def describe_file(storage: Storage, name: str) -> str:
    """What is wrong with a data file; empty where it has the bytes that its name is the hash of."""
    if storage.size(name) is None:
        return "missing"
    content = storage.get(name)
    stem = name.rpartition("/")[2].partition(".")[0]
    if hashlib.sha256(content).hexdigest()[:_DIGITS] == stem:
        return ""
    try:
        rows = pl.read_parquet(io.BytesIO(content), hive_partitioning=False).height
    except Exception as error:  # noqa: BLE001 - whatever a damaged file makes of the reader
        return f"damaged: {len(content):,} bytes, {str(error).splitlines()[0][:120]}"
    return f"other bytes than were recorded, {count_noun(rows, 'row')}"


def audit_keys(lake: Lake, table: Table) -> Iterator[Fault]:
    """Rows that share a key."""
    rows = lake.table(table).scan().group_by(table.key).len().filter(pl.col("len") > 1).collect()
    if rows.height:
        example = ", ".join(str(value) for value in rows.row(0)[:-1])
        yield Fault("key", table.name, table.name, f"{count_noun(rows.height, 'key')} more than once, as {example}")


def audit_documents(lake: Lake) -> Iterator[Fault]:
    """Kept documents whose bytes are not those of their name."""
    for name, size in lake.storage.list("documents").items():
        sha256 = name.rpartition("/")[2]
        if not _SHA256.fullmatch(sha256):
            continue  # being written, or set aside by a repair
        try:
            found = hashlib.sha256(lake.storage.get(name)).hexdigest()
        except SourceUnavailable as error:
            yield Fault("document", "documents", name, f"cannot be read: {error.found}")
            continue
        if found != sha256:
            yield Fault("document", "documents", name, f"other bytes than were kept ({size:,})")


def audit_lineage(lake: Lake, whole: list[Table]) -> Iterator[Fault]:
    """Releases against their documents, figures and refused rows; scores against their figures."""
    if RELEASES not in whole:
        return
    releases = lake.table(RELEASES).scan().filter(event="recorded").collect()
    kept = {name.rpartition("/")[2] for name in lake.storage.list("documents")}
    for row in releases.filter(~pl.col("document").is_in(sorted(kept))).to_dicts():
        found = f"missing: {row['document_name']} of release {row['release_id']}"
        yield Fault("document", "documents", document_name(row["document"]), found)
    if FIGURES in whole:
        figures = lake.table(FIGURES).scan().group_by("release_id").agg(there=pl.len()).collect()
        yield from _audit_counts(releases, figures, FIGURES, "figures")
    if QUARANTINE in whole:
        refused = lake.table(QUARANTINE).scan().filter(~pl.col("rule").is_in(NO_BREACH))
        rows = refused.group_by("release_id").agg(there=pl.col("row").n_unique()).collect()
        yield from _audit_counts(releases, rows, QUARANTINE, "quarantined")
    if FIGURES in whole and SCORES in whole:
        yield from _audit_scores(lake)


def _audit_counts(releases: pl.DataFrame, rows: pl.DataFrame, table: Table, stated: str) -> Iterator[Fault]:
    both = releases.join(rows, on="release_id", how="left").with_columns(pl.col("there").fill_null(0))
    for row in both.filter(pl.col("there") != pl.col(stated)).to_dicts():
        yield Fault(
            "count",
            table.name,
            table.name,
            f"release {row['release_id']} ({row['source']} {row['chain']} {row['review_month']}) states "
            f"{row[stated]:,} and has {row['there']:,}",
        )


def _audit_scores(lake: Lake) -> Iterator[Fault]:
    figures = lake.table(FIGURES).scan().select("figure_id")
    for column in ("forecast_id", "actual_id"):
        scores = lake.table(SCORES).scan().filter(pl.col(column).is_not_null(), pl.col(column) != "")
        lost = scores.join(figures, left_on=column, right_on="figure_id", how="anti").select(column).collect()
        if lost.height:
            named = ", ".join(lost[column].head(_NAMED))
            yield Fault("lineage", "scores", "scores", f"{count_noun(lost.height, column)} of no figure: {named}")
