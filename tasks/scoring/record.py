"""The track record: what a group of scored forecasts is worth, with the uncertainty of the verdict.

One forecast per series and month enters a group: the last issued in time.
Errors are in the unit of the measure: pp for growth, shares and rates; the level's own unit for levels.
"""

from collections.abc import Sequence
from typing import Literal

import polars as pl

from contracts.errors import UsageError
from contracts.figures import SERIES
from contracts.track_record import BENCHMARKS, ERRORS, PLAIN, RECORD_KEY, STATISTICS
from contracts.vocabulary import MEASURES
from tasks.scoring.accuracy import aggregate_accuracy, aggregate_errors, finish_accuracy
from tasks.scoring.efficiency import compute_efficiency, sum_efficiency
from tasks.scoring.groups import code_groups, find_duplicates
from tasks.scoring.keys import find_family
from tasks.scoring.loss_tests import compare_losses
from tasks.scoring.naive import MONTHS
from tasks.scoring.naive_skill import aggregate_skill, finish_skill, measure_scales
from tasks.scoring.quantiles import find_levels
from tasks.scoring.surprise import classify_direction

_USED = (
    *("status", "month", "forecast", "actual", "latest_actual", "surprise", "abs_error", "unit"),
    *(
        "forecast_lower",
        "forecast_upper",
        "actual_lower",
        "actual_upper",
        "is_covered",
        "width",
        "forecast_direction",
        "actual_direction",
    ),
    *("naive_no_change", "naive_same_growth", "naive_seasonal", "actual_half_width", "forecast_qualifier"),
    *("is_repeat", "verdict", "own_verdict", "interval_score", "lead_months", "forecast_at", "forecast_id"),
)

RECORD_NEEDS = (*SERIES, "span_months", *_USED, "reason")
"""Columns of scores that the record is computed from, beside those of its groups."""


def build_record(
    scores: pl.DataFrame,
    *,
    group_by: Sequence[str] = RECORD_KEY,
    actual: Literal["first", "latest"] = "first",
    min_n: int = 1,
    series: Sequence[str] = SERIES,
    detail: Literal["full", "plain", "errors"] = "full",
) -> pl.DataFrame:
    """The track record of `scores`, one row per group.

    Parameters: `group_by` names the columns of a group; `measure` is always among them, since MoM and
    YoY are never pooled. `actual` scores against the first published or the latest actual. `min_n` drops
    groups with fewer scored forecasts (0 keeps those that are all pending). Levels of different units
    are never pooled: a group has a row per unit. `series` names the columns
    that tell one series from another. `detail` gives the whole record, or the
    statistics of `PLAIN` or of `ERRORS` alone. Of several forecasts of a series for one month in a group
    the last counts.

    Returns the group columns and `STATISTICS` (contracts/track_record.py): what cannot be computed is null
    and explained in `reason`. Raises `UsageError` for a group column that the scores do not have.
    """
    keys = _check_groups(scores, group_by, series)
    levels = find_levels(scores.columns)
    percents = sorted(int(c.removeprefix("covered_")) for c in scores.columns if c.startswith("covered_"))
    coded, groups = code_groups(scores, [*keys, "unit"], series)
    extra = [c for c in scores.columns if c in levels or c.startswith(("wis", "covered_", "interval_score_"))]
    rows = coded.hstack(scores.select(*_USED, *extra))
    if actual == "latest":
        rows = _dispute_latest(rows.hstack(scores.select(find_family(), "reason")))
    counted = _choose_last(_mark_against(rows, actual))
    if detail != "full":
        return _build_short(groups, counted, keys, min_n, detail)
    parts = (
        counted.lazy()
        .group_by("gid")
        .agg(
            *aggregate_accuracy(percents, has_wis=bool(levels)),
            *aggregate_skill(),
            *sum_efficiency(pl.col("surprise"), pl.col("forecast")),
            pl.col("lead_months").max().clip(1).alias("horizon"),
            pl.col("sid").n_unique().alias("n_series") if not set(series) <= set(keys) else pl.lit(1).alias("n_series"),
        )
    )
    scales = measure_scales(counted)
    frame = (
        groups.join(_count_statuses(rows, counted), on="gid", how="left")
        .join(parts.collect(), on="gid", how="left")
        .join(scales, on="gid", how="left")
        .join(compare_losses(_loss_rows(counted), (*BENCHMARKS, "bias")), on="gid", how="left", suffix="_dm")
        .sort("gid")
    )
    frame = frame.with_columns(pl.col("n", "n_points", "n_series", "horizon").fill_null(0))
    if min_n:
        frame = frame.filter(pl.col("_counted").fill_null(0) >= min_n)
    return _arrange(_explain_quantiles(frame, levels, percents), keys, percents, actual)


