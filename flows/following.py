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
from data_lake.lake import open_lake
from data_lake.runs import count_lost_rows, see_figures
from flows.voice import Voice
from flows.work import (
    enter_candidates,
    judge_step,
    note_evaluated,
    plan_evaluation,
    refresh_tables,
    take_in_document,
)
from tasks.evaluate import Step, watch_today
from tasks.ingest import Outcome, Stated
from tasks.terminal import escape_terminal


@dataclass(frozen=True)
class Order:
    """What a run is asked to do."""

    lake: str
    run_id: str
    flow: str
    now: datetime
    documents: tuple[Path, ...] = ()
    stated: Stated = field(default_factory=Stated)
    chain: str = ""
    is_live: bool = True
    as_of: datetime | None = None
    is_quiet: bool = False
    """Findings are recorded and nobody is told of them later either."""

    @property
    def judged_at(self) -> datetime:
        """The instant with whose knowledge the run judges: now, unless another was asked for."""
        return self.as_of or self.now


@dataclass(frozen=True)
class Followed:
    """What a run did: what became of each document, the steps it judged, and the alerts that are new."""

    order: Order
    started_at: datetime
    outcomes: tuple[Outcome, ...]
    errors: tuple[TronaError, ...]
    steps: tuple[Step, ...]
    alerts: pl.DataFrame
    lost_rows: int
    by_document: Mapping[Path, tuple[Outcome, ...]] = field(default_factory=dict)

    def with_status(self, status: str) -> tuple[Outcome, ...]:
        """Releases that came to this."""
        return tuple(o for o in self.outcomes if o.status == status)


def follow(order: Order, voice: Voice) -> Followed:
    """Take documents in and draw the consequences of everything new, oldest first.

    Runs inside a flow. Documents are read at the same time; steps are judged at the same time, since each
    sees only what was public at its instant; what they found enters the ledger one after another. A live
    run looks at today too (what is overdue, what is broken); a backfill does not.
    """
    started = datetime.now(UTC)
    store = open_lake(order.lake)
    before = see_figures(store)
    key = f"trona-{order.flow.replace('_', '-')}"
    progress = cast("UUID", create_progress_artifact(0.0, key=key, description=f"run {order.run_id}"))
    by_document, errors = _take_in(order, voice)
    outcomes = [outcome for found in by_document.values() for outcome in found]
    update_progress_artifact(progress, 30.0)
    steps, pending = plan_evaluation(order.lake, order.chain, order.judged_at)
    alerts = _judge(order, steps, voice, progress)
    if steps:
        first = min(step.first for step in steps)
        refresh_tables(order.lake, first, order.judged_at, order.stated.chains_folder)
    if pending:
        note_evaluated(order.lake, pending, order.now, order.run_id)
    update_progress_artifact(progress, 100.0)
    lost = count_lost_rows(store, before)
    return Followed(order, started, tuple(outcomes), tuple(errors), tuple(steps), alerts, lost, by_document)


def _take_in(order: Order, voice: Voice) -> tuple[dict[Path, tuple[Outcome, ...]], list[TronaError]]:
    taken: dict[Path, tuple[Outcome, ...]] = {}
    errors: list[TronaError] = []
    futures = [
        take_in_document.submit(order.lake, path, order.stated, order.now, order.run_id) for path in order.documents
    ]
    for count, (path, future) in enumerate(zip(order.documents, futures, strict=True), start=1):
        try:
            found = future.result()
        except TronaError as error:
            errors.append(error)
            voice.say(f"  [{count}/{len(futures)}] {path.name}: {error.what}")
            continue
        taken[path] = tuple(found)
        voice.say(f"  [{count}/{len(futures)}] {path.name}: {describe_outcomes(found)}")
        for line in (line for o in found if o.status == "recorded" for line in o.unplaced):
            voice.say(f"    unresolved: {escape_terminal(line)}")
    return taken, errors


def _judge(order: Order, steps: list[Step], voice: Voice, progress: UUID) -> pl.DataFrame:
    watched = [*steps, watch_today(order.judged_at, steps)] if order.is_live else steps
    futures = [judge_step.submit(order.lake, step, order.stated.chains_folder) for step in watched]
    entered = [ALERTS.empty()]
    for count, (step, future) in enumerate(zip(watched, futures, strict=True), start=1):
        rows = enter_candidates(
            order.lake, step, future.result(), order.stated.chains_folder, order.now, order.run_id, order.is_quiet
        )
        entered.append(rows)
        about = f"{', '.join(step.chains) or 'all chains'}, {step.first:%Y-%m} to {step.last:%Y-%m}"
        voice.say(f"  as of {step.as_of:%Y-%m-%d %H:%M} UTC ({about}): {_count(rows.height, 'change')} in the ledger")
        update_progress_artifact(progress, 30 + 60 * count / len(watched))
    return pl.concat(entered)


def describe_outcomes(outcomes: Iterable[Outcome]) -> str:
    """What became of a document, in a line."""
    return "; ".join(_describe_outcome(o) for o in outcomes) or "states nothing"


def _describe_outcome(o: Outcome) -> str:
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
