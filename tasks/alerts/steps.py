"""Which instants are to be evaluated: those at which something was published or withdrawn, oldest first.

Evaluated in order, each step sees only what was public then, so a month that is replayed years later is judged as it
would have been on its day. The steps follow from what the lake holds alone: any way of loading the same documents ends
with the same steps.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import NamedTuple

import polars as pl

from contracts.chain import Chain
from contracts.figures import FIGURES
from contracts.period import add_months
from contracts.releases import RELEASES
from contracts.table import INSTANT
from data_lake.lake import Lake
from data_lake.releases import read_events, state_releases
from tasks.alerts.judged_again import narrow_steps
from tasks.alerts.rules.release_missing import WATCHED_MONTHS
from tasks.alerts.step import Step

_TURNS = ("retracted", "restored")


class EvaluationPlan(NamedTuple):
    """What is to be evaluated: the steps in order, and the releases that are evaluated once they are done.

    `today` is the step that looks at the day itself: states of the months whose reviews are watched. None where more is
    known already than on that day, since what the ledger says of now stays as it is, and where the last step is that.
    """

    steps: list[Step]
    pending: list[str]
    today: Step | None


def list_changes(lake: Lake) -> pl.DataFrame:
    """Every publication, withdrawal and restoration: whose and when (`instant`), and whether it `is_evaluated`.

    `first` and `last` are the months that the release's figures are about (of a longer period its first month), null
    where it has none; of a settled document those of all its releases, since figures may be gone with it. A
    publication is evaluated by the event `evaluated`, a turn by `turn_evaluated` of its instant.
    """
    events = read_events(lake)
    is_turn = pl.col("event").is_in(_TURNS)
    done = [
        events.filter(pl.col("event") == "evaluated").select("release_id", pl.lit(None, INSTANT).alias("turn")),
        events.filter(pl.col("event") == "turn_evaluated").select("release_id", pl.col("at").alias("turn")),
    ]
    months = lake.table(FIGURES).summarise("months of releases", _find_months)
    events = events.with_columns(read=pl.coalesce("settles", "document"))
    settled = events.filter(pl.col("settles").is_not_null())["settles"].unique().to_list()
    return (
        events.filter((pl.col("event") == "recorded") | is_turn)
        .with_columns(
            pl.when(is_turn).then("at").otherwise("published_at").alias("instant"),
            pl.when(is_turn).then("at").alias("turn"),
        )
        .join(
            pl.concat(done).unique().with_columns(pl.lit(True).alias("is_evaluated")),
            on=["release_id", "turn"],
            how="left",
            nulls_equal=True,
        )
        .join(months, on="release_id", how="left")
        .with_columns(
            pl.col("is_evaluated").fill_null(False),
            *[
                pl.when(pl.col("read").is_in(settled)).then(widest.over("read")).otherwise(name).alias(name)
                for name, widest in (("first", pl.col("first").min()), ("last", pl.col("last").max()))
            ],
        )
        .sort("instant", "release_id", "event")
        .select("release_id", "event", "source", "chain", "review_month", "instant", "first", "last", "is_evaluated")
    )


def _find_months(figures: pl.LazyFrame) -> pl.LazyFrame:
    return figures.group_by("release_id").agg(first=pl.col("month").min(), last=pl.col("month").max())


def pending_changes(lake: Lake, *, chain: str = "", month: str = "", until: datetime | None = None) -> pl.DataFrame:
    """The changes whose consequences were not drawn yet: of one chain, of reviews of one month, up to an instant."""
    pending = list_changes(lake).filter(~pl.col("is_evaluated"))
    pending = pending.filter(pl.col("chain") == chain) if chain else pending
    pending = pending.filter(pl.col("review_month") == month) if month else pending
    return pending.filter(pl.col("instant") <= until) if until else pending


def plan_steps(
    lake: Lake, *, until: datetime, chain: str = "", month: str = "", chains: Mapping[str, Chain] | None = None
) -> EvaluationPlan:
    """Steps to evaluate: from the earliest pending change on, every instant of a change up to `until`.

    Steps after a pending change are evaluated again, also those after `until` that were evaluated before, since what
    was known then has changed; where nothing follows it, that is the pending changes alone. They are evaluated for the
    chains, and where these may say something else: see `judged_again`. Without `chains` it is not known where.
    """
    pending = pending_changes(lake, chain=chain, month=month, until=until)
    steps = [] if pending.is_empty() else list_steps(lake, chain=chain, since=pending["instant"][0], until=until)
    changes = list_changes(lake)
    is_asked = ~pl.col("is_evaluated") & pl.col("release_id").is_in(pending["release_id"].to_list())
    steps = narrow_steps(lake, steps, changes.with_columns(is_asked.alias("is_asked")), chains)
    later = changes.filter(pl.col("is_evaluated"), pl.col("instant") > until)
    is_done = bool(steps) and steps[-1].as_of >= until
    today = None if is_done or later.height else _watch_today(lake, until)
    return EvaluationPlan(steps, pending["release_id"].unique(maintain_order=True).to_list(), today)


def list_steps(
    lake: Lake, *, chain: str = "", since: datetime | None = None, until: datetime | None = None
) -> list[Step]:
    """Every instant of a change from `since` to `until`, and of those evaluated already after it, oldest first.

    A step reaches from the first month that the change is about, and at least from the months whose reviews are
    watched, to the last month that anything public then is about: a month rests on the months before it. A change
    without a figure is no step.
    """
    changes = list_changes(lake).filter(pl.col("first").is_not_null())
    changes = changes.with_columns(pl.col("last").cum_max().alias("last"))
    changes = changes.filter(pl.col("chain") == chain) if chain else changes
    changes = changes.filter(pl.col("instant") >= since) if since else changes
    changes = changes.filter((pl.col("instant") <= until) | pl.col("is_evaluated")) if until else changes
    steps = changes.group_by("instant", maintain_order=True).agg(
        pl.col("chain").unique().sort(), pl.col("first").min(), pl.col("last").max()
    )
    return [_reach(r["instant"], tuple(r["chain"]), r["first"], r["last"]) for r in steps.to_dicts()]


def _watch_today(lake: Lake, as_of: datetime) -> Step:
    last = list_changes(lake).filter(pl.col("instant") <= as_of)["last"].max()
    this_month = as_of.date().replace(day=1)
    return _reach(as_of, (), this_month, last if isinstance(last, date) else this_month)


def record_evaluated(lake: Lake, release_ids: list[str], *, until: datetime, at: datetime, run_id: str) -> None:
    """Note that what was published, withdrawn and restored of these releases up to `until` is evaluated."""
    pending = pending_changes(lake, until=until).filter(pl.col("release_id").is_in(release_ids))
    if pending.is_empty():
        return
    events = read_events(lake).filter(pl.col("event") == "recorded")
    is_turn = pl.col("change").is_in(_TURNS)
    done = events.join(pending.select("release_id", "instant", change="event"), on="release_id").with_columns(
        pl.when(is_turn).then(pl.lit("turn_evaluated")).otherwise(pl.lit("evaluated")).alias("event"),
        pl.when(is_turn).then("instant").otherwise(pl.lit(at, INSTANT)).alias("at"),
        reason=pl.lit(f"run {run_id}"),
    )
    done = RELEASES.conform(done)
    lake.table(RELEASES).append(done, metadata=state_releases(done))


def _reach(as_of: datetime, chains: tuple[str, ...], first: date, last: date) -> Step:
    this_month = as_of.date().replace(day=1)
    return Step(as_of, chains, min(first, add_months(this_month, -WATCHED_MONTHS)), max(last, this_month))
