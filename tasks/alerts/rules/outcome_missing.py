"""Rule outcome_missing: forecasts of a month that never got an outcome."""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

import polars as pl

from contracts.chain import Calendar
from contracts.period import add_months
from contracts.text import fill_text
from tasks.alerts.evaluation import Evaluation
from tasks.alerts.registry import Rule, register
from tasks.alerts.rules.release_missing import find_deadline

NAME = "outcome_missing"
# A month after the review was due nobody waits for the outcome any more.
PATIENCE = timedelta(days=31)
_NAMED = 20


def find_missing_outcomes(evaluation: Evaluation) -> pl.DataFrame:
    """States (info), one per source, chain and month: forecasts open for more than a month after the review's deadline.

    Ends when outcomes are published after all.
    """
    overdue = pl.DataFrame(_list_overdue(evaluation), schema={"chain": pl.String, "month": pl.Date}, orient="row")
    return (
        evaluation.scores.filter(pl.col("status") == "pending", pl.col("span_months") == 1)
        .join(overdue, on=["chain", "month"], how="semi")
        .sort("source", "chain", "month", "forecast_id")
        .group_by("source", "chain", "month", maintain_order=True)
        .agg(pl.len().alias("forecasts"), pl.col("forecast_id").head(_NAMED).str.join(" ").alias("figure_ids"))
        .select(
            pl.lit("info").alias("severity"),
            "source",
            "chain",
            *(pl.lit("").alias(name) for name in ("segment", "product", "metric", "measure")),
            "month",
            fill_text(
                "{} of {} for {} never got an outcome",
                pl.when(pl.col("forecasts") == 1)
                .then(pl.lit("1 forecast"))
                .otherwise(fill_text("{} forecasts", "forecasts")),
                "source",
                pl.col("month").dt.strftime("%B %Y"),
            ).alias("title"),
            pl.struct("forecasts").struct.json_encode().alias("detail"),
            "figure_ids",
        )
    )


def _list_overdue(evaluation: Evaluation) -> list[tuple[str, date]]:
    """Chain and month where a month has passed since the review was due."""
    first, last = evaluation.months
    count = (last.year - first.year) * 12 + last.month - first.month + 1
    months = [add_months(first, i) for i in range(count)]
    rows = []
    for chain in evaluation.chains.values():
        today = evaluation.as_of.astimezone(ZoneInfo(chain.calendar.time_zone)).date()
        rows += [
            (chain.name, month) for month in months if month < today and today > find_last_day(month, chain.calendar)
        ]
    return rows


def find_last_day(month: date, calendar: Calendar) -> date:
    """The last day on which an outcome of the month is still waited for."""
    return find_deadline(month, calendar) + PATIENCE


RULE = register(
    Rule(
        name=NAME,
        kind="state",
        severities=("info",),
        says="forecasts are open for more than a month after the review was due",
        find=find_missing_outcomes,
        rank=6,
        last_day=find_last_day,
    )
)
