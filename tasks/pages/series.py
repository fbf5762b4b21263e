"""The page of a series: its index, its outcomes with the forecasts joined to them, every figure with its evidence."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl

from contracts.period import format_month
from tasks.pages.charts import draw_history, draw_index
from tasks.pages.facts import ChainFacts
from tasks.pages.parts import Chart
from tasks.pages.words import write_figures
from tasks.reconciling.level_index import index_months

_MEASURES = ("mom_pct", "yoy_pct")
MOST_FIGURES = 150
"""Figures that a page lists, the newest first; the others are in the data."""


@dataclass(frozen=True)
class SeriesPage:
    """All that the page of a series shows; `hidden` counts the figures that only the data have."""

    name: str
    slug: str
    charts: Sequence[Chart]
    vintages: Sequence[Sequence[str]]
    figures: Sequence[Mapping[str, object]]
    hidden: int

    @property
    def path(self) -> str:
        """Name of the page in the chain's folder."""
        return f"series/{self.slug}.html"


def build_series(facts: ChainFacts, name: str) -> SeriesPage:
    """What the page of a series shows, with the knowledge of the facts' instant."""
    figures = facts.figures.filter(pl.col("series") == name).sort("month", "published_at", descending=True)
    columns = ("period", "text", "kind", "source", "day", "document", "place", "evidence", "figure_id")
    charts = [*_draw_indices(facts, figures), *(_draw_history(facts, name, measure) for measure in _MEASURES)]
    again = facts.restated.filter(pl.col("series") == name).sort("month", "published_at", descending=True)
    return SeriesPage(
        name=name,
        slug=facts.slugs[name],
        charts=[chart for chart in charts if chart.rows],
        vintages=again.select("period", "source", "before", "text", "day").rows(),
        figures=figures.head(MOST_FIGURES).select(columns).to_dicts(),
        hidden=max(0, figures.height - MOST_FIGURES),
    )


def _draw_indices(facts: ChainFacts, figures: pl.DataFrame) -> list[Chart]:
    """The index of the series by each source that links at least two of its months."""
    names = figures.select("source", "segment", "product", "metric").unique(maintain_order=True).sort("source").rows()
    return [chart for row in names if (chart := _draw_index(facts, *row))]


def _draw_index(facts: ChainFacts, source: str, segment: str, product: str, metric: str) -> Chart | None:
    words = facts.words
    linked = next((part for part in facts.known[source].proved if part.metric == metric), None)
    found = linked.found.get(segment) if linked else None
    if found is None:
        return None
    named = found[0].nodes.filter(product=product)["period"]
    months = sorted(period for period in named if len(period) == 7 and period[5].isdigit())
    if len(months) < 2:
        return None
    base = date.fromisoformat(f"{months[-13] if len(months) > 12 else months[0]}-01")
    rows = index_months(found[0], found[1], product, base=base)
    known = rows.drop_nulls("value")
    if known.height < 2:
        return None
    last = known.row(-1, named=True)
    values = {name: f"{last[name]:,.0f}" for name in ("value", "lower", "upper")}
    heading = words.say("page.series.index", month=words.month(last["month"]), base=words.month(base), **values)
    table = [
        (format_month(month), *(f"{number:,.1f}" if number is not None else "" for number in numbers))
        for month, *numbers in rows.select("month", "value", "lower", "upper").reverse().iter_rows()
    ]
    spec = draw_index(rows, unit=words.say("page.series.index_axis", base=words.month(base)))
    head = [words.say(f"page.head.{name}") for name in ("month", "index", "lower", "upper")]
    note = words.say("page.series.index_note", source=source)
    return Chart(f"index-{source}", heading, note, spec, head, table)


def _fill_gaps(reported: pl.DataFrame) -> pl.DataFrame:
    """The months between as rows without a value, so that no line is drawn across what was not published."""
    if reported.is_empty():
        return reported
    return reported.sort("month").unique("month", keep="last", maintain_order=True).upsample("month", every="1mo")


def _draw_history(facts: ChainFacts, name: str, measure: str) -> Chart:
    words = facts.words
    is_this = (pl.col("series") == name) & (pl.col("measure") == measure)
    is_number = pl.col("forecast").is_not_null() | pl.all_horizontal("forecast_lower", "forecast_upper").is_not_null()
    reported = facts.reported.filter(is_this)
    made = facts.scores.filter(is_this, is_number).sort("month", "forecast_at")
    outcome = write_figures(made, words, ("actual", "actual_lower", "actual_upper"))
    verdicts = {v: words.say(f"page.verdict.{v}") for v in made["verdict"].unique() if v}
    verdict = pl.col("verdict").replace_strict(verdicts, default="", return_dtype=pl.String).alias("says")
    texts = made.with_columns(outcome.alias("outcome")).select("month", pl.col("text").alias("forecast"), verdict)
    last = texts.unique("month", keep="last", maintain_order=True)
    table = (
        reported.unique("month", keep="last", maintain_order=True)
        .select("month", pl.col("text").alias("reported"))
        .join(last, on="month", how="full", coalesce=True)
        .sort("month", descending=True)
        .select(pl.col("month").dt.strftime("%Y-%m"), "reported", "forecast", "says")
        .fill_null("")
    )
    points = _fill_gaps(reported.select("month", "value"))
    span = pl.concat([points["month"], made["month"]]).unique().len()
    short = measure.removesuffix("_pct")
    heading, note = _say_history(facts, short, reported, made)
    ends = {"lower": "forecast_lower", "upper": "forecast_upper"}
    drawn = made.select("month", "forecast", "actual", **{name: pl.col(end) for name, end in ends.items()})
    spec = draw_history(points, drawn, unit=words.say(f"page.series.axis_{short}"), months=span)
    head = [words.say(f"page.head.{column}") for column in ("month", "reported", "forecast", "verdict")]
    return Chart(short, heading, note, spec, head, table.rows())


def _say_history(facts: ChainFacts, short: str, reported: pl.DataFrame, made: pl.DataFrame) -> tuple[str, str]:
    """The finding, what was last reported and how forecasts fared; and what the marks mean."""
    words = facts.words
    scored = made.filter(pl.col("status") == "scored", pl.col("verdict") != "")
    parts = []
    if reported.height:
        newest = reported.sort("month").row(-1, named=True)
        parts.append(words.say("page.series.newest", text=newest["text"], month=words.month(newest["month"])))
    if scored.height:
        missed = scored.filter(verdict="miss").height
        parts.append(words.say("page.series.missed", n=missed, of=scored.height))
    elif made.height:
        parts.append(words.say("page.series.open", n=made.height))
    sources = pl.concat([reported["source"], made["source"]]).unique().sort().to_list()
    note = words.say(f"page.series.note_{short}", source=words.list(sources))
    return words.phrases["page"]["joined"].join(parts), note
