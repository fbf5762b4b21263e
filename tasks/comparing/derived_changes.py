"""Changes that follow from what was published: from levels, from shares of two months, from shares and growth.

Every number comes with the interval that the printed digits allow: the ends of the result are taken at the
ends of what it rests on.
"""

import polars as pl

NODE = ("source", "chain", "segment", "product", "metric")
"""What a number is about, without how it is stated."""

_LAGS = {"mom": 1, "yoy": 12}
_ADDITIVE = ("production", "shipments", "inventory", "capacity", "demand")
_ZERO_BASE = "the base is zero"


def derive_from_levels(levels: pl.LazyFrame) -> pl.LazyFrame:
    """`mom_pct`, `yoy_pct`, `mom_abs`, `yoy_abs` and `share_pct` of levels; `mom_pp`, `yoy_pp` of rates in %.

    Growth is 100 (L / L_base − 1), a change L − L_base, a share 100 L_product / L_segment; the base is the
    level of the same thing one or twelve months before.
    """
    stated = levels.filter(pl.col("value").is_not_null())
    is_rate = pl.col("unit") == "%"
    parts = [_share_of_total(stated.filter(~is_rate, pl.col("metric").is_in(_ADDITIVE)))]
    for name, lag in _LAGS.items():
        pairs = _pair(stated, _shift(stated, lag), on=(*NODE, "unit", "month"))
        parts += [
            _grow(pairs.filter(~is_rate), f"{name}_pct"),
            _subtract(pairs.filter(~is_rate), f"{name}_abs", unit=pl.col("unit")),
            _subtract(pairs.filter(is_rate), f"{name}_pp", unit=pl.lit("pp")),
        ]
    return pl.concat(parts)


def derive_share_changes(shares: pl.LazyFrame) -> pl.LazyFrame:
    """`share_mom_pp` and `share_yoy_pp`: the share minus that of one or twelve months before."""
    stated = shares.filter(pl.col("value").is_not_null())
    return pl.concat(
        _subtract(_pair(stated, _shift(stated, lag), on=(*NODE, "month")), f"share_{name}_pp", unit=pl.lit("pp"))
        for name, lag in _LAGS.items()
    )


def derive_product_growth(known: pl.LazyFrame) -> pl.LazyFrame:
    """A product's growth from its shares and the growth of its segment: 1 + g = s_t / s_base (1 + m).

    The share of the base month is the published one; where there is none it is s_t minus the published change.
    """
    known = known.filter(pl.col("value").is_not_null(), pl.col("metric").is_in(_ADDITIVE))
    shares = known.filter(pl.col("measure") == "share_pct", pl.col("product") != "")
    totals = known.filter(pl.col("product") == "").drop("product")
    parts = []
    for name, lag in _LAGS.items():
        changes = known.filter(pl.col("measure") == f"share_{name}_pp")
        growth = totals.filter(pl.col("measure") == f"{name}_pct")
        on = (*NODE, "month")
        ratios = pl.concat(
            [
                _ratio_of_shares(_pair(shares, _shift(shares, lag), on=on)),
                _ratio_from_change(_pair(shares, changes, on=on)),
            ]
        ).unique(on, keep="first", maintain_order=True)
        parts.append(_scale(ratios, growth, f"{name}_pct"))
    return pl.concat(parts)


def _shift(rows: pl.LazyFrame, months: int) -> pl.LazyFrame:
    """The rows under the month in which they are the base."""
    return rows.with_columns(pl.col("month").dt.offset_by(f"{months}mo"))


def _pair(rows: pl.LazyFrame, bases: pl.LazyFrame, *, on: tuple[str, ...]) -> pl.LazyFrame:
    """Rows with their bases beside them as `value_base` …, with the ids of both and the later publication."""
    return rows.join(bases, on=list(on), suffix="_base").with_columns(
        published_at=pl.max_horizontal("published_at", "published_at_base"),
        figure_ids=pl.concat_str("figure_ids", "figure_ids_base", separator=" "),
    )


