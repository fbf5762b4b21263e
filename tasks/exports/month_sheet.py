"""The newest month of each chain and source as rows of a sheet, and in sentences for the first sheet."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple

import polars as pl

from contracts.chain import Chain
from data_lake.lake import Lake
from tasks.month_summary.reading import MonthReading, read_month
from tasks.month_summary.writing import write_month
from tasks.reconciling.language import load_language

EVIDENCE = {f"{name}_pct": f"{name}_evidence" for name in ("mom", "yoy", "next_mom", "next_yoy")}
"""The column of sentences behind each stated number."""

MEANINGS = {
    "mom_pct": "reported change against the month before",
    "yoy_pct": "reported change against the same month a year before",
    "mom_per_day_pct": "the change against the month before, per working day",
    "level_surprise_pct": "by how much the outcome lay above what was forecast, in percent of level",
    "verdict": "what the forecast for this month came to",
    "next_mom_pct": "forecast for the next month: change against this one",
    "next_yoy_pct": "forecast for the next month: change against a year before",
    "jan_feb_yoy_pct": "January and February together, against a year before",
    "rank": "place of the month's change among all of its kind, the largest first",
    "n_history": "months of that history",
}
_FIRST = ("chain", "source", "month", "segment", "product")
_LEFT_OUT = ("metric", "mom_id", "yoy_id", "next_mom_id", "next_yoy_id")


class Months(NamedTuple):
    """Rows of the sheet, and the sentences of each chain and source, under its title."""

    rows: pl.DataFrame
    told: Sequence[tuple[str, str]]


def list_months(
    lake: Lake,
    chains: Mapping[str, Chain],
    sources: Sequence[tuple[str, str]],
    month: date | None,
    *,
    as_of: datetime,
    as_recorded: datetime | None = None,
) -> Months:
    """The month asked for, or the newest with actuals, of each chain and source (pairs of names) that reviews it."""
    language = load_language("en")
    frames, told = [], []
    for chain, source in sources:
        reading = read_month(lake, chains[chain], month, as_of=as_of, as_recorded=as_recorded, source=source)
        text = write_month(reading, language)
        frames.append(_list_segments(reading))
        told.append((f"{text.title}, {source}", "\n".join(text.chain)))
    if not frames:
        return Months(pl.DataFrame(schema=dict.fromkeys(_FIRST, pl.String)), told)
    return Months(pl.concat(frames, how="vertical_relaxed"), told)


def _list_segments(reading: MonthReading) -> pl.DataFrame:
    ids = {name: f"{name.removesuffix('_pct')}_id" for name in EVIDENCE}
    sentences = {key: str(stated.get("evidence", "")) for key, stated in reading.stated.items()}
    return reading.segments.select(
        chain=pl.lit(reading.chain.name),
        source=pl.lit(reading.source),
        month=pl.lit(reading.month),
        **{name: pl.col(name) for name in reading.segments.columns if name not in _LEFT_OUT},
        **{
            EVIDENCE[name]: pl.col(column).replace_strict(sentences, default="", return_dtype=pl.String)
            for name, column in ids.items()
        },
    )