def _explain_quantiles(frame: pl.DataFrame, levels: dict[str, float], percents: list[int]) -> pl.DataFrame:
    """Say why quantile statistics are null: no quantiles at all, none in pairs, or none of a row complete."""
    n = pl.col("n_wis") if levels else pl.lit(0)
    wis = (
        pl.when(n.fill_null(0) > 0).then(pl.lit("")).otherwise(pl.lit("quantile_missing" if levels else "no_quantiles"))
    )
    known = pl.sum_horizontal(f"n_coverage_{p}" for p in percents) if percents else pl.lit(0)
    pairs = pl.lit("quantile_missing" if percents else "no_central_pair" if levels else "")
    return frame.with_columns(wis.alias("_wis"), pl.when(known > 0).then(pl.lit("")).otherwise(pairs).alias("_pairs"))


def _build_short(groups: pl.DataFrame, counted: pl.DataFrame, keys: list[str], min_n: int, detail: str) -> pl.DataFrame:
    """The plain record, or errors with their scale."""
    plain = detail == "plain"
    wanted = aggregate_accuracy(()) if plain else aggregate_errors()
    found = counted.lazy().group_by("gid").agg(*wanted, pl.len().alias("_counted")).collect()
    frame = groups.join(found, on="gid", how="left").filter(pl.col("_counted").fill_null(0) >= min_n)
    if plain:
        frame = finish_accuracy(frame, ())
    else:
        frame = frame.join(measure_scales(counted, lags=(1,)), on="gid", how="left")
    return frame.select(*keys, *(PLAIN if plain else ERRORS)).sort([*keys, "unit"])


def _check_groups(scores: pl.DataFrame, group_by: Sequence[str], series: Sequence[str]) -> list[str]:
    """The group columns in the order asked, with `measure`, and `metric` where there is one."""
    keys = list(dict.fromkeys([*group_by, *(c for c in ("metric", "measure") if c in series and c not in group_by)]))
    missing = [c for c in keys if c not in scores.columns]
    if missing:
        raise UsageError(
            f"cannot group the track record by {', '.join(missing)}",
            next=f"group by {', '.join([*series, 'lead_months'])}",
        )
    return keys


def _dispute_latest(rows: pl.DataFrame) -> pl.DataFrame:
    """Set aside, as disputed, the scored rows whose latest actual is contradicted by another of the same instant."""
    disputed = (pl.col("status") == "scored") & pl.col("reason").str.contains("latest_disputed", literal=True)
    status = pl.when(disputed).then(pl.lit("disputed")).otherwise("status").alias("status")
    return rows.with_columns(status).drop("reason")


def _mark_against(rows: pl.DataFrame, actual: str) -> pl.DataFrame:
    """Scored rows, with the actual asked for: everything that follows from it moves by the restatement."""
    scored = rows.filter(pl.col("status") == "scored")
    if actual == "first":
        return scored
    middle = (pl.col("forecast_lower") + pl.col("forecast_upper")) / 2
    latest = pl.col("latest_actual")
    inside = (latest >= pl.col("forecast_lower")).fill_null(value=True) & (
        latest <= pl.col("forecast_upper")
    ).fill_null(value=True)
    moved = scored.with_columns(
        latest.alias("actual"),
        pl.when(pl.col("surprise").is_not_null()).then(latest - pl.col("forecast")).alias("surprise"),
        pl.when(pl.col("abs_error").is_not_null())
        .then((latest - pl.coalesce("forecast", middle)).abs())
        .alias("abs_error"),
        pl.when(pl.col("is_covered").is_not_null(), latest.is_not_null()).then(inside).alias("is_covered"),
        pl.lit("").alias("verdict"),
        pl.lit("").alias("own_verdict"),
        pl.lit(None, pl.Float64).alias("interval_score"),
    )
    point = pl.col("actual").is_not_null()
    return moved.with_columns(
        pl.when(point).then(classify_direction("actual")).otherwise("actual_direction").alias("actual_direction")
    )


def _choose_last(scored: pl.DataFrame) -> pl.DataFrame:
    """One forecast per group, series and month: the last."""
    several = find_duplicates(scored["place"])
    if several is None:
        return scored
    chosen = (
        scored.filter(several)
        .sort("forecast_at", "lead_months", "forecast_id", descending=[False, True, False])
        .unique("place", keep="last", maintain_order=True)
    )
    return pl.concat([scored.filter(~several), chosen]).sort("place")


