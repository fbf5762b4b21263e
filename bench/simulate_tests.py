"""How often the tests of the track record reject a true null, and how often they see a real difference.

Run `python bench/simulate_tests.py` from the root of the repository. Prints sizes at a nominal 5 % and power,
with the Monte Carlo standard error. `tests/tasks/scoring/test_sizes.py` holds the sizes to their limits.
"""

import argparse

import numpy as np
import polars as pl

from tasks.scoring.efficiency import compute_efficiency, sum_efficiency
from tasks.scoring.loss_tests import compare_losses

SEED = 20260205


def reject_diebold_mariano(
    n: int, replications: int, *, ratio: float = 1.0, horizon: int = 1, seed: int = SEED
) -> float:
    """Share of p < 5 % for two forecasters with independent normal errors, MAE of the first `ratio` of the second's.

    Beyond one month ahead errors are moving averages over the horizon, as those of efficient forecasts are.
    """
    rng = np.random.default_rng(seed)

    def errors(scale: float) -> np.ndarray:
        shocks = rng.normal(0, scale, (replications, n + horizon - 1))
        return sum(shocks[:, k : k + n] for k in range(horizon)) / np.sqrt(horizon)

    losses = np.abs(errors(ratio)) - np.abs(errors(1.0))
    rows = pl.DataFrame(
        {
            "gid": np.repeat(np.arange(replications), n),
            "month_no": np.tile(np.arange(24_000, 24_000 + n), replications),
            "d": losses.ravel(),
        }
    ).with_columns(pl.lit(horizon, pl.Int64).alias("horizon"))
    return float((compare_losses(rows, ["d"])["d_p"].fill_null(1.0) < 0.05).mean())


def reject_mincer_zarnowitz(n: int, replications: int, *, seed: int = SEED) -> float:
    """Share of p < 5 % for an efficient one-month-ahead forecast: a = f + u."""
    rng = np.random.default_rng(seed)
    rows = pl.DataFrame(
        {
            "gid": np.repeat(np.arange(replications), n),
            "f": rng.normal(3, 8, replications * n),
            "e": rng.normal(0, 4, replications * n),
        }
    )
    groups = rows.group_by("gid").agg(
        *sum_efficiency(pl.col("e"), pl.col("f")),
        pl.len().cast(pl.Int64).alias("n_points"),
        pl.lit(1).alias("horizon"),
        pl.lit(1).alias("n_series"),
    )
    return float((compute_efficiency(groups, least_p=12)["mz_p"] < 0.05).mean())


def reject_mincer_zarnowitz_hac(n: int, replications: int, *, seed: int = SEED) -> float:
    """The same null by the HAC variant that Trona does not use: why it does not."""
    import statsmodels.api as sm

    rng = np.random.default_rng(seed)
    rejected = 0
    for _ in range(replications):
        f, u = rng.normal(3, 8, n), rng.normal(0, 4, n)
        fit = sm.OLS(f + u, sm.add_constant(f)).fit(cov_type="HAC", cov_kwds={"maxlags": 3})
        rejected += float(fit.f_test((np.eye(2), np.array([0.0, 1.0]))).pvalue) < 0.05
    return rejected / replications


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--replications", type=int, default=50_000)
    count = parser.parse_args().replications
    error = np.sqrt(0.05 * 0.95 / count)
    print(f"{count} replications; a true 5 % shows as 5.0 ± {100 * 2 * error:.1f} %")
    for n in (12, 24, 36):
        size = reject_diebold_mariano(n, count)
        power = reject_diebold_mariano(n, count, ratio=0.7)
        mz = reject_mincer_zarnowitz(n, count)
        sizes = f"size of DM {100 * size:.1f} %, of MZ {100 * mz:.1f} %"
        print(f"n={n}: {sizes}; DM sees a 30 % better MAE in {100 * power:.0f} %")
    for n in (12, 24):
        print(f"n={n}, two months ahead: DM size {100 * reject_diebold_mariano(n, count, horizon=2):.1f} %")
        print(f"n={n}: MZ with HAC errors rejects {100 * reject_mincer_zarnowitz_hac(n, 2000):.0f} %")


if __name__ == "__main__":
    main()
