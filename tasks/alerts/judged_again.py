"""At which later instants a change is judged again, and for which chains: where it can say something else.

A chain is judged by its own figures, releases, refused rows and messages alone. So a document that comes late is judged
at its instant for all chains, since nobody looked there yet, and afterwards for its own chain: at instants whose months
its months can reach, and of those where something of the chain is new. At an instant of other chains that is the case
where a deadline of the chain has passed since it was judged last, or where the ledger says something new of it.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import polars as pl

from contracts.alerts import ALERTS
from contracts.chain import Chain
from contracts.period import add_months, last_month
from data_lake.lake import Lake
from tasks.alerts.evaluate import MEMORY_YEARS as RULES_LOOK_BACK
from tasks.alerts.registry import read_rules
from tasks.alerts.step import Step
from tasks.comparing.refresh import MEMORY_YEARS as SCORES_LOOK_BACK

REACH_YEARS = RULES_LOOK_BACK + SCORES_LOOK_BACK
"""A step whose first month lies more calendar years than this after a figure's month does not see the figure."""
_LONGEST_WAIT = 6  # months from a month to its last deadline


def narrow_steps(
    lake: Lake, steps: list[Step], changes: pl.DataFrame, chains: Mapping[str, Chain] | None
) -> list[Step]:
    """The steps that are to be evaluated for the changes that wait, each with the chains it is judged for (`only`).

    `changes` is `list_changes` with `is_asked`: whether the change is one that this run evaluates. Without `chains`
    nothing is known of deadlines, and a chain is judged at every instant in reach.
    """
    fresh = set(changes.filter(~pl.col("is_evaluated"))["instant"])
    asked = changes.filter("is_asked").select("chain", "instant", until=_find_last_month()).rows()
    said = _read_said(lake)
    own: dict[str, set[datetime]] = {str(chain): set(rows["instant"]) for (chain,), rows in changes.group_by("chain")}
    judged: dict[str, datetime] = {}
    found = []
    for step in steps:
        if step.as_of in fresh:
            again: tuple[str, ...] = ()
            judged = dict.fromkeys([*own, *(chains or {})], step.as_of)
        else:
            reached = {c for c, at, last in asked if at < step.as_of and step.first.year <= last.year + REACH_YEARS}
            again = tuple(
                name
                for name in sorted(reached)
                if step.as_of in own[name]
                or chains is None
                or name not in judged
                or _is_new(chains.get(name), said.get(name, ()), judged[name], step.as_of)
            )
            judged |= dict.fromkeys(again, step.as_of)
        if again or step.as_of in fresh:
            found.append(replace(step, chains=again or step.chains, only=again))
    return found


def _find_last_month() -> pl.Expr:
    """The last month that a change is about, by its figures and the month that it reviews."""
    reviewed = pl.col("review_month").map_elements(last_month, return_dtype=pl.Date)
    return pl.max_horizontal("last", reviewed)


def _read_said(lake: Lake) -> dict[str, list[datetime]]:
    """The instants at which the ledger says something new, by chain."""
    rows = lake.table(ALERTS).scan().select("chain", "updated_at").unique().collect()
    return {str(chain): part["updated_at"].to_list() for (chain,), part in rows.group_by("chain")}


def _is_new(chain: Chain | None, said: Collection[datetime], since: datetime, at: datetime) -> bool:
    """Whether at an instant without a change of the chain something may be said of it that was not said before."""
    if chain is None:
        return False
    return any(since < instant <= at for instant in said) or any(_list_passed(chain, since, at))


def _list_passed(chain: Chain, since: datetime, at: datetime) -> Iterator[bool]:
    """For each rule that looks at the clock and each month, whether its last day passed in between."""
    zone = ZoneInfo(chain.calendar.time_zone)
    before, today = since.astimezone(zone).date(), at.astimezone(zone).date()
    clocks = [rule.last_day for rule in read_rules().values() if rule.last_day is not None]
    month = add_months(before.replace(day=1), -_LONGEST_WAIT)
    while month <= today:
        for last_day in clocks:
            yield before <= last_day(month, chain.calendar) < today
        month = add_months(month, 1)
