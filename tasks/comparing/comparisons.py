"""Comparisons of each month: changes and shares as reported, as they follow from others, and gaps across links.

What a source reported stays beside what follows from its levels and shares (`basis`), so that the two can be
held against one another; nothing is overwritten.
"""

from collections.abc import Mapping
from datetime import date

import polars as pl

from contracts.chain import Chain
from contracts.comparisons import COMPARISONS
from contracts.period import add_months
from contracts.text import fill_text
from contracts.vocabulary import measures_of
from tasks.calendar_effects.own_history import rank_in_history
from tasks.calendar_effects.unlike_months import annotate_calendar, derive_jan_feb
from tasks.calendar_effects.year_to_date import derive_year_to_date
from tasks.comparing.derived_changes import NODE, derive_from_levels, derive_product_growth, derive_share_changes
from tasks.comparing.derived_growth import derive_contributions, derive_missing_growth
from tasks.comparing.divergences import find_divergences

_SEGMENT = ("source", "chain", "segment", "metric")
_REACH_MONTHS = 13
_FRACTION_DIGITS = 10


def compare_months(
    figures: pl.DataFrame, *, chains: Mapping[str, Chain], months: tuple[date, date] | None = None
) -> pl.DataFrame:
    """Rows of `COMPARISONS` for the months from first to last (both included; None = all), sorted by key.

    `figures` has the columns of `FIGURES` and one row per key, including the twelve months before the first;
    only actuals of single months are used. Growth is in %, changes of shares and rates in pp. `lower` and
    `upper` are what rounding (or a published bound) allows, null where one side is open. `value` is null, with
    a `reason`, where the base is zero or only a bound or range was published. Bases are found by the calendar,
    never by the row before.
    """
    stated = _settle(_select_actuals(figures.lazy(), months))
    reported = stated.filter(pl.col("measure").is_in(measures_of("growth", "share", "points", "change")))
    from_levels = _settle(derive_from_levels(stated.filter(pl.col("measure") == "level")))
    known = _prefer(reported, from_levels)
    shares = known.filter(pl.col("measure") == "share_pct")
    from_shares = _prefer(from_levels, derive_share_changes(shares), derive_product_growth(known))
    growth = _prefer(reported, from_shares)
    sized = growth.filter(pl.col("value").is_not_null())
    together = derive_jan_feb(sized, stated.filter(pl.col("measure") == "level"))
    gaps = find_divergences(growth.filter(pl.col("measure") == "mom_pct"), chains)
    shared = [rows.join(shares, on=_SEGMENT, how="semi") for rows in (known, from_shares)]
    further = [derive_missing_growth(growth), derive_contributions(_prefer(*shared))]
    derived = pl.concat([from_shares, together, *further], how="diagonal")
    parts = {"reported": reported, "derived": derived, "divergence": gaps}
    rows = _gather([part.with_columns(basis=pl.lit(basis)) for basis, part in parts.items()], months)
    ranks = rank_in_history(figures).with_columns(basis=pl.lit("reported"))
    ranked = rows.join(ranks, on=[*NODE, "measure", "month", "basis"], how="left", maintain_order="left")
    to_date = _key_to_date(reported)
    dated = ranked.join(to_date, on=[*NODE, "measure", "month", "basis"], how="left", maintain_order="left")
    return _sort(COMPARISONS.conform(annotate_calendar(dated, chains, growth.collect())))


def _key_to_date(reported: pl.LazyFrame) -> pl.DataFrame:
    """The year to date as it stands beside reported YoY."""
    found = derive_year_to_date(reported.collect())
    return found.with_columns(measure=pl.lit("yoy_pct"), basis=pl.lit("reported"))


