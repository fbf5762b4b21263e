"""From recorded releases to alerts, one instant of publication after another.

A *step* is an instant at which something was published. Evaluated in order, each step sees only what was
public then, so a month that is replayed years later is judged as it would have been on its day.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

import polars as pl

from contracts.chain import Chain
from contracts.figures import FIGURES
from contracts.period import add_months
from contracts.releases import NO_BREACH, QUARANTINE, RELEASES
from data_lake.lake import Lake
from data_lake.ledger import read_deliveries
from data_lake.releases import visible_releases
from tasks.alerts.candidates import find_alerts
from tasks.alerts.evaluation import Evaluation
from tasks.alerts.rules.release_missing import WATCHED_MONTHS
from tasks.comparing.refresh import derive_months

# Rules look back: for misses in a row, gaps of late, and how far shares usually move.
_MEMORY_MONTHS = 12


@dataclass(frozen=True)
class Step:
    """An instant of publication, the chains published then, and the months their figures are about."""

    as_of: datetime
    chains: tuple[str, ...]
    first: date
    last: date


def pending_releases(lake: Lake) -> pl.DataFrame:
    """Releases that stand and whose consequences were not evaluated yet, by time of publication."""
    done = lake.table(RELEASES).scan().filter(pl.col("event") == "evaluated")
    return (
        visible_releases(lake)
        .join(done.select("release_id"), on="release_id", how="anti")
        .sort("published_at", "release_id")
        .collect()
    )


class EvaluationPlan(NamedTuple):
    """What is to be evaluated: the steps in order, and the releases that are evaluated once they are done."""

    steps: list[Step]
    pending: list[str]


def plan_steps(lake: Lake, *, chain: str = "", until: datetime | None = None) -> EvaluationPlan:
    """Steps to evaluate: from the earliest pending release on, every instant of publication up to `until`.

    Steps after a pending release are evaluated again, since what was known then has changed; where nothing
    follows it, that is the pending releases alone.
    """
    pending = pending_releases(lake)
    pending = pending.filter(chain=chain) if chain else pending
    pending = pending.filter(pl.col("published_at") <= until) if until else pending
    if pending.is_empty():
        return EvaluationPlan([], [])
    steps = list_steps(lake, chain=chain, since=pending["published_at"][0], until=until)
    return EvaluationPlan(steps, pending["release_id"].to_list())


def list_steps(
    lake: Lake, *, chain: str = "", since: datetime | None = None, until: datetime | None = None
) -> list[Step]:
    """Every instant of publication from `since` to `until`, oldest first.

    Releases without a monthly figure are no step.
    """
    releases = visible_releases(lake, as_of=until)
    releases = releases.filter(pl.col("chain") == chain) if chain else releases
    releases = releases.filter(pl.col("published_at") >= since) if since else releases
    months = (
        lake.table(FIGURES)
        .scan()
        .filter(pl.col("is_monthly"))
        .group_by("release_id")
        .agg(first=pl.col("month").min(), last=pl.col("month").max())
    )
    steps = (
        releases.join(months, on="release_id")
        .group_by("published_at")
        .agg(pl.col("chain").unique().sort(), pl.col("first").min(), pl.col("last").max())
        .sort("published_at")
        .collect()
    )
    return [Step(r["published_at"], tuple(r["chain"]), r["first"], r["last"]) for r in steps.to_dicts()]


def evaluate_months(
    lake: Lake, chains: Mapping[str, Chain], *, first: date, last: date, as_of: datetime
) -> pl.DataFrame:
    """What the rules find in the months from `first` to `last` with the knowledge of `as_of`: `CANDIDATES`.

    Writes nothing, so steps can be judged at the same time.
    """
    derived = derive_months(lake, chains, first=add_months(first, -_MEMORY_MONTHS), last=last, as_of=as_of)
    return find_alerts(
        Evaluation(
            scores=derived.scores,
            comparisons=derived.comparisons,
            figures=derived.vintages,
            releases=visible_releases(lake, as_of=as_of).collect(),
            quarantine=lake.table(QUARANTINE).scan().filter(~pl.col("rule").is_in(NO_BREACH)).collect(),
            deliveries=read_deliveries(lake),
            chains=chains,
            months=(first, last),
            as_of=as_of,
        )
    )


def watch_today(as_of: datetime, steps: list[Step]) -> Step:
    """The step that looks at the day itself: states of the last months, and whatever the steps before it touched."""
    today = as_of.date().replace(day=1)
    return Step(
        as_of=as_of,
        chains=(),
        first=min([add_months(today, -WATCHED_MONTHS), *(step.first for step in steps)]),
        last=max([today, *(step.last for step in steps)]),
    )


def record_evaluated(lake: Lake, release_ids: list[str], *, at: datetime, run_id: str) -> None:
    """Note that the consequences of these releases are drawn, so that the next run need not draw them again."""
    pending = pending_releases(lake).filter(pl.col("release_id").is_in(release_ids))
    if pending.height:
        done = pending.with_columns(
            event=pl.lit("evaluated"), at=pl.lit(at, pl.Datetime("us", "UTC")), reason=pl.lit(f"run {run_id}")
        )
        lake.table(RELEASES).append(done)
