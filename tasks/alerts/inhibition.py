"""Inhibition: where a cause is told, its consequences are recorded and not told.

release missing > contract broken > contradiction > base revised > forecast miss > divergence, for the same source,
chain and month.
"""

import polars as pl

from contracts.wording import rank_severity
from tasks.alerts.registry import read_rules

_SERIES = ("segment", "product", "metric")


def find_inhibited(alerts: pl.DataFrame) -> pl.DataFrame:
    """Columns alert_id and inhibited_by (the alert_id of the strongest inhibitor) of those that are held back.

    An inhibitor is of the same source, chain and month, about the whole chain, the same segment or (where its rule
    says so) the same series or a figure that the other rests on, and at least as severe, with and without the holiday:
    an info would otherwise hide a warning from those who hear warnings only. An alert whose rule has no rank (a
    restatement, a broken delivery) is never held back.
    """
    rules = read_rules().values()
    ranks, held = {rule.name: rule.rank for rule in rules}, {rule.name: rule.holds_back for rule in rules}
    severity = pl.coalesce(pl.col("detail").str.json_path_match("$.severity_without_holiday"), "severity")
    ranked = alerts.with_columns(
        pl.col("rule").replace_strict(ranks, default=None, return_dtype=pl.Int8).alias("rank"),
        rank_severity(pl.col("severity")).alias("severity_rank"),
        rank_severity(severity).alias("plain_rank"),
    ).filter(pl.col("rank").is_not_null())
    holds = pl.col("rule").replace_strict(held, default="", return_dtype=pl.String)
    causes = ranked.with_columns(holds.alias("holds")).filter(pl.col("holds") != "")
    causes = causes.select(
        *("source", "chain", "month", "holds"),
        pl.col("alert_id").alias("inhibited_by"),
        pl.col("figure_ids").str.split(" ").alias("cause_figures"),
        *(pl.col(name).alias(f"cause_{name}") for name in (*_SERIES, "rank", "severity_rank", "plain_rank")),
    )
    same_segment = (pl.col("cause_segment") == "") | (pl.col("cause_segment") == pl.col("segment"))
    same_series = pl.all_horizontal(pl.col(f"cause_{name}") == pl.col(name) for name in _SERIES)
    rests_on = pl.col("figure_ids").str.split(" ").list.set_intersection("cause_figures").list.len() > 0
    is_held = (
        pl.when(pl.col("holds") == "series")
        .then(same_series)
        .when(pl.col("holds") == "figures")
        .then(rests_on)
        .otherwise(same_segment)
    )
    return (
        ranked.join(causes, on=["source", "chain", "month"])
        .filter(
            pl.col("cause_rank") < pl.col("rank"),
            pl.col("cause_severity_rank") >= pl.col("severity_rank"),
            pl.col("cause_plain_rank") >= pl.col("plain_rank"),
            is_held,
        )
        .sort("alert_id", "cause_rank", "inhibited_by")
        .unique("alert_id", keep="first", maintain_order=True)
        .select("alert_id", "inhibited_by")
    )
