"""Mincer-Zarnowitz: regress the actual on the forecast; an efficient forecast has intercept 0 and slope 1.

a = α + β f + u by least squares; joint F test of α = 0 and β = 1 with (2, n-2) degrees of freedom.
Computed on the surprise e = α + (β-1) f + u, which keeps digits where forecasts are large. The plain F
test holds for one-month-ahead forecasts only; heteroskedasticity-robust and HAC variants reject a true
null far too often in samples this short. J. Mincer, V. Zarnowitz, NBER, 1969.
"""

import polars as pl

LEAST_COEFFICIENTS, LEAST_P = 12, 24
_FLAT = 1e-20


def sum_efficiency(error: pl.Expr, forecast: pl.Expr) -> list[pl.Expr]:
    """Aggregations of a group's point forecasts that `compute_efficiency` needs."""
    f = pl.when(error.is_not_null()).then(forecast)
    return [
        f.mean().alias("mz_f"),
        error.mean().alias("mz_e"),
        f.var(ddof=0).alias("mz_ff"),
        error.var(ddof=0).alias("mz_ee"),
        pl.cov(f, error, ddof=0).alias("mz_fe"),
        (f**2).mean().alias("mz_square"),
    ]


def compute_efficiency(groups: pl.DataFrame, *, least_p: int = LEAST_P) -> pl.DataFrame:
    """`mz_intercept`, `mz_slope`, `mz_f_stat`, `mz_p` and `mz_reason`, a row per row of `groups`.

    `groups` has the columns of `sum_efficiency`, `n_points`, `horizon` (longest lead) and `n_series`.
    Coefficients from n = 12; the p-value from `least_p` on, for one series one month ahead. Reasons:
    `n_below_12`, `n_below_24`, `constant_forecast`, `no_spread` (no residual), `overlapping_leads`,
    `several_series`.
    """
    from scipy.special import fdtrc  # noqa: PLC0415 - slow to import, and only a record needs it

    n = pl.col("n_points").cast(pl.Float64)
    varied = pl.col("mz_ff") > _FLAT * pl.col("mz_square")
    shift = pl.when(n >= LEAST_COEFFICIENTS, varied).then(pl.col("mz_fe") / pl.col("mz_ff"))
    frame = groups.with_columns(shift.alias("_shift")).with_columns(
        (pl.col("_shift") + 1).alias("mz_slope"),
        (pl.col("mz_e") - pl.col("_shift") * pl.col("mz_f")).alias("mz_intercept"),
        (pl.col("mz_ee") - pl.col("_shift") * pl.col("mz_fe")).alias("_residual"),
        (pl.col("mz_ee") + pl.col("mz_e") ** 2).alias("_restricted"),
    )
    spread = pl.col("_residual") > _FLAT * pl.max_horizontal("_restricted", "mz_square")
    ratio = (pl.col("_restricted") - pl.col("_residual")) / 2 / (pl.col("_residual") / (n - 2))
    testable = (n >= least_p) & spread & (pl.col("horizon") <= 1) & (pl.col("n_series") == 1)
    reason = (
        pl.when(n < LEAST_COEFFICIENTS)
        .then(pl.lit("n_below_12"))
        .when(~varied)
        .then(pl.lit("constant_forecast"))
        .when(pl.col("n_series") > 1)
        .then(pl.lit("several_series"))
        .when(pl.col("horizon") > 1)
        .then(pl.lit("overlapping_leads"))
        .when(n < least_p)
        .then(pl.lit("n_below_24"))
        .when(~spread)
        .then(pl.lit("no_spread"))
        .otherwise(pl.lit(""))
    )
    frame = frame.with_columns(pl.when(testable).then(ratio).alias("mz_f_stat"), reason.alias("mz_reason"))
    p = fdtrc(2, (frame["n_points"] - 2).clip(1).to_numpy(), frame["mz_f_stat"].fill_null(0.0).to_numpy())
    return frame.select(
        "mz_intercept",
        "mz_slope",
        "mz_f_stat",
        pl.when(pl.col("mz_f_stat").is_not_null()).then(pl.Series(p)).alias("mz_p"),
        "mz_reason",
    )
