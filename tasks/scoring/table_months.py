"""Months as people write them in tables: read where only one reading is possible, refused where not."""

import re
from datetime import date, datetime
from zoneinfo import ZoneInfo

import polars as pl

from contracts.errors import ContractBroken
from contracts.printed_period import read_printed_period

_FORMS = (
    re.compile(r"(?P<year>\d{4})[-/.](?P<month>\d{1,2})[-/.]\d{1,2}(?:[T ]00:00(?::00(?:\.0+)?)?(?:Z|\+00:00)?)?"),
    re.compile(r"(?P<year>\d{4})(?P<month>\d{2})\d{2}"),
    re.compile(r"(?P<year>\d{4})\s*年\s*(?P<month>\d{1,2})\s*月(?:份)?"),
    re.compile(r"(?P<year>\d{4})[-.]?m?(?P<month>\d{1,2})"),
)
"""What tables of forecasts write beside what the headers of tables of figures may be."""
_LOCAL = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M")


def read_months(months: pl.Series) -> pl.Series:
    """First days of the months in a column of dates, instants or text.

    Text may be 2025-01, 2025-01-31, 2025/1, 202501, Jan 2025, Jan-25, January 2025, 2025M01 or 2025年1月. Raises
    `ContractBroken` for anything that could be read two ways (01/02/2025, 25-01) or is no month (2025-H1).
    """
    if months.dtype == pl.Date or isinstance(months.dtype, pl.Datetime):
        return months.cast(pl.Date).dt.truncate("1mo").alias("month")
    texts = months.cast(pl.String).str.strip_chars()
    distinct = texts.unique().drop_nulls()
    read = {text: _read_month(text) for text in distinct}
    odd = sorted(text for text, month in read.items() if month is None)
    if odd:
        raise ContractBroken(
            f"{len(odd)} values of month are invalid or ambiguous",
            found=", ".join(repr(t) for t in odd[:8]),
            effect="nothing is scored",
            next="write months as 2026-01; quarters, half-years and years are not scored",
        )
    if not read:
        return pl.Series("month", [None] * len(texts), pl.Date)
    return texts.replace_strict(read, return_dtype=pl.Date).alias("month")


def _read_month(text: str) -> date | None:
    printed = read_printed_period(text)
    text = printed.period if printed and not printed.mark else text
    for form in _FORMS:
        match = form.fullmatch(text.lower())
        if match and 1 <= int(match["month"]) <= 12 and 1900 <= int(match["year"]) <= 2200:
            return date(int(match["year"]), int(match["month"]), 1)
    return None


def read_instants(column: pl.Series, zone: str = "UTC") -> pl.Series:
    """UTC instants of a column of dates, instants or ISO text; without a time zone, `zone` is meant.

    A date is its first instant there. Raises `ContractBroken` for text that is no date.
    """
    if isinstance(column.dtype, pl.Datetime) and column.dtype.time_zone:
        return column.cast(pl.Datetime("us", column.dtype.time_zone)).dt.convert_time_zone("UTC")
    if isinstance(column.dtype, pl.Datetime) or column.dtype == pl.Date:
        return _set_zone(column.to_frame(), pl.col(column.name), zone)
    frame = column.cast(pl.String).str.strip_chars().alias("text").to_frame()
    text = pl.col("text")
    local = pl.coalesce(
        *(text.str.to_datetime(form, time_unit="us", strict=False) for form in _LOCAL),
        text.str.to_date("%Y-%m-%d", strict=False).cast(pl.Datetime("us")),
    )
    placed = _set_zone(frame, local, zone).alias("local")
    spelled = frame.with_columns(
        pl.coalesce(text.str.to_datetime("%+", time_unit="us", time_zone="UTC", strict=False), placed).alias("at")
    )
    odd = spelled.filter(pl.col("at").is_null() & pl.col("text").is_not_null())["text"].unique().sort()
    others = {text: at for text in odd if (at := _read_other(text, zone)) is not None}
    if others:
        known = text.replace_strict(others, default=None, return_dtype=pl.Datetime("us", "UTC"))
        spelled = spelled.with_columns(pl.coalesce("at", known).alias("at"))
        odd = odd.filter(~odd.is_in(list(others)))
    if len(odd):
        raise ContractBroken(
            f"{len(odd)} values of {column.name} are not dates",
            found=", ".join(repr(t) for t in odd.head(8)),
            effect="nothing is scored",
            next="write dates as 2026-01-31, or 2026-01-31T09:00:00+08:00",
        )
    return spelled["at"].alias(column.name)


def _read_other(text: str, zone: str) -> datetime | None:
    """A date as tables of figures may write it (2026/2/5, 2026年2月5日), in `zone`; None where it is none."""
    from tasks.tables.release_hints import read_instant  # noqa: PLC0415 - a record needs no reader of tables

    try:
        return read_instant(text, ZoneInfo(zone))
    except ValueError:
        return None


def _set_zone(frame: pl.DataFrame, local: pl.Expr, zone: str) -> pl.Series:
    """Instants of the clock times of a zone; where a clock was put back the first of the two, where forward none."""
    placed = local.cast(pl.Datetime("us")).dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
    return frame.select(placed.dt.convert_time_zone("UTC")).to_series()
