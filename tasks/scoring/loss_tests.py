"""Diebold-Mariano with the correction of Harvey, Leybourne and Newbold, for one forecast against another.

For loss differences d_t = |e_t| - |b_t| (negative: the forecast beats the benchmark) of h-step forecasts:
γ_k = Σ (d_t - d̄)(d_{t-k} - d̄)/n, V = (γ_0 + 2 Σ_{k<h} γ_k)/n, statistic = c·d̄/√V with
c = √((n + 1 - 2h + h(h-1)/n)/n), referred to Student's t with n-1 degrees of freedom.
F. X. Diebold, R. S. Mariano, JBES 13, 1995; D. Harvey, S. Leybourne, P. Newbold, IJF 13, 1997.

Months are those of the calendar: a missing month takes its pairs with it and shifts no other.
"""

from collections.abc import Sequence

import polars as pl

LEAST_N = 8
_MONTHS = 65536
_FLAT = 1e-20  # a variance this small against the squared losses is rounding, not spread


def compare_losses(rows: pl.DataFrame, benchmarks: Sequence[str]) -> pl.DataFrame:
    """Test the mean loss difference of each benchmark, per group.

    Parameters: `rows` has `gid` (group), `month_no`, `horizon` (h; the longest of a group holds) and one column of loss
    differences per benchmark, null where either loss is unknown; at most one row per group and month.

    Returns one row per `gid` with, per benchmark b: `{b}_n`, `{b}_diff` (mean difference), `{b}_stat`,
    `{b}_p` (two-sided), `{b}_lower`, `{b}_upper` (95 % interval of the mean difference) and `{b}_reason`:
    `n_below_8`, `no_spread` (V ≤ 0, so all differences equal, or no finite correction) or empty.
    """
    base = rows.group_by("gid").agg(
        pl.col("horizon").max(),
        *(pl.col(b).count().alias(f"{b}_n") for b in benchmarks),
        *(pl.col(b).mean().alias(f"{b}_diff") for b in benchmarks),
        *(pl.col(b).var(ddof=0).alias(f"{b}_v") for b in benchmarks),
        *((pl.col(b) ** 2).mean().alias(f"{b}_square") for b in benchmarks),
    )
    base = base.join(_sum_autocovariances(rows, base, benchmarks), on="gid", how="left")
    return _finish_tests(base, benchmarks).sort("gid")


def _sum_autocovariances(rows: pl.DataFrame, base: pl.DataFrame, benchmarks: Sequence[str]) -> pl.DataFrame:
    """Σ_{k=1}^{h-1} γ_k per group and benchmark, over calendar pairs."""
    longest = int(base["horizon"].max() or 1) if base.height else 1  # type: ignore[arg-type]  # an integer column
    if longest < 2:
        return base.select("gid", *(pl.lit(0.0).alias(f"{b}_cov") for b in benchmarks))
    means = base.filter(pl.col("horizon") > 1).select(
        "gid", "horizon", *(pl.col(f"{b}_diff").alias(f"{b}_mean") for b in benchmarks)
    )
    far = (
        rows.drop("horizon")
        .join(means, on="gid")
        .with_columns(
            *((pl.col(b) - pl.col(f"{b}_mean")).alias(b) for b in benchmarks),
            (pl.col("gid").cast(pl.Int64) * _MONTHS + pl.col("month_no")).alias("key"),
        )
        .select("gid", "key", "horizon", *benchmarks)
        .sort("key")
    )
    far = _fill_gaps(far, benchmarks)
    sums = [_pair_products(far.filter(pl.col("horizon") > k), k, benchmarks) for k in range(1, longest)]
    totals = pl.concat(sums).group_by("gid").agg(pl.col(f"{b}_cov").sum() for b in benchmarks)
    counts = base.select("gid", *(pl.col(f"{b}_n") for b in benchmarks))
    return counts.join(totals, on="gid", how="left").select(
        "gid", *((pl.col(f"{b}_cov").fill_null(0.0) / pl.col(f"{b}_n")).alias(f"{b}_cov") for b in benchmarks)
    )


def _fill_gaps(far: pl.DataFrame, benchmarks: Sequence[str]) -> pl.DataFrame:
    """Add an empty row for each missing month of the groups that have one, so that rows are months."""
    step = pl.col("key").diff()
    same = pl.col("gid").eq(pl.col("gid").shift())
    gaps = far.filter((same & (step > 1)).fill_null(value=False)).select("gid").unique()
    if gaps.is_empty():
        return far
    spans = (
        far.join(gaps, on="gid", how="semi")
        .group_by("gid")
        .agg(
            pl.col("horizon").first(), pl.int_ranges(pl.col("key").min(), pl.col("key").max() + 1).first().alias("key")
        )
        .explode("key", empty_as_null=False)
    )
    missing = spans.join(far.select("key"), on="key", how="anti").select(
        "gid", "key", "horizon", *(pl.lit(None, pl.Float64).alias(b) for b in benchmarks)
    )
    return pl.concat([far, missing]).sort("key")


def _pair_products(far: pl.DataFrame, lag: int, benchmarks: Sequence[str]) -> pl.DataFrame:
    """Σ over pairs `lag` months apart of the product of centred differences, per group."""
    paired = pl.col("gid").eq(pl.col("gid").shift(lag))
    return (
        far.select(
            "gid", *((pl.col(b) * pl.when(paired).then(pl.col(b).shift(lag))).alias(f"{b}_cov") for b in benchmarks)
        )
        .group_by("gid")
        .agg(pl.col(f"{b}_cov").sum() for b in benchmarks)
    )


def _finish_tests(base: pl.DataFrame, benchmarks: Sequence[str]) -> pl.DataFrame:
    from scipy.special import stdtr, stdtrit  # noqa: PLC0415 - slow to import, and only a record needs it

    columns: list[pl.Series] = [base["gid"]]
    for b in benchmarks:
        n, h = pl.col(f"{b}_n").cast(pl.Float64), pl.col("horizon").cast(pl.Float64)
        variance = (pl.col(f"{b}_v") + 2 * pl.col(f"{b}_cov")) / n
        correction = (n + 1 - 2 * h + h * (h - 1) / n) / n
        spread = (variance > _FLAT * pl.col(f"{b}_square")) & (variance > 0) & (correction > 0)
        error = pl.when(n >= LEAST_N, spread).then((variance / correction).sqrt())
        reason = (
            pl.when(n < LEAST_N)
            .then(pl.lit("n_below_8"))
            .when(spread.fill_null(value=False))
            .then(pl.lit(""))
            .otherwise(pl.lit("no_spread"))
        )
        part = base.select(
            n.alias("n"), pl.col(f"{b}_diff").alias("diff"), error.alias("error"), reason.alias("reason")
        )
        part = part.with_columns((pl.col("diff") / pl.col("error")).alias("stat"))
        freedom = part["n"].clip(2).to_numpy() - 1
        p = 2 * stdtr(freedom, -part["stat"].abs().fill_null(0.0).to_numpy())
        reach = pl.Series(stdtrit(freedom, 0.975)) * part["error"]
        part = part.with_columns(pl.when(pl.col("stat").is_not_null()).then(pl.Series("p", p)).alias("p"))
        columns += [
            base[f"{b}_n"].cast(pl.Int64),
            part["diff"].alias(f"{b}_diff"),
            part["stat"].alias(f"{b}_stat"),
            part["p"].alias(f"{b}_p"),
            (part["diff"] - reach).alias(f"{b}_lower"),
            (part["diff"] + reach).alias(f"{b}_upper"),
            part["reason"].alias(f"{b}_reason"),
        ]
    return pl.DataFrame(columns)
