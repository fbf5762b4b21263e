"""Rule implausible_base: what figures imply about the year before cannot be what it seems."""

import polars as pl

from data_lake.figures import newest_vintage
from tasks.alerts.evaluation import Evaluation
from tasks.alerts.registry import Rule, register
from tasks.reconciling.bases import find_bases_apart, find_implausible_bases
from tasks.reconciling.findings import state_figures
from tasks.reconciling.found import gather_findings
from tasks.reconciling.implied import select_known

NAME = "implausible_base"


def find_doubtful_bases(evaluation: Evaluation) -> pl.DataFrame:
    """Events: the findings `implausible_base` (a warning) and `bases_apart` (info) of `trona findings`.

    The change of a month of last year that follows from MoM and YoY leaps and falls back beyond belief; or, around the
    new year, differs between the segments of a chain by more than one season explains (forecasts take part).
    """
    first, last = evaluation.months
    newest = newest_vintage(
        evaluation.figures.filter(
            pl.col("month").is_between(pl.lit(first).dt.offset_by("-2mo"), last),
            pl.col("chain").is_in(list(evaluation.chains)),
        )
    )
    bases = [
        *find_implausible_bases(newest),
        *find_bases_apart(select_known(newest, with_forecasts=True), evaluation.chains),
    ]
    found = [one for one in bases if first <= one.month <= last]
    rows = gather_findings(found, state_figures(found, newest), evaluation.chains)
    return rows.select(
        "severity",
        *("source", "chain", "segment", "product", "metric", "month", "figure_ids"),
        pl.lit("").alias("measure"),
        pl.col("sentence").str.strip_suffix(".").alias("title"),
        pl.struct(pl.col("rule").alias("finding"), "finding_id", pl.col("size_pct").round(4))
        .struct.json_encode()
        .alias("detail"),
    )


RULE = register(
    Rule(
        name=NAME,
        kind="event",
        severities=("info", "warning"),
        says="what follows about last year leaps and falls back, or differs between segments, beyond belief",
        find=find_doubtful_bases,
        rank=4,
        labels={"size_pct": "apart, %", "finding_id": "finding (trona findings)"},
    )
)
