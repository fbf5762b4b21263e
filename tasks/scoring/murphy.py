"""Murphy diagrams: which forecaster is better, whatever a user loses by being wrong.

Every loss for which the mean is the best forecast is a mixture of elementary ones, S_θ = |a - θ|/2 where θ lies
between forecast and outcome, else 0 (W. Ehm, T. Gneiting, A. Jordan, F. Krüger, JRSS B 78, 2016). A forecaster
whose curve lies below another's for every θ is better for all of them.
"""

import polars as pl

from contracts.track_record import MURPHY

_MOST = 200


def draw_murphy(scores: pl.DataFrame) -> pl.DataFrame:
    """Mean elementary score by forecaster, measure and θ, over the targets that all forecasters of a measure share.

    `scores` as from `score_table`; of several forecasts for a month the last issued in time counts. θ are the
    distinct forecasts and outcomes, where the curves bend, thinned to 200 evenly by rank. Returns `MURPHY`.
    """
    target = ["measure", "series", "month"]
    scored = scores.filter(
        pl.col("status") == "scored", pl.col("issue").is_in(["last", "only"]), pl.col("surprise").is_not_null()
    )
    everyone = pl.col("forecaster").n_unique()
    shared = scored.filter(everyone.over(target) == everyone.over("measure"))
    points = shared.group_by("measure").agg(pl.col("forecast").append(pl.col("actual")).unique().sort().alias("theta"))
    thetas = points.with_columns(_thin(pl.col("theta")).alias("theta")).explode("theta")
    rows = shared.select("forecaster", *target, "forecast", "actual").join(thetas, on="measure")
    low, high = pl.min_horizontal("forecast", "actual"), pl.max_horizontal("forecast", "actual")
    between = (low <= pl.col("theta")) & (pl.col("theta") < high)
    loss = pl.when(between).then((pl.col("actual") - pl.col("theta")).abs() / 2).otherwise(0.0)
    found = rows.group_by("forecaster", "measure", "theta").agg(
        pl.len().cast(pl.Int64).alias("n"), loss.mean().alias("score")
    )
    return MURPHY.conform(found).sort("forecaster", "measure", "theta")


def _thin(theta: pl.Expr) -> pl.Expr:
    """At most `_MOST` of the sorted points, evenly by rank, the first and last among them."""
    last = theta.list.len().cast(pl.Int64) - 1
    steps = pl.int_ranges(0, pl.min_horizontal(last, pl.lit(_MOST - 1)) + 1)
    count = pl.min_horizontal(last, pl.lit(_MOST - 1)).clip(1)
    return theta.list.gather((steps * last + count // 2) // count)
