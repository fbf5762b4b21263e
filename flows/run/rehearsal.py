"""A dry run: what a backfill would ingest and evaluate, as a table; nothing is written to the lake."""

import polars as pl
from prefect.artifacts import create_table_artifact

from contracts.period import format_month
from contracts.readings import DocumentHints
from contracts.text import count_noun
from data_lake.lake import Lake, open_lake
from data_lake.releases import visible_releases
from flows.run.progress import current_reporter
from flows.run.request import RunRequest
from tasks.intake.ingest import IngestOutcome, ingest_file


def rehearse(request: RunRequest) -> str:
    """Say what the run would look at, and leave it as a table in the UI. Called inside a flow run."""
    lake, reporter = open_lake(request.lake), current_reporter()
    rows = []
    for path in request.documents:
        for o in ingest_file(lake, path, request.hints, now=request.now, run_id="dry-run", dry_run=True):
            reporter.say(f"  {o.document}: {o.chain} {o.review_month} {o.status}, {count_noun(o.figures, 'figure')}")
            rows.append(_describe(o))
    rows = rows if request.documents else _list_held(lake, request.hints)
    create_table_artifact(rows, key="trona-dry-run", description="What this backfill would look at")
    months = (request.hints.first_month, request.hints.last_month)
    span = " to ".join(format_month(m) for m in months if m) or "all months"
    reporter.say(f"dry run, {span}: {count_noun(len(rows), 'release')}; nothing was written")
    return "dry-run"


def _describe(o: IngestOutcome) -> dict[str, object]:
    return {
        "document": o.document,
        "chain": o.chain,
        "month": o.review_month,
        "status": o.status,
        "figures": o.figures,
        "refused rows": o.quarantined,
        "why": o.error.what if o.error else "",
    }


def _list_held(lake: Lake, hints: DocumentHints) -> list[dict[str, object]]:
    """Releases of the lake that a backfill without documents goes over."""
    held = visible_releases(lake).select("source", "chain", "review_month", "document_name").collect()
    wanted = [row for row in held.sort(pl.all()).to_dicts() if hints.wants(row["review_month"])]
    return [row for row in wanted if not hints.chain or row["chain"] == hints.chain]
