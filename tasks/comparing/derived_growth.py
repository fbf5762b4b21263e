"""Growth that follows from other growth, and what each product adds to its segment's.

Every number comes with the interval that the printed digits allow, and with the figures it follows from.
"""

from collections.abc import Sequence

import polars as pl

NODE = ("source", "chain", "segment", "product", "metric")
_ADDITIVE = ("production", "shipments", "inventory", "capacity", "demand")
_ENDS = ("value", "lower", "upper")
_LAGS = {"mom": 1, "yoy": 12}


def derive_missing_growth(known: pl.LazyFrame) -> pl.LazyFrame:
    """MoM where only YoY was published, and the other way round, shaped as `known`.

        1 + m_t = (1 + m_{t−12}) (1 + y_t) / (1 + y_{t−1})
        1 + y_t = (1 + y_{t−1}) (1 + m_t) / (1 + m_{t−12})

    `known` holds one `mom_pct` and `yoy_pct` per series and month; what it knows already is not derived.
    """
    growth = known.filter(pl.col("value") > -100.0, pl.col("lower") > -100.0)
    mom, yoy = (growth.filter(pl.col("measure") == f"{name}_pct") for name in _LAGS)
    # what is known already is left out before anything is joined: that is nearly everything
    alone = {
        name: rows.join(known.filter(pl.col("measure") == measure), on=[*NODE, "month"], how="anti")
        for name, rows, measure in (("yoy", yoy, "mom_pct"), ("mom", mom, "yoy_pct"))
    }
    return pl.concat(
        [
            _chain("mom_pct", over=[alone["yoy"], _shift(mom, 12)], under=_shift(yoy, 1)),
            _chain("yoy_pct", over=[alone["mom"], _shift(yoy, 1)], under=_shift(mom, 12)),
        ]
    )


def derive_contributions(known: pl.LazyFrame) -> pl.LazyFrame:
    """`contribution_{mom,yoy}_pp`: what a product adds to its segment's growth, in pp, shaped as `known`.

    s_t (1 + m/100) − s_base with the shares of both months in %. The contributions of all products sum to the segment's
    growth m.
    """
    stated = known.filter(pl.col("metric").is_in(_ADDITIVE), pl.col("value").is_not_null())
    shares = stated.filter(pl.col("measure") == "share_pct", pl.col("product") != "")
    totals = stated.filter(pl.col("product") == "").drop("product")
    parts = []
    for name, lag in _LAGS.items():
        base = _shift(shares, lag)
        growth = totals.filter(pl.col("measure") == f"{name}_pct")
        rows = shares.join(base, on=[*NODE, "month"], suffix="_1").join(
            growth, on=[n for n in (*NODE, "month") if n != "product"], suffix="_2"
        )
        ends = {"value": "value_1", "lower": "upper_1", "upper": "lower_1"}
        adds = {
            end: pl.col(end) * (1.0 + pl.col(f"{end}_2") / 100.0) - pl.col(base_end) for end, base_end in ends.items()
        }
        parts.append(_finish(rows, f"contribution_{name}_pp", adds, unit="pp"))
    return pl.concat(parts)


def _shift(rows: pl.LazyFrame, months: int) -> pl.LazyFrame:
    """The rows under the month in which they are the base."""
    return rows.with_columns(pl.col("month").dt.offset_by(f"{months}mo"))


def _chain(measure: str, *, over: Sequence[pl.LazyFrame], under: pl.LazyFrame) -> pl.LazyFrame:
    rows = over[0].join(over[1], on=[*NODE, "month"], suffix="_1").join(under, on=[*NODE, "month"], suffix="_2")
    opposite = {"value": "value_2", "lower": "upper_2", "upper": "lower_2"}
    ratio = {end: _ratio(end) * _ratio(f"{end}_1") / _ratio(opposite[end]) for end in _ENDS}
    return _finish(rows, measure, {end: 100.0 * (ratio[end] - 1.0) for end in _ENDS}, unit="%")


def _ratio(column: str) -> pl.Expr:
    return 1.0 + pl.col(column) / 100.0


def _finish(rows: pl.LazyFrame, measure: str, ends: dict[str, pl.Expr], *, unit: str) -> pl.LazyFrame:
    sides = ("", "_1", "_2")
    return rows.select(
        *NODE,
        pl.lit(measure).alias("measure"),
        "month",
        ends["value"].alias("value"),
        pl.lit(unit).alias("unit"),
        pl.max_horizontal(f"published_at{side}" for side in sides).alias("published_at"),
        ends["lower"].alias("lower"),
        ends["upper"].alias("upper"),
        pl.concat_str([f"figure_ids{side}" for side in sides], separator=" ").alias("figure_ids"),
        pl.lit("").alias("reason"),
    )
