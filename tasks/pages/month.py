"""The page of a month: the finding as its title, the chain, forecasts against outcomes, what came before and next."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl

from contracts.holidays import CHINESE_ZONES, weigh_holiday
from contracts.period import add_months, format_month
from contracts.wording import rank_severity
from tasks.month_summary.reading import METRIC, MonthReading, describe_month
from tasks.month_summary.writing import MonthText, write_month
from tasks.pages.addresses import name_month_page
from tasks.pages.charts import draw_chain_map, draw_dumbbells, draw_heat
from tasks.pages.dumbbells import compare_forecasts
from tasks.pages.facts import ChainFacts
from tasks.pages.parts import Chart, sign
from tasks.reconciling.found import Found, tell_finding
from tasks.reconciling.language import write_tenths

_MONTHS_SHOWN, _LONG_TITLE = 13, 170
NOT_PUBLISHED, NO_REVIEW, NOT_COMPARABLE = "·", "×", "≈"
"""The three blanks of a heat map: the review has no number here; no review is known; it says no single number."""


@dataclass(frozen=True)
class Telling:
    """A finding with its sentence."""

    found: Found
    sentence: str


@dataclass(frozen=True)
class MonthPage:
    """All that the page of a month shows."""

    month: date
    title: str
    lines: Sequence[str]
    texts: Sequence[tuple[str, MonthText]]
    charts: Sequence[Chart]
    findings: Sequence[Telling]
    alerts: Sequence[dict[str, object]]
    expected: Sequence[Sequence[str]]
    changed: Sequence[Sequence[str]]

    @property
    def path(self) -> str:
        """Name of the page in the chain's folder."""
        return name_month_page("", self.month).lstrip("/")


def build_month(facts: ChainFacts, month: date) -> MonthPage:
    """What the page of `month` shows, with the knowledge of the facts' instant."""
    alerts = _list_alerts(facts, month)
    lines = list_changes(facts, month)
    readings = _read_sources(facts, month)
    texts = [(source, write_month(reading, facts.words)) for source, reading in readings]
    charts = (
        *(_draw_chain(facts, reading) for _, reading in readings[:1]),
        *_compare_forecasts(facts, month),
        *_look_back(facts, month),
    )
    found = {one.finding_id: one for _, reading in readings for one in reading.findings}
    return MonthPage(
        month=month,
        title=_choose_title(facts, month, alerts, lines, texts, charts[0]),
        lines=lines,
        texts=texts,
        charts=[chart for chart in charts if chart and chart.rows],
        findings=[tell(facts, one) for one in found.values()],
        alerts=alerts,
        expected=_list_expected(facts, add_months(month, 1)),
        changed=_list_changed(facts, month),
    )


def tell(facts: ChainFacts, found: Found) -> Telling:
    """The finding with its sentence in the language of the facts."""
    return Telling(found, tell_finding(found, facts.stated, {facts.chain.name: facts.chain}, facts.words))


def _choose_title(
    facts: ChainFacts,
    month: date,
    alerts: Sequence[dict[str, object]],
    lines: Sequence[str],
    texts: Sequence[tuple[str, MonthText]],
    chain: Chart | None,
) -> str:
    """The severest alert, which is recorded in English; else the month's first sentence, or of a long one its core."""
    if alerts and facts.words.code == "en":
        return str(alerts[0]["title"])
    said = [sentence for _, text in texts for sentence in text.chain[:1]]
    if chain and said and len(said[0]) > _LONG_TITLE:
        return chain.heading
    return next(iter([*said, *lines]), facts.words.say("page.month.nothing", month=facts.words.month(month))).rstrip(
        ".。"
    )


def _read_sources(facts: ChainFacts, month: date) -> list[tuple[str, MonthReading]]:
    """The month as each source that published something for it tells it."""
    near = (month, add_months(month, 1))
    comparisons = pl.concat([facts.of_month(name, m) for name in ("comparisons",) for m in near])
    comparisons = pl.concat([comparisons.drop("series", "text"), *(facts.of_month("together", m) for m in near)])
    scores = facts.of_month("scores", month)
    sources = facts.of_month("figures", month).filter(kind="actual")["source"].unique().sort().to_list()
    return [
        (
            source,
            describe_month(facts.known[source], comparisons.filter(source=source), scores.filter(source=source), month),
        )
        for source in sources
    ]


