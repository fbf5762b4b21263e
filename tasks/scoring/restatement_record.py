"""Restatement statistics: how far a source's later numbers stray from its earlier ones (OECD practice).

R = later - earlier for two fixed pairs of vintages of one month: first to second, first to latest.
News and noise (N. G. Mankiw, M. D. Shapiro, Survey of Current Business 66, 1986): where a restatement is news, the
earlier number does not foretell it, so that regressing R on the earlier number gives nothing; where the earlier number
is the later one with noise, the later foretells nothing of R. Both are F tests over all months, restated or not.
Systematic restatements (mean far from 0 against its spread) are a property of the source, and bound
what any forecast of its first numbers can be worth.
"""

from collections.abc import Sequence

import polars as pl

from contracts.figures import SERIES
from contracts.track_record import RESTATEMENT_STATS
from tasks.scoring.efficiency import compute_efficiency, sum_efficiency
from tasks.scoring.keys import code_words
from tasks.scoring.naive import month_number, series_month
from tasks.scoring.vintages import fold_repetitions, sort_vintages

_DAYS_A_MONTH = 365.25 / 12
_NEEDED = (
    "recorded_at",
    "release_id",
    "month",
    "value",
    "lower",
    "upper",
    "unit",
    "figure_id",
    "published_at",
    "is_published_assumed",
)


def restatement_stats(figures: pl.DataFrame | pl.LazyFrame, *, group_by: Sequence[str] = SERIES) -> pl.DataFrame:
    """Statistics of restated monthly actuals per series and pair of vintages.

    Parameters: `figures` holds all vintages (columns of `FIGURES`); `group_by` the columns of a group,
    always with metric and measure. A number published again counts as no vintage. Contradictory numbers
    of one instant have no order and are left out.

    Returns `RESTATEMENT_STATS`, two rows per group: n restated of n_months, mean, mean absolute, sd
    (n ≥ 2), share of sign changes, largest with its month, months to settle (first to last differing
    vintage). Groups never restated have n = 0 and nulls. `reason` tells where assumed days order vintages.
    """
    keys = list(dict.fromkeys([*group_by, "metric", "measure"]))
    actual = (pl.col("kind") == "actual") & pl.col("is_monthly") & pl.col("value").is_not_null()
    read = figures.lazy().filter(actual).select(*SERIES, *_NEEDED).collect()
    series, _ = code_words(read, SERIES)
    rows = read.with_columns(series.alias("series")).with_columns(
        series_month(month_number(pl.col("month"))).alias("key")
    )
    rows = rows.rename({"published_at": "at", "is_published_assumed": "assumed"})
    months = sort_vintages(fold_repetitions(rows)).filter(pl.col("key").count().over("key", "at") == 1)
    pairs = months.group_by("key", maintain_order=True).agg(
        pl.col(*keys, "month", "unit").first(),
        pl.len().alias("vintages"),
        pl.col("value").first().alias("first"),
        pl.col("value").slice(1, 1).first().alias("second"),
        pl.col("value").last().alias("latest"),
        ((pl.col("at").last() - pl.col("at").first()).dt.total_seconds() / 86400 / _DAYS_A_MONTH).alias("settled"),
        pl.col("assumed").any(),
    )
    found = [_describe(pairs, keys, later) for later in ("second", "latest")]
    return _arrange(pl.concat(found), keys)


def _describe(pairs: pl.DataFrame, keys: list[str], later: str) -> pl.DataFrame:
    restated = pl.col("vintages") > 1
    change = pl.when(restated).then(pl.col(later) - pl.col("first"))
    sign = pl.when(restated).then((pl.col(later).sign() != pl.col("first").sign()).cast(pl.Float64))
    r = pl.when(restated).then(pl.col("r")).otherwise(0.0)
    rows = pairs.with_columns(change.alias("r"), sign.alias("sign"), restated.alias("restated"))
    month = pl.col("month").filter("restated")
    return rows.group_by([*keys, "unit"]).agg(
        pl.lit(f"first_to_{later}").alias("pair"),
        pl.col("r").count().cast(pl.Int64).alias("n"),
        pl.len().cast(pl.Int64).alias("n_months"),
        pl.col("r").mean().alias("mean"),
        pl.col("r").abs().mean().alias("mean_absolute"),
        pl.col("r").std().alias("sd"),
        pl.col("sign").mean().alias("sign_changes"),
        pl.col("r").get(pl.col("r").abs().arg_max(), null_on_oob=True).alias("largest"),
        pl.col("month").get(pl.col("r").abs().arg_max(), null_on_oob=True).alias("largest_month"),
        pl.col("settled").filter("restated").mean().alias("months_to_settle"),
        month.min().alias("first_month"),
        month.max().alias("last_month"),
        (pl.col("assumed") & pl.col("restated")).any().alias("_assumed"),
        pl.struct(sum_efficiency(r, pl.col("first"))).alias("_news"),
        pl.struct(sum_efficiency(-r, pl.col("first") + r)).alias("_noise"),
    )


def _add_predictability(found: pl.DataFrame) -> pl.DataFrame:
    """The two regressions, from their sums: coefficients from 12 months on, p from 24."""
    for kind in ("news", "noise"):
        sums = found.select(
            pl.col("n_months").alias("n_points"),
            pl.lit(1).alias("horizon"),
            pl.lit(1).alias("n_series"),
            pl.col(f"_{kind}"),
        ).unnest(f"_{kind}")
        tested = compute_efficiency(sums)
        found = found.with_columns(
            (tested["mz_slope"] - 1).alias(f"{kind}_slope"),
            tested["mz_p"].alias(f"{kind}_p"),
            tested["mz_reason"].alias(f"_{kind}_reason"),
        )
    return found


def _arrange(found: pl.DataFrame, keys: list[str]) -> pl.DataFrame:
    found = _add_predictability(found)
    n = pl.col("n")
    words = (
        pl.when(n == 0).then(pl.lit("never_restated")),
        pl.when(n == 1).then(pl.lit("sd: n_below_2")),
        pl.when("_assumed").then(pl.lit("vintage_order_assumed")),
        pl.when((n > 0) & (pl.col("_news_reason") != "")).then(pl.lit("news: ") + pl.col("_news_reason")),
        pl.when((n > 0) & (pl.col("_noise_reason") != "")).then(pl.lit("noise: ") + pl.col("_noise_reason")),
    )
    found = found.with_columns(pl.concat_str(*words, separator="; ", ignore_nulls=True).alias("reason"))
    columns = [c.name for c in RESTATEMENT_STATS.columns if c.name in found.columns]
    extra = [k for k in keys if k not in columns]
    return found.select(*extra, *columns).sort([*keys, "unit", "pair"], descending=False)
