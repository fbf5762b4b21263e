"""What a flow does, called directly: the work itself, without Prefect."""

from datetime import UTC, datetime
from pathlib import Path

from contracts.readings import DocumentHints
from data_lake.lake import open_lake
from tasks.alerts import Entry, Scope, record_candidates
from tasks.alerts.evaluate import evaluate_months
from tasks.alerts.steps import plan_steps, record_evaluated
from tasks.comparing.refresh import load_chains, refresh_derived
from tasks.delivery import Hands, OutboxWorker, deliver, load_receivers, resolve_environment, start_clock
from tasks.intake.documents import find_documents
from tasks.intake.ingest import IngestOutcome, ingest_file


def work_directly(
    lake_address: str | Path, documents: list[Path], *, chains_folder: Path | None = None, receivers: Path | None = None
) -> list[IngestOutcome]:
    """Take in, judge, compare and mark; with receivers as a live run that tells them, else as a backfill."""
    lake, now = open_lake(lake_address), datetime.now(UTC)
    stated = DocumentHints(chains_folder=chains_folder)
    outcomes = [
        outcome
        for path in find_documents(documents)
        for outcome in ingest_file(lake, path, stated, now=now, run_id="bench")
    ]
    chains = load_chains(lake, chains_folder)
    plan = plan_steps(lake, until=now, chains=chains)
    for step in [*plan.steps, *([plan.today] if receivers and plan.today else [])]:
        judged = step.choose(chains)
        found = evaluate_months(lake, judged, first=step.first, last=step.last, as_of=step.as_of)
        record_candidates(
            lake,
            found,
            Scope((step.first, step.last), tuple(judged)),
            Entry(step.as_of, now, "bench", quiet=receivers is None),
        )
    refresh_derived(lake, chains, as_of=now)
    record_evaluated(lake, plan.pending, until=now, at=now, run_id="bench")
    if receivers:
        known = load_receivers(receivers)
        post = OutboxWorker(lake, known, resolve_environment, "bench", print, Hands(start_clock(now)))
        deliver(post, chains, now)
    return outcomes
