"""Where a month stands in its own history: rank and percentile among the months up to it."""

import polars as pl

_SERIES = ("source", "chain", "segment", "product", "metric", "measure")
LEAST = 8
"""Fewest months that a rank is worth."""


def rank_in_history(figures: pl.DataFrame) -> pl.DataFrame:
    """`rank` (1 = the highest), `n_history` and `percentile` of reported growth among all months up to it.

    `figures` has one row per key. `percentile` is the part of these months, itself included, that is at or below it,
    in %. All three are null with fewer than `LEAST` months. Columns `SERIES`, `month` and the three.
    """
    rows = figures.filter(
        pl.col("measure").is_in(["mom_pct", "yoy_pct"]),
        pl.col("kind") == "actual",
        pl.col("is_monthly"),
        pl.col("value").is_not_null(),
    ).sort(*_SERIES, "month")
    n = pl.int_range(1, pl.len() + 1).over(_SERIES)
    most = max(rows.height, 1)

    def place(method: str) -> pl.Expr:
        ranks = pl.col("value").rolling_rank(most, method=method, min_samples=1)  # type: ignore[arg-type]
        return ranks.over(_SERIES).cast(pl.Int64)

    counted = rows.select(*_SERIES, "month", n=n, at_or_below=place("max"))
    is_enough = pl.col("n") >= LEAST
    return counted.select(
        *_SERIES,
        "month",
        rank=pl.when(is_enough).then(pl.col("n") - pl.col("at_or_below") + 1).cast(pl.Int32),
        n_history=pl.when(is_enough).then(pl.col("n")).cast(pl.Int32),
        percentile=pl.when(is_enough).then(100.0 * pl.col("at_or_below") / pl.col("n")),
    )