def compare_with_forecasts(
    known: pl.DataFrame, *, chains: Mapping[str, Chain], months: tuple[date, date]
) -> pl.DataFrame:
    """January with February where forecasts take part: `jan_feb_yoy_pct` with basis `forecast`, as `COMPARISONS`.

    `known` has one row per key: actuals, and the forecasts of periods that have none yet.
    """
    forecasts = known.filter(kind="forecast")["figure_id"]
    stated = _settle(_select_months(known.lazy(), months))
    is_growth = pl.col("measure").is_in(["mom_pct", "yoy_pct"]) & pl.col("value").is_not_null()
    found = derive_jan_feb(stated.filter(is_growth), stated.filter(pl.col("measure") == "level"))
    rests = pl.col("figure_ids").str.split(" ").list.eval(pl.element().is_in(forecasts.to_list())).list.any()
    rows = _gather([found.filter(rests).with_columns(basis=pl.lit("forecast"))], months)
    return COMPARISONS.conform(annotate_calendar(rows, chains)).sort(COMPARISONS.key)


def _select_actuals(figures: pl.LazyFrame, months: tuple[date, date] | None) -> pl.LazyFrame:
    """Actuals of single months with the interval in which the true number lies."""
    return _select_months(figures.filter(pl.col("kind") == "actual"), months)


def _select_months(figures: pl.LazyFrame, months: tuple[date, date] | None) -> pl.LazyFrame:
    """Figures of single months with the interval in which the true number lies."""
    within = pl.lit(value=True)
    if months is not None:
        within = pl.col("month").is_between(add_months(months[0], -_REACH_MONTHS), months[1])
    is_share, is_growth = (pl.col("measure").is_in(measures_of(family)) for family in ("share", "growth"))
    lower = pl.coalesce("lower", pl.col("value") - pl.col("half_width"))
    upper = pl.coalesce("upper", pl.col("value") + pl.col("half_width"))
    floor = pl.when(is_growth).then(-100.0).when(is_share | (pl.col("measure") == "level")).then(0.0)
    return figures.filter(pl.col("is_monthly"), within).select(
        *NODE,
        *("measure", "month", "value", "unit", "published_at"),
        lower=pl.when(lower.is_not_null()).then(pl.max_horizontal(lower, floor)),
        upper=pl.when(is_share & upper.is_not_null()).then(pl.min_horizontal(upper, 100.0)).otherwise(upper),
        figure_ids=pl.col("figure_id"),
        reason=pl.when(pl.col("value").is_null())
        .then(fill_text("published as a {}", "qualifier"))
        .otherwise(pl.lit("")),
    )


def _settle(rows: pl.LazyFrame) -> pl.LazyFrame:
    """Compute now what several later steps read: a plan that holds it many times takes longer to plan than to run."""
    return rows.collect().lazy()


def _sort(rows: pl.DataFrame) -> pl.DataFrame:
    """By the key: as codes, which compare faster than names; what is the same in all rows orders nothing."""
    names = {name: rows[name].unique().sort() for name in COMPARISONS.key}
    codes = [
        pl.col(name).cast(pl.Enum(distinct)).to_physical() if distinct.dtype == pl.String else pl.col(name)
        for name, distinct in names.items()
        if distinct.len() > 1
    ]
    return rows.sort(codes) if codes else rows


def _prefer(*frames: pl.LazyFrame) -> pl.LazyFrame:
    """Rows of all frames, settled; of several with one key the one of the frame named first. Each has a key once."""
    collected = pl.collect_all(frames)
    filled = [frame for frame in collected if frame.height] or collected[:1]
    if len(filled) == 1:
        return filled[0].lazy()
    return pl.concat(filled).unique([*NODE, "measure", "month"], keep="first", maintain_order=True).lazy()


def _gather(parts: list[pl.LazyFrame], months: tuple[date, date] | None) -> pl.DataFrame:
    rows = pl.concat(parts, how="diagonal").with_columns(pl.col("value", "lower", "upper").round(_FRACTION_DIGITS))
    if months is not None:
        rows = rows.filter(pl.col("month").is_between(*months))
    gaps = dict.fromkeys(("spread_pp", "log_gap", "log_gap_lower", "log_gap_upper"), pl.Float64)
    defaults = {"counterpart": pl.String, **gaps}
    missing = [pl.lit(None, dtype).alias(n) for n, dtype in defaults.items() if n not in rows.collect_schema()]
    return rows.with_columns(missing).with_columns(pl.col("counterpart").fill_null("")).collect()
