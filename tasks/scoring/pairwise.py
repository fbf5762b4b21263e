"""Forecasters side by side, on the targets that both of a pair forecast.

Relative skill (E. Y. Cramer et al., PNAS 119, 2022): θ_i is the geometric mean over all forecasters j of
MAE_i/MAE_j on the targets common to i and j, with 1 for j = i. It ranks forecasters of which no two
forecast the same months; below 1 = better than their mean. A forecaster without error has 0 beside ones with
errors, and theirs is null beside it: no ratio to a perfect one is finite.
"""

from itertools import permutations

import polars as pl

from contracts.track_record import FORECASTER_COMPARISON, NO_CHANGE_SOURCE, SOURCE_COMPARISON
from tasks.scoring.loss_tests import compare_losses
from tasks.scoring.naive import month_number

_TARGET = ["series", "measure", "month"]
_PARTS = ["chain", "metric", "unit", "span_months"]


def compare_forecasters(scores: pl.DataFrame) -> pl.DataFrame:
    """Every ordered pair of forecasters per measure: MAE ratio, relative skill and Diebold-Mariano.

    `scores` as from `score_table`; the last forecast issued in time counts. Returns `FORECASTER_COMPARISON`. Swapping
    the two inverts the ratio and flips the sign of the statistic and nothing else. Reasons: `no_common_target`,
    `other_perfect` (its MAE is 0), `n_below_8`, `no_spread`.
    """
    scored = scores.filter(pl.col("status") == "scored", pl.col("abs_error").is_not_null())
    last = scored.sort("forecast_at", "forecast_id").unique(["forecaster", *_TARGET], keep="last", maintain_order=True)
    found = [
        _compare(last.filter(pl.col("measure") == measure), measure) for measure in sorted(last["measure"].unique())
    ]
    return FORECASTER_COMPARISON.conform(pl.concat(found)) if found else FORECASTER_COMPARISON.empty()


def compare_sources(scores: pl.DataFrame) -> pl.DataFrame:
    """Every ordered pair of sources per chain, metric, measure, unit and span, as `compare_forecasters` has it.

    `scores` are `SCORES`; of several forecasts of a source for one month the last issued in time counts, whatever its
    lead. The naive forecast of no change takes part as a source named `NO_CHANGE_SOURCE`, with what was known when
    the first of a target's forecasts that count was issued. Returns `SOURCE_COMPARISON`.
    """
    scored = scores.filter(pl.col("status") == "scored", pl.col("abs_error").is_not_null())
    named = scored.with_columns(
        pl.concat_str("segment", "product", separator="/").alias("series"), pl.col("source").alias("forecaster")
    )
    last = named.sort("forecast_at", "lead_months", "forecast_id", descending=[False, True, False])
    last = last.unique([*_PARTS, "forecaster", *_TARGET], keep="last", maintain_order=True)
    first = last.sort("forecast_at", "forecast_id").unique([*_PARTS, *_TARGET], keep="first", maintain_order=True)
    naive = first.with_columns(
        pl.lit(NO_CHANGE_SOURCE).alias("forecaster"),
        (pl.col("actual") - pl.col("naive_no_change")).abs().alias("abs_error"),
    ).filter(pl.col("abs_error").is_not_null())
    parts = [SOURCE_COMPARISON.empty()]
    for part, rows in pl.concat([last, naive]).group_by([*_PARTS, "measure"], maintain_order=True):
        found = _compare(rows, str(part[-1])).with_columns(
            pl.lit(v).alias(n) for n, v in zip(_PARTS, part, strict=False)
        )
        parts.append(SOURCE_COMPARISON.conform(found))
    return pl.concat(parts).sort(SOURCE_COMPARISON.key)


def _compare(scored: pl.DataFrame, measure: str) -> pl.DataFrame:
    names = sorted(scored["forecaster"].unique())
    pairs = pl.DataFrame(
        list(permutations(names, 2)), schema={"forecaster": pl.String, "other": pl.String}, orient="row"
    )
    if pairs.is_empty():
        return FORECASTER_COMPARISON.empty()
    joined = _join_pairs(scored, pairs)
    means = joined.group_by("pair").agg(
        pl.len().cast(pl.Int64).alias("n"),
        pl.col("month").min().alias("first_month"),
        pl.col("month").max().alias("last_month"),
        pl.col("abs_error").mean().alias("mae"),
        pl.col("abs_error_other").mean().alias("mae_other"),
    )
    tests = compare_losses(_monthly_losses(joined), ["d"]).rename({"gid": "pair"})
    pairs = (
        pairs.with_row_index("pair")
        .with_columns(pl.col("pair").cast(pl.Int64))
        .join(means, on="pair", how="left")
        .join(tests, on="pair", how="left")
        .with_columns(
            pl.lit(measure).alias("measure"),
            pl.col("n").fill_null(0),
            pl.when(pl.col("mae_other") > 0).then(pl.col("mae") / pl.col("mae_other")).alias("mae_ratio"),
            *(pl.col(f"d_{c}").alias(f"dm_{c}") for c in ("stat", "p", "diff", "lower", "upper")),
        )
    )
    perfect = pl.col("mae_other") == 0
    logs = (
        pl.when(perfect & (pl.col("mae") > 0))
        .then(float("inf"))
        .when(perfect)
        .then(0.0)
        .otherwise(pl.col("mae_ratio").log())
    )
    skill = (logs.sum() / (logs.count() + 1)).exp().over("forecaster")
    skill = pl.when(skill.is_finite()).then(skill)
    reason = (
        pl.when(pl.col("n") == 0)
        .then(pl.lit("no_common_target"))
        .when(pl.col("mae_other") == 0)
        .then(pl.lit("other_perfect"))
        .otherwise("d_reason")
    )
    return FORECASTER_COMPARISON.conform(pairs.with_columns(skill.alias("relative_skill"), reason.alias("reason")))


def _join_pairs(scored: pl.DataFrame, pairs: pl.DataFrame) -> pl.DataFrame:
    """One row per ordered pair and common target."""
    columns = [*_TARGET, "abs_error", "lead_months"]
    by_name = {name: part.select(columns) for (name,), part in scored.partition_by("forecaster", as_dict=True).items()}
    rows = [
        by_name[a].join(by_name[b], on=_TARGET, suffix="_other").with_columns(pl.lit(i, pl.Int64).alias("pair"))
        for i, (a, b) in enumerate(pairs.iter_rows())
    ]
    return pl.concat(rows).sort("pair", *_TARGET)


def _monthly_losses(joined: pl.DataFrame) -> pl.DataFrame:
    """Mean loss difference per pair and month: series of one month are not independent observations."""
    coded = joined.with_columns(month_number(pl.col("month")).alias("month_no"))
    lead = pl.max_horizontal("lead_months", "lead_months_other").clip(1).cast(pl.Int64)
    return (
        coded.group_by("pair", "month_no")
        .agg((pl.col("abs_error") - pl.col("abs_error_other")).mean().alias("d"), lead.max().alias("horizon"))
        .rename({"pair": "gid"})
    )
