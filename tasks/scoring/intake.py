"""From figures to forecasts that can be scored: words become codes, what cannot be scored is set apart."""

from collections.abc import Mapping

import polars as pl

from contracts.chain import Chain
from contracts.errors import ContractBroken
from contracts.figures import SERIES
from contracts.period import last_month, span_months
from tasks.scoring.keys import add_marking_series, code_column, code_words, describe_series
from tasks.scoring.naive import month_number, series_month
from tasks.scoring.vintages import is_repetition

NEEDED = (
    *SERIES,
    *("period", "month", "is_monthly", "kind", "value", "lower", "upper", "half_width", "unit", "qualifier"),
    *("published_at", "recorded_at", "is_published_assumed", "review_month", "release_id", "figure_id"),
)
ROUTES = {"mom_pct": 1, "yoy_pct": 2, "level": 3, "qoq_pct": 4}
_SPANS = {"ytd_yoy_pct": [], "qoq_pct": [3], "yoy_pct": [1, 3, 6, 12], "level": [1, 3, 6, 12]}
"""Spans of the periods whose forecasts are scored, in months; of other measures single months alone."""
_NAMES = {
    "value": "forecast",
    "lower": "forecast_lower",
    "upper": "forecast_upper",
    "half_width": "forecast_half_width",
    "qualifier": "forecast_qualifier",
    "published_at": "forecast_at",
    "figure_id": "forecast_id",
    "is_published_assumed": "forecast_assumed",
}


def refuse_infinite(figures: pl.DataFrame) -> None:
    """Raise `ContractBroken` where a figure holds NaN or infinity."""
    numbers = ("value", "lower", "upper", "half_width")
    broken = pl.any_horizontal((~pl.col(c).is_finite()).fill_null(value=False) for c in numbers)
    if figures.select(broken.any()).item():
        bad = figures.filter(broken)
        raise ContractBroken(
            f"{bad.height} of {figures.height} figures hold NaN or infinity",
            found=[f"{row['figure_id']} value={row['value']}" for row in bad.head(5).iter_rows(named=True)],
            effect="nothing is scored",
            next="a number that is not known is null, never NaN",
        )