def _list_alerts(facts: ChainFacts, month: date) -> list[dict[str, object]]:
    shown = facts.of_month("alerts", month).filter(~pl.col("state").is_in(["retracted", "resolved", "inhibited"]))
    ranked = shown.sort(rank_severity(pl.col("severity")), descending=True, maintain_order=True)
    return ranked.select("severity", "title", "rule", "alert_id").to_dicts()


def list_changes(facts: ChainFacts, month: date) -> list[str]:
    """A line per series: `Cathode materials: +2 % MoM, +192 % YoY`."""
    said = facts.of_month("reported", month).group_by("series", maintain_order=True).agg("text")
    colon, comma = facts.words.say("page.colon"), facts.words.phrases["list_comma"]
    return [f"{series}{colon}{comma.join(filter(None, texts))}" for series, texts in facts.in_order(said).iter_rows()]


def _draw_chain(facts: ChainFacts, reading: MonthReading) -> Chart | None:
    """The linked segments with their growth, the gaps on the links; what nothing links is in the charts below."""
    words, chain = facts.words, facts.chain
    names = {end for link in chain.links for end in (link.upstream, link.downstream)}
    grown = {row["segment"]: row["mom_pct"] for row in reading.segments.to_dicts()}
    gaps = {(row["upstream"], row["downstream"]): row for row in reading.gaps.to_dicts()}
    if not gaps and not any(grown.get(name) is not None for name in names):
        return None
    titles = {s.name: words.series(chain, s.name, s.default_product, METRIC) for s in chain.segments}
    boxes = [
        {
            "name": s.name,
            "title": titles[s.name],
            "text": sign(grown.get(s.name)) or words.say("page.month.unknown"),
            "sign": _direction(grown.get(s.name)),
        }
        for s in chain.segments
        if s.name in names
    ]
    links = [
        {
            "upstream": link.upstream,
            "downstream": link.downstream,
            "text": f"{write_tenths(gap['value_pct'])} %" if gap else "",
            "sign": _beyond(gap["lower_pct"], gap["upper_pct"]) if gap else None,
        }
        for link in chain.links
        for gap in [gaps.get((link.upstream, link.downstream))]
    ]
    rows = [
        (titles[up], titles[down], words.interval(row["value_pct"], row["lower_pct"], row["upper_pct"]))
        for (up, down), row in gaps.items()
    ]
    grown_rows = [(str(box["title"]), "", str(box["text"])) for box in boxes]
    widest = max(gaps.values(), key=lambda row: abs(math.log1p(row["value_pct"] / 100)), default=None)
    heading = (
        words.say(
            "page.month.chain_widest",
            upstream=titles[widest["upstream"]],
            downstream=titles[widest["downstream"]],
            gap=f"{write_tenths(widest['value_pct'])} %",
        )
        if widest
        else words.say("page.month.chain_plain")
    )
    return Chart(
        "chain",
        heading,
        words.say("page.month.chain_note", month=words.month(reading.month), source=reading.source),
        draw_chain_map(boxes, links),
        [words.say(f"page.head.{name}") for name in ("segment", "feeds", "change")],
        [*grown_rows, *rows],
        [f"{box['title']} {box['text']}" for box in boxes],
    )


def _direction(value: float | None) -> int | None:
    return None if value is None else (value > 0) - (value < 0)


def _beyond(lower: float, upper: float) -> int:
    return 1 if lower > 0 else -1 if upper < 0 else 0


def _compare_forecasts(facts: ChainFacts, month: date) -> list[Chart]:
    """Forecast against outcome, a chart per measure."""
    words, scores = facts.words, facts.of_month("scores", month)
    head = [words.say(f"page.head.{column}") for column in ("series", "forecast", "outcome", "surprise", "verdict")]
    return [
        Chart(
            f"forecasts-{drawn.measure}",
            drawn.heading,
            words.say(
                "page.month.missed_of",
                note=drawn.note,
                month=words.month(month),
                source=words.list(scores["source"].unique().sort().to_list()),
            ),
            draw_dumbbells(drawn.rows, axis=drawn.axis),
            head,
            drawn.table,
            drawn.detail,
        )
        for drawn in compare_forecasts(facts.chain, scores, month, words)
    ]


