"""Rule figures_contradict: published figures of a source that cannot all be true, however they were rounded."""

from collections.abc import Iterator
from datetime import date

import polars as pl

from contracts.wording import rank_severity
from data_lake.figures import newest_vintage
from tasks.alerts.evaluation import Evaluation
from tasks.alerts.registry import Rule, register
from tasks.reconciling.findings import find_contradicting, state_figures
from tasks.reconciling.found import gather_findings
from tasks.reconciling.periods import end_month

NAME = "figures_contradict"
_KEY = ("source", "chain", "segment", "product", "metric", "month")
_COMPONENT = ("source", "chain", "segment", "metric")


def find_contradicting_figures(evaluation: Evaluation) -> pl.DataFrame:
    """States: minimal sets of actuals that cannot all be true, as `trona findings` proves them, with the same sentence.

    Filed under the last month that the figures are about, from January of the year before it on; several sets of one
    series and month are one candidate, the worst first. The state ends when a figure is restated or withdrawn. It holds
    back what rests on the figures named.
    """
    parts = [_find_in_year(evaluation, *span) for span in _split_years(*evaluation.months)]
    found = pl.concat(parts).sort(
        *_KEY,
        rank_severity(pl.col("severity")),
        "size_pct",
        "finding_id",
        descending=[*[False] * len(_KEY), True, True, False],
        nulls_last=True,
    )
    return found.group_by(_KEY, maintain_order=True).agg(
        pl.col("severity").first(),
        pl.lit("").alias("measure"),
        pl.col("sentence").first().str.strip_suffix(".").alias("title"),
        pl.struct(
            pl.col("rule").first().alias("finding"),
            pl.col("finding_id").first(),
            pl.col("size_pct").first().round(4),
            pl.len().alias("sets"),
        )
        .struct.json_encode()
        .first()
        .alias("detail"),
        pl.col("figure_ids").str.split(" ").explode().unique(maintain_order=True).str.join(" "),
    )


def _split_years(first: date, last: date) -> Iterator[tuple[date, date]]:
    for year in range(first.year, last.year + 1):
        yield max(first, date(year, 1, 1)), min(last, date(year, 12, 1))


def _find_in_year(evaluation: Evaluation, first: date, last: date) -> pl.DataFrame:
    """Findings of months of one year, from the figures since January of the year before; as `FINDINGS`."""
    past = evaluation.figures.filter(
        pl.col("month").is_between(date(first.year - 1, 1, 1), last), pl.col("chain").is_in(list(evaluation.chains))
    )
    touched = past.filter(end_month() >= first).select(_COMPONENT).unique()
    actuals = newest_vintage(past.filter(kind="actual").join(touched, on=_COMPONENT, how="semi"))
    found = [one for one in find_contradicting(actuals, evaluation.chains) if first <= one.month <= last]
    return gather_findings(found, state_figures(found, actuals), evaluation.chains)


RULE = register(
    Rule(
        name=NAME,
        kind="state",
        severities=("warning", "error"),
        says="figures of a source cannot all be true, however they were rounded",
        find=find_contradicting_figures,
        rank=2,
        holds_back="figures",
        labels={
            "size_pct": "they miss one another by, %",
            "sets": "sets of figures that contradict",
            "finding_id": "finding (trona findings)",
        },
    )
)
