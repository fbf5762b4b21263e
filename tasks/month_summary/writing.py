"""The month in sentences and a line per segment, in the language asked for; every number stands in the reading."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import log1p
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from contracts.holidays import NEW_YEARS, WINDOW_FIRST_DAY, WINDOW_LAST_DAY
from contracts.period import add_months
from tasks.month_summary.reading import METRIC, MonthReading
from tasks.reconciling.found import tell_finding
from tasks.reconciling.language import Language, write_plain, write_tenths

_FAR, _SLIGHT = 30.0, 5.0
"""A gap of so many percent is far; one below the other is slight."""
_UNDONE = 0.5
"""A forecast undoes a month's gap where it leaves less than this part of it, or turns it round."""
_SHOWN = 6


@dataclass(frozen=True)
class MonthText:
    """The month for a reader: title, sentences for the chain, the heading and rows of the segments, and three lists."""

    title: str
    known: str
    chain: Sequence[str]
    heading: Sequence[str]
    segments: Sequence[Sequence[str]]
    lists: Mapping[str, Sequence[str]]


def write_month(reading: MonthReading, language: Language) -> MonthText:
    """The reading in words. `lists` has findings, doubts and what to look at under their headings."""
    page = "month_page"
    as_of = language.day(reading.as_of.astimezone(ZoneInfo(reading.chain.calendar.time_zone)))
    names = {name: language.say(f"{page}.{name}") for name in ("findings", "doubts", "look")}
    columns = ("series", "mom", "yoy", "per_day", "surprise", "next", "rank")
    return MonthText(
        title=language.say(f"{page}.title", chain=_name_chain(reading, language), month=language.month(reading.month)),
        known=language.say(f"{page}.known", day=as_of),
        chain=tell_chain(reading, language)
        or [language.say(f"{page}.nothing", source=reading.source, month=language.month(reading.month))],
        heading=[language.say(f"{page}.heading.{name}") for name in columns],
        segments=[_write_segment(row, reading, language) for row in reading.segments.to_dicts()],
        lists={
            names["findings"]: _tell_findings(reading, language),
            names["doubts"]: list(_tell_doubts(reading, language)),
            names["look"]: list(_tell_look(reading, language)),
        },
    )


def tell_chain(reading: MonthReading, language: Language) -> list[str]:
    """What the segments did together, in sentences with the caveats that apply; none where no change is known."""
    told = [*_tell_gaps(reading, language), *_tell_together(reading, language)]
    return [*told, *_tell_holiday(reading, language)] if told else []


def _name_chain(reading: MonthReading, language: Language) -> str:
    names = reading.chain.names.get(language.code, ())
    return reading.chain.title if language.code == "en" or not names else names[0]


def _series(segment: str, reading: MonthReading, language: Language) -> str:
    product = reading.chain.segment(segment).default_product
    return language.series(reading.chain, segment, product, METRIC)


def _tell_gaps(reading: MonthReading, language: Language) -> Iterator[str]:
    """One sentence for each segment that is fed, not one for each link; then what the forecasts make of it."""
    if reading.gaps.is_empty():
        yield from _tell_alone(reading, language)
    for (downstream,), gaps in reading.gaps.group_by("downstream", maintain_order=True):
        rows = gaps.sort(pl.col("value_pct").abs(), descending=True).to_dicts()
        for kind, of_kind in _part_by_sign(rows).items():
            names = [_series(row["upstream"], reading, language) for row in of_kind]
            smallest = min(abs(row["value_pct"]) for row in of_kind)
            yield language.say(
                f"month_page.{kind}",
                upstream=language.list(names),
                downstream=_series(str(downstream), reading, language),
                month=language.month(reading.month),
                size=language.say(f"month_page.size.{_name_size(smallest)}"),
                list=_list_gaps(of_kind, reading, language),
            )
            yield from _tell_persistence(of_kind, reading, language)
        clear = [row for row in rows if row["lower_pct"] > 0 or row["upper_pct"] < 0]
        yield from _tell_next(clear, reading, language)


