"""The documents of a run: read at the same time, and what became of each, in a line."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

import polars as pl
from prefect.context import FlowRunContext

from contracts.errors import TronaError
from contracts.releases import RELEASES
from contracts.terminal_text import escape_terminal
from contracts.text import count_noun
from data_lake.lake import open_lake
from flows.run.prefect_tasks import ingest_document
from flows.run.progress import Progress
from flows.run.request import Ingested, RunRequest
from tasks.intake.ingest import IngestOutcome, describe_doubt

_SHARE = 30.0
"""How far a run is, in percent, once its documents are in."""


def ingest_documents(request: RunRequest, paths: tuple[Path, ...], progress: Progress) -> Ingested:
    """Ingest every document; one that cannot be read is kept with its error, the others go on."""
    releases: dict[Path, tuple[IngestOutcome, ...]] = {}
    unread: dict[Path, TronaError] = {}
    futures = [ingest_document.submit(request, path, number) for number, path in enumerate(paths, start=1)]
    for count, (path, future) in enumerate(zip(paths, futures, strict=True), start=1):
        place = f"  [{count}/{len(futures)}] {path.name}"
        progress.wait(f"reading document {count} of {len(futures)}: {path.name}")
        try:
            found = tuple(future.result())
        except TronaError as error:
            unread[path] = error
            progress.say(f"{place}: {error.what}")
            continue
        releases[path] = found
        progress.say(f"{place}: {describe_outcomes(found)}")
        for line in (line for o in found if o.status == "recorded" for line in o.unplaced):
            progress.say(f"    unresolved: {escape_terminal(line)}")
        for line in (o.settled for o in found if o.settled and o.status == "recorded"):
            progress.say(f"    {escape_terminal(line)}")
        for line in (o.few for o in found if o.few and o.status == "recorded"):
            progress.say(f"    {escape_terminal(line)}")
        for line in filter(None, (describe_doubt(o) for o in found if o.status == "recorded")):
            progress.say(f"    {line}")
        for line in (line for o in found for line in o.clashes):
            progress.say(f"    {escape_terminal(line)}")
    progress.advance(_SHARE)
    own = find_own_releases(request)
    return Ingested({path: tuple(_count_as_own(o, own) for o in found) for path, found in releases.items()}, unread)


def find_own_releases(request: RunRequest) -> dict[str, int]:
    """Releases that an earlier try of this very run recorded, with their figures; empty at the first try.

    A second try finds them known: what the run has done is what all its tries did.
    """
    context = FlowRunContext.get()
    run = context.flow_run if context else None
    if run is None or run.run_count <= 1 or run.start_time is None:
        return {}
    since = min(run.start_time, request.now)
    recorded = (
        open_lake(request.lake).table(RELEASES).scan().filter(pl.col("event") == "recorded", pl.col("at") >= since)
    )
    return dict(recorded.select("release_id", "figures").collect().iter_rows())


def _count_as_own(o: IngestOutcome, own: Mapping[str, int]) -> IngestOutcome:
    if o.status != "known" or o.release_id not in own:
        return o
    return replace(o, status="recorded", figures=own[o.release_id])


def describe_outcomes(outcomes: Iterable[IngestOutcome]) -> str:
    """What became of a document, in a line."""
    return "; ".join(_describe_outcome(o) for o in outcomes) or "states nothing"


def _describe_outcome(o: IngestOutcome) -> str:
    if o.status == "refused":
        return f"rejected: {o.error.what if o.error else ''}"
    name = f"{o.chain} {o.review_month}"
    if o.status == "known":
        return f"{name} nothing new"
    if o.status == "withdrawn":
        return f"{name} is withdrawn; `trona restore {o.release_id} --reason …` brings it back"
    if o.status == "skipped":
        return f"{name} outside the months asked for"
    refused = f", {count_noun(o.quarantined, 'row')} in quarantine" if o.quarantined else ""
    doubtful = f", {o.doubtful} doubtful" if o.doubtful else ""
    unresolved = f", {o.unresolved} unresolved" if o.unresolved else ""
    return f"{name} {count_noun(o.figures, 'figure')}{refused}{doubtful}{unresolved}"
