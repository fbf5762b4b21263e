"""The end of a run: tell whom it concerns, keep the summary, leave tables in the UI, say what stands out."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Literal

import polars as pl
from prefect import task

from contracts.errors import ContractBroken, DeliveryFailed, SourceUnavailable
from contracts.period import add_months, first_month
from contracts.scores import SCORES
from data_lake.lake import open_lake
from data_lake.runs import record_run
from flows.events import emit
from flows.run.backfill_table import format_backfill_table
from flows.run.pipeline import RunRequest, RunResult
from flows.run.progress import Reporter
from flows.run.retries import PAUSE_SECONDS, forbid_retries, schedule_notification
from flows.run.run_events import build_events
from flows.run.secret_blocks import resolve_secret
from flows.run.ui_tables import show_month
from tasks.comparing.refresh import known_span, load_chains
from tasks.delivery import DEFAULT_RECEIVERS, DeliveryReport, deliver, deliver_summary, load_receivers
from tasks.history.overview import write_overview

Notify = Literal["live", "digest", "none"]


def finish_run(result: RunResult, *, receivers: str, notify: Notify, reporter: Reporter) -> DeliveryReport:
    """Send the events, tell, show, keep the summary; what became of the messages. `raise_failures` comes last.

    Events come first, so that a run that is tried again from here on has sent them.
    """
    request = result.request
    emit(build_events(result))
    delivered = DeliveryReport()
    if notify != "none":
        delivered = notify_receivers(
            request.lake,
            receivers,
            request.stated.chains_folder,
            request.run_id,
            request.now,
            reporter,
            notify == "digest",
        )
        _schedule_retry(request, delivered, reporter)
    month = _latest_month(result)
    if month:
        show_month(request.lake, month, run_id=request.run_id)
    message = _summarise(result)
    record_run(open_lake(request.lake), _build_summary(result, message))
    reporter.say(message)
    closing = "" if request.is_live else format_backfill_table(result)
    if closing:
        reporter.show(closing)
    if reporter.report:
        store = open_lake(request.lake)
        reporter.show(write_overview(store, load_chains(store, request.stated.chains_folder)))
    return delivered


@task(name="tell", task_run_name="tell the receivers", tags=["trona", "notify"])
def notify_receivers(
    lake: str,
    receivers: str,
    chains_folder: Path | None,
    run_id: str,
    now: datetime,
    reporter: Reporter,
    is_digest: bool,  # noqa: FBT001 - Prefect passes parameters by position
) -> DeliveryReport:
    """Send what the ledger holds that people were not told yet; as a digest, one summary of this run."""
    store = open_lake(lake)
    known = load_receivers(Path(receivers)) if receivers and Path(receivers).exists() else DEFAULT_RECEIVERS
    send = deliver_summary if is_digest else deliver
    return send(
        store,
        known,
        resolve_secret,
        now,
        chains=load_chains(store, chains_folder),
        run_id=run_id,
        console=reporter.show,
    )


def _schedule_retry(request: RunRequest, delivered: DeliveryReport, reporter: Reporter) -> None:
    if delivered.again_at is None:
        return
    pause = max(delivered.again_at - request.now, timedelta(seconds=PAUSE_SECONDS))
    name = schedule_notification(request.lake, delivered.again_at, datetime.now(UTC) + pause)
    if name:
        reporter.say(f"  what did not arrive is sent again by the run: {name}")


def _latest_month(result: RunResult) -> date | None:
    months = [first_month(o.review_month) for o in result.with_status("recorded")]
    if months:
        return max(months)
    span = known_span(open_lake(result.request.lake))
    return add_months(span[1], -1) if span else None


def _summarise(result: RunResult) -> str:
    recorded = result.with_status("recorded")
    refused = result.with_status("refused")
    figures = sum(o.figures for o in recorded)
    quarantined = sum(o.quarantined for o in recorded)
    parts = [
        f"{len(recorded)} new releases with {figures:,} figures" if recorded else "nothing new",
        f"{quarantined} rows in quarantine" if quarantined else "",
        f"{len(refused)} refused" if refused else "",
        f"{result.alerts.height} changes in the ledger of alerts" if result.alerts.height else "",
        f"existing rows removed or changed: {result.lost_rows}",
    ]
    return f"run {result.request.run_id}: " + ", ".join(p for p in parts if p)


def _build_summary(result: RunResult, message: str) -> dict[str, object]:
    request = result.request
    recorded = result.with_status("recorded")
    chains = sorted({o.chain for o in result.outcomes if o.chain} | {c for s in result.steps for c in s.chains})
    refused = result.with_status("refused")
    outcome = "contract_broken" if refused else "failed" if result.errors else "done" if recorded else "nothing_new"
    first = min((s.first for s in result.steps), default=None)
    last = max((s.last for s in result.steps), default=None)
    return {
        "run_id": request.run_id,
        "flow": request.flow,
        "chain": " ".join(chains),
        "from_month": first,
        "to_month": last,
        "as_of": request.evaluated_at,
        "started_at": result.started_at,
        "ended_at": datetime.now(UTC),
        "outcome": outcome,
        "documents": len(request.documents),
        "releases": len(recorded),
        "figures": sum(o.figures for o in recorded),
        "quarantined": sum(o.quarantined for o in result.outcomes),
        "unresolved": sum(o.unresolved for o in recorded),
        **_count_forecasts(request.lake, first, last),
        "alerts": result.alerts.filter(pl.col("state") == "fired").height,
        "rows_removed": result.lost_rows,
        "rows_changed": 0,
        "message": message,
    }


def _count_forecasts(lake: str, first: date | None, last: date | None) -> dict[str, int]:
    """Forecasts marked and open in the months worked on."""
    if first is None or last is None:
        return {"scored": 0, "pending": 0}
    scores = open_lake(lake).table(SCORES).scan().filter(pl.col("month").is_between(first, last))
    statuses = scores.select("status").collect()["status"].to_list()
    return {name: statuses.count(name) for name in ("scored", "pending")}


def raise_failures(result: RunResult, delivered: DeliveryReport) -> None:
    """Raise what the run could not do, after everything else is done; such a run is not tried again.

    `ContractBroken` where a release was refused whole, `SourceUnavailable` where a document could not be
    read, `DeliveryFailed` where somebody could not be told.
    """
    if result.errors or result.with_status("refused") or delivered.dead or delivered.failed:
        forbid_retries()
    for error in result.errors:
        raise error
    refused = result.with_status("refused")
    if refused:
        first = refused[0].error
        others = f" (and {len(refused) - 1} more)" if len(refused) > 1 else ""
        if first and not isinstance(first, ContractBroken | SourceUnavailable):
            raise first
        raise ContractBroken(
            f"{first.what if first else 'a release was refused'}{others}",
            where=(first.where if first else "") or refused[0].document,
            found=first.found if first else "",
            effect="it was not recorded; everything beside it was",
            next=f"trona quarantine --run {result.request.run_id}",
        )
    if delivered.dead or delivered.failed:
        raise DeliveryFailed(
            f"{delivered.dead + delivered.failed} messages did not arrive",
            found=delivered.lines,
            effect="everything is recorded; others were told",
            next="check receivers.toml with `trona notify --test NAME`; the next run tries again",
        )
