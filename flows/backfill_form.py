"""The backfill as a form: typed fields, of which the Prefect UI makes a page and whose values the server checks."""

from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

import polars as pl
from prefect import flow, runtime
from prefect.artifacts import create_table_artifact
from pydantic import Field

from contracts.chain import chain_paths
from contracts.errors import TronaError, UsageError
from contracts.period import format_month, parse_month
from contracts.releases import RELEASES
from contracts.settings import load_settings
from data_lake.lake import open_lake
from data_lake.releases import visible_releases
from flows.backfill import backfill
from flows.run.progress import Reporter, current_reporter
from tasks.intake.ingest import DocumentHints, find_documents, ingest_document, load_document

EVERY = "all"


def _list_chains() -> list[str]:
    return sorted(chain_paths(load_settings().chains_folder))


def _list_sources() -> list[str]:
    """Sources that the lake knows, and the one of the settings; none where the lake cannot be reached."""
    settings = load_settings()
    known = {settings.source} - {""}
    try:
        known |= set(open_lake(settings.lake).table(RELEASES).scan().select("source").unique().collect()["source"])
    except TronaError:
        return sorted(known)
    return sorted(known)


def _choose(name: str, values: list[str]) -> type[StrEnum]:
    return StrEnum(name, {value: value for value in [EVERY, *values]})  # type: ignore[return-value]


# choices of the form, as they are when the deployment is made
ChainChoice = _choose("ChainChoice", _list_chains())
SourceChoice = _choose("SourceChoice", _list_sources())
_EVERY_CHAIN, _EVERY_SOURCE = ChainChoice(EVERY), SourceChoice(EVERY)


# the server refuses what does not fit the pattern; it would let pass what does not fit a format
Month = Annotated[str, Field(pattern=r"^(\d{4}-(0[1-9]|1[0-2]))?$", examples=["2026-01"])]


def _name_run() -> str:
    p = runtime.flow_run.parameters
    months = f"{p.get('from_month') or 'first month'} to {p.get('to_month') or 'last'}"
    return f"backfill {p.get('chain') or EVERY} {months}{' (dry run)' if p.get('dry_run') else ''}"


@flow(name="backfill-by-hand", flow_run_name=_name_run, validate_parameters=True)
def backfill_by_hand(
    from_month: Month = "",
    to_month: Month = "",
    chain: ChainChoice = _EVERY_CHAIN,  # type: ignore[valid-type]
    source: SourceChoice = _EVERY_SOURCE,  # type: ignore[valid-type]
    notify: Literal["none", "digest"] = "none",
    dry_run: bool = False,  # noqa: FBT001, FBT002 - a field of the form
    folder: str = "",
) -> str:
    """Take in months of documents and judge each with only the knowledge of its time; the same as `trona backfill`.

    Stopped or killed, it goes on where it was when it is started again. Returns the run's id.

    Args:
        from_month: first month, YYYY-MM; empty = from the first on
        to_month: last month, YYYY-MM; empty = up to the last
        chain: only this chain
        source: who published the documents, where they do not say it; all = the one of the settings
        notify: none = nobody is told, digest = one summary
        dry_run: say what would be taken in and judged, write nothing
        folder: folder or file with documents, on the machine that runs this; empty = what the lake holds already
    """
    settings = load_settings()
    first = parse_month(from_month) if from_month else None
    last = parse_month(to_month) if to_month else None
    if first and last and first > last:
        raise UsageError(f"the first month {from_month} is after the last {to_month}", next="exchange the two")
    stated = DocumentHints(
        source=_value(source),
        usual_source=settings.source,
        chain=_value(chain),
        chains_folder=settings.chains_folder,
        first_month=first,
        last_month=last,
    )
    documents = [Path(folder).expanduser()] if folder else []
    if dry_run:
        return _rehearse(settings.lake_address, documents, stated, current_reporter())
    return backfill(
        lake=settings.lake_address,
        from_month=from_month,
        to_month=to_month,
        documents=documents,
        chain=stated.chain,
        source=stated.source,
        usual_source=stated.usual_source,
        chains_folder=settings.chains_folder,
        receivers=str(Path(settings.receivers).absolute()),
        notify=notify,
    )


def _value(choice: StrEnum) -> str:
    return "" if choice == EVERY else str(choice)


def _rehearse(lake: str, documents: list[Path], stated: DocumentHints, reporter: Reporter) -> str:
    """What a backfill would take in, as a table in the UI; nothing is written to the lake."""
    store, now = open_lake(lake), datetime.now(UTC)
    rows: list[dict[str, object]] = []
    for path in find_documents(documents):
        for o in ingest_document(store, load_document(path), stated, now=now, run_id="dry-run", dry_run=True):
            reporter.say(f"  {o.document}: {o.chain} {o.review_month} {o.status}, {o.figures} figures")
            rows.append(
                {
                    "document": o.document,
                    "chain": o.chain,
                    "month": o.review_month,
                    "status": o.status,
                    "figures": o.figures,
                    "refused rows": o.quarantined,
                    "why": o.error.what if o.error else "",
                }
            )
    if not documents:
        held = visible_releases(store).select("source", "chain", "review_month", "document_name").collect()
        wanted = [r for r in held.sort(pl.all()).to_dicts() if stated.wants(r["review_month"])]
        rows = [r for r in wanted if not stated.chain or r["chain"] == stated.chain]
    create_table_artifact(rows, key="trona-dry-run", description="What this backfill would look at")
    span = " to ".join(format_month(m) for m in (stated.first_month, stated.last_month) if m) or "all months"
    reporter.say(f"dry run, {span}: {len(rows)} releases; nothing was written")
    return "dry-run"