def code_figures(figures: pl.DataFrame, chains: Mapping[str, Chain]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Figures with `series` and what follows from it instead of words, and the table of series.

    Adds `base`, `pool`, `family`, `is_yearly`, `route`, `tolerance`, `month_no`, `key` (series and month),
    `lead_months`, `span_months` and `is_scorable` (not cumulative; of longer periods YoY, QoQ and levels). A series
    is one of months, quarters, half-years or years.
    """
    spans = _read_spans(figures)
    series, table = code_words(figures.select(SERIES).with_columns(spans.alias("span")), [*SERIES, "span"])
    table = (
        describe_series(add_marking_series(table, chains), chains)
        .with_columns(
            pl.col("measure").replace_strict(ROUTES, default=0, return_dtype=pl.Int8).alias("route"),
            pl.col("measure").replace_strict(_SPANS, default=[1], return_dtype=pl.List(pl.Int32)).alias("spans"),
        )
        .with_columns(pl.col("span_months").is_in(pl.col("spans")).alias("is_scorable"))
    )
    shared = [
        table[c].gather(series)
        for c in (
            "base",
            "pool",
            "family",
            "is_yearly",
            "route",
            "tolerance",
            "is_scorable",
            "marked_by",
            "span_months",
        )
    ]
    coded = figures.drop(SERIES).with_columns(series.alias("series"), *shared)
    coded = coded.with_columns(
        month_number(pl.col("month")).alias("month_no"),
        _number_reviews(figures["review_month"]).alias("reviewed"),
    )
    return coded.with_columns(
        series_month(pl.col("month_no")).alias("key"),
        (pl.col("month_no") - pl.col("reviewed")).cast(pl.Int32).alias("lead_months"),
    ).drop("reviewed"), table


def _read_spans(figures: pl.DataFrame) -> pl.Series:
    """Months of each figure's period, as words."""
    if figures["is_monthly"].all():
        return pl.repeat("1", figures.height, dtype=pl.String, eager=True).alias("span")
    names, places = code_column(figures["period"])
    return pl.Series("span", [str(span_months(name)) for name in names], pl.String).gather(places)


def _number_reviews(reviews: pl.Series) -> pl.Series:
    """Month number of the last month that each release reviews; its own name decides, no clock."""
    names, places = code_column(reviews)
    lasts = [last_month(name) for name in names]
    return pl.Series("reviewed", [m.year * 12 + m.month - 1 for m in lasts], pl.Int64).gather(places)


def split_forecasts(figures: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Forecasts that are scored once the actual is there, and those that are not, with `reason`.

    `figures` are coded; both frames have the names of `SCORES`, `voice` and `status` (empty where open).
    """
    forecasts = figures.lazy().filter(pl.col("kind") == "forecast").drop("kind").rename(_NAMES)
    forecasts = forecasts.with_columns(
        pl.col("series").alias("voice"), _explain_unscorable().alias("reason")
    ).with_columns(pl.when(pl.col("reason") == "").then(pl.lit("")).otherwise(pl.lit("unscorable")).alias("status"))
    read = forecasts.drop("is_monthly", "is_scorable").collect()
    if (read["reason"] == "").all():
        open_, others = read, read.clear()
    else:
        open_, others = read.filter(pl.col("reason") == ""), read.filter(pl.col("reason") != "")
    open_ = _mark_duplicates(open_)
    again = open_["status"] == "unscorable"
    if again.any():
        open_, others = open_.filter(~again), pl.concat([others, open_.filter(again)])
    return _aim(open_), _aim(others)


def _aim(forecasts: pl.DataFrame) -> pl.DataFrame:
    """Forecasts under the series whose actuals mark them; `voice` stays their own."""
    aimed = forecasts.with_columns(pl.col("marked_by").alias("series")).drop("marked_by")
    return aimed.with_columns(series_month(pl.col("month_no")).alias("key"))


def _explain_unscorable() -> pl.Expr:
    ends = ("forecast", "forecast_lower", "forecast_upper")
    stated = pl.any_horizontal(pl.col(c).is_not_null() for c in ends)
    low = pl.min_horizontal(ends) < -100
    return (
        pl.when(pl.col("is_scorable") & stated & ~((pl.col("family") == "growth") & low.fill_null(value=False)))
        .then(pl.lit(""))
        .when(~pl.col("is_scorable") & ~pl.col("is_monthly"))
        .then(pl.lit("period_not_monthly"))
        .when(~pl.col("is_scorable"))
        .then(pl.lit("cumulative"))
        .when(~stated)
        .then(pl.lit("no_number"))
        .otherwise(pl.lit("below_minus_100"))
    )


def _mark_duplicates(forecasts: pl.DataFrame) -> pl.DataFrame:
    """Set `republished` (unscorable), `disputed`, and say where assumed days order differing forecasts.

    Forecasts of one series and month, said in reviews of the same month, are vintages of each other.
    """
    keys = ["key", "lead_months"]
    one = pl.col("key") * 2048 + pl.col("lead_months")
    several = forecasts.select(one.is_duplicated()).to_series()
    if not several.any():
        return forecasts
    group = forecasts.filter(several).sort(*keys, "forecast_at", "recorded_at", "release_id", "forecast_id")
    stated = ("forecast", "forecast_lower", "forecast_upper", "unit", "lead_months")
    group = group.with_columns(is_repetition(stated).alias("_repeated"))
    fresh = ~pl.col("_repeated")
    clash = (fresh.sum().over(*keys, "forecast_at") > 1) & fresh
    assumed = pl.col("forecast_assumed").any().over(keys) & (fresh.sum().over(keys) > 1) & fresh
    status = pl.when("_repeated").then(pl.lit("unscorable")).when(clash).then(pl.lit("disputed"))
    reason = (
        pl.when("_repeated")
        .then(pl.lit("republished"))
        .when(clash)
        .then(pl.lit("forecast_disputed"))
        .when(assumed)
        .then(pl.lit("vintage_order_assumed"))
    )
    group = group.with_columns(
        status.otherwise(pl.lit("")).alias("status"), reason.otherwise(pl.lit("")).alias("reason")
    )
    return pl.concat([forecasts.filter(~several), group.drop("_repeated")])
