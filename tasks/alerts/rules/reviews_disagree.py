"""Rule reviews_disagree: two reviews of one month by one source give values that rounding cannot reconcile."""

import polars as pl

from contracts.figures import FIGURE_KEY
from tasks.alerts.evaluation import Evaluation
from tasks.alerts.registry import Rule, register
from tasks.alerts.thresholds import Threshold, read_thresholds
from tasks.alerts.vintage_pairs import exceeds, pair_vintages, write_pairs

NAME = "reviews_disagree"
LIMITS = {
    "info_pp": Threshold(1.0, "difference of two reviews beyond their rounding, in points: a warning"),
    "error_pp": Threshold(5.0, "a contradiction from here on"),
    "info_pct": Threshold(1.0, "the same for levels, in percent: a warning"),
    "error_pct": Threshold(5.0, "a contradiction from here on"),
}


def find_disagreements(evaluation: Evaluation) -> pl.DataFrame:
    """States: two reviews of the same month by the same source differ, first against last published.

    A warning from `info_pp` beyond the rounding of both, an error (a contradiction) from `error_pp` on. The state ends
    when one of the two is withdrawn or a later one agrees.
    """
    pairs = pair_vintages(evaluation, (*FIGURE_KEY, "review_month"))
    limits = read_thresholds(evaluation.chains, NAME, LIMITS)
    severity = pl.when(exceeds("error")).then(pl.lit("error")).when(exceeds("info")).then(pl.lit("warning"))
    return write_pairs(
        pairs.join(limits, on=["chain", "segment", "measure"]),
        severity,
        evaluation.subjects,
        phrase="differs between two reviews",
    )


RULE = register(
    Rule(
        name=NAME,
        kind="state",
        severities=("warning", "error"),
        says="two reviews of one month differ",
        find=find_disagreements,
        thresholds=LIMITS,
        rank=2,
        holds_back="segment",
    )
)
