"""Entries of a table's Delta log, and the copies kept beside them: what was acknowledged, and what a power cut tore.

A commit is acknowledged once its entry is on disk and a copy of the entry lies in `_kept/`. So an entry that cannot
be read whole and has no copy was never acknowledged; one that has a copy and reads differently is damage, and the
copy says what is missing and restores it.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from contracts.errors import SourceUnavailable
from contracts.text import count_noun
from data_lake.storage import Storage

State = Literal["whole", "torn", "damaged", "missing"]
FILES_STATED = "files"
"""What a commit says of itself: how many files it adds and removes."""
RELEASES_STATED = "releases"
"""And the rows of `releases` that it is about, as JSON."""
_TORN = ".torn"
_RELEASES_SHOWN = 5


class LakeDamaged(SourceUnavailable):
    """Something that the lake acknowledged is damaged or gone."""


@dataclass(frozen=True)
class Entries:
    """The log entries of one table, by version."""

    storage: Storage
    table: str

    def name(self, version: int) -> str:
        """Where an entry is, relative to the lake."""
        return f"{self.table}/_delta_log/{version:020}.json"

    def kept_name(self, version: int) -> str:
        """Where its copy is."""
        return f"{self.table}/_kept/{version:020}.json"

    def versions(self) -> list[int]:
        """Entries that are there."""
        return _versions(self.storage.list(f"{self.table}/_delta_log"))

    def kept_versions(self) -> list[int]:
        """Entries of which a copy is there."""
        return _versions(self.storage.list(f"{self.table}/_kept"))

    def keep(self, first: int, last: int) -> None:
        """Copy these entries, which are on disk."""
        for version in range(first, last + 1):
            self.storage.copy(self.name(version), self.kept_name(version))

    def keep_missing(self, last: int) -> None:
        """Copy entries up to `last` that have no copy: of a writer that died before, or of a lake without copies."""
        self.keep(self.last_kept(last) + 1, last)

    def last_kept(self, last: int) -> int:
        """The newest entry up to `last` of which a copy is there; -1 where there is none."""
        version = last
        while version >= 0 and self.storage.size(self.kept_name(version)) is None:
            version -= 1
        return version

    def look(self, version: int, *, thoroughly: bool = False) -> State:
        """What an entry is like, by its size and, `thoroughly`, by its bytes.

        Raises `SourceUnavailable` where it cannot be opened or read: that says nothing about what it holds.
        """
        size, kept = self.storage.size(self.name(version)), self.storage.size(self.kept_name(version))
        if size is None:
            return "missing"
        if kept is None:
            if _is_entry(self.storage.get(self.name(version))):
                return "whole"
            has_copies = version == 0 or self.storage.size(self.kept_name(version - 1)) is not None
            return "torn" if has_copies else "damaged"
        if size == kept and not thoroughly:
            return "whole"
        is_same = self.storage.get(self.name(version)) == self.storage.get(self.kept_name(version))
        return "whole" if is_same else "damaged"

    def set_aside_torn(self, version: int) -> None:
        """Take an entry that was never acknowledged out of the log."""
        self.storage.set_aside(self.name(version), _TORN)

    def restore(self, version: int) -> None:
        """Put the copy of an entry into the log."""
        self.storage.copy(self.kept_name(version), self.name(version))

    def actions(self, version: int, *, kept: bool = False) -> list[dict[str, Any]]:
        """What an entry, or its copy, does: the actions of the Delta protocol."""
        content = self.storage.get(self.kept_name(version) if kept else self.name(version))
        return [json.loads(line) for line in content.splitlines() if line.strip()]

    def files(self) -> dict[str, int]:
        """Data files that the entries add up to, and the version that added each."""
        files: dict[str, int] = {}
        for version in self.versions():
            for action in self.actions(version):
                if "remove" in action:
                    files.pop(action["remove"]["path"], None)
                if "add" in action:
                    files[action["add"]["path"]] = version
        return files

    def damage(self, version: int, state: State) -> LakeDamaged:
        """The error that tells of an acknowledged entry that is damaged or gone, and of what it recorded."""
        has_copy = self.storage.size(self.kept_name(version)) is not None
        lost = describe_actions(self.actions(version, kept=True)) if has_copy else "what it recorded is not known"
        return LakeDamaged(
            f"entry {version} of the table {self.table} was acknowledged and is {state}",
            where=self.storage.address(self.name(version)),
            found=lost,
            effect="nothing was changed; commands that need this table stop, so that none answers without it",
            next="trona doctor --deep shows what is damaged, trona repair rebuilds it",
        )


def describe_actions(actions: list[dict[str, Any]]) -> str:
    """What an entry records, in words: releases, documents, rows."""
    added = [action["add"] for action in actions if "add" in action]
    rows = sum(json.loads(add.get("stats") or "{}").get("numRecords", 0) for add in added)
    named = list(_releases_in(actions))
    more = f" and {len(named) - _RELEASES_SHOWN} more" if len(named) > _RELEASES_SHOWN else ""
    return f"{count_noun(rows, 'row')} in {count_noun(len(added), 'file')}" + (
        f" of {', '.join(named[:_RELEASES_SHOWN])}{more}" if named else ""
    )


def _releases_in(actions: list[dict[str, Any]]) -> Iterator[str]:
    told = [json.loads(a["commitInfo"][RELEASES_STATED]) for a in actions if RELEASES_STATED in a.get("commitInfo", {})]
    for row in (row for rows in told for row in rows):
        yield (
            f"release {row['release_id']} ({row['source']} {row['chain']} {row['review_month']}, "
            f"document {row['document_name']}, {count_noun(row['figures'], 'figure')})"
        )
    if not told:
        claims = (action["txn"]["appId"] for action in actions if "txn" in action)
        yield from (claim.replace(":", " ", 1) for claim in claims if claim.startswith("release:"))


def _versions(files: dict[str, int]) -> list[int]:
    names = [name.rpartition("/")[2] for name in files]
    return sorted(
        int(name[:20]) for name in names if len(name) == 25 and name[:20].isdigit() and name.endswith(".json")
    )


def _is_entry(content: bytes) -> bool:
    """Whether this is an entry written to its end: it says how many files it adds and removes."""
    try:
        actions = [json.loads(line) for line in content.splitlines() if line.strip()]
    except ValueError:
        return False
    if not all(isinstance(action, dict) for action in actions):
        return False
    stated = [a["commitInfo"].get(FILES_STATED) for a in actions if "commitInfo" in a]
    files = sum("add" in action or "remove" in action for action in actions)
    if not stated or stated[0] is None:
        return files > 0 or any("metaData" in action for action in actions)
    return files == int(stated[0])
