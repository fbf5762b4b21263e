"""The page of a month: the finding as its title, forecasts against outcomes, the months before, what comes next."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl

from contracts.holidays import CHINESE_ZONES, weigh_holiday
from contracts.period import add_months, format_month
from contracts.wording import rank_severity
from tasks.pages.charts import draw_dumbbells, draw_heat
from tasks.pages.dumbbells import HEAD, compare_forecasts, write_signed
from tasks.pages.facts import ChainFacts

_MONTHS_SHOWN = 13
NOTHING = "·"
"""A cell whose number was not published."""


@dataclass(frozen=True)
class Chart:
    """A picture with the finding in words, and the table of its numbers."""

    heading: str
    note: str
    svg: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True)
class MonthPage:
    """All that the page of a month shows."""

    month: str
    title: str
    lines: Sequence[str]
    charts: Sequence[Chart]
    alerts: Sequence[dict[str, object]]
    next_head: str
    next_rows: Sequence[Sequence[str]]
    restated: Sequence[Sequence[str]]


def describe_month(facts: ChainFacts, month: date) -> MonthPage:
    """What the page of `month` shows, with the knowledge of the facts' instant."""
    alerts = _list_alerts(facts, month)
    lines = _list_changes(facts, month)
    return MonthPage(
        month=format_month(month),
        title=str(alerts[0]["title"]) if alerts else (lines[0] if lines else "Nothing was published for this month"),
        lines=lines,
        charts=[chart for chart in (*_compare_forecasts(facts, month), *_look_back(facts, month)) if chart.rows],
        alerts=alerts,
        next_head=f"Expected for {format_month(add_months(month, 1))}",
        next_rows=_list_expected(facts, add_months(month, 1)),
        restated=_list_restated(facts, month),
    )


def _list_alerts(facts: ChainFacts, month: date) -> list[dict[str, object]]:
    shown = facts.alerts.filter(
        pl.col("month") == month, ~pl.col("state").is_in(["retracted", "resolved", "inhibited"])
    )
    ranked = shown.sort(rank_severity(pl.col("severity")), descending=True, maintain_order=True)
    return ranked.select("severity", "title", "rule", "alert_id").to_dicts()


def _list_changes(facts: ChainFacts, month: date) -> list[str]:
    """A line per series: `Cathode materials: +2 % MoM, +192 % YoY`."""
    rows = facts.reported().filter(pl.col("month") == month)
    said = rows.group_by("series", maintain_order=True).agg(pl.col("text").str.join(", "))
    return [f"{series}: {text}" for series, text in _in_order(facts, said).iter_rows()]


def _compare_forecasts(facts: ChainFacts, month: date) -> list[Chart]:
    """Forecast against outcome, a chart per measure."""
    pictures = compare_forecasts(facts.chain, facts.scores, month)
    return [Chart(p.heading, p.note, draw_dumbbells(p.rows, title=p.alternative), HEAD, p.table) for p in pictures]


def _look_back(facts: ChainFacts, month: date) -> list[Chart]:
    """Series × the last months, month on month."""
    months = [add_months(month, -back) for back in reversed(range(_MONTHS_SHOWN))]
    labels = [_label(facts, m) for m in months]
    rows = facts.reported().filter(
        pl.col("month").is_in(months), pl.col("measure") == "mom_pct", pl.col("metric") == "production"
    )
    named = dict(zip(months, labels, strict=True))
    cells = [(row["series"], named[row["month"]], row["value"]) for row in _in_order(facts, rows).to_dicts()]
    drawn = pl.DataFrame(
        [(s, m, math.log1p(v / 100) if v > -100 else None, write_signed(v, "")) for s, m, v in cells],
        schema={"series": pl.String, "month": pl.String, "log_ratio": pl.Float64, "text": pl.String},
        orient="row",
    )
    texts = {(series, label): text for series, label, _, text in drawn.iter_rows()}
    series = drawn["series"].unique(maintain_order=True).to_list()
    table = [(name, *(texts.get((name, label), NOTHING) for label in labels)) for name in series]
    heading = "Output month on month, the last thirteen months"
    note = "% as reported; colour by the ratio of levels; · not published; * a part of the new-year window"
    alternative = f"{heading}: {len(series)} series; the numbers are in the table below"
    return [Chart(heading, note, draw_heat(drawn, months=labels, title=alternative), ("series", *labels), table)]


def _label(facts: ChainFacts, month: date) -> str:
    is_touched = facts.chain.calendar.time_zone in CHINESE_ZONES and weigh_holiday(month) > 0
    return f"{month:%b %y}{'*' if is_touched else ''}"


def _list_expected(facts: ChainFacts, month: date) -> list[tuple[str, str]]:
    rows = facts.scores.filter(pl.col("month") == month).unique(["series", "measure"], keep="last", maintain_order=True)
    said = rows.group_by("series", maintain_order=True).agg(pl.col("text").str.join(", "))
    return [(series, text) for series, text in _in_order(facts, said).iter_rows()]


def _list_restated(facts: ChainFacts, month: date) -> list[tuple[str, str, str]]:
    """Figures of the month that were published again with another value: series, before, now."""
    rows = facts.figures.filter(pl.col("month") == month, pl.col("kind") == "actual")
    groups = rows.group_by("series", "measure", "period", maintain_order=True).agg(
        pl.col("text").first().alias("before"), pl.col("text").last().alias("now")
    )
    return groups.filter(pl.col("before") != pl.col("now")).select("series", "before", "now").rows()


def _in_order(facts: ChainFacts, frame: pl.DataFrame) -> pl.DataFrame:
    """Rows in the order in which the chain's definition names its series."""
    place = pl.col("series").replace_strict(facts.order, default=len(facts.order), return_dtype=pl.Int64)
    return frame.sort(place, maintain_order=True)
