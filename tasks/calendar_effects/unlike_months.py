"""Comparisons that allow for unlike months: per working day, January with February, and how growth itself changed."""

from collections.abc import Mapping
from datetime import date

import polars as pl

from contracts.chain import Chain
from tasks.calendar_effects.working_days import describe_months

NODE = ("source", "chain", "segment", "product", "metric")
FLOWS = ("production", "shipments")
"""Metrics of which more days make more."""
_GROWTH = ("mom_pct", "yoy_pct")
_FRACTION_DIGITS = 10


def derive_jan_feb(growth: pl.LazyFrame, levels: pl.LazyFrame) -> pl.LazyFrame:
    """January and February together against those of the year before: `jan_feb_yoy_pct` of the February row.

    From levels where all four are known: (L₁ + L₂) / (L₁' + L₂') − 1. Else from percentages alone, exactly:
    (2 + m₂) / (1/(1 + y₁) + (1 + m₂)/(1 + y₂)) − 1 with February's MoM m₂ and both YoY. The ends are taken at the
    ends of all three; m₂ pulls towards the month that grew more, so its end depends on the other two.
    """
    flows = growth.filter(pl.col("metric").is_in(FLOWS))
    is_february = pl.col("month").dt.month() == 2
    yoy = flows.filter(pl.col("measure") == "yoy_pct")
    january = yoy.filter(pl.col("month").dt.month() == 1).with_columns(pl.col("month").dt.offset_by("1mo"))
    joined = (
        flows.filter(pl.col("measure") == "mom_pct", is_february)
        .join(january, on=[*NODE, "month"], suffix="_jan")
        .join(yoy, on=[*NODE, "month"], suffix="_feb")
    )
    from_growth = _combine(
        joined,
        value=_together("value", "value", "value"),
        lower=pl.min_horizontal(_together("lower", "lower", "lower"), _together("upper", "lower", "lower")),
        upper=pl.max_horizontal(_together("lower", "upper", "upper"), _together("upper", "upper", "upper")),
        sides=("", "_jan", "_feb"),
    )
    both = pl.concat([_sum_levels(levels), from_growth], how="diagonal")
    return both.unique([*NODE, "month"], keep="first", maintain_order=True)


def _together(mom: str, january: str, february: str) -> pl.Expr:
    ratio = 1.0 + pl.col(mom) / 100.0
    first, second = (1.0 + pl.col(f"{end}{side}") / 100.0 for end, side in ((january, "_jan"), (february, "_feb")))
    together = (1.0 + ratio) / (1.0 / first + ratio / second)
    return pl.when((first > 0) & (second > 0)).then(100.0 * (together - 1.0))


def _sum_levels(levels: pl.LazyFrame) -> pl.LazyFrame:
    rows = levels.filter(pl.col("metric").is_in(FLOWS), pl.col("value").is_not_null(), pl.col("month").dt.month() <= 2)
    on = [*NODE, "unit", "month"]
    this = rows.filter(pl.col("month").dt.month() == 2)
    parts = this
    for side, months in (("_jan", 1), ("_last_feb", 12), ("_last_jan", 13)):
        parts = parts.join(rows.with_columns(pl.col("month").dt.offset_by(f"{months}mo")), on=on, suffix=side)

    def grow(above: str, below: str) -> pl.Expr:
        base = pl.col(f"{below}_last_feb") + pl.col(f"{below}_last_jan")
        return pl.when(base > 0).then(100.0 * ((pl.col(above) + pl.col(f"{above}_jan")) / base - 1.0))

    return _combine(
        parts,
        value=grow("value", "value"),
        lower=grow("lower", "upper"),
        upper=grow("upper", "lower"),
        sides=("", "_jan", "_last_feb", "_last_jan"),
    )


