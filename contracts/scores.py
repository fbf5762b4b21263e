"""The contract of a score: one forecast and the actual it is scored against."""

from types import MappingProxyType

import polars as pl

from contracts.table import INSTANT, Column, Table

STATUSES = ("scored", "pending", "backcast", "disputed", "unscorable")
VERDICTS = ("hit", "within_rounding", "miss", "indeterminate", "vague", "")
OWN_VERDICTS = ("usual", "unusual", "")
ISSUES = ("first", "middle", "last", "only", "")
BAND_KINDS = ("static", "conformal_80", "conformal_90", "pooled_80", "pooled_90", "")

REASONS = MappingProxyType(
    {
        "period_not_monthly": "of quarters, half-years and years only YoY, QoQ and levels are scored",
        "actual_from_months": "the period's actual was computed from those of its months, and was not published then",
        "cumulative": "year-to-date and quarterly growth is kept out of monthly scores",
        "no_number": "the forecast states no value, bound or direction",
        "below_minus_100": "nothing can fall by more than 100 %",
        "unit_differs": "forecast and actual are stated in different units",
        "republished": "the same number as the forecast before it, from the same review month: nothing new",
        "forecast_disputed": "two forecasts published at the same instant differ",
        "actual_disputed": "two first actuals published at the same instant differ",
        "not_published_yet": "the month's actual is not published yet",
        "issued_after_actual": "published at or after the first actual of its month",
        "level_zero": "a level of zero, or growth of -100 %, has no logarithm and is no base of a ratio",
        "base_forecast": "the base month of the growth was itself a forecast: no level follows from it",
        "actual_direction_only": "the actual is known as a direction only",
        "actual_bound": "the actual was published as a bound or range",
        "vintage_order_assumed": "the order of differing vintages rests on an assumed publication day",
        "lock_assumed": "whether it came before the actual rests on an assumed publication day",
        "latest_disputed": "the latest actuals, published at the same instant, differ",
        "no_tolerance": "the chain definition has no tolerance for this measure",
    }
)
"""What the words in `reason` mean; several are separated by `; `."""

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
        Column("month", pl.Date, "month that was forecast; of a longer period its first month"),
        Column("forecast", pl.Float64, "the forecast; null where only a bound or range was given", nullable=True),
        Column("actual", pl.Float64, "the first published actual", nullable=True),
        Column("surprise_pp", pl.Float64, "actual - forecast; positive = outcome above forecast", nullable=True),
        Column("surprise_lower_pp", pl.Float64, "smallest surprise that rounding allows", nullable=True),
        Column("surprise_upper_pp", pl.Float64, "largest surprise that rounding allows", nullable=True),
        Column("level_surprise_pct", pl.Float64, "100((1+a/100)/(1+f/100)-1); of levels 100(a/f-1)", nullable=True),
        Column("verdict", pl.String, "rounding-aware, by the chain's tolerance; empty unless scored", allowed=VERDICTS),
        Column("status", pl.String, "what could be done with the forecast", allowed=STATUSES),
        Column("forecast_id", pl.String, "figure_id of the forecast"),
        Column("actual_id", pl.String, "figure_id of the actual", nullable=True),
        Column("reason", pl.String, "why it is not scored or lacks a number, else empty"),
        Column(
            "tolerance_pp", pl.Float64, "the chain's tolerance around this forecast; half of its width", nullable=True
        ),
        Column("direction", pl.String, "hit or miss of the sign with its dead band; empty where undefined"),
        Column("issue", pl.String, "place among the forecasts issued for the month in time", allowed=ISSUES),
        Column("lead_months", pl.Int32, "months from the review to the month forecast"),
        Column("forecast_at", INSTANT, "when the forecast was published"),
        Column("actual_at", INSTANT, "when the first actual was published", nullable=True),
        Column("latest_actual", pl.Float64, "the latest published actual", nullable=True),
        Column("latest_actual_id", pl.String, "figure_id of the latest actual", nullable=True),
        Column("no_change_surprise_pp", pl.Float64, "surprise of the naive forecast of no change", nullable=True),
        Column("same_growth_surprise_pp", pl.Float64, "surprise of last month's growth", nullable=True),
        Column("seasonal_surprise_pp", pl.Float64, "surprise of the same month last year", nullable=True),
        Column(
            "log_surprise", pl.Float64, "100 ln of the ratio of growth factors; of levels 100 ln(a/f)", nullable=True
        ),
        Column("z", pl.Float64, "surprise over its past robust spread, from 8 past surprises on", nullable=True),
        Column("band_pp", pl.Float64, "half-width of the band used: conformal, else the static one", nullable=True),
        Column("band_kind", pl.String, "own past, pooled past or static; empty = none", allowed=BAND_KINDS),
        Column("period", pl.String, "the period as the figure names it"),
        Column("unit", pl.String, "unit of forecast, actual and surprise"),
        Column("surprise", pl.Float64, "actual - forecast in `unit`, also where that is no percentage", nullable=True),
        Column("abs_error", pl.Float64, "|surprise|; of a range the distance of its midpoint", nullable=True),
        Column("level_surprise_lower_pct", pl.Float64, "smallest level surprise that rounding allows", nullable=True),
        Column("level_surprise_upper_pct", pl.Float64, "largest level surprise that rounding allows", nullable=True),
        Column("log_surprise_lower", pl.Float64, "smallest log surprise that rounding allows", nullable=True),
        Column("log_surprise_upper", pl.Float64, "largest log surprise that rounding allows", nullable=True),
        Column("level_surprise_mom_pct", pl.Float64, "level surprise by the MoM route, same release", nullable=True),
        Column(
            "level_surprise_path_pct", pl.Float64, "by MoM forecasts of all months between, compounded", nullable=True
        ),
        Column("level_surprise_path_lower_pct", pl.Float64, "smallest that rounding allows", nullable=True),
        Column("level_surprise_path_upper_pct", pl.Float64, "largest that rounding allows", nullable=True),
        Column("level_surprise_yoy_pct", pl.Float64, "level surprise by the YoY route, same release", nullable=True),
        Column("level_surprise_level_pct", pl.Float64, "level surprise by levels, same release", nullable=True),
        Column("wedge", pl.Float64, "log surprise by MoM - log surprise by YoY", nullable=True),
        Column("wedge_lower", pl.Float64, "smallest wedge that rounding allows", nullable=True),
        Column("wedge_upper", pl.Float64, "largest wedge that rounding allows", nullable=True),
        Column("is_wedge_beyond_rounding", pl.Boolean, "a base month was restated in silence", nullable=True),
        Column("forecast_direction", pl.Int8, "1 up, 0 flat, -1 down, with the dead band", nullable=True),
        Column("actual_direction", pl.Int8, "1 up, 0 flat, -1 down, with the dead band", nullable=True),
        Column("forecast_qualifier", pl.String, "exact, about, bound or range"),
        Column("forecast_lower", pl.Float64, "lower end of a forecast bound or range", nullable=True),
        Column("forecast_upper", pl.Float64, "upper end of a forecast bound or range", nullable=True),
        Column("forecast_half_width", pl.Float64, "rounding half-width of the forecast", nullable=True),
        Column("actual_lower", pl.Float64, "lower end of an actual bound or range", nullable=True),
        Column("actual_upper", pl.Float64, "upper end of an actual bound or range", nullable=True),
        Column("actual_half_width", pl.Float64, "rounding half-width of the actual", nullable=True),
        Column("is_covered", pl.Boolean, "a forecast bound or range holds the actual", nullable=True),
        Column("width", pl.Float64, "width of a forecast range, in `unit`", nullable=True),
        Column("naive_no_change", pl.Float64, "naive forecast: 0, of levels and shares the last known", nullable=True),
        Column("naive_same_growth", pl.Float64, "naive forecast: last known month's growth again", nullable=True),
        Column("naive_seasonal", pl.Float64, "naive forecast: same month last year, as known at issue", nullable=True),
        Column("own_verdict", pl.String, "inside the own band, from 8 past errors on?", allowed=OWN_VERDICTS),
        Column("tolerance_pct", pl.Float64, "the chain's tolerance in percent of level", nullable=True),
        Column("interval_score", pl.Float64, "of a forecast range, read as a central 80 % interval", nullable=True),
        Column(
            "band_lower_pp",
            pl.Float64,
            "lower end of the band around the forecast; of levels in percent",
            nullable=True,
        ),
        Column(
            "band_upper_pp",
            pl.Float64,
            "upper end of the band around the forecast; of levels in percent",
            nullable=True,
        ),
        Column("band_80_pp", pl.Float64, "half-width of the 80 % band, own or pooled past", nullable=True),
        Column("band_90_pp", pl.Float64, "half-width of the 90 % band, own or pooled past", nullable=True),
        Column("band_n", pl.Int32, "past forecasts that the band rests on"),
        Column("z_n", pl.Int32, "past surprises that z rests on"),
        Column("z_scale", pl.Float64, "robust spread that z divides by", nullable=True),
        Column("is_repeat", pl.Boolean, "same number as the forecast for the month forecast before it"),
        Column("is_restated", pl.Boolean, "the latest actual differs from the first", nullable=True),
        Column("actual_vintages", pl.Int32, "differing actuals published over time"),
        Column("review_month", pl.String, "month that the forecasting release reviews"),
        Column("span_months", pl.Int32, "months of the period: 1, and 3, 6 or 12 of longer ones"),
    ),
    key=("forecast_id",),
    partition="month",
)
