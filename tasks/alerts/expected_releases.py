"""Which months' reviews are expected, here, or late: read from the lake and the chain's calendar."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

import polars as pl

from contracts.chain import Chain
from contracts.figures import FIGURES
from contracts.period import MONTH_PATTERN, add_months, first_month, format_month
from data_lake.lake import Lake
from data_lake.releases import visible_releases
from tasks.alerts.rules.release_missing import FOLLOWED_MONTHS, find_deadline


@dataclass(frozen=True)
class ExpectedRelease:
    """The review of a month that a source is expected to publish."""

    source: str
    chain: str
    month: date
    expected: date
    deadline: date
    is_here: bool

    def describe(self) -> str:
        """In a sentence."""
        name = f"{self.source} {self.chain} {format_month(self.month)}"
        if self.is_here:
            return f"{name} is here"
        return f"{name} is not here: expected from {self.expected:%Y-%m-%d}, due by {self.deadline:%Y-%m-%d}"


def find_expected_releases(lake: Lake, chains: Mapping[str, Chain], now: datetime) -> list[ExpectedRelease]:
    """One entry per source and chain followed: the month whose review is expected now, the one before today's.

    A source is followed for as long as it reviewed one of the three months before (as the rule release_missing has it).
    A month with published actuals counts as reviewed. A forecaster reviews nothing, and nothing is expected of it.
    """
    reviewed = _read_reviewed(lake, now)
    found = []
    for (source, chain_name), rows in reviewed.group_by("source", "chain"):
        chain = chains.get(str(chain_name))
        if chain is None or source in chain.forecasters:
            continue
        today = now.astimezone(ZoneInfo(chain.calendar.time_zone)).date()
        month = add_months(today.replace(day=1), -1)
        months = set(rows["month"])
        if any(add_months(month, -back) in months for back in range(FOLLOWED_MONTHS + 1)):
            expected = add_months(month, 1).replace(day=chain.calendar.publication_day)
            deadline = find_deadline(month, chain.calendar)
            found.append(ExpectedRelease(str(source), chain.name, month, expected, deadline, month in months))
    return sorted(found, key=lambda a: (a.chain, a.source))


def _read_reviewed(lake: Lake, now: datetime) -> pl.DataFrame:
    monthly = pl.col("review_month").str.contains(MONTH_PATTERN)
    releases = visible_releases(lake, as_of=now).filter(monthly).select("source", "chain", "review_month").collect()
    months = pl.Series("month", [first_month(text) for text in releases["review_month"]], dtype=pl.Date)
    stated = (
        lake.table(FIGURES)
        .scan()
        .filter(pl.col("kind") == "actual", pl.col("is_monthly"), pl.col("published_at") <= now)
        .select("source", "chain", "month")
        .unique()
        .collect()
    )
    return pl.concat([releases.with_columns(months).select("source", "chain", "month"), stated]).unique()
