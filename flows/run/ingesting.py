"""The documents of a run: read at the same time, and what became of each, in a line."""

from collections.abc import Iterable
from pathlib import Path

from contracts.errors import TronaError
from contracts.terminal_text import escape_terminal
from contracts.text import count_noun
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
        for line in filter(None, (describe_doubt(o) for o in found if o.status == "recorded")):
            progress.say(f"    {line}")
        for line in (line for o in found for line in o.clashes):
            progress.say(f"    {escape_terminal(line)}")
    progress.advance(_SHARE)
    return Ingested(releases, unread)


def describe_outcomes(outcomes: Iterable[IngestOutcome]) -> str:
    """What became of a document, in a line."""
    return "; ".join(_describe_outcome(o) for o in outcomes) or "states nothing"


def _describe_outcome(o: IngestOutcome) -> str:
    if o.status == "refused":
        return f"rejected: {o.error.what if o.error else ''}"
    name = f"{o.chain} {o.review_month}"
    if o.status == "known":
        return f"{name} nothing new"
    if o.status == "skipped":
        return f"{name} outside the months asked for"
    refused = f", {count_noun(o.quarantined, 'row')} in quarantine" if o.quarantined else ""
    doubtful = f", {o.doubtful} doubtful" if o.doubtful else ""
    unresolved = f", {o.unresolved} unresolved" if o.unresolved else ""
    return f"{name} {count_noun(o.figures, 'figure')}{refused}{doubtful}{unresolved}"
