"""The backfill: many months by hand, each judged with only the knowledge of its time."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from prefect import flow, runtime

from contracts.errors import UsageError
from contracts.period import parse_month
from flows.monthly import name_run
from flows.run.finish import finish_run, raise_failures
from flows.run.pipeline import RunRequest, run_pipeline
from flows.run.progress import current_reporter
from flows.run.retries import MANY_MONTHS_SECONDS, PAUSE_SECONDS, RETRIES, retry_what_may_pass
from flows.run.task_runner import choose_task_runner
from tasks.intake.ingest import DocumentHints, find_documents


def _name_run() -> str:
    parameters = runtime.flow_run.parameters
    months = f"{parameters.get('from_month') or 'the first month'} to {parameters.get('to_month') or 'the last'}"
    return f"{parameters.get('chain') or 'all chains'} {months}"


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
    chains_folder: Path | None = None,
    receivers: str = "",
    notify: Literal["none", "digest"] = "none",
    now: datetime | None = None,
    as_of: datetime | None = None,
) -> str:
    """Take in many months of documents and judge them in the order in which they were published.

    Can be stopped and started again: what is recorded is known, what is judged is not judged again.
    Returns the run's id.

    Args:
        lake: folder or object-store address of the lake
        from_month: first month to take in, YYYY-MM; empty = from the first document on
        to_month: last month to take in, YYYY-MM; empty = up to the last document
        documents: files and folders to take in; none = only what the lake holds already
        chain: only this chain; empty = all
        source: who published them; a table that says another is refused
        usual_source: who published documents of which nothing says it
        chains_folder: folder with own chain definitions
        receivers: file that names the receivers
        notify: none = nobody is told, digest = one summary
        now: the clock; empty = now
        as_of: judge with the knowledge of this instant; empty = now
    """
    with retry_what_may_pass():
        first = parse_month(from_month) if from_month else None
        last = parse_month(to_month) if to_month else None
        if first and last and first > last:
            raise UsageError(
                f"the first month {from_month} is after the last {to_month}", next="exchange --from and --to"
            )
        request = RunRequest(
            lake=lake,
            run_id=name_run(),
            flow="backfill",
            now=now or datetime.now(UTC),
            documents=tuple(find_documents(documents or [])),
            stated=DocumentHints(
                source, usual_source, chain, chains_folder=chains_folder, first_month=first, last_month=last
            ),
            chain=chain,
            is_live=False,
            as_of=as_of,
            is_quiet=True,
        )
        reporter = current_reporter()
        result = run_pipeline(request, reporter)
        raise_failures(result, finish_run(result, receivers=receivers, notify=notify, reporter=reporter))
    return request.run_id
