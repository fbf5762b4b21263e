"""The page of a month: the finding as its title, forecasts against outcomes, the months before, what comes next."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl

from contracts.holidays import CHINESE_ZONES, weigh_holiday
from contracts.period import add_months, format_month
from contracts.wording import rank_severity
from tasks.messages.figure_words import write_stated
from tasks.pages.charts import draw_dumbbells, draw_heat
from tasks.pages.facts import ChainFacts

_MONTHS_SHOWN = 13
_MEASURES = {"mom_pct": "month on month", "yoy_pct": "year on year"}
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
    scored = facts.scores.filter(
        pl.col("month") == month,
        pl.col("forecast").is_not_null(),
        pl.col("actual").is_not_null(),
        pl.col("metric") == "production",
    ).unique(["series", "measure"], keep="last", maintain_order=True)
    return [_draw_forecasts(facts, scored.filter(measure=measure), words) for measure, words in _MEASURES.items()]


def _draw_forecasts(facts: ChainFacts, scored: pl.DataFrame, words: str) -> Chart:
    scored = _in_order(facts, scored)
    outcome = write_stated("actual", "actual_lower", "actual_upper")
    rows = scored.select("series", "text", outcome.alias("outcome"), "level_surprise_pct", "verdict").rows()
    table = [(series, text, actual, _sign(level), verdict or "") for series, text, actual, level, verdict in rows]
    ends = scored.select("forecast", "tolerance_pct").rows()
    drawn = pl.DataFrame(
        {
            "series": scored["series"],
            "forecast": scored["forecast"],
            "actual": scored["actual"],
            "low": [_bound(forecast, width, -1) for forecast, width in ends],
            "high": [_bound(forecast, width, 1) for forecast, width in ends],
            "right": scored.select(pl.max_horizontal("forecast", "actual")).to_series(),
            "text": [f"level {row[3]}" if row[3] else "" for row in table],
        }
    )
    misses = sum(row[4] == "miss" for row in table)
    heading = f"{misses} of {len(table)} forecasts {words} missed"
    alternative = f"{heading}: " + "; ".join(f"{row[0]} forecast {row[1]}, outcome {row[2]}" for row in table)
    head = ("series", "forecast", "outcome", "level against forecast", "verdict")
    note = f"Change of output {words}, %; the band is the chain's tolerance"
    return Chart(heading, note, draw_dumbbells(drawn, title=alternative), head, table)


def _bound(forecast: float, tolerance: float | None, side: int) -> float:
    """End of the tolerance around a growth forecast, which is one of levels: 5 % is a factor of 1.05."""
    if tolerance is None:
        return forecast
    return 100 * ((1 + forecast / 100) * (1 + tolerance / 100) ** side - 1)


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
        [(s, m, math.log1p(v / 100) if v > -100 else None, _sign(v, "")) for s, m, v in cells],
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


def _sign(value: float | None, unit: str = " %") -> str:
    if value is None:
        return ""
    digits = 0 if abs(value) >= 100 or value == round(value) else 1
    return f"{'−' if value < 0 else '+' if value > 0 else ''}{abs(value):.{digits}f}{unit}"