def _result(
    rows: pl.LazyFrame, measure: str, *, value: pl.Expr, lower: pl.Expr, upper: pl.Expr, unit: pl.Expr
) -> pl.LazyFrame:
    return rows.select(
        *NODE,
        pl.lit(measure).alias("measure"),
        "month",
        value.alias("value"),
        unit.alias("unit"),
        "published_at",
        lower.alias("lower"),
        upper.alias("upper"),
        "figure_ids",
        pl.when(value.is_null()).then(pl.lit(_ZERO_BASE)).otherwise(pl.lit("")).alias("reason"),
    )


def _subtract(pairs: pl.LazyFrame, measure: str, *, unit: pl.Expr) -> pl.LazyFrame:
    value = pl.col("value") - pl.col("value_base")
    lower, upper = pl.col("lower") - pl.col("upper_base"), pl.col("upper") - pl.col("lower_base")
    return _result(pairs, measure, value=value, lower=lower, upper=upper, unit=unit)


def _grow(pairs: pl.LazyFrame, measure: str) -> pl.LazyFrame:
    value, lower, upper = (100.0 * (ratio - 1.0) for ratio in _divide_base())
    return _result(pairs, measure, value=value, lower=lower, upper=upper, unit=pl.lit("%"))


def _share_of_total(levels: pl.LazyFrame) -> pl.LazyFrame:
    totals = levels.filter(pl.col("product") == "").drop("product")
    on = tuple(n for n in (*NODE, "unit", "month") if n != "product")
    pairs = _pair(levels.filter(pl.col("product") != ""), totals, on=on)
    value, lower, upper = (100.0 * ratio for ratio in _divide_base())
    upper = pl.min_horizontal(upper, pl.max_horizontal(100.0, value))
    return _result(pairs, "share_pct", value=value, lower=lower, upper=upper, unit=pl.lit("%"))


def _divide_base() -> tuple[pl.Expr, pl.Expr, pl.Expr]:
    """Ratio to the base, its smallest and its largest value; null where the divisor can be zero."""
    return (
        _divide(pl.col("value"), pl.col("value_base")),
        _divide(pl.col("lower"), pl.col("upper_base")),
        _divide(pl.col("upper"), pl.col("lower_base")),
    )


def _divide(above: pl.Expr, below: pl.Expr) -> pl.Expr:
    return pl.when(below > 0).then(above / below)


def _ratio_of_shares(pairs: pl.LazyFrame) -> pl.LazyFrame:
    value, lower, upper = _divide_base()
    return _ratios(pairs, value, lower, upper)


def _ratio_from_change(pairs: pl.LazyFrame) -> pl.LazyFrame:
    """Ratio s / (s − d), which rises with d, and with s where d is below zero, else falls."""
    ends = {"value": "value_base", "lower": "lower_base", "upper": "upper_base"}
    share = {
        "value": pl.col("value"),
        "lower": pl.when(pl.col("lower_base") < 0).then("lower").otherwise("upper"),
        "upper": pl.when(pl.col("upper_base") < 0).then("upper").otherwise("lower"),
    }
    return _ratios(pairs, *(_divide(share[end], share[end] - pl.col(change)) for end, change in ends.items()))


def _ratios(pairs: pl.LazyFrame, value: pl.Expr, lower: pl.Expr, upper: pl.Expr) -> pl.LazyFrame:
    return pairs.select(
        *NODE, "month", "published_at", "figure_ids", value.alias("value"), lower.alias("lower"), upper.alias("upper")
    )


def _scale(ratios: pl.LazyFrame, growth: pl.LazyFrame, measure: str) -> pl.LazyFrame:
    on = tuple(n for n in (*NODE, "month") if n != "product")
    pairs = _pair(ratios, growth, on=on)
    value, lower, upper = (
        100.0 * (pl.col(end) * (1.0 + pl.col(f"{end}_base") / 100.0) - 1.0) for end in ("value", "lower", "upper")
    )
    return _result(pairs, measure, value=value, lower=lower, upper=upper, unit=pl.lit("%"))
