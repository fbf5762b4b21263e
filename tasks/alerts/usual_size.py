"""How far a series usually strays: conformal bands from what was known, and nothing later."""

from collections.abc import Sequence

import polars as pl

ENOUGH_FOR_80, ENOUGH_FOR_90 = 4, 9
MEMORY_MONTHS = 12


def add_usual_size(rows: pl.DataFrame, past: pl.DataFrame, *, by: Sequence[str]) -> pl.DataFrame:
    """`rows` with n_past, band_80 and band_90: the usual size of `error` in the past of the same series.

    Split conformal: of the n sizes |error|, the one of rank ⌈(n+1)(1−α)⌉ in ascending order,
    from n = 4 on for 80 % and n = 9 on for 90 %, else null (Lei et al. 2018, doi 10.1080/01621459.2017.1307116).
    `rows` carries `by`, `row` (unique) and `month`; `past` carries `by`, `month` and `error`, as known at the instant
    of evaluation. The twelve months before a row's month count. Same rows out as in.
    """
    size = (
        rows.lazy()
        .select(*by, "row", "month")
        .join(past.lazy().select(*by, pl.col("month").alias("past"), "error"), on=list(by))
        .filter(
            pl.col("past") < pl.col("month"),
            pl.col("past") >= pl.col("month").dt.offset_by(f"-{MEMORY_MONTHS}mo"),
            pl.col("error").is_not_null(),
        )
        .group_by("row")
        .agg(pl.col("error").abs().sort().alias("sizes"))
        .with_columns(pl.col("sizes").list.len().cast(pl.Int64).alias("n_past"))
        .with_columns(
            _rank_of(pl.lit(4), pl.lit(5), ENOUGH_FOR_80).alias("band_80"),
            _rank_of(pl.lit(9), pl.lit(10), ENOUGH_FOR_90).alias("band_90"),
        )
        .drop("sizes")
        .collect()
    )
    return rows.join(size, on="row", how="left").with_columns(pl.col("n_past").fill_null(0))


def _rank_of(numerator: pl.Expr, denominator: pl.Expr, enough: int) -> pl.Expr:
    """The size of rank ⌈(n+1)·numerator/denominator⌉, in integers so that no rounding moves the rank."""
    n = pl.col("n_past")
    rank = ((n + 1) * numerator + denominator - 1) // denominator
    value = pl.col("sizes").list.get(rank - 1, null_on_oob=True)
    return pl.when(n >= enough).then(value)
