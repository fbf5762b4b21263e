"""The month: take in what has landed, check, compare, mark, tell."""

import hashlib
import secrets
from datetime import UTC, datetime
from pathlib import Path

from prefect import flow, runtime

from contracts.errors import TronaError
from contracts.period import parse_month
from flows.events import emit
from flows.inbox.pickup import take_from_inbox
from flows.run.finish import Notify, finish_run, raise_failures
from flows.run.pipeline import RunRequest, run_pipeline
from flows.run.progress import current_reporter
from flows.run.retries import MONTH_SECONDS, PAUSE_SECONDS, RETRIES, may_pass, retry_what_may_pass
from flows.run.run_events import build_refusals
from tasks.intake.ingest import DocumentHints, find_documents


def name_run() -> str:
    """A short name for this run in the lake: the same when it is tried again, so that a digest holds all of it."""
    run_id = runtime.flow_run.id
    return hashlib.sha256(run_id.encode()).hexdigest()[:8] if run_id else secrets.token_hex(4)


def _name_run() -> str:
    parameters = runtime.flow_run.parameters
    landed = parameters.get("landed") or []
    others = f" and {len(landed) - 1} more" if len(landed) > 1 else ""
    what = parameters.get("month") or (f"{landed[0]}{others}" if landed else "what has landed")
    return f"{parameters.get('chain') or 'all chains'} {what}"


@flow(
    name="monthly-run",
    flow_run_name=_name_run,
    retries=RETRIES,
    retry_delay_seconds=PAUSE_SECONDS,
    timeout_seconds=MONTH_SECONDS,
)
def monthly_run(
    lake: str,
    documents: list[Path] | None = None,
    chain: str = "",
    month: str = "",
    source: str = "",
    usual_source: str = "",
    published: datetime | None = None,
    mapping: Path | None = None,
    chains_folder: Path | None = None,
    receivers: str = "",
    notify: Notify = "live",
    now: datetime | None = None,
    as_of: datetime | None = None,
    inbox: str = "",
    landed: list[str] | None = None,
) -> str:
    """Take in documents, judge what is new, and tell the receivers. Returns the run's id.

    Args:
        lake: folder or object-store address of the lake
        documents: files and folders to take in; none = only what the lake holds already
        chain: only this chain; empty = all
        month: month that the documents review, YYYY-MM, where they do not say it themselves
        source: who published them; a table that says another is refused
        usual_source: who published documents of which nothing says it
        published: when they were published, where they do not say it themselves
        mapping: how a wide table is laid out
        chains_folder: folder with own chain definitions
        receivers: file that names the receivers
        notify: live = whom it concerns, digest = one summary, none = nobody
        now: the clock; empty = now
        as_of: judge with the knowledge of this instant; empty = now
        inbox: folder or object-store prefix from which documents are taken, and moved to done/ or refused/ at the end
        landed: names of the documents to take from the inbox; none = all that are whole
    """
    reporter = current_reporter()
    with retry_what_may_pass(), take_from_inbox(inbox, landed, reporter) as arrival:
        request = RunRequest(
            lake=lake,
            run_id=name_run(),
            flow="monthly_run",
            now=now or datetime.now(UTC),
            documents=(*find_documents(documents or []), *arrival.paths),
            stated=DocumentHints(
                source=source,
                usual_source=usual_source,
                chain=chain,
                published=published,
                review_month=f"{parse_month(month):%Y-%m}" if month else "",
                mapping=mapping,
                chains_folder=chains_folder,
            ),
            chain=chain,
            as_of=as_of,
            is_quiet=notify != "live",
        )
        emit(build_refusals(request, arrival.refused))
        result = arrival.overlook_gone(run_pipeline(request, reporter))
        try:
            delivered = finish_run(result, receivers=receivers, notify=notify, reporter=reporter)
        except TronaError as error:
            if not may_pass(error):
                arrival.settle(result, reporter)
            raise
        arrival.settle(result, reporter)
        raise_failures(result, delivered)
    return request.run_id