def _part_by_sign(rows: Sequence[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """Gaps above zero, below zero, and those whose interval holds zero, in this order; kinds without any are absent."""
    kinds: dict[str, list[dict[str, Any]]] = {"ahead": [], "behind": [], "level": []}
    for row in rows:
        kinds["ahead" if row["lower_pct"] > 0 else "behind" if row["upper_pct"] < 0 else "level"].append(row)
    return {kind: members for kind, members in kinds.items() if members}


def _name_size(size: float) -> str:
    return "far" if size >= _FAR else "slightly" if size < _SLIGHT else "plain"


def _list_gaps(rows: Sequence[Mapping[str, Any]], reading: MonthReading, language: Language) -> str:
    items = [
        language.say(
            "month_page.item",
            series=_series(row["upstream"], reading, language),
            change=language.interval(row["value_pct"], row["lower_pct"], row["upper_pct"]),
        )
        for row in rows
    ]
    return language.list(items)


def _tell_persistence(rows: Sequence[Mapping[str, Any]], reading: MonthReading, language: Language) -> Iterator[str]:
    """In how many of the last months a gap went the same way; said where there are at least three months."""
    upstream = [row["upstream"] for row in rows]
    known = reading.persistence.filter(
        pl.col("upstream").is_in(upstream), pl.col("downstream") == rows[0]["downstream"], pl.col("n_months") >= 3
    )
    for row in known.filter(pl.col("same_sign") * 2 > pl.col("n_months")).to_dicts():
        series = _series(row["upstream"], reading, language)
        yield language.say("month_page.held", series=series, k=row["same_sign"], n=row["n_months"])


def _tell_next(rows: Sequence[Mapping[str, Any]], reading: MonthReading, language: Language) -> Iterator[str]:
    """What the next month's forecasts do to each gap: undo it, or carry it on."""
    following = {_link(row): row for row in reading.next_gaps.to_dicts()}
    net = {_link(row): row for row in reading.net_gaps.to_dicts()}
    kinds: dict[str, list[Mapping[str, Any]]] = {"undone": [], "carried": []}
    for row in rows:
        if _link(row) in following and _link(row) in net:
            left = _log(net[_link(row)]["value_pct"]) / (_log(row["value_pct"]) or 1.0)
            kinds["undone" if left < _UNDONE else "carried"].append(row)
    for kind, members in kinds.items():
        if members:
            yield language.say(
                f"month_page.{kind}",
                next_month=language.month(add_months(reading.month, 1)),
                base_month=language.month(add_months(reading.month, -1)),
                list=_list_gaps([following[_link(row)] for row in members], reading, language),
                net=_list_gaps([net[_link(row)] for row in members], reading, language),
            )


def _link(row: Mapping[str, Any]) -> tuple[str, str]:
    return row["upstream"], row["downstream"]


def _log(percent: float) -> float:

    return log1p(percent / 100.0)


def _tell_alone(reading: MonthReading, language: Language) -> Iterator[str]:
    """Without links, or with one segment only: what each segment did."""
    for row in reading.segments.to_dicts()[:_SHOWN]:
        said = [language.figure(reading.stated[row[name]]) for name in ("mom_id", "yoy_id") if row[name]]
        if said:
            yield language.say(
                "month_page.alone",
                series=language.series(reading.chain, row["segment"], row["product"], METRIC),
                month=language.month(reading.month),
                figures=language.list(said),
            )


def _tell_together(reading: MonthReading, language: Language) -> Iterator[str]:
    rows = reading.segments.filter(pl.col("jan_feb_yoy_pct").is_not_null())
    for name, basis in (("jan_feb", ["forecast"]), ("jan_feb_actual", ["derived", "reported"])):
        items = [
            language.say(
                "month_page.item",
                series=language.series(reading.chain, row["segment"], row["product"], METRIC),
                change=language.interval(row["jan_feb_yoy_pct"], row["jan_feb_lower"], row["jan_feb_upper"]),
            )
            for row in rows.filter(pl.col("jan_feb_basis").is_in(basis)).to_dicts()
        ]
        if items:
            yield language.say(f"month_page.{name}", list=language.list(items))


def _tell_holiday(reading: MonthReading, language: Language) -> Iterator[str]:
    """The caveat where the new-year window touches a month that a number here is about, or its base."""
    for year in reading.holiday["month"].dt.year().unique().sort():
        rows = reading.holiday.filter(pl.col("month").dt.year() == year).to_dicts()
        months = [
            language.say(
                "month_page.month_share", month=language.month(row["month"]), share=write_plain(100 * row["weight"], 0)
            )
            for row in rows
        ]
        yield language.say(
            "month_page.cny",
            first=write_plain(WINDOW_FIRST_DAY, 0),
            last=WINDOW_LAST_DAY,
            new_year=language.day(NEW_YEARS[year]),
            months=language.list(months),
        )
    if "days_estimated" in " ".join(reading.segments["flags"].drop_nulls()):
        yield language.say("month_page.estimated", year=reading.month.year)


def _write_segment(row: Mapping[str, Any], reading: MonthReading, language: Language) -> list[str]:
    def said(*names: str) -> str:
        return language.list([language.figure(reading.stated[row[name]]) for name in names if row[name]])

    rank = row["rank"]
    return [
        language.series(reading.chain, row["segment"], row["product"], METRIC),
        said("mom_id"),
        said("yoy_id"),
        _write_cell("per_day", row["mom_per_day_pct"], language),
        _write_cell("surprise", row["level_surprise_pct"], language),
        said("next_mom_id", "next_yoy_id"),
        "" if rank is None else language.say("month_page.cell.rank", rank=rank, n=row["n_history"]),
    ]


def _write_cell(name: str, value: float | None, language: Language) -> str:
    return "" if value is None else language.say(f"month_page.cell.{name}", value=write_tenths(value))


def _tell_findings(reading: MonthReading, language: Language) -> list[str]:
    chains = {reading.chain.name: reading.chain}
    return [tell_finding(one, reading.stated, chains, language) for one in reading.findings[:_SHOWN]]


def _tell_doubts(reading: MonthReading, language: Language) -> Iterator[str]:
    for name in ("refused", "assumed", "vague"):
        if n := reading.doubts[name]:
            yield language.say(f"month_page.{name}", n=n, month=language.month(reading.month))


def _tell_look(reading: MonthReading, language: Language) -> Iterator[str]:
    """Misses, findings to settle, and when the next review is due."""
    severe = [one for one in reading.findings if one.severity != "info"]
    if severe:
        yield language.say("month_page.check", n=len(severe))
    missed = reading.segments.filter(pl.col("verdict") == "miss").sort(
        pl.col("level_surprise_pct").abs(), descending=True
    )
    for row in missed.to_dicts():
        yield language.say(
            "month_page.miss",
            series=language.series(reading.chain, row["segment"], row["product"], METRIC),
            level=write_tenths(row["level_surprise_pct"]),
            verdict=language.say(f"month_page.verdict.{row['verdict']}"),
        )
    if reading.doubts["waiting"]:
        following = add_months(reading.month, 1)
        day = add_months(following, 1).replace(day=reading.chain.calendar.publication_day)
        state = "due" if day >= reading.as_of.date() else "overdue"
        yield language.say(
            f"month_page.{state}",
            next_month=language.month(following),
            day=language.day(day),
            n=reading.doubts["waiting"],
        )