def _combine(
    rows: pl.LazyFrame,
    *,
    value: pl.Expr,
    lower: pl.Expr,
    upper: pl.Expr,
    sides: tuple[str, ...],
) -> pl.LazyFrame:
    return rows.select(
        *NODE,
        pl.lit("jan_feb_yoy_pct").alias("measure"),
        "month",
        value.alias("value"),
        pl.lit("%").alias("unit"),
        pl.max_horizontal(f"published_at{side}" for side in sides).alias("published_at"),
        lower.alias("lower"),
        upper.alias("upper"),
        pl.concat_str([f"figure_ids{side}" for side in sides], separator=" ").alias("figure_ids"),
        pl.when(value.is_null()).then(pl.lit("the base is zero")).otherwise(pl.lit("")).alias("reason"),
    )


def annotate_calendar(
    rows: pl.DataFrame, chains: Mapping[str, Chain], growth: pl.DataFrame | None = None
) -> pl.DataFrame:
    """Add to comparisons what allows for unlike months, beside what was reported and never in its place.

    `working_days`, `holiday_weight` (both also of the base) and `flags` of changes on the month and on the year: `cny`
    where the new-year window touches the month or its base, `days_estimated` where the working days of either are not
    the official ones. `per_day_pct` is growth per working day, (1 + g) days_base / days − 1, of what more days make
    more. `acceleration_pp` is growth minus that of the month before, as `growth` has it (one `mom_pct` and `yoy_pct`
    per series and month); null without it.
    """
    rows = rows.with_columns(base=_name_base())
    months: set[date] = {m for name in ("month", "base") for m in rows[name].drop_nulls().unique()}
    days = describe_months(chains, months)
    named = ("working_days", "holiday_weight", "is_estimated")
    of_base = days.rename({name: f"base_{name}" for name in named} | {"month": "base"})
    joined = rows.join(days, on=["chain", "month"], how="left", maintain_order="left").join(
        of_base, on=["chain", "base"], how="left", maintain_order="left"
    )
    has_base = pl.col("base").is_not_null()
    flags = [
        pl.when(pl.max_horizontal("holiday_weight", "base_holiday_weight") > 0).then(pl.lit("cny")),
        pl.when(pl.col("is_estimated") | pl.col("base_is_estimated")).then(pl.lit("days_estimated")),
    ]
    is_flow = pl.col("metric").is_in(FLOWS) & pl.col("measure").is_in(_GROWTH) & (pl.col("basis") != "divergence")
    ratio = pl.col("base_working_days") / pl.col("working_days")
    per_day = 100.0 * ((1.0 + pl.col("value") / 100.0) * ratio - 1.0)
    marked = joined.with_columns(
        *(pl.when(has_base).then(name).alias(name) for name in ("working_days", "holiday_weight")),
        flags=pl.when(has_base).then(pl.concat_str(flags, separator=" ", ignore_nulls=True)).otherwise(pl.lit("")),
        per_day_pct=pl.when(is_flow).then(per_day).round(_FRACTION_DIGITS),
    ).drop("base", "is_estimated", "base_is_estimated")
    return marked if growth is None else _accelerate(marked, growth)


def _name_base() -> pl.Expr:
    """The month that a change is against; null where it is no change on the month or on the year."""
    measure, month = pl.col("measure"), pl.col("month")
    is_yearly = measure.str.starts_with("yoy_") | (measure == "jan_feb_yoy_pct")
    monthly = pl.when(measure.str.starts_with("mom_")).then(month.dt.offset_by("-1mo"))
    return monthly.when(is_yearly).then(month.dt.offset_by("-12mo"))


def _accelerate(rows: pl.DataFrame, growth: pl.DataFrame) -> pl.DataFrame:
    """Add `acceleration_pp` to growth whose month before is known."""
    before = growth.filter(pl.col("measure").is_in(_GROWTH)).select(
        *NODE, "measure", pl.col("month").dt.offset_by("1mo"), before="value"
    )
    joined = rows.join(before, on=[*NODE, "measure", "month"], how="left", maintain_order="left")
    change = (pl.col("value") - pl.col("before")).round(_FRACTION_DIGITS)
    return joined.with_columns(acceleration_pp=pl.when(pl.col("basis") != "divergence").then(change)).drop("before")
