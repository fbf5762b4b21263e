"""Percents written as fractions: 0.06 where 6 is meant."""

import polars as pl

from contracts.rules.rule import BREACHES, report_breaches
from contracts.text import fill_text
from contracts.vocabulary import measures_of

_FEWEST = 3
_WHOLE = 0.5
_RATIO = 100


def find_fraction_columns(figures: pl.DataFrame) -> pl.DataFrame:
    """Metric and measure whose percents all look like fractions: `metric, measure, n, example`.

    At least three numbers other than 0, all of at most 1 in size and printed with decimals. Monthly changes
    of prices are left out: they do stay below 1 % in calm months.
    """
    stated = figures.lazy().filter(
        pl.col("measure").is_in(measures_of("growth", "share")),
        pl.col("value") != 0,
        ~((pl.col("metric") == "price") & (pl.col("measure") == "mom_pct")),
    )
    looks = (
        stated.group_by("metric", "measure")
        .agg(n=pl.len(), largest=pl.col("value").abs().max(), coarsest=pl.col("half_width").max())
        .filter(pl.col("n") >= _FEWEST, pl.col("largest") <= 1.0, pl.col("coarsest") < _WHOLE)
        .sort("metric", "measure")
        .drop("largest", "coarsest")
        .collect()
    )
    if looks.is_empty():
        return looks.with_columns(example=pl.lit(""))
    largest = pl.col("value").sort(descending=True).head(3).cast(pl.String).str.join(", ")
    examples = stated.group_by("metric", "measure").agg(example=largest).collect()
    return looks.join(examples, on=["metric", "measure"], maintain_order="left")


def find_fractions(figures: pl.DataFrame) -> pl.DataFrame:
    """Breaches of `percent_not_fraction`: 0.06 among percents that are otherwise printed whole.

    A value of less than 1 in size with two decimals or more, where the release prints at least three other
    percents of that measure's family and all of them without decimals. One of one decimal is let be: 0.5 may be
    a half percent.
    """
    percents = (
        figures.lazy()
        .with_row_index("index")
        .filter(pl.col("measure").is_in(measures_of("growth", "share")), pl.col("value").is_not_null())
        .select("index", "measure", "value", is_whole=pl.col("half_width") >= _WHOLE, odd=_looks_like_fraction())
        .collect()
    )
    others = percents.filter(~pl.col("odd"))
    if others.height < _FEWEST or not others["is_whole"].all():
        return BREACHES.to_frame()
    rows = percents.filter("odd").select(
        "index",
        value=fill_text("{}={}", "measure", "value"),
        message=fill_text(
            "percents are stated as 6, not 0.06; all others here are whole numbers: {} or {}?",
            (pl.col("value") * _RATIO).round(6),
            "value",
        ),
    )
    return report_breaches(rows, rule="percent_not_fraction", column="value")


def _looks_like_fraction() -> pl.Expr:
    return (pl.col("value").abs() < 1.0) & (pl.col("value") != 0) & (pl.col("half_width") < 0.01)
