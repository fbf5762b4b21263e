"""Periods as nodes: the base of a change, year to date, and which periods make up a longer one."""

from datetime import date

import polars as pl

from contracts.period import add_months, first_month

_PERIOD_COLUMNS = {
    "period": pl.String(),
    "month_before": pl.String(),
    "quarter_before": pl.String(),
    "year_before": pl.String(),
    "to_date": pl.String(),
    "to_date_before": pl.String(),
}


def add_bases(figures: pl.DataFrame) -> pl.DataFrame:
    """The figures with `month_before`, `year_before` (as periods), and for growth `node_period`, `base_period`.

    `base_period` is null where the measure does not fit the period: a change against the month before of a quarter.
    """
    periods = describe_periods(figures["period"].unique().sort().to_list())
    measure, is_to_date = pl.col("measure"), pl.col("measure") == "ytd_yoy_pct"
    base = (
        pl.when(measure == "mom_pct")
        .then("month_before")
        .when(measure == "qoq_pct")
        .then("quarter_before")
        .when(measure == "yoy_pct")
        .then("year_before")
        .when(is_to_date)
        .then("to_date_before")
    )
    node = pl.when(is_to_date).then("to_date").otherwise("period")
    return figures.join(periods, on="period", how="left", maintain_order="left").with_columns(
        node_period=node, base_period=base
    )


def end_month() -> pl.Expr:
    """The last month that a figure (columns `period`, `month`) is about."""
    period = pl.col("period")
    months = (
        pl.when(period.str.contains("Q", literal=True))
        .then(2)
        .when(period.str.contains("H", literal=True))
        .then(5)
        .when(period.str.len_chars() == 4)
        .then(11)
        .otherwise(0)
    )
    return pl.col("month").dt.offset_by(months.cast(pl.String) + "mo")


def describe_periods(periods: list[str]) -> pl.DataFrame:
    """Per period its bases as periods, and the period from January to its end; null where there is none."""
    rows = [
        (
            period,
            _step(period, 1) if len(period) == 7 and period[5].isdigit() else None,
            _step(period, 3) if "Q" in period else None,
            _year_before(period),
            name_to_date(period),
            name_to_date(_year_before(period)),
        )
        for period in periods
    ]
    return pl.DataFrame(rows, schema=_PERIOD_COLUMNS, orient="row")


def name_to_date(period: str) -> str:
    """January to the end of the period by its shortest name: `2025-01`, `2025-01..02`, `2025-Q1`, `2025-H1`, `2025`."""
    year, _, part = period.partition("-")
    if not part:
        return year
    last = int(part[1]) * (3 if part[0] == "Q" else 6) if part[0] in "QH" else int(part)
    names = {1: f"{year}-01", 3: f"{year}-Q1", 6: f"{year}-H1", 12: year}
    return names.get(last, f"{year}-01..{last:02}")


def list_ways(period: str) -> list[list[str]]:
    """Every way to put a period together from shorter ones of one kind, months first; none for a month."""
    first, count = count_months(period)
    if count == 1:
        return []
    months = [f"{add_months(first, i):%Y-%m}" for i in range(count)]
    ways = [months]
    if count % 3 == 0 and count > 3:
        ways.append([f"{first.year}-Q{i // 3 + 1}" for i in range(first.month - 1, first.month - 1 + count, 3)])
    if count == 12:
        ways.append([f"{first.year}-H1", f"{first.year}-H2"])
    return ways


def count_months(period: str) -> tuple[date, int]:
    """First month and number of months of a period, also of one that runs from January to date."""
    if ".." in period:
        return first_month(period.partition("..")[0]), int(period[-2:])
    return first_month(period), 3 if "Q" in period else 6 if "H" in period else 1 if "-" in period else 12


def _step(period: str, months: int) -> str:
    before = add_months(first_month(period), -months)
    return f"{before.year}-Q{(before.month + 2) // 3}" if "Q" in period else f"{before:%Y-%m}"


def _year_before(period: str) -> str:
    return f"{int(period[:4]) - 1:04}{period[4:]}"
