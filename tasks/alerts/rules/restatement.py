"""Rule restatement: a later review gives another value of a month than the first that stated it."""

import polars as pl

from contracts.figures import FIGURE_KEY
from tasks.alerts.evaluation import Evaluation
from tasks.alerts.registry import Rule, register
from tasks.alerts.thresholds import Threshold, read_thresholds
from tasks.alerts.vintage_pairs import exceeds, pair_vintages, write_pairs

NAME = "restatement"
LIMITS = {
    "info_pp": Threshold(1.0, "difference of two vintages beyond their rounding, in points"),
    "warning_pp": Threshold(5.0, "a warning from here on"),
    "info_pct": Threshold(1.0, "the same for levels, in percent"),
    "warning_pct": Threshold(5.0, "a warning from here on"),
}


def find_restatements(evaluation: Evaluation) -> pl.DataFrame:
    """Events: the latest review gives another value of a month than the first review that stated it.

    Fires from `info_pp` (of a level `info_pct` percent) beyond the rounding of both, a warning from `warning_pp`.
    """
    pairs = pair_vintages(evaluation, FIGURE_KEY).filter(pl.col("review_month") != pl.col("other_review_month"))
    limits = read_thresholds(evaluation.chains, NAME, LIMITS)
    severity = pl.when(exceeds("warning")).then(pl.lit("warning")).when(exceeds("info")).then(pl.lit("info"))
    return write_pairs(
        pairs.join(limits, on=["chain", "segment", "measure"]), severity, evaluation.subjects, phrase="restated"
    )


RULE = register(
    Rule(
        name=NAME,
        kind="event",
        severities=("info", "warning"),
        says="a later review gives another value",
        find=find_restatements,
        thresholds=LIMITS,
    )
)
