"""Rule delivery_broken: a receiver could not be told, and has not been reached since."""

import polars as pl

from contracts.text import fill_text
from tasks.alerts.evaluation import Evaluation
from tasks.alerts.registry import Rule, register

NAME = "delivery_broken"
# Who says it: Trona itself, about its own messages.
SPEAKER = "trona"


def find_broken_deliveries_of(evaluation: Evaluation) -> pl.DataFrame:
    """What `find_broken_deliveries` finds for the chains and months of the evaluation."""
    return find_broken_deliveries(evaluation.deliveries).filter(
        pl.col("chain").is_in(list(evaluation.chains)), pl.col("month").is_between(*evaluation.months)
    )


def find_broken_deliveries(deliveries: pl.DataFrame) -> pl.DataFrame:
    """States (error), one per receiver, chain and month of the message it last failed to get.

    `deliveries` is the whole table. A receiver is broken while the last of its ends (sent or dead) is dead; a later
    success ends the state. The receiver's name stands in `segment`, the channel in `metric`.
    """
    last = (
        deliveries.filter(pl.col("event").is_in(["sent", "dead"]), pl.col("receiver") != "")
        .sort("at", "delivery_id", "step")
        .unique("receiver", keep="last", maintain_order=True)
        .filter(pl.col("event") == "dead")
        .sort("receiver")
    )
    return last.select(
        pl.lit("error").alias("severity"),
        pl.lit(SPEAKER).alias("source"),
        "chain",
        pl.col("receiver").alias("segment"),
        pl.lit("").alias("product"),
        pl.col("channel").alias("metric"),
        pl.lit("").alias("measure"),
        "month",
        fill_text(
            "Receiver {} ({}) could not be told about {}", "receiver", "channel", pl.col("month").dt.strftime("%B %Y")
        ).alias("title"),
        pl.struct("attempt", "reason", "headline", "delivery_id").struct.json_encode().alias("detail"),
        pl.lit("").alias("figure_ids"),
    )


RULE = register(
    Rule(
        name=NAME,
        kind="state",
        severities=("error",),
        says="a receiver cannot be told",
        find=find_broken_deliveries_of,
    )
)
