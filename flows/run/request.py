"""What a run is asked to do and works with, made once; and what came of it."""

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Literal

import polars as pl
from prefect import runtime
from pydantic import BeforeValidator

from contracts.errors import DocumentUnavailable, TronaError
from contracts.readings import DocumentHints
from data_lake.runs import FiguresCompared
from tasks.alerts.step import Step
from tasks.delivery.claim import read_stopwatch
from tasks.intake.ingest import IngestOutcome

Notify = Literal["live", "digest", "none"]
Folder = Annotated[Path | None, BeforeValidator(lambda folder: folder or None)]
"""A folder that may be left out; templates of deployments write an empty text for what is not set."""


def name_run() -> str:
    """A short name for this run in the lake: the same when it is tried again, so that a digest holds all of it."""
    run_id = runtime.flow_run.id
    return hashlib.sha256(run_id.encode()).hexdigest()[:8] if run_id else secrets.token_hex(4)


@dataclass(frozen=True)
class RunRequest:
    """What a run is asked to do, and what it works with: lake, chains, clock, receivers.

    Addresses, paths and keys only, so that it travels to a thread, a process or a worker of a cluster alike.
    """

    lake: str
    flow: str
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    run_id: str = field(default_factory=name_run)
    documents: tuple[Path, ...] = ()
    hints: DocumentHints = field(default_factory=DocumentHints)
    receivers: str = ""
    notify: Notify = "live"
    is_live: bool = True
    """A live run looks at today too (what is overdue, what is broken) and tells receivers; a backfill does not."""
    as_of: datetime | None = None
    inbox: str = ""
    landed: tuple[str, ...] | None = None
    """Names of the documents to take from the inbox; None = all that are whole."""

    started: float = field(default_factory=read_stopwatch, repr=False)

    @property
    def instant(self) -> datetime:
        """What the run's clock says now: `now`, and the time since."""
        return self.now + timedelta(seconds=read_stopwatch() - self.started)

    @property
    def chains_folder(self) -> Path | None:
        """Where own chain definitions are."""
        return self.hints.chains_folder

    @property
    def evaluated_at(self) -> datetime:
        """The instant with whose knowledge the run evaluates: now, unless another was asked for."""
        return self.as_of or self.now

    @property
    def is_quiet(self) -> bool:
        """Findings are recorded and nobody is told of them later either."""
        return not self.is_live or self.notify != "live"


@dataclass(frozen=True)
class Ingested:
    """What became of each document: the releases in it, or the error for which it could not be read."""

    releases: Mapping[Path, tuple[IngestOutcome, ...]] = field(default_factory=dict)
    unread: Mapping[Path, TronaError] = field(default_factory=dict)

    @property
    def outcomes(self) -> tuple[IngestOutcome, ...]:
        """What became of each release, in the order of the documents."""
        return tuple(outcome for found in self.releases.values() for outcome in found)

    def with_status(self, status: str) -> tuple[IngestOutcome, ...]:
        """Releases that came to this."""
        return tuple(o for o in self.outcomes if o.status == status)

    def without(self, gone: Sequence[Path]) -> "Ingested":
        """The same without errors about documents that another run dealt with in the meantime."""
        return Ingested(self.releases, {path: error for path, error in self.unread.items() if path not in gone})

    @property
    def settled(self) -> dict[Path, TronaError | None]:
        """Documents that were dealt with, each with the error for which it, or a release in it, was rejected.

        A document whose ingestion failed for a reason outside it (the lake could not be written) is not among them.
        """
        own = {path: error for path, error in self.unread.items() if isinstance(error, DocumentUnavailable)}
        return {path: _find_error(path, found) for path, found in self.releases.items()} | own


@dataclass(frozen=True)
class RunResult:
    """What a run did: what became of its documents, the steps it evaluated, the changes it made to the ledger."""

    request: RunRequest
    started_at: datetime
    ingested: Ingested
    steps: tuple[Step, ...]
    alerts: pl.DataFrame
    figures: FiguresCompared = field(default_factory=FiguresCompared)

    @property
    def span(self) -> tuple[date, date] | None:
        """First and last month worked on; None where nothing was."""
        if not self.steps:
            return None
        return min(step.first for step in self.steps), max(step.last for step in self.steps)


def _find_error(path: Path, outcomes: Sequence[IngestOutcome]) -> TronaError | None:
    refused = [o for o in outcomes if o.status == "refused"]
    if not refused:
        return None
    return next((o.error for o in refused if o.error), TronaError("a release in it was rejected", where=path.name))
