"""Accuracy relative to naive forecasts: skill on identical months, MASE and RMSSE with calendar lags.

- skill = 1 - MAE_f/MAE_b over the months in which both are known
- MASE = mean of |e|/q, q = mean |a_t - a_{t-lag}| of the series; RMSSE = √(mean of e²/mean (a_t - a_{t-lag})²)
  (R. J. Hyndman, A. B. Koehler, IJF 22, 2006; M5 competition). Pairs are months of the calendar among
  the actuals that the series was scored against; a missing month takes its pairs with it.
"""

from collections.abc import Sequence

import polars as pl

from contracts.track_record import BENCHMARKS
from tasks.scoring.groups import find_duplicates
from tasks.scoring.naive import MONTHS

LAGS = (1, 12)
_LEAST_PAIRS = 6


def aggregate_skill() -> list[pl.Expr]:
    """Aggregations over a group's scored forecasts, per naive forecast on identical months."""
    found = []
    for b in BENCHMARKS:
        naive = (pl.col("actual") - pl.col(f"naive_{b}")).abs()
        both = pl.col("abs_error").is_not_null() & naive.is_not_null()
        found += [
            pl.when(both).then("abs_error").mean().alias(f"_mae_f_{b}"),
            pl.when(both).then(naive).mean().alias(f"mae_{b}"),
            both.sum().cast(pl.Int64).alias(f"n_{b}"),
        ]
    return found


def measure_scales(counted: pl.DataFrame, *, lags: Sequence[int] = LAGS) -> pl.DataFrame:
    """`mase`, `rmsse`, `mase_12`, `rmsse_12` and the reasons where they are null, per `gid`.

    Reasons: `fewer_than_6_pairs`, `scale_below_rounding` (the actual hardly changes: the scale is zero
    or below its rounding half-width). In a pooled group the series that have a scale count.
    """
    scales = _find_scales(counted, lags)
    cell = (pl.col("place") // MONTHS).alias("cell")  # one per group and series
    cells = (
        counted.lazy()
        .filter(pl.col("abs_error").is_not_null())
        .with_columns(cell.set_sorted() if counted["place"].is_sorted() else cell)
        .group_by("cell")
        .agg(
            pl.col("gid", "sid").first(),
            pl.col("abs_error").sum().alias("size"),
            pl.col("abs_error").count().alias("n"),
            (pl.col("surprise") ** 2).sum().alias("square"),
            pl.col("surprise").count().alias("points"),
        )
        .join(scales.lazy(), on="sid", how="left")
    )
    parts = []
    for lag in lags:
        name = "" if lag == 1 else f"_{lag}"
        known = pl.col(f"reason_{lag}") == ""
        n = pl.when(known).then("n").sum()
        points = pl.when(known).then("points").sum()
        mase = pl.when(known).then(pl.col("size") / pl.col(f"scale_{lag}")).sum() / n
        rmsse = (pl.when(known).then(pl.col("square") / pl.col(f"square_{lag}")).sum() / points).sqrt()
        parts += [
            pl.when(n > 0).then(mase).alias(f"mase{name}"),
            pl.when(points > 0).then(rmsse).alias(f"rmsse{name}"),
            pl.when(n > 0).then(pl.lit("")).otherwise(pl.col(f"reason_{lag}").first()).alias(f"mase{name}_reason"),
        ]
    return cells.group_by("gid").agg(parts).collect()


def _find_scales(counted: pl.DataFrame, lags: Sequence[int]) -> pl.DataFrame:
    """Mean absolute and mean squared change per series and lag, with the reason where there is none."""
    actuals = _select_actuals(counted)
    step = pl.col("key").diff()
    has_gaps = actuals.select(((step != 1) & (pl.col("sid") == pl.col("sid").shift())).any()).item()
    series = counted.select("sid").unique()
    for lag in lags:
        if has_gaps:
            before = actuals.select((pl.col("key") + lag).alias("key"), pl.col("actual").alias("before"))
            pairs = actuals.lazy().join(before.lazy(), on="key", how="left", maintain_order="left")
        else:
            is_pair = pl.col("key") - pl.col("key").shift(lag) == lag
            pairs = actuals.lazy().with_columns(pl.when(is_pair).then(pl.col("actual").shift(lag)).alias("before"))
        changes = (
            pairs.with_columns((pl.col("actual") - pl.col("before")).alias("change"))
            .group_by("sid")
            .agg(
                pl.col("change").abs().mean().alias(f"scale_{lag}"),
                (pl.col("change") ** 2).mean().alias(f"square_{lag}"),
                pl.col("change").count().alias("pairs"),
                pl.col("actual_half_width").max().fill_null(0.0).alias("half"),
                pl.col("actual").abs().max().alias("largest"),
            )
            .collect()
        )
        scale = pl.col(f"scale_{lag}")
        flat = (scale < pl.col("half")) | (scale <= 1e-12 * pl.col("largest")) | (scale == 0)
        reason = (
            pl.when(pl.col("pairs").fill_null(0) < _LEAST_PAIRS)
            .then(pl.lit("fewer_than_6_pairs"))
            .when(flat)
            .then(pl.lit("scale_below_rounding"))
            .otherwise(pl.lit(""))
        )
        series = (
            series.join(changes, on="sid", how="left")
            .with_columns(reason.alias(f"reason_{lag}"))
            .drop("pairs", "half", "largest")
        )
    return series


def _select_actuals(counted: pl.DataFrame) -> pl.DataFrame:
    """The actuals of each series and month, once, ordered by `key`."""
    actuals = (
        counted.lazy()
        .select((pl.col("sid") * MONTHS + pl.col("month_no")).alias("key"), "sid", "actual", "actual_half_width")
        .filter(pl.col("actual").is_not_null())
        .collect()
    )
    if find_duplicates(actuals["key"]) is not None:
        actuals = actuals.unique("key", keep="any")
    rising = bool((actuals["key"].diff().drop_nulls() > 0).all())
    actuals = actuals if rising else actuals.sort("key")
    return actuals.with_columns(pl.col("sid").set_sorted())


def finish_skill(groups: pl.DataFrame) -> pl.DataFrame:
    """Add `skill_*` and the reasons where they are null: `naive_unknown`, `naive_perfect` (its MAE is 0)."""
    for b in BENCHMARKS:
        theirs = pl.col(f"mae_{b}")
        skill = pl.when(theirs > 0).then(1 - pl.col(f"_mae_f_{b}") / theirs)
        reason = (
            pl.when(pl.col(f"n_{b}").fill_null(0) == 0)
            .then(pl.lit("naive_unknown"))
            .when(theirs == 0)
            .then(pl.lit("naive_perfect"))
            .otherwise(pl.lit(""))
        )
        groups = groups.with_columns(skill.alias(f"skill_{b}"), reason.alias(f"skill_{b}_reason"))
    return groups
