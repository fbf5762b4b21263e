"""Whether a forecaster's bias has changed: its mean surprise over a moving window, and a test of the largest one.

For surprises e_1 … e_n and windows of m in a row: F_t = √m · (mean of the window)/s, s the standard deviation of all n.
The test asks how often surprises without bias, independent and normal, have a largest |F_t| as large as that found
(after R. Giacomini, B. Rossi, Journal of Applied Econometrics 25, 2010, whose limit holds for long series only): it is
answered by simulation for each n, with a fixed seed, so that it keeps its size in short series too.
"""

from functools import cache
from typing import TYPE_CHECKING

import polars as pl

from contracts.errors import UsageError
from contracts.track_record import RECORD_KEY, ROLLING_BIAS

if TYPE_CHECKING:
    import numpy as np

WINDOW = 12
_DRAWS = 4000
_SEED = 20260205


def roll_bias(scores: pl.DataFrame, *, window: int = WINDOW) -> pl.DataFrame:
    """One row per series, lead and month that ends a window of so many scored months; columns of `ROLLING_BIAS`.

    `scores` are `SCORES`; of several forecasts for a month the last issued in time counts. A window is of scored months
    in a row, whatever lies between them. `fluctuation_p` is that of the whole series, `is_largest` marks the window
    that it is about. Reasons: `n_below_{window + 1}` (a single window), `overlapping_leads`, `no_spread`.
    Raises `UsageError` for a window under 3.
    """
    if window < 3:
        raise UsageError(f"a window of {window} months is too short", next="take 3 or more; 12 is usual")
    keys = list(RECORD_KEY)
    scored = scores.filter(
        pl.col("status") == "scored", pl.col("issue").is_in(["last", "only"]), pl.col("surprise").is_not_null()
    ).sort(*keys, "month", "forecast_id")
    scored = scored.unique([*keys, "unit", "month"], keep="last", maintain_order=True)
    e = pl.col("surprise")
    rows = scored.select(
        *keys,
        "unit",
        pl.col("month").alias("last_month"),
        pl.col("month").shift(window - 1).over(*keys, "unit").alias("first_month"),
        pl.len().over(*keys, "unit").cast(pl.Int64).alias("n_all"),
        e.rolling_mean(window).over(*keys, "unit").alias("mean_surprise"),
        e.abs().rolling_mean(window).over(*keys, "unit").alias("mae"),
        e.std().over(*keys, "unit").alias("_spread"),
        e.abs().max().over(*keys, "unit").alias("_largest"),
    ).filter(pl.col("first_month").is_not_null())
    flat = pl.col("_spread") <= 1e-10 * pl.col("_largest")
    rows = rows.with_columns(
        pl.lit(window, pl.Int64).alias("n"),
        pl.when(~flat).then(window**0.5 * pl.col("mean_surprise") / pl.col("_spread")).alias("stat"),
        pl.when(pl.col("n_all") <= window)
        .then(pl.lit(f"n_below_{window + 1}"))
        .when(pl.col("lead_months") > 1)
        .then(pl.lit("overlapping_leads"))
        .when(flat)
        .then(pl.lit("no_spread"))
        .otherwise(pl.lit(""))
        .alias("reason"),
    ).with_columns(pl.col("stat").abs().max().over(*keys, "unit").alias("_found"))
    largest = (pl.col("stat").abs() == pl.col("_found")).fill_null(value=False)
    tested = pl.when(pl.col("reason") == "").then(_find_p(rows, window))
    return ROLLING_BIAS.conform(rows.with_columns(largest.alias("is_largest"), tested.alias("fluctuation_p")))


def _find_p(rows: pl.DataFrame, window: int) -> pl.Series:
    """The chance of so large a statistic without bias, row by row."""
    p = pl.Series("p", [None] * rows.height, pl.Float64)
    for n in rows.filter(pl.col("reason") == "")["n_all"].unique().sort():
        draws = pl.Series(_simulate(n, window))
        at = (rows["n_all"] == n).arg_true()
        below = draws.search_sorted(rows["_found"].gather(at).fill_null(0.0), side="left")
        p = p.scatter(at, (_DRAWS - below.cast(pl.Float64) + 1) / (_DRAWS + 1))
    return p


@cache
def _simulate(n: int, window: int) -> "np.ndarray":
    """The largest |F_t| of each of many series without bias, in rising order."""
    import numpy as np  # noqa: PLC0415 - slow to import, and only this needs it

    drawn = np.random.default_rng(_SEED).normal(size=(_DRAWS, n))
    sums = np.cumsum(np.concatenate([np.zeros((_DRAWS, 1)), drawn], axis=1), axis=1)
    means = (sums[:, window:] - sums[:, :-window]) / window
    return np.sort(np.abs(means).max(axis=1) * window**0.5 / drawn.std(axis=1, ddof=1))