def _count_statuses(rows: pl.DataFrame, counted: pl.DataFrame) -> pl.DataFrame:
    """Forecasts by status, vague ones and repetitions, over every forecast of a group."""
    states = ("pending", "backcast", "disputed", "unscorable")
    vague = (pl.col("forecast_qualifier") != "exact") | (pl.col("unit") == "sign")
    told = pl.col("status") != "unscorable"
    return (
        rows.lazy()
        .group_by("gid")
        .agg(
            pl.len().cast(pl.Int64).alias("n_forecasts"),
            *((pl.col("status") == s).sum().cast(pl.Int64).alias(f"n_{s}") for s in states),
            vague.filter(told).mean().alias("hedge_rate"),
            pl.col("is_repeat").sum().cast(pl.Int64).alias("repeats"),
            (pl.col("status") == "scored").sum().cast(pl.Int64).alias("_scored"),
        )
        .collect()
        .join(counted.group_by("gid").agg(pl.len().cast(pl.Int64).alias("_counted")), on="gid", how="left")
        .with_columns((pl.col("_scored") - pl.col("_counted").fill_null(0)).alias("n_superseded"))
    )


def _loss_rows(counted: pl.DataFrame) -> pl.DataFrame:
    """Loss differences and the surprise (`bias`) per group and month.

    Several series of one month count as one observation, their mean.
    """
    losses = [(pl.col("abs_error") - (pl.col("actual") - pl.col(f"naive_{b}")).abs()).alias(b) for b in BENCHMARKS]
    rows = counted.filter(pl.col("abs_error").is_not_null()).select(
        "gid",
        "month_no",
        pl.col("lead_months").clip(1).cast(pl.Int64).alias("horizon"),
        *losses,
        pl.col("surprise").alias("bias"),
    )
    if find_duplicates(rows.select(pl.col("gid") * MONTHS + pl.col("month_no")).to_series()) is None:
        return rows
    return rows.group_by("gid", "month_no").agg(
        pl.col("horizon").max(), *(pl.col(b).mean() for b in (*BENCHMARKS, "bias"))
    )


def _name_no_change() -> pl.Expr:
    """What the naive forecast no_change repeats, by measure."""
    family = {name: measure.family for name, measure in MEASURES.items()}
    yearly = [name for name, measure in MEASURES.items() if measure.lag == 12]
    kind = pl.col("measure").replace_strict(family, default="", return_dtype=pl.String)
    return (
        pl.when(kind.is_in(["share", "level"]))
        .then(pl.lit("last published value"))
        .when(pl.col("measure").is_in(yearly))
        .then(pl.lit("last published change"))
        .when(kind.is_in(["growth", "points", "change"]))
        .then(pl.lit("change of 0"))
        .otherwise(pl.lit(""))
        .alias("no_change_assumes")
    )


def _arrange(frame: pl.DataFrame, keys: list[str], percents: list[int], actual: str) -> pl.DataFrame:
    frame = finish_skill(finish_accuracy(frame, percents))
    frame = frame.with_columns(compute_efficiency(frame).get_columns())
    names = {"no_change": "dm", "same_growth": "dm_same_growth", "seasonal": "dm_seasonal"}
    frame = frame.rename(
        {
            f"{b}_{part}": f"{new}_{part}"
            for b, new in names.items()
            for part in ("n", "diff", "stat", "p", "lower", "upper")
        }
    )
    frame = frame.rename({f"bias_{end}": f"mean_surprise_{end}" for end in ("lower", "upper")})
    reasons = {
        "mase": "mase_reason",
        "mase_12": "mase_12_reason",
        **{f"skill_{b}": f"skill_{b}_reason" for b in BENCHMARKS},
        **{new: f"{b}_reason" for b, new in names.items()},
        "bias": "bias_reason",
        "mz": "mz_reason",
        "verdicts": "_verdict",
        "wis": "_wis",
        "coverage": "_pairs",
    }
    frame = frame.with_columns(_name_no_change())
    frame = frame.with_columns(pl.lit("" if actual == "first" else "judged by the first actual only").alias("_verdict"))
    told = [
        pl.when(pl.col(column).fill_null("n_is_0") != "").then(pl.lit(f"{name}: ") + pl.col(column).fill_null("n_is_0"))
        for name, column in reasons.items()
    ]
    frame = frame.with_columns(pl.concat_str(*told, separator="; ", ignore_nulls=True).alias("reason"))
    columns = [c for c in STATISTICS if c.name in frame.columns]
    more = [
        name
        for p in percents
        for name in (
            f"coverage_{p}",
            f"coverage_{p}_lower",
            f"coverage_{p}_upper",
            f"interval_score_{p}",
            f"n_coverage_{p}",
        )
        if name not in {c.name for c in STATISTICS}
    ]
    filled = frame.with_columns(pl.col(c.name).fill_null(0) for c in columns if c.dtype == pl.Int64)
    return filled.select(
        *keys,
        *(
            (pl.col(c.name) if c.name in filled.columns else pl.lit(0 if c.dtype == pl.Int64 else None, c.dtype))
            .cast(c.dtype)
            .alias(c.name)
            for c in STATISTICS
        ),
        *more,
    ).sort([*keys, "unit"])
