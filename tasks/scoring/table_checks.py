"""The contract of a table of forecasts and actuals that comes from outside: checked before it is scored.

Form: one row per forecast with `forecaster, series, month, issued_at, measure, forecast, actual`; besides
these optional `actual_at` (when the outcome was published) and quantile columns `q_0.05 …`.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from difflib import get_close_matches
from itertools import pairwise

import polars as pl

from contracts.errors import ContractBroken, UsageError
from contracts.vocabulary import MEASURES, measures_of
from tasks.scoring.quantiles import find_levels
from tasks.scoring.table_months import read_instants, read_months

ZONE = "Asia/Shanghai"
REQUIRED = ("forecaster", "series", "month", "issued_at", "measure", "forecast", "actual")
KEY = ("forecaster", "series", "measure", "month", "issued_at")
TARGET = ("series", "measure", "month")
_PERCENT = (*measures_of("growth", "share"),)


def check_score_table(
    frame: pl.DataFrame, *, as_stated: bool = False, zone: str = ZONE, decimal: str = "."
) -> pl.DataFrame:
    """The table with its types set, or an error that says what is wrong with it.

    `month` becomes the first day, `issued_at` (and `actual_at`) UTC instants, numbers floats; an actual
    given on some rows of a (series, measure, month) holds for all of them. `as_stated` confirms that
    numbers that look like fractions or another unit are meant as they stand. `zone` is the time zone of dates
    and of clock times that state none; `decimal` is the decimal mark of numbers that are text, empty where
    nothing tells (`parse_number`).

    Raises `ContractBroken` for missing columns, empty keys, unknown measures, NaN or infinity, percent
    below -100, crossing quantiles, duplicate keys and actuals that differ; `UsageError` where fractions
    (0.06 for 6 %) or another unit (kt for t) seem to be meant, which is asked about and never guessed.
    """
    _require_columns(frame.columns)
    levels = find_levels(frame.columns)
    numbers = ["forecast", "actual", *levels]
    kept = [*REQUIRED, *(c for c in ("actual_at",) if c in frame.columns), *levels]
    table = frame.select(kept).with_columns(pl.col("forecaster", "series", "measure").cast(pl.String).str.strip_chars())
    _refuse_empty_keys(table)
    _refuse_measures(table)
    table = table.with_columns(read_months(table["month"]), read_instants(table["issued_at"], zone).alias("issued_at"))
    table = table.with_columns(pl.col("issued_at").dt.convert_time_zone(zone))  # as errors show it
    if "actual_at" in kept:
        table = table.with_columns(read_instants(table["actual_at"], zone).alias("actual_at"))
    table = table.with_columns(_read_numbers(table[c], decimal=decimal) for c in numbers)
    _refuse_infinite(table, numbers)
    _refuse_below_minus_100(table, numbers)
    _refuse_crossing(table, list(levels))
    _refuse_duplicates(table)
    table = _share_actuals(table)
    if not as_stated:
        _ask_about_fractions(table)
        _ask_about_units(table)
    return table.with_columns(pl.col("issued_at").dt.convert_time_zone("UTC"))


def _require_columns(columns: Sequence[str]) -> None:
    missing = [c for c in REQUIRED if c not in columns]
    if not missing:
        return
    others = [c for c in columns if c not in REQUIRED]
    lower = {c.lower().replace(" ", "_"): c for c in others}
    hints = []
    for name in missing:
        near = get_close_matches(name, lower, n=1, cutoff=0.6)
        hints.append(f"{name} (did you mean {lower[near[0]]!r}?)" if near else name)
    raise ContractBroken(
        f"the table lacks {len(missing)} of the {len(REQUIRED)} columns it needs: {', '.join(hints)}",
        found=f"columns {', '.join(columns) or 'none'}",
        effect="nothing is scored",
        next=f"name them {', '.join(REQUIRED)}; quantiles as q_0.05, q_0.5, q_0.95",
    )


def _refuse_rows(what: str, bad: pl.DataFrame, total: int, *, show: Iterable[str], next_: str) -> None:
    """Raise for rows found at fault, naming the first of them by key."""
    if bad.is_empty():
        return
    names = list(show)
    found = [
        " ".join(f"{n}={_write(row[n])}" for n in names) for row in bad.head(5).select(names).iter_rows(named=True)
    ]
    more = [f"and {bad.height - 5} more"] if bad.height > 5 else []
    raise ContractBroken(
        f"{bad.height} of {total} rows {what}", found=[*found, *more], effect="nothing is scored", next=next_
    )


def _write(value: object) -> object:
    """A month as 2026-01, an instant as the day it is in the table's zone, with the time where it has one."""
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}".removesuffix(" 00:00")
    return f"{value:%Y-%m}" if isinstance(value, date) else value


