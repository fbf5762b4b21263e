"""The end of a run: notify whom it concerns, keep the summary, show what stands out, raise what could not be done."""

from datetime import UTC, date, datetime, timedelta

import polars as pl
from prefect import task

from contracts.errors import ContractBroken, DeliveryFailed, SourceUnavailable
from contracts.period import add_months, first_month
from contracts.scores import SCORES
from contracts.settings import load_settings
from contracts.text import count_noun
from data_lake.lake import open_lake
from data_lake.runs import record_run
from flows.run.backfill_table import format_backfill_table
from flows.run.progress import Progress
from flows.run.request import RunRequest, RunResult
from flows.run.retries import PAUSE_SECONDS, forbid_retries, schedule_notification
from flows.run.secret_blocks import resolve_secret
from flows.run.ui_tables import show_month
from tasks.comparing.refresh import known_span, load_chains
from tasks.delivery import (
    DeliveryReport,
    Hands,
    OutboxWorker,
    choose_receivers,
    deliver,
    deliver_summary,
    start_clock,
)
from tasks.delivery.outbox import Imprint
from tasks.history.overview import write_overview


def notify(request: RunRequest, progress: Progress) -> DeliveryReport:
    """Tell receivers what is new, unless nobody is to be told; what does not arrive is scheduled again."""
    if request.notify == "none":
        return DeliveryReport()
    progress.wait("telling the receivers")
    delivered = notify_receivers(request, progress)
    if delivered.again_at is not None:
        pause = max(delivered.again_at - request.instant, timedelta(seconds=PAUSE_SECONDS))
        name = schedule_notification(request.lake, delivered.again_at, datetime.now(UTC) + pause)
        if name:
            progress.say(f"  what did not arrive is sent again by the run: {name}")
    return delivered


@task(name="notify", task_run_name="notify receivers", tags=["trona", "notify"])
def notify_receivers(request: RunRequest, progress: Progress) -> DeliveryReport:
    """Send what the ledger holds that people were not told yet; as a digest, one summary of this run."""
    lake = open_lake(request.lake)
    month = request.hints.review_month
    is_digest = request.notify == "digest"
    post = OutboxWorker(
        lake,
        choose_receivers(request.receivers),
        resolve_secret,
        request.run_id,
        progress.show,
        Hands(start_clock(request.instant)),
        None if is_digest else _only(month),
        imprint=read_imprint(),
    )
    send = deliver_summary if is_digest else deliver
    return send(post, load_chains(lake, request.chains_folder), request.instant)


def read_imprint() -> Imprint:
    """What stands on every message, by the settings."""
    settings = load_settings()
    return Imprint(settings.owner, settings.page_address)


def _only(month: str) -> tuple[date, date] | None:
    """The months that are told: the one that was asked for, else all; what is left is told by the next run."""
    return (first_month(month), first_month(month)) if month else None


def record_summary(result: RunResult, progress: Progress) -> None:
    """Keep the run's summary in the lake, and say it."""
    message = _summarise(result)
    record_run(open_lake(result.request.lake), _build_summary(result, message))
    progress.advance(100.0)
    progress.say(message)


def show_results(result: RunResult, progress: Progress) -> None:
    """Leave the month's tables in the UI; a backfill shows its table, and who asked for it an overview."""
    request = result.request
    lake = open_lake(request.lake)
    month = _find_latest_month(result)
    if month:
        show_month(request, month)
    table = "" if request.is_live else format_backfill_table(result, progress.look)
    if table:
        progress.show(table)
    if progress.report:
        progress.wait("looking for what stands out")
        progress.show(write_overview(lake, load_chains(lake, request.chains_folder), progress.look))


def _find_latest_month(result: RunResult) -> date | None:
    months = [first_month(o.review_month) for o in result.ingested.with_status("recorded")]
    if months:
        return max(months)
    span = known_span(open_lake(result.request.lake))
    return add_months(span[1], -1) if span else None


def _summarise(result: RunResult) -> str:
    recorded, refused = result.ingested.with_status("recorded"), result.ingested.with_status("refused")
    figures, quarantined = sum(o.figures for o in recorded), sum(o.quarantined for o in recorded)
    changes = result.alerts.height
    parts = [
        f"{count_noun(len(recorded), 'new release')} with {count_noun(figures, 'figure')}"
        if recorded
        else f"{count_noun(len(result.steps), 'step')} evaluated"
        if result.steps
        else "nothing new",
        f"{count_noun(quarantined, 'row')} in quarantine" if quarantined else "",
        f"{len(refused)} rejected" if refused else "",
        f"{count_noun(changes, 'change')} in the ledger of alerts" if changes else "",
        f"existing rows removed or changed: {result.figures.removed + result.figures.changed}",
    ]
    return f"run {result.request.run_id}: " + ", ".join(p for p in parts if p)


def _build_summary(result: RunResult, message: str) -> dict[str, object]:
    request, ingested = result.request, result.ingested
    recorded, refused = ingested.with_status("recorded"), ingested.with_status("refused")
    chains = sorted({o.chain for o in ingested.outcomes if o.chain} | {c for s in result.steps for c in s.chains})
    outcome = "contract_broken" if refused else "failed" if ingested.unread else "done" if recorded else "nothing_new"
    first, last = result.span or (None, None)
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
        "documents": len(ingested.releases) + len(ingested.unread),
        "releases": len(recorded),
        "figures": sum(o.figures for o in recorded),
        "quarantined": sum(o.quarantined for o in ingested.outcomes),
        "unresolved": sum(o.unresolved for o in recorded),
        **_count_forecasts(request.lake, first, last),
        "alerts": result.alerts.filter(pl.col("state") == "fired").height,
        "rows_removed": result.figures.removed,
        "rows_changed": result.figures.changed,
        "message": message,
    }


def _count_forecasts(lake: str, first: date | None, last: date | None) -> dict[str, int]:
    """Forecasts scored and open in the months worked on."""
    if first is None or last is None:
        return {"scored": 0, "pending": 0}
    scores = open_lake(lake).table(SCORES).scan().filter(pl.col("month").is_between(first, last))
    statuses = scores.select("status").collect()["status"].to_list()
    return {name: statuses.count(name) for name in ("scored", "pending")}


def raise_failures(result: RunResult, delivered: DeliveryReport) -> None:
    """Raise what the run could not do, after everything else is done; such a run is not tried again.

    `ContractBroken` where a release was refused whole, `SourceUnavailable` where a document could not be read,
    `DeliveryFailed` where somebody could not be told.
    """
    refused, undelivered = result.ingested.with_status("refused"), delivered.dead + delivered.failed
    if result.ingested.unread or refused or undelivered:
        forbid_retries()
    for error in result.ingested.unread.values():
        raise error
    if refused:
        first = refused[0].error
        others = f" (and {len(refused) - 1} more)" if len(refused) > 1 else ""
        if first and not isinstance(first, ContractBroken | SourceUnavailable):
            raise first
        raise ContractBroken(
            f"{first.what if first else 'a release was rejected'}{others}",
            where=(first.where if first else "") or refused[0].document,
            found=first.found if first else "",
            effect="this release was rejected; the rest of the run was recorded",
            next=f"trona quarantine --run {result.request.run_id}",
        )
    if undelivered:
        raise DeliveryFailed(
            f"{count_noun(undelivered, 'message')} did not arrive",
            found=delivered.lines,
            effect="everything is recorded; others were told",
            next="check receivers.toml with `trona notify --test NAME`; the next run tries again",
        )
