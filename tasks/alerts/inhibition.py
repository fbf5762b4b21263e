"""Inhibition: where a cause is told, its consequences are recorded and not told.

release missing > contract broken > contradiction > forecast miss > divergence, for the same source, chain and month.
"""

import polars as pl

from tasks.alerts.registry import read_rules
from tasks.alerts.wording import rank_severity


def find_inhibited(alerts: pl.DataFrame) -> pl.DataFrame:
    """Columns alert_id and inhibited_by (the alert_id of the strongest inhibitor) of those that are held back.

    An inhibitor is of the same source, chain and month, about the whole chain or the same segment, and at least as
    severe: an info would otherwise hide a warning from those who hear warnings only. An alert whose rule has no rank
    (a restatement, a broken delivery) is never held back.
    """
    rules = read_rules().values()
    ranks = {rule.name: rule.rank for rule in rules}
    ranked = alerts.with_columns(
        pl.col("rule").replace_strict(ranks, default=None, return_dtype=pl.Int8).alias("rank"),
        rank_severity(pl.col("severity")).alias("severity_rank"),
    ).filter(pl.col("rank").is_not_null())
    causes = ranked.filter(pl.col("rule").is_in([rule.name for rule in rules if rule.is_cause])).select(
        *("source", "chain", "month"),
        pl.col("alert_id").alias("inhibited_by"),
        pl.col("segment").alias("cause_segment"),
        pl.col("rank").alias("cause_rank"),
        pl.col("severity_rank").alias("cause_severity"),
    )
    return (
        ranked.join(causes, on=["source", "chain", "month"])
        .filter(
            pl.col("cause_rank") < pl.col("rank"),
            pl.col("cause_severity") >= pl.col("severity_rank"),
            (pl.col("cause_segment") == "") | (pl.col("cause_segment") == pl.col("segment")),
        )
        .sort("alert_id", "cause_rank", "inhibited_by")
        .unique("alert_id", keep="first", maintain_order=True)
        .select("alert_id", "inhibited_by")
    )
