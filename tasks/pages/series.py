"""The page of a series: its outcomes, the forecasts joined to them, every figure with its evidence and its vintages."""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from tasks.messages.figure_words import write_stated
from tasks.pages.charts import draw_history
from tasks.pages.facts import ChainFacts
from tasks.pages.month import Chart

_MEASURES = {"mom_pct": "% month on month", "yoy_pct": "% year on year"}


@dataclass(frozen=True)
class SeriesPage:
    """All that the page of a series shows."""

    name: str
    slug: str
    charts: Sequence[Chart]
    figures: Sequence[dict[str, object]]


def list_series(facts: ChainFacts) -> list[tuple[str, str]]:
    """Label and file name of every series that has a figure, in the order of the chain's definition."""
    names = facts.figures.select("series", "segment", "product", "metric").unique(maintain_order=True)
    slugs = {s: "-".join(filter(None, (a, b, c))) for s, a, b, c in names.iter_rows()}
    return sorted(slugs.items(), key=lambda pair: (facts.order.get(pair[0], len(facts.order)), pair[0]))


def describe_series(facts: ChainFacts, name: str, slug: str) -> SeriesPage:
    """What the page of a series shows, with the knowledge of the facts' instant."""
    figures = facts.figures.filter(pl.col("series") == name).sort("month", "published_at", descending=True)
    columns = ("period", "text", "kind", "source", "published_at", "document", "place", "evidence", "figure_id")
    charts = [_draw(facts, name, measure, unit) for measure, unit in _MEASURES.items()]
    return SeriesPage(name, slug, [chart for chart in charts if chart.rows], figures.select(columns).to_dicts())


def _fill_gaps(reported: pl.DataFrame) -> pl.DataFrame:
    """The months between as rows without a value, so that no line is drawn across what was not published."""
    if reported.is_empty():
        return reported
    return reported.sort("month").unique("month", keep="last", maintain_order=True).upsample("month", every="1mo")


def _draw(facts: ChainFacts, name: str, measure: str, unit: str) -> Chart:
    reported = facts.reported().filter(pl.col("series") == name, pl.col("measure") == measure)
    scores = facts.scores.filter(
        pl.col("series") == name, pl.col("measure") == measure, pl.col("forecast").is_not_null()
    )
    made = scores.unique("month", keep="last", maintain_order=True).sort("month")
    outcome = write_stated("actual", "actual_lower", "actual_upper")
    texts = made.select("month", pl.col("text").alias("forecast"), outcome.alias("outcome"), "verdict")
    table = (
        reported.select("month", pl.col("text").alias("reported"))
        .join(texts, on="month", how="full", coalesce=True)
        .sort("month", descending=True)
        .select(pl.col("month").dt.strftime("%Y-%m"), "reported", "forecast", "verdict")
        .fill_null("")
    )
    heading = f"{name}, {unit}"
    alternative = f"{heading}: {reported.height} months reported, {made.height} forecast; the numbers are in the table"
    svg = draw_history(
        _fill_gaps(reported.select("month", "value")),
        made.select("month", "forecast", "actual"),
        unit=unit,
        title=alternative,
    )
    note = "● reported as last known, ○ forecast, joined to the outcome as first published"
    return Chart(heading, note, svg, ("month", "reported", "forecast", "verdict"), table.rows())
