"""Rule direction_miss: a rise was forecast and it fell, or the other way round."""

from collections.abc import Mapping

import polars as pl

from contracts.chain import Chain
from contracts.text import fill_text
from tasks.alerts.forecast_miss import describe_miss, write_forecast
from tasks.alerts.thresholds import read_thresholds
from tasks.alerts.wording import measure_words, name_quantity, write_value

RULE = "direction_miss"
DEAD_BAND_PP = 1.0


def find_direction_misses(marked: pl.DataFrame, chains: Mapping[str, Chain]) -> pl.DataFrame:
    """Candidates where forecast and outcome have opposite signs, both outside the dead band max(half-width, 1 pp).

    Flat against a move is a matter of size, and the forecast_miss rule's. A forecast in words ("to decline") is held
    against the sign of the outcome. warning where the level is `level_pct` from its forecast beyond rounding, else
    info.
    """
    is_word = pl.col("family") == "direction"
    limit = pl.lit(DEAD_BAND_PP)
    moves = (pl.col("aim").abs() > pl.max_horizontal("forecast_half", limit)) & (
        pl.col("outcome").abs() > pl.max_horizontal("actual_half", limit)
    )
    opposite = pl.col("aim").sign() * pl.col("outcome").sign() < 0
    applies = is_word | pl.col("family").is_in(["growth", "points", "change"])
    limits = read_thresholds(chains, RULE).rename({"level_pct": "direction_level_pct"})
    found = marked.join(limits, on=["chain", "segment", "measure"], how="inner").filter(
        applies & opposite & (is_word | moves)
    )
    far = (pl.col("level_near") >= pl.col("direction_level_pct")).fill_null(False)
    return found.select(
        pl.lit("event").alias("kind"),
        pl.lit(RULE).alias("rule"),
        pl.when(far).then(pl.lit("warning")).otherwise(pl.lit("info")).alias("severity"),
        *("source", "chain", "segment", "product", "metric", "measure", "month"),
        _write_title().alias("title"),
        describe_miss().alias("detail"),
        pl.concat_str("forecast_id", "used_id", separator=" ", ignore_nulls=True).alias("figure_ids"),
    )


def _write_title() -> pl.Expr:
    rose = pl.col("outcome") > 0
    measure = pl.col("measure")
    numbers = fill_text(
        ": {} against {}{}",
        write_value(pl.col("outcome"), measure, pl.col("unit")),
        write_forecast(),
        measure_words(measure),
    )
    return fill_text(
        "{} {} {}{}",
        "subject",
        name_quantity(pl.col("metric"), measure),
        pl.when(rose)
        .then(pl.lit("rose although a fall was forecast"))
        .otherwise(pl.lit("fell although a rise was forecast")),
        pl.when(pl.col("family") == "direction").then(pl.lit("")).otherwise(numbers),
    )
