"""A reading as one table: figures and doubtful readings with status and confidence, and every other number."""

import polars as pl

from contracts.readings import Reading

STATUSES = ("figure", "doubtful", "unresolved", "passed over")


def list_reading(reading: Reading, figures: pl.DataFrame, *, with_all: bool = False) -> pl.DataFrame:
    """Rows of `READ_FIGURES` with `status` and `confidence`, the given figures first and then the doubtful ones.

    `figures` are those of the reading that pass the contracts. With `with_all` each unresolved and passed-over number
    is a row too: its place, its sentence as evidence, the reason as note; its key is empty and
    its confidence null.
    """
    stated = reading.confidence or (1.0,) * reading.figures.height
    known = reading.figures.select("place", *_KEY).with_columns(confidence=pl.Series(stated, dtype=pl.Float64))
    rows = [
        figures.join(known.unique(["place", *_KEY], keep="first"), on=["place", *_KEY], how="left")
        .with_columns(status=pl.lit("figure")),
        reading.doubtful.with_columns(status=pl.lit("doubtful"), note="doubt").drop("doubt"),
    ]  # fmt: skip
    if with_all:
        rows.append(
            reading.numbers.select(
                "place",
                "status",
                evidence="sentence",
                note="reason",
                **{name: pl.lit("") for name in (*_KEY, "unit")},
            )
        )
    return pl.concat(rows, how="diagonal")


_KEY = ("segment", "product", "metric", "measure", "period", "kind")