def _look_back(facts: ChainFacts, month: date) -> list[Chart]:
    """Series × the last months, month on month."""
    words = facts.words
    months = [add_months(month, -back) for back in reversed(range(_MONTHS_SHOWN))]
    labels = {m: label_month(facts, m) for m in months}
    wanted = (pl.col("measure") == "mom_pct") & (pl.col("metric") == METRIC)
    numbers = _key([facts.of_month("reported", m).filter(wanted) for m in months])
    is_said = pl.col("measure").is_in(["mom_pct", "direction"]) & (pl.col("metric") == METRIC)
    spoken = _key([facts.of_month("figures", m).filter(is_said, kind="actual") for m in months])
    reviewed = set(facts.releases["review_month"])
    series = sorted({s for s, _ in (*numbers, *spoken)}, key=lambda s: facts.order.get(s, len(facts.order)))
    cells = [
        (s, labels[m], *_fill_cell(numbers.get((s, m)), (s, m) in spoken, format_month(m) in reviewed))
        for s in series
        for m in months
    ]
    schema = {"series": pl.String, "month": pl.String, "log_ratio": pl.Float64, "text": pl.String}
    drawn = pl.DataFrame(cells, schema=schema, orient="row")
    shown = [row[3] for row in cells]
    width = len(months)
    table = [(s, *shown[place * width : place * width + width]) for place, s in enumerate(series)]
    grew = {s: numbers[s, month] for s in series if (s, month) in numbers}
    heading = words.say(
        "page.month.heat", n=sum(value > 0 for value in grew.values()), of=len(grew), month=words.month(month)
    )
    detail = [f"{s} {sign(value)}" for s, value in grew.items()]
    note = words.say("page.month.heat_note", a=NOT_PUBLISHED, b=NO_REVIEW, c=NOT_COMPARABLE)
    spec = draw_heat(drawn, months=list(labels.values()))
    return [Chart("heat", heading, note, spec, (words.say("page.head.series"), *labels.values()), table, detail)]


def _key(frames: Sequence[pl.DataFrame]) -> dict[tuple[str, date], float]:
    rows = pl.concat(frames).unique(["series", "month"], keep="last", maintain_order=True)
    return {(series, month): value for series, month, value in rows.select("series", "month", "value").iter_rows()}


def _fill_cell(value: float | None, is_spoken: bool, is_reviewed: bool) -> tuple[float | None, str]:  # noqa: FBT001 - the two questions of a cell
    if value is not None:
        return (math.log1p(value / 100) if value > -100 else None), sign(value, "")
    return None, NOT_COMPARABLE if is_spoken else NOT_PUBLISHED if is_reviewed else NO_REVIEW


def label_month(facts: ChainFacts, month: date) -> str:
    """`Jan 26`, `26年1月`; with a star where the new-year window touches it."""
    is_touched = facts.chain.calendar.time_zone in CHINESE_ZONES and weigh_holiday(month) > 0
    label = f"{month:%b %y}" if facts.words.code == "en" else f"{month:%y}年{month.month}月"
    return f"{label}{'*' if is_touched else ''}"


def _list_expected(facts: ChainFacts, month: date) -> list[tuple[str, str]]:
    rows = facts.of_month("scores", month).unique(["series", "measure"], keep="last", maintain_order=True)
    said = rows.group_by("series", maintain_order=True).agg("text")
    comma = facts.words.phrases["list_comma"]
    return [(series, comma.join(filter(None, texts))) for series, texts in facts.in_order(said).iter_rows()]


def _list_changed(facts: ChainFacts, month: date) -> list[tuple[str, ...]]:
    """What this month's review gave another value than before, and what of this month was published anew since."""
    rows = facts.restated.filter((pl.col("review_month") == format_month(month)) | (pl.col("month") == month))
    shown = facts.in_order(rows).sort("month", descending=True, maintain_order=True)
    return shown.select("series", "period", "before", "text", "day").rows()
