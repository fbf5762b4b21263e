"""From recorded releases to comparisons, scores and alerts, one instant of publication after another.

A *step* is an instant at which something was published. Evaluated in order, each step sees only what was
public then, so a month that is replayed years later is judged as it would have been on its day.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import polars as pl

from contracts.chain import Chain, load_chain
from contracts.comparisons import COMPARISONS
from contracts.figures import FIGURES
from contracts.period import add_months
from contracts.releases import QUARANTINE, RELEASES
from contracts.scores import SCORES
from data_lake.derived import replace_months
from data_lake.figures import newest_vintage, read_vintages
from data_lake.lake import Lake
from data_lake.ledger import read_deliveries, record_alerts
from data_lake.releases import visible_releases
from data_lake.selection import Selection
from tasks.alerts import find_alerts
from tasks.comparisons import compare_months
from tasks.scoring import MEMORY_MONTHS, mark_forecasts

HISTORY_MONTHS = MEMORY_MONTHS + 12


@dataclass(frozen=True)
class Step:
    """An instant of publication, the releases published then, and the months their figures are about."""

    as_of: datetime
    release_ids: tuple[str, ...]
    first: date
    last: date


@dataclass(frozen=True)
class Evaluation:
    """What is known at an instant about some months: comparisons, scores and what the rules found."""

    comparisons: pl.DataFrame
    scores: pl.DataFrame
    candidates: pl.DataFrame


def load_chains(lake: Lake, folder: Path | None = None) -> dict[str, Chain]:
    """Definitions of the chains that the lake has releases of."""
    names = lake.table(RELEASES).scan().select(pl.col("chain").unique()).collect()["chain"].sort()
    return {name: load_chain(name, folder) for name in names}


def pending_releases(lake: Lake) -> pl.DataFrame:
    """Releases that stand and whose consequences were not evaluated yet, by time of publication."""
    done = lake.table(RELEASES).scan().filter(pl.col("event") == "evaluated")
    return (
        visible_releases(lake)
        .join(done.select("release_id"), on="release_id", how="anti")
        .sort("published_at", "release_id")
        .collect()
    )


def plan_steps(lake: Lake, *, chain: str = "", since: datetime | None = None) -> list[Step]:
    """Steps to evaluate: from the earliest pending release (or `since`) on, every instant of publication.

    Steps after a pending release are evaluated again, since what was known then has changed; where
    nothing follows it, that is the pending releases alone.
    """
    releases = visible_releases(lake).filter(pl.col("chain") == chain if chain else pl.lit(value=True))
    if since is None:
        pending = pending_releases(lake)
        pending = pending.filter(chain=chain) if chain else pending
        if pending.is_empty():
            return []
        since = pending["published_at"].min()  # type: ignore[assignment]
    months = (
        lake.table(FIGURES)
        .scan()
        .filter(pl.col("is_monthly"))
        .group_by("release_id")
        .agg(first=pl.col("month").min(), last=pl.col("month").max())
    )
    steps = (
        releases.filter(pl.col("published_at") >= since)
        .join(months, on="release_id")
        .group_by("published_at")
        .agg(pl.col("release_id").sort(), pl.col("first").min(), pl.col("last").max())
        .sort("published_at")
        .collect()
    )
    return [Step(r["published_at"], tuple(r["release_id"]), r["first"], r["last"]) for r in steps.to_dicts()]


def evaluate_months(
    lake: Lake,
    chains: Mapping[str, Chain],
    *,
    first: date,
    last: date,
    as_of: datetime,
    recorded_by: datetime | None = None,
) -> Evaluation:
    """Compare, mark and judge the months from `first` to `last` with the knowledge of `as_of`.

    Writes nothing. Reads figures from `HISTORY_MONTHS` before `first` on, so the cost of a month does not
    grow with the length of the lake.
    """
    history = Selection(first=add_months(first, -HISTORY_MONTHS), last=add_months(last, 1))
    vintages = read_vintages(lake, history, as_of=as_of, as_recorded=recorded_by).collect()
    months = (first, last)
    comparisons = compare_months(newest_vintage(vintages.lazy()).collect(), chains=chains, months=months)
    scores = mark_forecasts(vintages, chains=chains, months=months)
    candidates = find_alerts(
        scores=scores,
        comparisons=comparisons,
        figures=vintages,
        releases=visible_releases(lake, as_of=as_of, as_recorded=recorded_by).collect(),
        quarantine=lake.table(QUARANTINE).scan().collect(),
        deliveries=read_deliveries(lake),
        chains=chains,
        months=months,
        as_of=as_of,
    )
    return Evaluation(comparisons, scores, candidates)


def finish_step(
    lake: Lake, step: Step, candidates: pl.DataFrame, *, recorded_at: datetime, run_id: str
) -> pl.DataFrame:
    """Enter what a step found into the ledger and mark its releases evaluated; rows newly entered come back."""
    entered = record_alerts(
        lake, candidates, as_of=step.as_of, months=(step.first, step.last), recorded_at=recorded_at, run_id=run_id
    )
    pending = pending_releases(lake).filter(pl.col("release_id").is_in(list(step.release_ids)))
    if pending.height:
        done = pending.with_columns(
            event=pl.lit("evaluated"), at=pl.lit(recorded_at, pl.Datetime("us", "UTC")), reason=pl.lit(run_id)
        )
        lake.table(RELEASES).append(done)
    return entered


def refresh_derived(
    lake: Lake, chains: Mapping[str, Chain], *, first: date, as_of: datetime, months_at_once: int = 24
) -> None:
    """Rebuild comparisons and scores of all months from `first` on, with the knowledge of `as_of`."""
    span = lake.table(FIGURES).scan().filter(pl.col("is_monthly")).select(pl.col("month").max()).collect()
    end: date | None = span.item()
    if end is None:
        return
    end = add_months(end, 1)
    start = first
    while start <= end:
        stop = min(add_months(start, months_at_once - 1), end)
        comparisons, scores = derive(lake, chains, first=start, last=stop, as_of=as_of)
        replace_months(lake, COMPARISONS, comparisons, first=start, last=stop)
        replace_months(lake, SCORES, scores, first=start, last=stop)
        start = add_months(stop, 1)


def derive(
    lake: Lake,
    chains: Mapping[str, Chain],
    *,
    first: date,
    last: date,
    as_of: datetime | None,
    as_recorded: datetime | None = None,
    selection: Selection | None = None,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Comparisons and scores of the months from `first` to `last` as of an instant; writes nothing."""
    del selection
    history = Selection(first=add_months(first, -HISTORY_MONTHS), last=add_months(last, 1))
    vintages = read_vintages(lake, history, as_of=as_of, as_recorded=as_recorded).collect()
    comparisons = compare_months(newest_vintage(vintages.lazy()).collect(), chains=chains, months=(first, last))
    return comparisons, mark_forecasts(vintages, chains=chains, months=(first, last))
