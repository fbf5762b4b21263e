"""The month: ingest what has landed, evaluate it, compare and score, notify."""

from datetime import UTC, datetime
from pathlib import Path

from prefect import flow, runtime

from contracts.period import parse_month
from contracts.readings import DocumentHints
from flows.run.pipeline import run_pipeline
from flows.run.request import Folder, Notify, RunRequest
from flows.run.retries import MONTH_SECONDS, PAUSE_SECONDS, RETRIES
from tasks.intake.documents import find_documents


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
    chains_folder: Folder = None,
    receivers: str = "",
    notify: Notify = "live",
    now: datetime | None = None,
    as_of: datetime | None = None,
    inbox: str = "",
    landed: list[str] | None = None,
    accept_doubtful: bool = False,  # noqa: FBT001, FBT002 - a flow's parameters have names of their own
) -> str:
    """Ingest documents, evaluate what is new, and notify the receivers. Returns the run's id.

    Args:
        lake: folder or object-store address of the lake
        documents: files and folders to ingest; none = only what the lake holds already
        chain: only this chain is evaluated and notified; empty = all
        month: only reviews of this month, YYYY-MM, are evaluated and notified; documents that say no month review it
        source: who published them; a table that says another is refused
        usual_source: default source, used when the document names none
        published: when they were published, where they do not say it themselves
        mapping: how a wide table is laid out
        chains_folder: folder with own chain definitions
        receivers: file that names the receivers
        notify: live = notify matching receivers, digest = one summary, none = nobody
        now: the clock; empty = now
        as_of: evaluate with the knowledge of this instant; empty = now
        inbox: folder or object-store prefix from which documents are taken, and moved to done/ or refused/ at the end
        landed: names of the documents to take from the inbox; none = all that are whole
        accept_doubtful: record doubtful readings of reviews as figures too
    """
    return run_pipeline(
        RunRequest(
            lake=lake,
            flow="monthly_run",
            now=now or datetime.now(UTC),
            documents=tuple(find_documents(documents or [])),
            hints=DocumentHints(
                source=source,
                usual_source=usual_source,
                chain=chain,
                published=published,
                review_month=f"{parse_month(month):%Y-%m}" if month else "",
                mapping=mapping,
                chains_folder=chains_folder,
                accept_doubtful=accept_doubtful,
            ),
            receivers=receivers,
            notify=notify,
            as_of=as_of,
            inbox=inbox,
            landed=None if landed is None else tuple(landed),
        )
    )
