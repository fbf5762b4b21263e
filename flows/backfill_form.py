"""The backfill as a form of the Prefect UI: the flow of `flows.backfill` with the choices of this set-up.

Prefect makes the form of a flow's signature, so what may be chosen (chains, sources) must be known when the
deployment is made; lake and receivers come from the settings and are no fields.
"""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

from prefect import flow, runtime
from pydantic import Field

from contracts.chain import chain_paths
from contracts.errors import TronaError
from contracts.releases import RELEASES
from contracts.settings import load_settings
from data_lake.lake import open_lake
from flows.backfill import backfill

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
    accept_doubtful: bool = False,  # noqa: FBT001, FBT002 - a field of the form
) -> str:
    """Ingest months of documents and evaluate each with only the knowledge of its time, as `trona backfill` does.

    Stopped or killed, it goes on where it was when it is started again. Returns the run's id.

    Args:
        from_month: first month, YYYY-MM; empty = from the first on
        to_month: last month, YYYY-MM; empty = up to the last
        chain: only this chain
        source: who published the documents, where they do not say it; all = the one of the settings
        notify: none = nobody is told, digest = one summary
        dry_run: say what would be ingested and evaluated, write nothing
        folder: folder or file with documents, on the machine that runs this; empty = what the lake holds already
        accept_doubtful: record doubtful readings of reviews as figures too
    """
    settings = load_settings()
    return backfill(
        lake=settings.lake_address,
        from_month=from_month,
        to_month=to_month,
        documents=[Path(folder).expanduser()] if folder else [],
        chain=_value(chain),
        source=_value(source),
        usual_source=settings.source,
        chains_folder=settings.chains_folder,
        receivers=settings.receivers_address,
        notify=notify,
        dry_run=dry_run,
        accept_doubtful=accept_doubtful,
    )


def _value(choice: StrEnum) -> str:
    return "" if choice == EVERY else str(choice)
