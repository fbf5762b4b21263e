"""The month: take in what has landed, check, compare, mark, tell."""

import hashlib
import secrets
from datetime import UTC, datetime
from pathlib import Path

from prefect import flow, runtime

from contracts.errors import TronaError
from contracts.period import parse_month
from flows.again import MONTH_SECONDS, PAUSE_SECONDS, RETRIES, may_pass, retry_what_may_pass
from flows.arrival import take_from_inbox
from flows.concluding import Notify, conclude, raise_failures
from flows.events import emit
from flows.following import Order, follow
from flows.telling import build_refusals
from flows.voice import current_voice
from tasks.ingest import Stated, find_documents


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
    voice = current_voice()
    with retry_what_may_pass(), take_from_inbox(inbox, landed, voice) as arrival:
        order = Order(
            lake=lake,
            run_id=name_run(),
            flow="monthly_run",
            now=now or datetime.now(UTC),
            documents=(*find_documents(documents or []), *arrival.paths),
            stated=Stated(
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
        emit(build_refusals(order, arrival.refused))
        followed = arrival.overlook_gone(follow(order, voice))
        try:
            delivered = conclude(followed, receivers=receivers, notify=notify, voice=voice)
        except TronaError as error:
            if not may_pass(error):
                arrival.settle(followed, voice)
            raise
        arrival.settle(followed, voice)
        raise_failures(followed, delivered)
    return order.run_id
