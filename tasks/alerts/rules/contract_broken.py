"""Rule contract_broken: rows of a month's latest release were refused."""

import polars as pl

from contracts.period import MONTH_PATTERN
from contracts.text import fill_text
from contracts.wording import lower_title
from data_lake.releases import withdrawn_among
from tasks.alerts.evaluation import Evaluation
from tasks.alerts.registry import Rule, register
from tasks.alerts.thresholds import Threshold, read_thresholds

NAME = "contract_broken"
LIMITS = {"refused_pct": Threshold(5.0, "percent of refused rows from which a release is doubtful")}


def find_broken_contracts(evaluation: Evaluation) -> pl.DataFrame:
    """States, one per source, chain and reviewed month whose latest release has rows in quarantine.

    info below `refused_pct` percent of its rows, error from there on (the rest is doubtful), critical when nothing of
    it was kept. Ends when a later release of that month is clean.
    """
    chains, months, releases = evaluation.chains, evaluation.months, evaluation.releases
    refused = (
        evaluation.quarantine.filter(
            pl.col("review_month").str.contains(MONTH_PATTERN), pl.col("chain").is_in(list(chains))
        )
        .group_by("source", "chain", "review_month", "release_id")
        .agg(
            pl.col("row").n_unique().cast(pl.Int64).alias("refused"),
            pl.col("rule").unique().sort().str.join(", ").alias("rules"),
            pl.col("recorded_at").max(),
            pl.col("document_name").first(),
        )
    )
    kept = (
        releases.filter(pl.col("event") == "recorded")
        .join(withdrawn_among(releases.lazy()).collect(), on="release_id", how="anti")
        .select("source", "chain", "review_month", "release_id", "figures", pl.col("at").alias("recorded_at"))
        .unique("release_id")
    )
    latest = (
        refused.join(kept.select("release_id", "figures"), on="release_id", how="left")
        .pipe(lambda f: pl.concat([f, kept.join(refused, on="release_id", how="anti")], how="diagonal"))
        .sort("recorded_at", "release_id")
        .unique(["source", "chain", "review_month"], keep="last", maintain_order=True)
        .filter(pl.col("refused") > 0)
        .with_columns((pl.col("review_month") + "-01").str.to_date("%Y-%m-%d").alias("month"))
        .filter(pl.col("month").is_between(*months))
        .with_columns(pl.col("figures").fill_null(0))
    )
    limits = (
        read_thresholds(chains, NAME, LIMITS)
        .filter(pl.col("segment") == "")
        .unique("chain")
        .select("chain", "refused_pct")
    )
    titles = {c.name: lower_title(c.title) for c in chains.values()}
    share = 100 * pl.col("refused") / (pl.col("refused") + pl.col("figures"))
    severity = (
        pl.when(pl.col("figures") == 0)
        .then(pl.lit("critical"))
        .when(share >= pl.col("refused_pct"))
        .then(pl.lit("error"))
        .otherwise(pl.lit("info"))
    )
    return (
        latest.join(limits, on="chain")
        .sort("source", "chain", "month")
        .select(
            severity.alias("severity"),
            "source",
            "chain",
            *(pl.lit("").alias(name) for name in ("segment", "product", "metric", "measure")),
            "month",
            fill_text(
                "{} of {} rows of the {} review of {} were refused",
                "refused",
                pl.col("refused") + pl.col("figures"),
                pl.col("month").dt.strftime("%B %Y"),
                pl.col("chain").replace_strict(titles, default="", return_dtype=pl.String),
            ).alias("title"),
            pl.struct("refused", "figures", "rules", "release_id", "document_name")
            .struct.json_encode()
            .alias("detail"),
            pl.lit("").alias("figure_ids"),
        )
    )


RULE = register(
    Rule(
        name=NAME,
        kind="state",
        severities=("info", "error", "critical"),
        says="rows of a review were refused",
        find=find_broken_contracts,
        thresholds=LIMITS,
        rank=1,
        holds_back="segment",
    )
)
