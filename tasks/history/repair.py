"""Mending a lake: the log from its copies, data files from kept documents, computed tables from figures.

What is mended is said, thing by thing, and so is what cannot be. Nothing is thrown away: a damaged file is renamed.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl

from contracts.chain import load_chain
from contracts.checks import check_reading
from contracts.errors import TronaError
from contracts.figures import FIGURES
from contracts.releases import RELEASES
from contracts.settlements import SETTLEMENTS
from contracts.table import Table
from contracts.text import count_noun
from data_lake.audit import Fault, audit_documents, audit_files, audit_lineage, audit_log
from data_lake.entries import Entries, describe_actions
from data_lake.lake import Lake
from data_lake.opening import forget_open_tables
from data_lake.releases import stated_releases
from data_lake.tables import FROM_DOCUMENTS, FROM_FIGURES, LAKE_TABLES
from tasks.comparing.refresh import load_chains, refresh_derived
from tasks.intake.figure_rows import build_figures, build_settlements
from tasks.intake.ingest import build_quarantine, refuse_doubtful, refuse_unresolved
from tasks.intake.read_again import read_release_again

_DAMAGED = ".damaged"
_REPAIR = "repair"


@dataclass(frozen=True)
class Mended:
    """What became of one fault: what was done, or why nothing could be."""

    fault: Fault
    is_mended: bool
    did: str


@dataclass(frozen=True)
class Repair:
    """A repair of one lake. In `taken`, the inbox's folder of documents that were taken, lost ones are looked for."""

    lake: Lake
    now: datetime
    chains_folder: Path | None = None
    taken: Path | None = None
    accept_loss: bool = False

    def run(self) -> Iterator[Mended]:
        """Mend everything, what other things rest on first."""
        forget_open_tables()
        for table in LAKE_TABLES:
            yield from self._mend_log(table)
        forget_open_tables()
        yield from self._mend_documents()
        computed: list[Mended] = []
        for table in LAKE_TABLES:
            for fault in [*audit_files(self.lake, table)]:
                found = self._mend_file(table, fault)
                if table in FROM_FIGURES and found.is_mended:
                    computed.append(found)
                else:
                    yield found
        yield from self._compute_again(computed)

    def _mend_log(self, table: Table) -> Iterator[Mended]:
        entries = Entries(self.lake.storage, table.name)
        for fault in [*audit_log(self.lake, table)]:
            yield self._mend_entry(entries, fault) if fault.kind == "entry" else self._drop_checkpoints(table, fault)
        lacking = [*audit_log(self.lake, table)]
        yield from (self._drop_checkpoints(table, fault) for fault in lacking if fault.kind == "log")
        for version in sorted({*entries.versions()} - {*entries.kept_versions()}):
            if not lacking:
                entries.keep(version, version)

    def _mend_entry(self, entries: Entries, fault: Fault) -> Mended:
        name, state = entries.name(fault.version), fault.found.partition(":")[0]
        if self.lake.storage.size(entries.kept_name(fault.version)) is not None:
            if self.lake.storage.size(name) is not None:
                self.lake.storage.set_aside(name, _DAMAGED)
            entries.restore(fault.version)
            return Mended(fault, is_mended=True, did="put back from its copy")
        is_newest = fault.version == max(entries.versions())
        if is_newest and (state == "torn" or (state == "damaged" and self.accept_loss)):
            entries.set_aside_torn(fault.version)
            known = "it was never acknowledged" if state == "torn" else "what it recorded is not known"
            return Mended(fault, is_mended=True, did=f"set aside: {known}")
        hint = "; --accept-loss sets it aside" if is_newest and state == "damaged" else ""
        return Mended(fault, is_mended=False, did=f"there is no copy of it: restore it from a backup{hint}")

    def _drop_checkpoints(self, table: Table, fault: Fault) -> Mended:
        """Checkpoints only save readers the reading of entries: without one, all entries are read."""
        for name in self.lake.storage.list(f"{table.name}/_delta_log"):
            last = name.rpartition("/")[2]
            if last == "_last_checkpoint" or last.endswith(".checkpoint.parquet"):
                self.lake.storage.set_aside(name, _DAMAGED)
        forget_open_tables()
        return Mended(fault, is_mended=True, did="checkpoints set aside; readers take every entry of the log")

    def _mend_documents(self) -> Iterator[Mended]:
        faults = [*audit_documents(self.lake)]
        whole = [RELEASES] if not [*audit_log(self.lake, RELEASES), *audit_files(self.lake, RELEASES)] else []
        faults += [fault for fault in audit_lineage(self.lake, whole) if fault.kind == "document"]
        there = {} if not faults or self.taken is None else _hash_files(self.taken)
        for fault in faults:
            found = there.get(fault.name.rpartition("/")[2])
            if found is None:
                yield Mended(fault, is_mended=False, did="ingest the same file again, or restore it from a backup")
                continue
            if self.lake.storage.size(fault.name) is not None:
                self.lake.storage.set_aside(fault.name, _DAMAGED)
            self.lake.storage.put(fault.name, found.read_bytes())
            yield Mended(fault, is_mended=True, did=f"kept again from {found}")

    def _mend_file(self, table: Table, fault: Fault) -> Mended:
        actions = Entries(self.lake.storage, table.name).actions(fault.version)
        path = fault.name.removeprefix(f"{table.name}/")
        if table in FROM_FIGURES:
            self._set_aside(fault)
            self.lake.table(table).swap(table.empty(), {path})
            return Mended(fault, is_mended=True, did="computed again from figures")
        try:
            rows, without = self._read_again(table, actions, path)
        except TronaError as error:
            return self._give_up(table, fault, path, f"{error.what} ({error.found})" if error.found else error.what)
        if rows is None:
            return self._give_up(table, fault, path, without)
        self._set_aside(fault)
        self.lake.table(table).swap(rows, {path})
        is_same = self.lake.storage.size(fault.name) is not None
        did = "rebuilt, byte for byte" if is_same else f"rebuilt with {count_noun(rows.height, 'row')}: {_REREAD}"
        return Mended(fault, is_mended=True, did=did)

    def _set_aside(self, fault: Fault) -> None:
        if self.lake.storage.size(fault.name) is not None:
            self.lake.storage.set_aside(fault.name, _DAMAGED)

    def _give_up(self, table: Table, fault: Fault, path: str, reason: str) -> Mended:
        if not self.accept_loss:
            return Mended(
                fault,
                is_mended=False,
                did=f"{reason}: restore it from a backup; --accept-loss goes on without its rows",
            )
        lost = describe_actions(Entries(self.lake.storage, table.name).actions(fault.version))
        self._set_aside(fault)
        self.lake.table(table).swap(table.empty(), {path})
        return Mended(fault, is_mended=True, did=f"given up, as asked for: {lost}")

    def _read_again(self, table: Table, actions: list[dict[str, Any]], path: str) -> tuple[pl.DataFrame | None, str]:
        """The rows of a lost file, or None and why there are none."""
        stated = stated_releases(actions)
        if stated.is_empty():
            claims = [a["txn"]["appId"] for a in actions if "txn" in a]
            names = [claim.removeprefix("release:") for claim in claims if claim.startswith("release:")]
            if table is RELEASES or table not in FROM_DOCUMENTS or not names:
                return None, "its rows stand nowhere else"
            stated = self.lake.table(RELEASES).scan().filter(pl.col("release_id").is_in(names)).collect()
        if table is RELEASES:
            return stated, ""
        rows = table.empty()
        for release in stated.filter(event="recorded").to_dicts():
            rows = pl.concat([rows, self._read_release(table, release)])
        value = path.partition("/")[0].partition("=")[2]
        rows = rows.filter(pl.col(table.partition).cast(pl.String) == value) if table.partition else rows
        return (rows, "") if rows.height else (None, "its document states no such rows any more")

    def _read_release(self, table: Table, release: dict[str, Any]) -> pl.DataFrame:
        """The rows of a release in one table, read out of its kept documents as they were then."""
        reading = read_release_again(self.lake, release, self.chains_folder)
        chain = load_chain(release["chain"], self.chains_folder)
        good, refused = check_reading(reading.as_published(), chain=chain)
        if good.height != release["figures"] and reading.doubtful.height:
            accepted = reading.accept_doubtful()  # where that gives what was recorded, it was recorded so
            all_good, all_refused = check_reading(accepted, chain=chain)
            if all_good.height == release["figures"]:
                reading, good, refused = accepted, all_good, all_refused
        if table is FIGURES:
            return build_figures(good, reading.head, recorded_at=release["at"], settled=reading.settled)
        if table is SETTLEMENTS:
            settled = reading.settled
            return build_settlements(settled, reading.head, recorded_at=release["at"]) if settled else table.empty()
        kept = pl.concat([refused, refuse_unresolved(reading.unresolved), refuse_doubtful(reading.doubtful)])
        return build_quarantine(kept, reading.head, now=release["at"], run_id=_REPAIR)

    def _compute_again(self, computed: list[Mended]) -> Iterator[Mended]:
        if computed:
            refresh_derived(self.lake, load_chains(self.lake, self.chains_folder), as_of=self.now)
        yield from computed


def _hash_files(folder: Path) -> dict[str, Path]:
    return {hashlib.sha256(p.read_bytes()).hexdigest(): p for p in sorted(folder.rglob("*")) if p.is_file()}


_REREAD = "today's reader gives other rows than were recorded"
