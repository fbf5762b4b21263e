"""Anyone's forecasts against anyone's actuals, from one table and without a lake.

The table's outcomes have no vintages. Where it has no `actual_at`, the outcome of a month counts as
known from the first day of the next month, in the chain's time zone: a forecast issued then or later is a
backcast. Leads too are counted by the calendar of that zone.
"""

from collections.abc import Mapping

import polars as pl

from contracts.scores import SCORES
from contracts.table import INSTANT
from contracts.text import fill_text
from contracts.vocabulary import MEASURES
from tasks.scoring.groups import code_groups
from tasks.scoring.intake import ROUTES
from tasks.scoring.keys import find_family, is_yearly
from tasks.scoring.naive import month_number, series_month
from tasks.scoring.quantiles import find_levels, score_quantiles
from tasks.scoring.record import build_record
from tasks.scoring.score_forecasts import fill_scores, score_pairs
from tasks.scoring.table_checks import ZONE, check_score_table

_SERIES = ("series", "measure")
_FIRST = ("forecaster", "series", "month", "issued_at", "measure", "forecast", "actual")
_ELSEWHERE = ("source", "chain", "segment", "product", "metric", "review_month", "span_months", "forecast_at")
_DECIMALS = range(5)


def score_table(
    frame: pl.DataFrame,
    *,
    tolerances: Mapping[str, float] | None = None,
    as_stated: bool = False,
    zone: str = ZONE,
    decimal: str = ".",
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Score a table of forecasts and actuals; gives (scores, record).

    Parameters: `frame` as `check_score_table` describes it; `tolerances` how close a forecast must come to be
    a hit, by measure (percent of level, or points: `Chain.tolerance`); `as_stated` confirms doubtful units;
    `zone` is the time zone of dates and of the calendar that leads are counted by; `decimal` as there.

    The scores have the table's own columns, then those of `SCORES` that apply, quantile columns, `wis`,
    `covered_80`, `interval_score_80` …; `forecast_id` is `row-N`. Rounding half-widths are those that the
    printed decimals of a series imply (0 where there are more than four). A forecast that states quantiles
    with a median but no point has its median as the point.
    The record has a row per (forecaster, measure), over the last forecast for each month. Raises what
    `check_score_table` raises.
    """
    table = check_score_table(frame, as_stated=as_stated, zone=zone, decimal=decimal)
    prepared, vintages = _prepare_table(table, tolerances or {}, zone)
    levels = find_levels(table.columns)
    marked = score_pairs(prepared, vintages)
    scores = _arrange_scores(marked, list(levels))
    if levels:
        scored = pl.col("status") == "scored"
        scores = scores.with_columns(
            pl.when(scored).then(e).alias(e.meta.output_name()) for e in score_quantiles(levels)
        )
    return scores, build_record(scores, group_by=("forecaster", "measure"), series=_SERIES, min_n=0)


def _prepare_table(
    table: pl.DataFrame, tolerances: Mapping[str, float], zone: str
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Forecasts and actual vintages in the form that `score_pairs` takes."""
    if "q_0.5" in table.columns:
        table = table.with_columns(pl.coalesce("forecast", "q_0.5").alias("forecast"))
    table = table.with_row_index("row").sort("forecaster", "series", "measure", "month", "issued_at")
    codes, _ = code_groups(table, ("forecaster", "series", "measure"), _SERIES)
    coded = table.hstack(codes.drop("place"))
    next_month = pl.col("month").dt.offset_by("1mo").cast(pl.Datetime("us"))
    known_from = next_month.dt.replace_time_zone(zone, non_existent="null").dt.convert_time_zone("UTC")
    at = pl.coalesce("actual_at", known_from) if "actual_at" in table.columns else known_from
    limits = {m: tolerances.get(m) for m in coded["measure"].unique(maintain_order=True)}
    units = {name: "%" if m.unit == "%" else m.unit for name, m in MEASURES.items()}
    coded = coded.rename({"gid": "voice", "sid": "series_no"}).with_columns(
        find_family(),
        is_yearly(),
        pl.lit(1, pl.Int32).alias("span_months"),
        pl.col("measure").replace_strict(units, return_dtype=pl.String).alias("unit"),
        pl.col("measure").replace_strict(limits, return_dtype=pl.Float64).alias("tolerance")
        if limits
        else pl.lit(None, pl.Float64).alias("tolerance"),
        at.cast(INSTANT).alias("at"),
    )
    coded = _add_half_widths(coded).rename({"series": "series_name", "series_no": "series"})
    coded = coded.with_columns(series_month(pl.col("month_no")).alias("key"))
    return _build_forecasts(coded, zone), _build_vintages(coded)


def _add_half_widths(coded: pl.DataFrame) -> pl.DataFrame:
    """Half a unit of the last decimal that a series prints, for its forecasts and its actuals."""
    for name, group in (("forecast", "voice"), ("actual", "series_no")):
        fits = coded.group_by(group).agg(
            ((pl.col(name) * 10**d).round() - pl.col(name) * 10**d).abs().max().fill_null(0.0).lt(1e-6).alias(str(d))
            for d in _DECIMALS
        )
        half = pl.coalesce(*(pl.when(str(d)).then(0.5 * 10.0**-d) for d in _DECIMALS), pl.lit(0.0))
        coded = coded.join(fits.select(group, half.alias(f"{name}_half_width")), on=group, how="left")
    return coded


def _build_forecasts(coded: pl.DataFrame, zone: str) -> pl.DataFrame:
    cumulative = pl.col("measure").is_in(["ytd_yoy_pct", "qoq_pct"])
    reason = (
        pl.when(cumulative)
        .then(pl.lit("cumulative"))
        .when(pl.col("forecast").is_null())
        .then(pl.lit("no_number"))
        .otherwise(pl.lit(""))
    )
    issued = month_number(pl.col("issued_at").dt.convert_time_zone(zone).dt.date())
    lines = coded.with_columns(
        pl.col("issued_at").alias("forecast_at"),
        fill_text("row-{}", pl.col("row") + 1).alias("forecast_id"),
        (pl.col("month_no") - issued).clip(1).cast(pl.Int32).alias("lead_months"),
        pl.lit(None, pl.Float64).alias("forecast_lower"),
        pl.lit(None, pl.Float64).alias("forecast_upper"),
        pl.lit(None, pl.String).alias("forecast_qualifier"),
        pl.lit(value=False).alias("forecast_assumed"),
        pl.col("issued_at").dt.epoch("us").alias("release_id"),
        pl.col("month").dt.strftime("%Y-%m").alias("period"),
        reason.alias("reason"),
        pl.when(reason != "").then(pl.lit("unscorable")).otherwise(pl.lit("")).alias("status"),
    )
    bases = lines.select("forecaster", "series_name").unique().sort("forecaster", "series_name").with_row_index("base")
    lines = lines.join(bases, on=["forecaster", "series_name"], how="left", maintain_order="left")
    pools = lines.select("forecaster", "measure").unique().sort("forecaster", "measure").with_row_index("pool")
    lines = lines.join(pools, on=["forecaster", "measure"], how="left", maintain_order="left").with_columns(
        pl.col("measure").replace_strict(ROUTES, default=0, return_dtype=pl.Int8).alias("route")
    )
    return lines.drop("actual", "actual_half_width", "at", *(c for c in ("actual_at",) if c in lines.columns))


def _build_vintages(coded: pl.DataFrame) -> pl.DataFrame:
    scorable = ~pl.col("measure").is_in(["ytd_yoy_pct", "qoq_pct"])
    known = coded.filter(pl.col("actual").is_not_null(), scorable).unique("key", keep="first", maintain_order=True)
    return known.select(
        "key",
        "at",
        pl.col("actual").alias("value"),
        pl.lit(None, pl.Float64).alias("lower"),
        pl.lit(None, pl.Float64).alias("upper"),
        pl.col("actual_half_width").alias("half_width"),
        "unit",
        fill_text("row-{}", pl.col("row") + 1).alias("figure_id"),
        pl.col("at").alias("recorded_at"),
        pl.lit("").alias("release_id"),
        pl.lit(value=False).alias("assumed"),
        pl.lit(value=False).alias("direction_only"),
        pl.lit(value=False).alias("from_months"),
    )


def _arrange_scores(marked: pl.DataFrame, levels: list[str]) -> pl.DataFrame:
    shown = fill_scores(marked).rename({"series": "series_no", "series_name": "series"})
    later = [c.name for c in SCORES.columns if c.name not in {*_FIRST, *_ELSEWHERE}]
    return shown.select(*_FIRST, *later, "forecast_at", *levels).sort(
        "forecaster", "series", "measure", "month", "issued_at"
    )
