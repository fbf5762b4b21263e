"""The backfill: many months by hand, each evaluated with only the knowledge of its time."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from prefect import flow, runtime

from contracts.period import parse_span
from contracts.readings import DocumentHints
from flows.run.pipeline import run_pipeline
from flows.run.rehearsal import rehearse
from flows.run.request import Folder, RunRequest
from flows.run.retries import MANY_MONTHS_SECONDS, PAUSE_SECONDS, RETRIES
from flows.run.task_runner import choose_task_runner
from tasks.intake.documents import find_documents


def _name_run() -> str:
    parameters = runtime.flow_run.parameters
    months = f"{parameters.get('from_month') or 'the first month'} to {parameters.get('to_month') or 'the last'}"
    rehearsed = " (dry run)" if parameters.get("dry_run") else ""
    return f"{parameters.get('chain') or 'all chains'} {months}{rehearsed}"


@flow(
    name="backfill",
    flow_run_name=_name_run,
    task_runner=choose_task_runner(),
    retries=RETRIES,
    retry_delay_seconds=PAUSE_SECONDS,
    timeout_seconds=MANY_MONTHS_SECONDS,
)
def backfill(
    lake: str,
    from_month: str = "",
    to_month: str = "",
    documents: list[Path] | None = None,
    chain: str = "",
    source: str = "",
    usual_source: str = "",
    chains_folder: Folder = None,
    receivers: str = "",
    notify: Literal["none", "digest"] = "none",
    dry_run: bool = False,  # noqa: FBT001, FBT002 - a field of the form
    now: datetime | None = None,
    as_of: datetime | None = None,
    accept_doubtful: bool = False,  # noqa: FBT001, FBT002 - a field of the form
) -> str:
    """Ingest many months of documents and evaluate them in the order in which they were published.

    Can be stopped and started again: what is recorded is known, what is evaluated is not evaluated again.
    Returns the run's id.

    Args:
        lake: folder or object-store address of the lake
        from_month: first month to ingest, YYYY-MM; empty = from the first document on
        to_month: last month to ingest, YYYY-MM; empty = up to the last document
        documents: files and folders to ingest; none = only what the lake holds already
        chain: only this chain; empty = all
        source: who published them; a table that says another is refused
        usual_source: default source, used when the document names none
        chains_folder: folder with own chain definitions
        receivers: file that names the receivers
        notify: none = nobody is told, digest = one summary
        dry_run: say what would be ingested and evaluated, write nothing
        now: the clock; empty = now
        as_of: evaluate with the knowledge of this instant; empty = now
        accept_doubtful: record doubtful readings of reviews as figures too
    """
    first, last = parse_span(from_month, to_month)
    hints = DocumentHints(
        source=source,
        usual_source=usual_source,
        chain=chain,
        chains_folder=chains_folder,
        first_month=first,
        last_month=last,
        accept_doubtful=accept_doubtful,
    )
    request = RunRequest(
        lake=lake,
        flow="backfill",
        now=now or datetime.now(UTC),
        documents=tuple(find_documents(documents or [])),
        hints=hints,
        receivers=receivers,
        notify=notify,
        is_live=False,
        as_of=as_of,
    )
    return rehearse(request) if dry_run else run_pipeline(request)
