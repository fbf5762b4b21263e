"""The contract of a score: one forecast and the actual it is marked against."""

import polars as pl

from contracts.table import INSTANT, Column, Table

STATUSES = ("scored", "pending", "backcast", "disputed", "unscorable")
VERDICTS = ("hit", "within_rounding", "miss", "indeterminate", "")

SCORES = Table(
    name="scores",
    meaning="One row per forecast; its surprise where the actual is there.",
    columns=(
        Column("source", pl.String, "who forecast"),
        Column("chain", pl.String, "value chain"),
        Column("segment", pl.String, "stage of the chain"),
        Column("product", pl.String, "kind within the segment; empty = total"),
        Column("metric", pl.String, "what is measured"),
        Column("measure", pl.String, "how it is stated"),
        Column("month", pl.Date, "month that was forecast"),
        Column("forecast", pl.Float64, "the forecast; null where only a bound or range was given", nullable=True),
        Column("actual", pl.Float64, "the first published actual", nullable=True),
        Column("surprise_pp", pl.Float64, "actual - forecast; positive = outcome above forecast", nullable=True),
        Column("surprise_lower_pp", pl.Float64, "smallest surprise that rounding allows", nullable=True),
        Column("surprise_upper_pp", pl.Float64, "largest surprise that rounding allows", nullable=True),
        Column("level_surprise_pct", pl.Float64, "100((1+a/100)/(1+f/100)-1); of levels 100(a/f-1)", nullable=True),
        Column("verdict", pl.String, "rounding-aware verdict; empty unless scored", allowed=VERDICTS),
        Column("status", pl.String, "what could be done with the forecast", allowed=STATUSES),
        Column("forecast_id", pl.String, "figure_id of the forecast"),
        Column("actual_id", pl.String, "figure_id of the actual", nullable=True),
        Column("reason", pl.String, "why it is not scored or lacks a number, else empty"),
        Column("tolerance_pp", pl.Float64, "distance from the outcome inside which it is a hit", nullable=True),
        Column("direction", pl.String, "hit or miss of the sign with its dead band; empty where undefined"),
        Column("issue", pl.String, "first, last or only among the forecasts for the month"),
        Column("lead_months", pl.Int32, "months from the review to the month forecast"),
        Column("forecast_at", INSTANT, "when the forecast was published"),
        Column("actual_at", INSTANT, "when the first actual was published", nullable=True),
        Column("latest_actual", pl.Float64, "the latest published actual", nullable=True),
        Column("latest_actual_id", pl.String, "figure_id of the latest actual", nullable=True),
        Column("no_change_surprise_pp", pl.Float64, "surprise of the naive forecast 0", nullable=True),
        Column("same_growth_surprise_pp", pl.Float64, "surprise of last month's growth", nullable=True),
        Column("seasonal_surprise_pp", pl.Float64, "surprise of the same month last year", nullable=True),
        Column("log_surprise", pl.Float64, "100 ln((1+a/100)/(1+f/100))", nullable=True),
        Column("z", pl.Float64, "surprise over its past robust spread, from 8 past surprises on", nullable=True),
        Column("band_pp", pl.Float64, "half-width of the band used: conformal, else the static one", nullable=True),
        Column("band_kind", pl.String, "static, conformal_80, conformal_90; empty where none applies"),
    ),
    key=("forecast_id",),
    partition="month",
)
