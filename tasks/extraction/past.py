"""Readings that the past of their own series rules out: they are doubtful, whatever the words say.

The past is a value handed in: what the source had published before. Nothing here looks for it.
"""

from dataclasses import replace

import polars as pl

from contracts.readings import DOUBTFUL, Reading

_SERIES = ("segment", "product", "metric")
_OFF = 0.10
"""Part of a level by which it may differ, beside rounding, from the last level grown as stated: series are restated."""
_FAR = 4.0
"""How many times above its highest or below its lowest past level a series may go."""
_MONTHS = 6
"""Past levels that a series needs before one is far outside them."""


def doubt_by_past(reading: Reading, past: pl.DataFrame) -> Reading:
    """The reading with those figures doubtful that its series' past rules out.

    `past` has columns of `FIGURES`: what the source had published when the document appeared. Doubted are a level and
    the month-on-month growth stated beside it where level(m) and level(m-1) x (1 + growth / 100) differ by more than
    10 % of the latter beside rounding, and a level more than four times above or below all of at least six past ones.
    Only levels of months, actual, in units of weight, energy or price; bounds and ranges are left alone.
    """
    figures = reading.figures.with_row_index("row")
    doubts = pl.concat([_find_far(figures, past), _find_contradicted(figures, past)])
    doubts = doubts.unique("row", keep="first", maintain_order=True)
    if doubts.is_empty():
        return reading
    confidence = reading.confidence or (1.0,) * reading.figures.height
    marked = figures.with_columns(confidence=pl.Series(confidence, dtype=pl.Float64)).join(
        doubts, on="row", how="left", maintain_order="left"
    )
    is_doubted = pl.col("doubt").is_not_null()
    kept = marked.filter(~is_doubted)
    doubtful = marked.filter(is_doubted).select(DOUBTFUL.schema.names())
    return replace(
        reading,
        figures=kept.select(reading.figures.columns),
        confidence=tuple(kept["confidence"]),
        doubtful=pl.concat([reading.doubtful, doubtful]),
    )


def _levels(frame: pl.DataFrame) -> pl.DataFrame:
    """Exact levels of months in a unit that grows: no rate, which moves by points."""
    is_month = pl.col("period").str.contains(r"^\d{4}-\d{2}$")
    is_level = (pl.col("measure") == "level") & (pl.col("kind") == "actual") & (pl.col("unit") != "%")
    return frame.filter(is_month & is_level & pl.col("value").is_not_null() & (pl.col("value") > 0))


def _find_far(figures: pl.DataFrame, past: pl.DataFrame) -> pl.DataFrame:
    known = _levels(past).group_by(_SERIES).agg(
        low=pl.col("value").min(), high=pl.col("value").max(), months=pl.len()
    )  # fmt: skip
    found = _levels(figures).join(known.filter(pl.col("months") >= _MONTHS), on=_SERIES, how="inner", nulls_equal=True)
    value = pl.col("value")
    return found.filter((value > _FAR * pl.col("high")) | (value < pl.col("low") / _FAR)).select(
        "row", doubt=pl.lit("far outside what the series has been: ") + _say("low") + " to " + _say("high")
    )


def _find_contradicted(figures: pl.DataFrame, past: pl.DataFrame) -> pl.DataFrame:
    before = _levels(past).select(*_SERIES, "period", base="value", base_width=pl.col("half_width").fill_null(0.0))
    growth = figures.filter((pl.col("measure") == "mom_pct") & pl.col("value").is_not_null()).select(
        *_SERIES, "period", "kind", growth="value", growth_width=pl.col("half_width").fill_null(0.0), growth_row="row"
    )
    month = pl.col("period").str.to_date("%Y-%m", strict=False)
    pairs = (
        _levels(figures)
        .with_columns(earlier=month.dt.offset_by("-1mo").dt.strftime("%Y-%m"))
        .join(growth, on=[*_SERIES, "period", "kind"], how="inner", nulls_equal=True)
        .join(before, left_on=[*_SERIES, "earlier"], right_on=[*_SERIES, "period"], how="inner", nulls_equal=True)
        .with_columns(expected=pl.col("base") * (1 + pl.col("growth") / 100))
    )
    width = pl.col("half_width").fill_null(0.0) / pl.col("value") + pl.col("base_width") / pl.col("base")
    slack = _OFF + width + pl.col("growth_width") / 100
    wrong = pairs.filter((pl.col("value") / pl.col("expected") - 1).abs() > slack)
    doubt = pl.lit("the last level known, ") + _say("base") + ", grown as stated makes " + _say("expected")
    return pl.concat([wrong.select("row", doubt=doubt), wrong.select(row="growth_row", doubt=doubt)])


def _say(column: str) -> pl.Expr:
    """A number with at most one decimal, for a message."""
    return pl.col(column).round(1).cast(pl.String)
