"""What a month, an arrival and a backfill have in common: take in, judge step by step, compare and mark, tell."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import cast
from uuid import UUID

import polars as pl
from prefect.artifacts import create_progress_artifact, update_progress_artifact

from contracts.alerts import ALERTS
from contracts.errors import TronaError
from contracts.terminal_text import escape_terminal
from data_lake.lake import open_lake
from data_lake.runs import count_lost_rows, see_figures
from flows.run.prefect_tasks import (
    enter_candidates,
    evaluate_step,
    finish_evaluation,
    ingest_document,
    plan_evaluation,
    refresh_tables,
)
from flows.run.progress import Reporter
from tasks.alerts.evaluate import Step, watch_today
from tasks.intake.ingest import DocumentHints, IngestOutcome


@dataclass(frozen=True)
class RunRequest:
    """What a run is asked to do."""

    lake: str
    run_id: str
    flow: str
    now: datetime
    documents: tuple[Path, ...] = ()
    stated: DocumentHints = field(default_factory=DocumentHints)
    chain: str = ""
    is_live: bool = True
    as_of: datetime | None = None
    is_quiet: bool = False
    """Findings are recorded and nobody is told of them later either."""

    @property
    def evaluated_at(self) -> datetime:
        """The instant with whose knowledge the run judges: now, unless another was asked for."""
        return self.as_of or self.now


@dataclass(frozen=True)
class RunResult:
    """What a run did: what became of each document, the steps it judged, and the alerts that are new."""

    request: RunRequest
    started_at: datetime
    outcomes: tuple[IngestOutcome, ...]
    errors: tuple[TronaError, ...]
    steps: tuple[Step, ...]
    alerts: pl.DataFrame
    lost_rows: int
    by_document: Mapping[Path, tuple[IngestOutcome, ...]] = field(default_factory=dict)

    def with_status(self, status: str) -> tuple[IngestOutcome, ...]:
        """Releases that came to this."""
        return tuple(o for o in self.outcomes if o.status == status)


def run_pipeline(request: RunRequest, reporter: Reporter) -> RunResult:
    """Take documents in and draw the consequences of everything new, oldest first.

    Runs inside a flow. Documents are read at the same time; steps are judged at the same time, since each
    sees only what was public at its instant; what they found enters the ledger one after another. A live
    run looks at today too (what is overdue, what is broken); a backfill does not.
    """
    started = datetime.now(UTC)
    store = open_lake(request.lake)
    before = see_figures(store)
    key = f"trona-{request.flow.replace('_', '-')}"
    progress = cast("UUID", create_progress_artifact(0.0, key=key, description=f"run {request.run_id}"))
    by_document, errors = _take_in(request, reporter)
    outcomes = [outcome for found in by_document.values() for outcome in found]
    update_progress_artifact(progress, 30.0)
    steps, pending = plan_evaluation(request.lake, request.chain, request.evaluated_at)
    alerts = _judge(request, steps, reporter, progress)
    if steps:
        first = min(step.first for step in steps)
        refresh_tables(request.lake, first, request.evaluated_at, request.stated.chains_folder)
    if pending:
        finish_evaluation(request.lake, pending, request.now, request.run_id)
    update_progress_artifact(progress, 100.0)
    lost = count_lost_rows(store, before)
    return RunResult(request, started, tuple(outcomes), tuple(errors), tuple(steps), alerts, lost, by_document)


def _take_in(request: RunRequest, reporter: Reporter) -> tuple[dict[Path, tuple[IngestOutcome, ...]], list[TronaError]]:
    taken: dict[Path, tuple[IngestOutcome, ...]] = {}
    errors: list[TronaError] = []
    futures = [
        ingest_document.submit(request.lake, path, request.stated, request.now, request.run_id)
        for path in request.documents
    ]
    for count, (path, future) in enumerate(zip(request.documents, futures, strict=True), start=1):
        try:
            found = future.result()
        except TronaError as error:
            errors.append(error)
            reporter.say(f"  [{count}/{len(futures)}] {path.name}: {error.what}")
            continue
        taken[path] = tuple(found)
        reporter.say(f"  [{count}/{len(futures)}] {path.name}: {describe_outcomes(found)}")
        for line in (line for o in found if o.status == "recorded" for line in o.unplaced):
            reporter.say(f"    unresolved: {escape_terminal(line)}")
    return taken, errors


def _judge(request: RunRequest, steps: list[Step], reporter: Reporter, progress: UUID) -> pl.DataFrame:
    watched = [*steps, watch_today(request.evaluated_at, steps)] if request.is_live else steps
    futures = [evaluate_step.submit(request.lake, step, request.stated.chains_folder) for step in watched]
    entered = [ALERTS.empty()]
    for count, (step, future) in enumerate(zip(watched, futures, strict=True), start=1):
        rows = enter_candidates(
            request.lake,
            step,
            future.result(),
            request.stated.chains_folder,
            request.now,
            request.run_id,
            request.is_quiet,
        )
        entered.append(rows)
        about = f"{', '.join(step.chains) or 'all chains'}, {step.first:%Y-%m} to {step.last:%Y-%m}"
        reporter.say(
            f"  as of {step.as_of:%Y-%m-%d %H:%M} UTC ({about}): {_count(rows.height, 'change')} in the ledger"
        )
        update_progress_artifact(progress, 30 + 60 * count / len(watched))
    return pl.concat(entered)


def describe_outcomes(outcomes: Iterable[IngestOutcome]) -> str:
    """What became of a document, in a line."""
    return "; ".join(_describe_outcome(o) for o in outcomes) or "states nothing"


def _describe_outcome(o: IngestOutcome) -> str:
    if o.status == "refused":
        return f"refused: {o.error.what if o.error else ''}"
    name = f"{o.chain} {o.review_month}"
    if o.status == "known":
        return f"{name} nothing new"
    if o.status == "skipped":
        return f"{name} outside the months asked for"
    refused = f", {_count(o.quarantined, 'row')} in quarantine" if o.quarantined else ""
    unresolved = f", {o.unresolved} unresolved" if o.unresolved else ""
    return f"{name} {_count(o.figures, 'figure')}{refused}{unresolved}"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
