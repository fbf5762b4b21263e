"""Figures in words, as columns of text: what is measured, and the number with its unit and measure."""

from collections.abc import Mapping

import polars as pl

from contracts.chain import Chain
from contracts.text import fill_text
from contracts.wording import FAMILIES, METRIC_WORDS, measure_words, unit_of_measure, write_value

_DIRECTIONS = {1.0: "up", 0.0: "flat", -1.0: "down"}


def name_series(chains: Mapping[str, Chain]) -> pl.DataFrame:
    """The label of every node of these chains: columns chain, segment, product, label.

    `Cathode materials` for a segment's total, `Cathode materials · NFPP` for a product in it.
    """
    rows = [
        (chain.name, segment.name, product, f"{segment.title} · {title}" if product else segment.title)
        for chain in chains.values()
        for segment in chain.segments
        for product, title in (("", ""), *((p.name, p.title) for p in segment.products))
    ]
    schema = dict.fromkeys(("chain", "segment", "product", "label"), pl.String)
    return pl.DataFrame(rows, schema=schema, orient="row")


def add_series_label(frame: pl.DataFrame, chains: Mapping[str, Chain]) -> pl.DataFrame:
    """The frame (chain, segment, product, metric) with the column `series`: its label, and the metric unless output.

    A segment or product that no definition names is shown by its id.
    """
    by_id = pl.concat_str("segment", pl.col("product").replace("", None), separator=" · ", ignore_nulls=True)
    metric = pl.col("metric").replace_strict(METRIC_WORDS, default=pl.col("metric"))
    of_metric = pl.when(pl.col("metric") == "production").then(pl.lit("")).otherwise(pl.lit(", ") + metric)
    return (
        frame.join(name_series(chains), on=["chain", "segment", "product"], how="left", maintain_order="left")
        .with_columns((pl.coalesce("label", by_id) + of_metric).alias("series"))
        .drop("label")
    )


def write_stated(value: str, lower: str, upper: str) -> pl.Expr:
    """A figure as it is stated: `+2 % MoM`, `41 % share`, `91,050 t`, `up`, `3 % … 5 % YoY`, `above 25 % YoY`.

    Takes the names of the columns that hold value and ends (each may be null); reads `measure` and `unit`.
    """
    measure = pl.col("measure")
    unit = pl.coalesce(unit_of_measure(measure), pl.col("unit").replace("", None), pl.lit(""))
    point, low, high = (write_value(pl.col(name), measure, unit) for name in (value, lower, upper))
    ends = pl.coalesce(fill_text("{} … {}", low, high), pl.lit("above ") + low, pl.lit("below ") + high)
    number = pl.coalesce(point, ends).str.strip_chars_end(" ") + write_measure()
    sign = pl.col(value).replace_strict(_DIRECTIONS, default=None, return_dtype=pl.String)
    return pl.when(measure == "direction").then(sign).otherwise(number)


def write_measure() -> pl.Expr:
    """` MoM`, ` YoY`, ` share` …: what a number of this measure is said against."""
    measure = pl.col("measure")
    words = measure_words(measure).str.replace(", year to date", " to date", literal=True)
    return pl.when(measure.replace_strict(FAMILIES, default="") == "share").then(pl.lit(" share")).otherwise(words)
