"""The month in sentences and a line per segment, in the language asked for; every number stands in the reading."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from contracts.holidays import NEW_YEARS, WINDOW_FIRST_DAY, WINDOW_LAST_DAY
from contracts.period import add_months
from tasks.month_summary.reading import METRIC, MonthReading
from tasks.month_summary.telling_gaps import tell_gaps
from tasks.month_summary.telling_shares import tell_shares
from tasks.reconciling.found import tell_finding
from tasks.reconciling.language import Language, write_plain, write_tenths

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
    told = [
        *tell_gaps(reading, language),
        *_tell_alone(reading, language),
        *_tell_together(reading, language),
        *tell_shares(reading, language),
    ]
    return [*told, *_tell_holiday(reading, language)] if told else []


def _name_chain(reading: MonthReading, language: Language) -> str:
    names = reading.chain.names.get(language.code, ())
    return reading.chain.title if language.code == "en" or not names else names[0]


def _tell_alone(reading: MonthReading, language: Language) -> Iterator[str]:
    """Without links, or with one segment only: what each segment did."""
    if reading.gaps.height:
        return
    for row in reading.segments.to_dicts()[:_SHOWN]:
        said = [reading.stated[row[name]] for name in ("mom_id", "yoy_id") if row[name]]
        if said:
            yield language.say(
                "month_page.alone",
                series=language.series(reading.chain, row["segment"], row["product"], METRIC),
                month=language.month(reading.month),
                figures=language.figures(said),
            )


def _tell_together(reading: MonthReading, language: Language) -> Iterator[str]:
    rows = reading.segments.filter(pl.col("jan_feb_yoy_pct").is_not_null())
    for name, basis in (("jan_feb", ["forecast"]), ("jan_feb_actual", ["derived", "reported"])):
        items = [
            language.say(
                "month_page.item",
                series=language.inside(language.series(reading.chain, row["segment"], row["product"], METRIC)),
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
            before=-WINDOW_FIRST_DAY,
            after=WINDOW_LAST_DAY,
            new_year=language.day(NEW_YEARS[year]),
            months=str(language.phrases["figures_and"]).join(months),
        )
    if "days_estimated" in " ".join(reading.segments["flags"].drop_nulls()):
        yield language.say("month_page.estimated", year=reading.month.year)


def _write_segment(row: Mapping[str, Any], reading: MonthReading, language: Language) -> list[str]:
    def said(*names: str) -> str:
        return language.figures([reading.stated[row[name]] for name in names if row[name]])

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
