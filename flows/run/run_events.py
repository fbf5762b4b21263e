"""The events of a run: what it recorded, refused, marked and raised."""

from collections.abc import Iterator, Mapping

import polars as pl

from contracts.errors import TronaError
from contracts.period import format_month
from contracts.scores import SCORES
from data_lake.lake import open_lake
from flows.run.events import Event
from flows.run.request import RunRequest, RunResult
from tasks.alerts.rules.release_missing import NAME as MISSING
from tasks.intake.ingest import IngestOutcome


def build_events(result: RunResult) -> list[Event]:
    """Events of a run, in the order in which things happened."""
    events = [*_build_recorded(result), *_build_broken(result), *_build_scored(result)]
    return [*events, *_build_alerts(result)] if result.request.is_live else events


def build_refusals(request: RunRequest, refused: Mapping[str, TronaError]) -> Iterator[Event]:
    """Events of documents that no reader knows, by name."""
    for name, error in refused.items():
        yield _describe_broken(request, IngestOutcome(name, "refused", error=error))


def _build_recorded(result: RunResult) -> Iterator[Event]:
    for o in result.ingested.with_status("recorded"):
        payload = {
            "lake": result.request.lake,
            "source": o.source,
            "chain": o.chain,
            "month": o.review_month,
            "release_id": o.release_id,
            "document": o.document,
            "published_at": o.published_at.isoformat() if o.published_at else "",
            "figures": o.figures,
            "quarantined": o.quarantined,
            "unresolved": o.unresolved,
            "is_live": result.request.is_live,
            "run_id": result.request.run_id,
        }
        yield Event("trona.release.recorded", f"trona.release.{o.source}.{o.chain}.{o.review_month}", payload)


def _build_broken(result: RunResult) -> Iterator[Event]:
    for o in result.ingested.outcomes:
        if o.status == "refused" or o.quarantined:
            yield _describe_broken(result.request, o)


def _describe_broken(request: RunRequest, o: IngestOutcome) -> Event:
    payload = {
        "lake": request.lake,
        "document": o.document,
        "chain": o.chain,
        "month": o.review_month,
        "what": o.error.what if o.error else f"{o.quarantined} rows break a contract",
        "where": o.error.where if o.error else "",
        "found": o.error.found if o.error else f"trona quarantine --run {request.run_id}",
        "rows": o.quarantined,
        "run_id": request.run_id,
    }
    return Event("trona.contract.broken", f"trona.document.{o.document}", payload)


def _build_scored(result: RunResult) -> Iterator[Event]:
    if result.span is None:
        return
    first, last = result.span
    marked = (
        open_lake(result.request.lake)
        .table(SCORES)
        .scan()
        .filter(pl.col("month").is_between(first, last), pl.col("actual").is_not_null())
        .group_by("chain")
        .agg(pl.len())
        .sort("chain")
        .collect()
    )
    worked_on = {chain for step in result.steps for chain in step.chains}
    for chain, count in marked.iter_rows():
        if chain in worked_on:
            payload = {
                "lake": result.request.lake,
                "chain": chain,
                "from_month": format_month(first),
                "to_month": format_month(last),
                "marked": count,
                "run_id": result.request.run_id,
            }
            yield Event("trona.forecasts.scored", f"trona.scores.{chain}", payload)


def _build_alerts(result: RunResult) -> Iterator[Event]:
    fired = result.alerts.filter(pl.col("state") == "fired", pl.col("notify") != "")
    for row in fired.to_dicts():
        about = {
            "lake": result.request.lake,
            "source": row["source"],
            "chain": row["chain"],
            "month": format_month(row["month"]),
            "alert_id": row["alert_id"],
            "title": row["title"],
            "run_id": result.request.run_id,
        }
        series = {name: row[name] for name in ("rule", "severity", "segment", "product", "metric", "measure")}
        yield Event("trona.alert.raised", f"trona.alert.{row['alert_id']}", about | series)
        if row["rule"] == MISSING:
            place = f"{row['source']}.{row['chain']}.{about['month']}"
            yield Event("trona.release.missing", f"trona.release.{place}", about)
