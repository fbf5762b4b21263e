"""Rule direction_miss: a rise was forecast and it fell, or the other way round."""

import polars as pl

from contracts.text import fill_text
from tasks.alerts.evaluation import Evaluation
from tasks.alerts.registry import Rule, register
from tasks.alerts.rules.forecast_miss import describe_miss, write_forecast
from tasks.alerts.thresholds import Threshold, read_thresholds
from tasks.alerts.wording import measure_words, name_quantity, write_value

NAME = "direction_miss"
LIMITS = {"level_pct": Threshold(5.0, "a warning: level this far from its forecast, in percent, beyond rounding")}
DEAD_BAND_PP = 1.0


def find_direction_misses(evaluation: Evaluation) -> pl.DataFrame:
    """Candidates where forecast and outcome have opposite signs, both outside the dead band max(half-width, 1 pp).

    Flat against a move is a matter of size, and the forecast_miss rule's. A forecast in words ("to decline") is held
    against the sign of the outcome. warning where the level is `level_pct` from its forecast beyond rounding, else
    info.
    """
    scored = evaluation.scored.filter(pl.col("month").is_between(*evaluation.months))
    is_word = pl.col("family") == "direction"
    limit = pl.lit(DEAD_BAND_PP)
    moves = (pl.col("aim").abs() > pl.max_horizontal("forecast_half", limit)) & (
        pl.col("outcome").abs() > pl.max_horizontal("actual_half", limit)
    )
    opposite = pl.col("aim").sign() * pl.col("outcome").sign() < 0
    applies = is_word | pl.col("family").is_in(["growth", "points", "change"])
    limits = read_thresholds(evaluation.chains, NAME, LIMITS).rename({"level_pct": "direction_level_pct"})
    found = scored.join(limits, on=["chain", "segment", "measure"], how="inner").filter(
        applies & opposite & (is_word | moves)
    )
    far = (pl.col("level_near") >= pl.col("direction_level_pct")).fill_null(False)
    return found.select(
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


RULE = register(
    Rule(
        name=NAME,
        kind="event",
        severities=("info", "warning"),
        says="a rise was forecast and it fell, or the other way round",
        find=find_direction_misses,
        thresholds=LIMITS,
        rank=3,
    )
)
