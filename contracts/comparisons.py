"""The contract of a comparison: a change or share of one month, as reported or as it follows from levels."""

import polars as pl

from contracts.table import INSTANT, Column, Table

BASES = ("reported", "derived", "divergence", "forecast")

COMPARISONS = Table(
    name="comparisons",
    meaning="Per series and month: what the source reported, what follows from levels, and gaps across links.",
    columns=(
        Column("source", pl.String, "who published it"),
        Column("chain", pl.String, "value chain"),
        Column("segment", pl.String, "stage of the chain; the upstream one of a divergence"),
        Column("product", pl.String, "kind within the segment; empty = total"),
        Column("metric", pl.String, "what is measured"),
        Column("measure", pl.String, "mom_pct, yoy_pct, share_pct …"),
        Column("month", pl.Date, "first day of the month"),
        Column(
            "basis",
            pl.String,
            "reported, derived from other figures, divergence of a link, or derived with forecasts",
            allowed=BASES,
        ),
        Column("counterpart", pl.String, "downstream segment of a divergence, else empty"),
        Column("value", pl.Float64, "the comparison; of a divergence upstream minus downstream, pp", nullable=True),
        Column("lower", pl.Float64, "smallest value that rounding allows", nullable=True),
        Column("upper", pl.Float64, "largest value that rounding allows", nullable=True),
        Column("unit", pl.String, "% or pp"),
        Column("spread_pp", pl.Float64, "limit of a divergence, in percent of level", nullable=True),
        Column("published_at", INSTANT, "when the last figure it rests on was published"),
        Column("figure_ids", pl.String, "the figures it rests on, separated by spaces"),
        Column("reason", pl.String, "why there is no value, else empty"),
        Column(
            "log_gap",
            pl.Float64,
            "of a divergence, 100 ln of upstream's growth factor over downstream's",
            nullable=True,
        ),
        Column("log_gap_lower", pl.Float64, "smallest log gap that rounding allows", nullable=True),
        Column("log_gap_upper", pl.Float64, "largest log gap that rounding allows", nullable=True),
        Column("working_days", pl.Int32, "working days of the month, of a change on the month or year", nullable=True),
        Column("base_working_days", pl.Int32, "working days of the month it is compared with", nullable=True),
        Column("holiday_weight", pl.Float64, "share of the new-year window in the month, 0 … 1", nullable=True),
        Column("base_holiday_weight", pl.Float64, "the same of the month it is compared with", nullable=True),
        Column("flags", pl.String, "cny: the new year touches either month; days_estimated: no official working days"),
        Column("per_day_pct", pl.Float64, "growth per working day, %; of production and shipments", nullable=True),
        Column(
            "ytd_pct",
            pl.Float64,
            "January to this month against a year before, %, from reported MoM and YoY; of YoY rows from March on",
            nullable=True,
        ),
        Column("ytd_lower_pct", pl.Float64, "the smallest that rounding allows", nullable=True),
        Column("ytd_upper_pct", pl.Float64, "the largest that rounding allows", nullable=True),
        Column("acceleration_pp", pl.Float64, "growth minus that of the month before, pp", nullable=True),
        Column("rank", pl.Int32, "rank of reported growth among the months up to it, 1 = highest", nullable=True),
        Column("n_history", pl.Int32, "months that were ranked, within the years looked back on", nullable=True),
        Column("percentile", pl.Float64, "part of these months that is at or below it, %; null under 8", nullable=True),
    ),
    key=("source", "chain", "segment", "product", "metric", "measure", "month", "basis", "counterpart"),
    partition="month",
)