def _refuse_empty_keys(table: pl.DataFrame) -> None:
    names = ("forecaster", "series", "month", "issued_at", "measure")
    for name in names:
        empty = pl.col(name).is_null()
        if table.schema[name] == pl.String:
            empty |= pl.col(name).str.strip_chars() == ""
        _refuse_rows(f"have no {name}", table.filter(empty), table.height, show=names, next_=f"fill in {name}")


def _refuse_measures(table: pl.DataFrame) -> None:
    known = list(MEASURES)
    odd = sorted(set(table["measure"].unique()) - set(known))
    if odd:
        near = {o: get_close_matches(o.lower(), known, n=1, cutoff=0.5) for o in odd}
        hints = [f"{o!r} (did you mean {n[0]}?)" if n else repr(o) for o, n in near.items()]
        raise ContractBroken(
            f"unknown measure {', '.join(hints[:5])}",
            effect="nothing is scored",
            next=f"measures are {', '.join(known)}",
        )


def _read_numbers(column: pl.Series, *, decimal: str) -> pl.Series:
    """A column of numbers; text is read as tables of figures are, with a percent sign on all of it or on none."""
    if column.dtype.is_numeric() or column.dtype == pl.Null:
        return column.cast(pl.Float64)
    from tasks.tables.printed_numbers import parse_number  # noqa: PLC0415 - a record needs no reader of tables

    text = column.cast(pl.String).str.strip_chars().replace("", None)
    parsed = text.to_frame("text").select(parse_number(pl.col("text"), decimal=decimal).alias("read")).unnest("read")
    signed = parsed["suffix"] != ""
    if signed.any() and not (signed | text.is_null()).all():
        examples = pl.concat([text.filter(signed).head(2), text.filter(~signed).head(2)])
        raise ContractBroken(
            f"{column.name} mixes numbers with and without a percent sign",
            found=", ".join(repr(t) for t in examples),
            effect="nothing is scored",
            next="write every number in percent, without the sign: 6 for 6 %",
        )
    odd = text.filter(parsed["value"].is_null() & text.is_not_null())
    if len(odd):
        among = "" if decimal else ": nothing tells whether 1,234 is 1234 or 1.234 here"
        raise ContractBroken(
            f"{len(odd)} values of {column.name} are not numbers{among}",
            found=", ".join(repr(t) for t in odd.unique(maintain_order=True).head(5)),
            effect="nothing is scored",
            next="write numbers as 1234.5, +6 or -5, and leave unknown ones empty",
        )
    return parsed["value"].alias(column.name)


def _refuse_infinite(table: pl.DataFrame, numbers: Sequence[str]) -> None:
    bad = table.filter(pl.any_horizontal((~pl.col(c).is_finite()).fill_null(value=False) for c in numbers))
    _refuse_rows("hold NaN or infinity", bad, table.height, show=[*KEY, "forecast", "actual"], next_="leave it empty")


def _refuse_below_minus_100(table: pl.DataFrame, numbers: Sequence[str]) -> None:
    low = pl.any_horizontal((pl.col(c) < -100).fill_null(value=False) for c in numbers)
    bad = table.filter(pl.col("measure").is_in(measures_of("growth")), low)
    _refuse_rows(
        "state a fall of more than 100 %",
        bad,
        table.height,
        show=[*KEY, "forecast", "actual"],
        next_="growth is in percent and cannot be below -100",
    )


def _refuse_crossing(table: pl.DataFrame, levels: Sequence[str]) -> None:
    crossing = [(pl.col(a) > pl.col(b)).fill_null(value=False) for a, b in pairwise(levels)]
    if crossing:
        bad = table.filter(pl.any_horizontal(crossing))
        _refuse_rows(
            "have quantiles that cross", bad, table.height, show=[*KEY, *levels], next_="order quantiles by level"
        )


def _refuse_duplicates(table: pl.DataFrame) -> None:
    if table.height:
        bad = table.filter(pl.struct(KEY).is_duplicated()).sort(KEY)
        _refuse_rows(
            "repeat a key (forecaster, series, measure, month, issued_at)",
            bad,
            table.height,
            show=[*KEY, "forecast"],
            next_="keep one row per forecast; a revised forecast has its own issued_at",
        )


def _share_actuals(table: pl.DataFrame) -> pl.DataFrame:
    """Give every row of a target the actual that any row states; refuse targets with two."""
    known = ["actual", *(c for c in ("actual_at",) if c in table.columns)]
    stated = table.filter(pl.col("actual").is_not_null()).select(*TARGET, *known).unique(maintain_order=True)
    if stated.height:
        bad = stated.filter(pl.struct(TARGET).is_duplicated()).sort(*TARGET, *known)
        _refuse_rows(
            "state another actual for a month than other rows do",
            bad,
            table.height,
            show=[*TARGET, *known],
            next_="an actual is one number per series, measure and month, in one unit",
        )
    return table.drop(known).join(stated, on=TARGET, how="left", maintain_order="left")


