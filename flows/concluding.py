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
from flows.again import PAUSE_SECONDS, forbid_retries, schedule_telling
from flows.artifacts import show_month
from flows.blocks import resolve_secret
from flows.closing import write_closing
from flows.events import emit
from flows.following import Followed, Order
from flows.telling import build_events
from flows.voice import Voice
from tasks.delivery import DEFAULT_RECEIVERS, DeliveryReport, deliver, deliver_summary, load_receivers
from tasks.derive import known_span, load_chains
from tasks.overview import write_overview

Notify = Literal["live", "digest", "none"]


def conclude(followed: Followed, *, receivers: str, notify: Notify, voice: Voice) -> DeliveryReport:
    """Send the events, tell, show, keep the summary; what became of the messages. `raise_failures` comes last.

    Events come first, so that a run that is tried again from here on has sent them.
    """
    order = followed.order
    emit(build_events(followed))
    delivered = DeliveryReport()
    if notify != "none":
        delivered = tell_receivers(
            order.lake, receivers, order.stated.chains_folder, order.run_id, order.now, voice, notify == "digest"
        )
        _have_told_again(order, delivered, voice)
    month = _latest_month(followed)
    if month:
        show_month(order.lake, month, run_id=order.run_id)
    message = _summarise(followed)
    record_run(open_lake(order.lake), _build_summary(followed, message))
    voice.say(message)
    closing = "" if order.is_live else write_closing(followed)
    if closing:
        voice.show(closing)
    if voice.report:
        store = open_lake(order.lake)
        voice.show(write_overview(store, load_chains(store, order.stated.chains_folder)))
    return delivered


@task(name="tell", task_run_name="tell the receivers", tags=["trona", "notify"])
def tell_receivers(
    lake: str,
    receivers: str,
    chains_folder: Path | None,
    run_id: str,
    now: datetime,
    voice: Voice,
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
        console=voice.show,
    )


def _have_told_again(order: Order, delivered: DeliveryReport, voice: Voice) -> None:
    if delivered.again_at is None:
        return
    pause = max(delivered.again_at - order.now, timedelta(seconds=PAUSE_SECONDS))
    name = schedule_telling(order.lake, delivered.again_at, datetime.now(UTC) + pause)
    if name:
        voice.say(f"  what did not arrive is sent again by the run: {name}")


def _latest_month(followed: Followed) -> date | None:
    months = [first_month(o.review_month) for o in followed.with_status("recorded")]
    if months:
        return max(months)
    span = known_span(open_lake(followed.order.lake))
    return add_months(span[1], -1) if span else None


def _summarise(followed: Followed) -> str:
    recorded = followed.with_status("recorded")
    refused = followed.with_status("refused")
    figures = sum(o.figures for o in recorded)
    quarantined = sum(o.quarantined for o in recorded)
    parts = [
        f"{len(recorded)} new releases with {figures:,} figures" if recorded else "nothing new",
        f"{quarantined} rows in quarantine" if quarantined else "",
        f"{len(refused)} refused" if refused else "",
        f"{followed.alerts.height} changes in the ledger of alerts" if followed.alerts.height else "",
        f"existing rows removed or changed: {followed.lost_rows}",
    ]
    return f"run {followed.order.run_id}: " + ", ".join(p for p in parts if p)


def _build_summary(followed: Followed, message: str) -> dict[str, object]:
    order = followed.order
    recorded = followed.with_status("recorded")
    chains = sorted({o.chain for o in followed.outcomes if o.chain} | {c for s in followed.steps for c in s.chains})
    refused = followed.with_status("refused")
    outcome = "contract_broken" if refused else "failed" if followed.errors else "done" if recorded else "nothing_new"
    first = min((s.first for s in followed.steps), default=None)
    last = max((s.last for s in followed.steps), default=None)
    return {
        "run_id": order.run_id,
        "flow": order.flow,
        "chain": " ".join(chains),
        "from_month": first,
        "to_month": last,
        "as_of": order.judged_at,
        "started_at": followed.started_at,
        "ended_at": datetime.now(UTC),
        "outcome": outcome,
        "documents": len(order.documents),
        "releases": len(recorded),
        "figures": sum(o.figures for o in recorded),
        "quarantined": sum(o.quarantined for o in followed.outcomes),
        "unresolved": sum(o.unresolved for o in recorded),
        **_count_forecasts(order.lake, first, last),
        "alerts": followed.alerts.filter(pl.col("state") == "fired").height,
        "rows_removed": followed.lost_rows,
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


def raise_failures(followed: Followed, delivered: DeliveryReport) -> None:
    """Raise what the run could not do, after everything else is done; such a run is not tried again.

    `ContractBroken` where a release was refused whole, `SourceUnavailable` where a document could not be
    read, `DeliveryFailed` where somebody could not be told.
    """
    if followed.errors or followed.with_status("refused") or delivered.dead or delivered.failed:
        forbid_retries()
    for error in followed.errors:
        raise error
    refused = followed.with_status("refused")
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
            next=f"trona quarantine --run {followed.order.run_id}",
        )
    if delivered.dead or delivered.failed:
        raise DeliveryFailed(
            f"{delivered.dead + delivered.failed} messages did not arrive",
            found=delivered.lines,
            effect="everything is recorded; others were told",
            next="check receivers.toml with `trona notify --test NAME`; the next run tries again",
        )
