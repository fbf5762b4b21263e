"""The chain's surprise index: how far, all in all, a month's outcomes lay above or below the forecasts.

Each surprise is divided by its own robust past spread (z), so that a segment that is always off by
20 pp does not drown one that is off by 2. The index is the unweighted mean of z over segments.
"""

import polars as pl

from contracts.track_record import SURPRISE_INDEX

_KEY = ["source", "chain", "metric", "measure", "month"]
_NODE = ["segment", "product"]


def surprise_index(scores: pl.DataFrame) -> pl.DataFrame:
    """One row per (source, chain, metric, measure, month) that has a scored forecast.

    Longer periods are left out. Of several forecasts for a month the last issued in time counts. A segment enters
    once: by its total where that was scored, else by the mean z of its products. Returns `SURPRISE_INDEX`; it is null
    where no segment has a z yet (it takes 8 past surprises), with `n` = 0 and `n_scored` beside it.
    """
    scored = scores.filter(
        pl.col("status") == "scored",
        pl.col("span_months") == 1,
        pl.col("issue").is_in(["last", "only"]),
        pl.col("surprise").is_not_null(),
    )
    totals = [*_KEY, "segment"]
    scored = scored.with_columns((pl.col("product") == "").any().over(totals).alias("_has_total"))
    scored = scored.filter(~pl.col("_has_total") | (pl.col("product") == "")).sort(*_KEY, *_NODE, "forecast_id")
    name = pl.when(pl.col("product") == "").then("segment").otherwise(pl.col("segment") + "/" + pl.col("product"))
    shown = pl.col("z").round(2)
    text = name + pl.when(shown < 0).then(pl.lit(" ")).otherwise(pl.lit(" +")) + (shown + 0.0).cast(pl.String)
    segments = (
        scored.with_columns(text.alias("_text"))
        .group_by(totals, maintain_order=True)
        .agg(
            pl.col("z").mean(),
            pl.col("_text").drop_nulls().str.join("; ").alias("_text"),
            pl.col("actual_at").max(),
            pl.col("forecast_id").str.join(" "),
        )
    )
    index = segments.group_by(_KEY, maintain_order=True).agg(
        pl.col("z").mean().alias("surprise_index"),
        pl.col("z").count().cast(pl.Int64).alias("n"),
        pl.len().cast(pl.Int64).alias("n_scored"),
        pl.col("_text").filter(pl.col("_text") != "").str.join("; ").alias("components"),
        pl.col("actual_at").max().alias("known_at"),
        pl.col("forecast_id").str.join(" ").alias("forecast_ids"),
    )
    return SURPRISE_INDEX.conform(index.sort(_KEY))