def _ask_about_fractions(table: pl.DataFrame) -> None:
    """Ask where percent seem to be written as fractions: in some rows, in one of the two columns, or in all.

    Some rows: a number below 1 that is printed with two more decimals than its series otherwise has,
    as 0.06 among 6, -3 and 12. One column: every number of it within ±1, and a hundred times them closer
    to the other column. All: every percentage of the table within ±1.
    """
    rows = table.filter(pl.col("measure").is_in(_PERCENT))
    if rows.is_empty():
        return
    f, a = pl.col("forecast"), pl.col("actual")
    usual = {side: _usual_decimals(rows, side) for side in ("forecast", "actual")}
    for side, other in (("forecast", "actual"), ("actual", "forecast")):
        x, digits = pl.col(side), _count_decimals(pl.col(side))
        plain = pl.Series(usual[side]).fill_null(pl.Series(usual[other]))
        odd = rows.filter(((x.abs() < 1) & (x != 0) & (digits <= 6) & (digits >= plain + 2)).fill_null(value=False))
        if not odd.is_empty():
            _ask(f"{odd.height} of {rows.height} percentages look like fractions beside percent", _show(odd))
        groups = rows.filter(f.is_not_null(), a.is_not_null()).group_by("forecaster", "series", "measure")
        scaled = groups.agg(
            (x.abs() <= 1).all().alias("small"),
            ((100 * x - pl.col(other)).abs().median() < (x - pl.col(other)).abs().median()).alias("closer"),
            pl.len().alias("rows"),
            f.first(),
            a.first(),
        ).filter("small", "closer", pl.col("rows") >= 3)
        if not scaled.is_empty():
            _ask(
                f"every {side} of a series looks like a fraction beside percent",
                _show(scaled.sort("forecaster", "series")),
            )
    numbers = pl.concat([rows["forecast"], rows["actual"]]).drop_nulls()
    if len(numbers) >= 6 and (numbers.abs() <= 1).all() and (numbers != numbers.round()).any():
        _ask("every percentage of the table lies within ±1, as fractions would", _show(rows))


def _show(rows: pl.DataFrame) -> str:
    row = rows.row(0, named=True)
    numbers = (f"{n} {'none' if row[n] is None else format(row[n], 'g')}" for n in ("forecast", "actual"))
    return f"{row['forecaster']} {row['series']}: {', '.join(numbers)}"


def _count_decimals(number: pl.Expr) -> pl.Expr:
    """Decimals that print the number, up to 6; 99 where that is not enough."""
    tests = [
        pl.when(((number * 10**d).round() - number * 10**d).abs() < 1e-6).then(pl.lit(d, pl.Int32)) for d in range(7)
    ]
    return pl.coalesce(*tests, pl.lit(99, pl.Int32))


def _usual_decimals(rows: pl.DataFrame, side: str) -> pl.Series:
    """Most decimals among the numbers of a row's series that are 1 or more; null where there are none."""
    plain = pl.when(pl.col(side).abs() >= 1).then(_count_decimals(pl.col(side)))
    return rows.select(plain.max().over("forecaster", "series", "measure")).to_series()


def _ask(what: str, found: str) -> None:
    raise UsageError(
        what,
        found=found,
        effect="nothing is scored",
        next="write 6 for 6 %; if the numbers are percent as they stand, say so with --as-stated",
    )


def _ask_about_units(table: pl.DataFrame) -> None:
    """Ask where forecasts and actuals of a level differ by orders of magnitude: kt beside t."""
    rows = table.filter(
        ~pl.col("measure").is_in([*_PERCENT, "direction"]), pl.col("forecast") > 0, pl.col("actual") > 0
    )
    rows = rows.filter(pl.col("measure").is_in(measures_of("level")))
    ratio = (pl.col("forecast") / pl.col("actual")).log10().abs() >= 2
    groups = rows.group_by("forecaster", "series").agg(
        ratio.sum().alias("odd"),
        pl.col("forecast").filter(ratio).first(),
        pl.col("actual").filter(ratio).first(),
    )
    odd = groups.filter(pl.col("odd") > 0).sort("forecaster", "series")
    if not odd.is_empty():
        row = odd.row(0, named=True)
        raise UsageError(
            f"{odd['odd'].sum()} rows mix units: forecast and actual differ by a factor of 100 or more",
            found=f"{row['forecaster']} {row['series']}: forecast {row['forecast']:g}, actual {row['actual']:g}",
            effect="nothing is scored",
            next="state both in one unit; if the numbers are right as they stand, say so with --as-stated",
        )
