"""Periods as expressions, and the rule that an actual is about a time that has begun."""

from datetime import datetime
from zoneinfo import ZoneInfo

import polars as pl

from contracts.chain import Chain
from contracts.rules.rule import Rule

_STARTS = {
    "": "01",
    **{f"Q{quarter}": f"{3 * quarter - 2:02}" for quarter in range(1, 5)},
    "H1": "01",
    "H2": "07",
}


def start_of(period: pl.Expr) -> pl.Expr:
    """First month of well-formed periods as text `YYYY-MM`, which sorts as the months do."""
    return pl.concat_str(period.str.slice(0, 4), pl.lit("-"), period.str.slice(5).replace(_STARTS))


_ENDS = {
    "": "12",
    **{f"Q{quarter}": f"{3 * quarter:02}" for quarter in range(1, 5)},
    "H1": "06",
    "H2": "12",
}


def end_of(period: pl.Expr) -> pl.Expr:
    """Last month of well-formed periods as text `YYYY-MM`."""
    return pl.concat_str(period.str.slice(0, 4), pl.lit("-"), period.str.slice(5).replace(_ENDS))


def list_period_rules(chain: Chain, published_at: datetime) -> list[Rule]:
    """`actual_has_begun`: an actual's period began by the day of publication, in the chain's time zone."""
    day = published_at.astimezone(ZoneInfo(chain.calendar.time_zone)).date()
    start = start_of(pl.col("period"))
    is_month = start.str.slice(5) <= "12"  # a month 2026-13 breaks the rule `period_form`, once
    return [
        Rule(
            "actual_has_begun",
            "period",
            (pl.col("kind") != "actual") | (start <= f"{day:%Y-%m}") | ~is_month,
            f"an actual is about a period that had begun when it was published ({day}); else its kind is forecast",
        )
    ]
