"""Rule release_missing: a month's review has not come by its calendar deadline."""

from datetime import date
from zoneinfo import ZoneInfo

import polars as pl

from contracts.chain import Calendar
from contracts.holidays import add_business_days
from contracts.period import MONTH_PATTERN, add_months
from contracts.text import fill_text
from contracts.wording import lower_title
from data_lake.releases import withdrawn_among
from tasks.alerts.evaluation import Evaluation
from tasks.alerts.registry import Rule, register

NAME = "release_missing"
# A source that has not published for so many months is taken to have ended: it is no longer missed each month.
FOLLOWED_MONTHS = 3
# A gap that is first seen when its month is further back than this is history: recorded, and news to nobody.
WATCHED_MONTHS = 3


def find_missing_releases(evaluation: Evaluation) -> pl.DataFrame:
    """States (critical), one per source, chain and reference month whose deadline has passed without a review.

    The deadline is the end of the day `publication_day` of the next month plus the grace in business days, in the
    chain's time zone. It is held against the month that a release reviews, never against when something was last
    loaded, so an old month that arrives changes nothing about a new one. A month with published actuals (January told
    together with February) is not missing. A source is missed for as long as it had reviewed one of the
    three months before.
    """
    seen = _read_reviewed(evaluation)
    expected = _list_deadlines(evaluation)
    followed = (
        seen.rename({"month": "past"})
        .join(expected, on="chain")
        .filter(
            pl.col("past") < pl.col("month"),
            pl.col("past") >= pl.col("month").dt.offset_by(f"-{FOLLOWED_MONTHS}mo"),
        )
        .group_by("source", "chain", "month", "deadline", "chain_title")
        .agg(pl.col("past").max().alias("last_seen"))
    )
    return (
        followed.join(seen, on=["source", "chain", "month"], how="anti")
        .sort("source", "chain", "month")
        .select(
            pl.lit("critical").alias("severity"),
            "source",
            "chain",
            *(pl.lit("").alias(name) for name in ("segment", "product", "metric", "measure")),
            "month",
            fill_text(
                "No review of {} for {} from {}: it was due by {}",
                "chain_title",
                pl.col("month").dt.strftime("%B %Y"),
                "source",
                pl.col("deadline").dt.strftime("%Y-%m-%d"),
            ).alias("title"),
            pl.struct(
                pl.col("deadline").dt.strftime("%Y-%m-%d"),
                pl.col("last_seen").dt.strftime("%Y-%m").alias("last_month_reviewed"),
            )
            .struct.json_encode()
            .alias("detail"),
            pl.lit("").alias("figure_ids"),
        )
    )


def find_deadline(month: date, calendar: Calendar) -> date:
    """Last day, in the chain's time zone, on which the review of the month is not late."""
    due = add_months(month, 1).replace(day=calendar.publication_day)
    return add_business_days(due, calendar.grace_business_days, calendar.time_zone)


def _list_deadlines(evaluation: Evaluation) -> pl.DataFrame:
    """Chain and month of every deadline that has passed."""
    rows, months = [], evaluation.months
    for chain in evaluation.chains.values():
        today = evaluation.as_of.astimezone(ZoneInfo(chain.calendar.time_zone)).date()
        month = months[0]
        while month <= months[1] and month < today:
            deadline = find_deadline(month, chain.calendar)
            if today > deadline:
                rows.append((chain.name, month, deadline, lower_title(chain.title)))
            month = add_months(month, 1)
    schema = pl.Schema({"chain": pl.String(), "month": pl.Date(), "deadline": pl.Date(), "chain_title": pl.String()})
    return pl.DataFrame(rows, schema=schema, orient="row")


def _read_reviewed(evaluation: Evaluation) -> pl.DataFrame:
    """Source, chain and month of every review, and of every month with a published actual; none of a forecaster."""
    releases, figures, as_of = evaluation.releases, evaluation.figures, evaluation.as_of
    retracted = withdrawn_among(releases.lazy()).collect()
    reviewed = (
        releases.filter(pl.col("event") == "recorded", pl.col("published_at") <= as_of)
        .join(retracted, on="release_id", how="anti")
        .filter(pl.col("review_month").str.contains(MONTH_PATTERN))
        .select("source", "chain", (pl.col("review_month") + "-01").str.to_date("%Y-%m-%d").alias("month"))
    )
    stated = figures.filter(pl.col("kind") == "actual", pl.col("is_monthly"), pl.col("published_at") <= as_of).select(
        "source", "chain", "month"
    )
    both = pl.concat([reviewed, stated]).filter(pl.col("chain").is_in(list(evaluation.chains))).unique()
    forecasters = [(c.name, source) for c in evaluation.chains.values() for source in c.forecasters]
    schema = pl.Schema({"chain": pl.String(), "source": pl.String()})
    return both.join(pl.DataFrame(forecasters, schema=schema, orient="row"), on=["chain", "source"], how="anti")


RULE = register(
    Rule(
        name=NAME,
        kind="state",
        severities=("critical",),
        says="a month's review has not come by its deadline; a gap first seen more than three months later is recorded "
        "and told to nobody",
        find=find_missing_releases,
        rank=0,
        holds_back="segment",
        last_day=find_deadline,
    )
)
