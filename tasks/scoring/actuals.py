"""The actuals that forecasts are scored against, including a direction where nothing better was published.

A forecast direction ("to decline") is scored against a published direction or, as is usual, against
the month's MoM with the dead band. A forecast MoM whose month has only a published direction is
scored against the half-line that the direction says: up = above 0, down = below 0, flat = within ±1 pp.
"""

import polars as pl

from tasks.scoring.naive import series_month
from tasks.scoring.period_totals import total_periods
from tasks.scoring.surprise import classify_direction
from tasks.scoring.vintages import fold_repetitions

_STATED = ("key", "at", "value", "lower", "upper", "half_width", "unit", "figure_id", "recorded_at", "release_id")
_COLUMNS = (*_STATED, "assumed", "direction_only", "from_months")


def collect_actuals(figures: pl.DataFrame, forecasts: pl.DataFrame, series: pl.DataFrame) -> pl.DataFrame:
    """Folded vintages of every actual, by `key` of series and month.

    `figures` are coded actuals; `forecasts` say what is asked for, so that directions, half-lines and totals of
    periods are made only for them; `series` is the table of series, in the order of their numbers.
    """
    table = series.with_row_index("series")
    wanted = table.join(forecasts.select("series").unique(), on="series", how="semi")
    no = pl.lit(value=False)
    plain = figures.with_columns(no.alias("direction_only"), no.alias("from_months"))
    measures = set(wanted["measure"])
    parts = [plain.select(_COLUMNS)]
    if "direction" in measures:
        parts.append(_make_directions(figures, table, wanted, plain).select(_COLUMNS))
    if "mom_pct" in measures and "direction" in set(table["measure"]):
        parts.append(_make_half_lines(figures, table, wanted, plain).select(_COLUMNS))
    if (wanted["span_months"] > 1).any():
        asked = forecasts.filter(pl.col("span_months") > 1).select("series", "month_no").unique()
        parts.append(total_periods(figures, asked, table).join(plain, on=["key", "at"], how="anti").select(_COLUMNS))
    return fold_repetitions(pl.concat(parts))


def _move(figures: pl.DataFrame, table: pl.DataFrame, wanted: pl.DataFrame, source: str, to: str) -> pl.DataFrame:
    """Figures of one measure, filed under the wanted series of another measure of the same base."""
    moves = (
        table.filter(pl.col("measure") == source)
        .join(wanted.filter(pl.col("measure") == to), on="base", suffix="_to")
        .select("series", "series_to")
    )
    rows = figures.join(moves, on="series").drop("series").rename({"series_to": "series"})
    return rows.with_columns(series_month(pl.col("month_no")).alias("key"))


def _make_directions(
    figures: pl.DataFrame, table: pl.DataFrame, wanted: pl.DataFrame, plain: pl.DataFrame
) -> pl.DataFrame:
    """Directions that follow from MoM, for direction series; a direction published at that instant goes first."""
    rows = _move(figures, table, wanted, "mom_pct", "direction")
    rows = rows.rename({"value": "actual", "lower": "actual_lower", "upper": "actual_upper"})
    rows = rows.rename({"half_width": "actual_half_width"}).with_columns(
        classify_direction("actual").cast(pl.Float64).alias("value")
    )
    rows = rows.filter(pl.col("value").is_not_null()).with_columns(
        pl.lit(None, pl.Float64).alias("lower"),
        pl.lit(None, pl.Float64).alias("upper"),
        pl.lit(0.0).alias("half_width"),
        pl.lit("sign").alias("unit"),
        pl.lit(value=False).alias("direction_only"),
        pl.lit(value=False).alias("from_months"),
    )
    return rows.join(plain.select("key", "at"), on=["key", "at"], how="anti")


def _make_half_lines(
    figures: pl.DataFrame, table: pl.DataFrame, wanted: pl.DataFrame, plain: pl.DataFrame
) -> pl.DataFrame:
    """Half-lines that follow from directions, for MoM series in months without any MoM actual."""
    rows = _move(figures, table, wanted, "direction", "mom_pct")
    sign = pl.col("value")
    rows = rows.with_columns(
        pl.lit(None, pl.Float64).alias("value"),
        pl.when(sign > 0).then(0.0).when(sign == 0).then(-1.0).alias("lower"),
        pl.when(sign < 0).then(0.0).when(sign == 0).then(1.0).alias("upper"),
        pl.lit(0.0).alias("half_width"),
        pl.lit("%").alias("unit"),
        pl.lit(value=True).alias("direction_only"),
        pl.lit(value=False).alias("from_months"),
    )
    return rows.join(plain.select("key"), on="key", how="anti")
