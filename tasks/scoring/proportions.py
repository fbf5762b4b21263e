"""Shares with their uncertainty: exact binomial test and Clopper-Pearson interval, over whole columns."""

import polars as pl


def compute_hit_p(hits: pl.Series, n: pl.Series, rate: pl.Series) -> pl.Series:
    """One-sided exact binomial p: the chance of at least `hits` of `n` at success rate `rate`.

    P(X ≥ k) for X ~ Binomial(n, rate), by the regularised incomplete beta function I_rate(k, n-k+1). Null
    where `n` is 0 or any input is null.
    """
    from scipy.special import betainc  # noqa: PLC0415 - slow to import, and only a record needs it

    frame = pl.DataFrame({"k": hits, "n": n, "p": rate}).cast(pl.Float64)
    k, total, p = (frame[c].fill_null(1.0) for c in ("k", "n", "p"))
    tail = betainc(k.clip(1).to_numpy(), (total - k + 1).clip(1).to_numpy(), p.to_numpy())
    values = pl.select(pl.when(k == 0).then(1.0).otherwise(pl.Series(tail))).to_series()
    known = frame.select(pl.all_horizontal(pl.all().is_not_null()) & (pl.col("n") > 0)).to_series()
    return pl.select(pl.when(known).then(values)).to_series()


def bound_share(hits: pl.Series, n: pl.Series, *, confidence: float = 0.95) -> tuple[pl.Series, pl.Series]:
    """Clopper-Pearson interval of `hits` of `n` (C. J. Clopper, E. S. Pearson, Biometrika 26, 1934).

    Lower end: the α/2 quantile of Beta(k, n-k+1), 0 where k = 0; upper end: the 1-α/2 quantile of
    Beta(k+1, n-k), 1 where k = n. Null where `n` is 0.
    """
    from scipy.special import betaincinv  # noqa: PLC0415 - slow to import, and only a record needs it

    tail = (1 - confidence) / 2
    k, total = hits.fill_null(0).cast(pl.Float64), n.fill_null(0).cast(pl.Float64)
    lower = betaincinv(k.clip(1).to_numpy(), (total - k + 1).clip(1).to_numpy(), tail)
    upper = betaincinv((k + 1).to_numpy(), (total - k).clip(1).to_numpy(), 1 - tail)
    frame = pl.DataFrame({"k": k, "n": total, "lower": lower, "upper": upper})
    ends = frame.select(
        pl.when(pl.col("n") > 0).then(pl.when(pl.col("k") > 0).then("lower").otherwise(0.0)).alias("lower"),
        pl.when(pl.col("n") > 0).then(pl.when(pl.col("k") < pl.col("n")).then("upper").otherwise(1.0)).alias("upper"),
    )
    return ends["lower"], ends["upper"]
