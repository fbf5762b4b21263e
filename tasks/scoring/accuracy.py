"""Plain accuracy of a group: errors, shares within, directions, ranges, quantiles, verdicts."""

from collections.abc import Sequence

import polars as pl

from contracts.scores import OWN_VERDICTS, VERDICTS
from tasks.scoring.proportions import bound_share, compute_hit_p
from tasks.scoring.quantiles import WIS_PARTS

_SIGNS = {"up": 1, "flat": 0, "down": -1}


def aggregate_accuracy(percents: Sequence[int], *, has_wis: bool = False) -> list[pl.Expr]:
    """Aggregations over a group's scored forecasts; `percents` are the central intervals there are."""
    e, size = pl.col("surprise"), pl.col("abs_error")
    scored = size.is_not_null()
    in_points = pl.col("unit").is_in(["%", "pp"])
    f, a = pl.col("forecast_direction"), pl.col("actual_direction")
    pair = 3 * f + a
    both = f.is_not_null() & a.is_not_null()
    ends = pl.col("forecast_lower").is_not_null().cast(pl.Int8) + pl.col("forecast_upper").is_not_null().cast(pl.Int8)
    no_point = pl.col("forecast").is_null()
    means = [pl.col(name).mean() for name in ("wis", *WIS_PARTS)]
    wis = [*means, pl.col("wis").count().cast(pl.Int64).alias("n_wis")] if has_wis else []
    return [
        *aggregate_errors(),
        size.median().alias("mdae"),
        *(pl.when(in_points).then(size <= k + 1e-9).mean().alias(f"within_{k}") for k in (1, 2, 5)),
        e.count().cast(pl.Int64).alias("n_points"),
        (scored & no_point & (ends == 2)).sum().cast(pl.Int64).alias("n_ranges"),
        (no_point & (ends == 1)).sum().cast(pl.Int64).alias("n_bounds"),
        pl.col("is_covered").mean().alias("range_coverage"),
        pl.col("width").mean().alias("range_width"),
        both.sum().cast(pl.Int64).alias("n_directions"),
        (f == a).sum().cast(pl.Int64).alias("direction_hits"),
        *((pair == 3 * _SIGNS[x] + _SIGNS[y]).sum().cast(pl.Int64).alias(f"{x}_{y}") for x in _SIGNS for y in _SIGNS),
        *((pl.col("verdict") == v).sum().cast(pl.Int64).alias(f"verdict_{v}") for v in VERDICTS if v),
        *((pl.col("own_verdict") == v).sum().cast(pl.Int64).alias(f"n_{v}") for v in OWN_VERDICTS if v),
        pl.col("interval_score").mean().alias("range_score"),
        *wis,
        *(pl.col(f"covered_{p}").sum().alias(f"_covered_{p}") for p in percents),
        *(pl.col(f"covered_{p}").count().cast(pl.Int64).alias(f"n_coverage_{p}") for p in percents),
        *(pl.col(f"interval_score_{p}").mean().alias(f"interval_score_{p}") for p in percents),
    ]


def aggregate_errors() -> list[pl.Expr]:
    """n, first and last month, mean surprise, MAE and RMSE of a group's scored forecasts."""
    e, size = pl.col("surprise"), pl.col("abs_error")
    month = pl.when(size.is_not_null()).then("month")
    return [
        size.count().cast(pl.Int64).alias("n"),
        month.min().alias("first_month"),
        month.max().alias("last_month"),
        e.mean().alias("mean_surprise"),
        size.mean().alias("mae"),
        (e * e).mean().sqrt().alias("rmse"),
    ]


def finish_accuracy(groups: pl.DataFrame, percents: Sequence[int]) -> pl.DataFrame:
    """Add rates, their intervals and the binomial p, from the aggregations.

    `hits`, `hit_rate` and `hit_p` are the former names of `direction_hits`, `direction_hit_rate`, `direction_hit_p`.
    """
    n = pl.col("n_directions")
    base = pl.max_horizontal(pl.sum_horizontal(f"{f}_{a}" for f in _SIGNS) for a in _SIGNS) / n
    groups = groups.with_columns(
        pl.when(n > 0).then(pl.col("direction_hits") / n).alias("direction_hit_rate"),
        pl.when(n > 0).then(base).alias("base_rate"),
    )
    lower, upper = bound_share(groups["direction_hits"], groups["n_directions"])
    rival = groups.select(pl.max_horizontal("base_rate", pl.lit(0.5))).to_series()
    groups = groups.with_columns(
        lower.alias("direction_hit_rate_lower"),
        upper.alias("direction_hit_rate_upper"),
        compute_hit_p(groups["direction_hits"], groups["n_directions"], rival).alias("direction_hit_p"),
    )
    groups = groups.with_columns(pl.col(f"direction_{name}").alias(name) for name in ("hits", "hit_rate", "hit_p"))
    for p in percents:
        low, high = bound_share(groups[f"_covered_{p}"], groups[f"n_coverage_{p}"])
        share = pl.when(pl.col(f"n_coverage_{p}") > 0).then(pl.col(f"_covered_{p}") / pl.col(f"n_coverage_{p}"))
        groups = groups.with_columns(
            share.alias(f"coverage_{p}"), low.alias(f"coverage_{p}_lower"), high.alias(f"coverage_{p}_upper")
        )
    return groups
