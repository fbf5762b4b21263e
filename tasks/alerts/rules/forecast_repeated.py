"""Rule forecast_repeated: a forecast states the number that was forecast before, word for word."""

import polars as pl

from contracts.text import fill_text
from contracts.wording import FAMILIES, measure_words, name_quantity, write_value
from tasks.alerts.evaluation import Evaluation
from tasks.alerts.registry import Rule, register
from tasks.alerts.scored import SERIES
from tasks.alerts.thresholds import Threshold, read_thresholds

NAME = "forecast_repeated"
LIMITS = {"least_pct": Threshold(20.0, "growth from which on a repetition is told; small numbers repeat by chance")}


def find_repeated_forecasts(evaluation: Evaluation) -> pl.DataFrame:
    """Candidates (info) where growth of at least `least_pct` is forecast with the number of the month forecast before.

    From `is_repeat` of scores, as soon as the forecast is published; a number that is repeated on and on is told the
    first time. Of several forecasts for a month the one with the shortest lead.
    """
    stated = (
        evaluation.scores.filter(
            pl.col("chain").is_in(list(evaluation.chains)),
            pl.col("status").is_in(["scored", "pending"]),
            pl.col("span_months") == 1,
        )
        .sort(*SERIES, "lead_months", "month", "forecast_at", "forecast_id")
        .unique([*SERIES, "lead_months", "month"], keep="last", maintain_order=True)
        .with_columns(
            pl.col("month").shift().over(*SERIES, "lead_months").alias("before"),
            pl.col("forecast_id").shift().over(*SERIES, "lead_months").alias("before_id"),
            pl.col("is_repeat").shift().over(*SERIES, "lead_months").alias("was_repeat"),
        )
    )
    family = pl.col("measure").replace_strict(FAMILIES, default="")
    return (
        stated.join(read_thresholds(evaluation.chains, NAME, LIMITS), on=["chain", "segment", "measure"], how="inner")
        .filter(
            pl.col("is_repeat") & ~pl.col("was_repeat").fill_null(False),
            family == "growth",
            pl.col("forecast").abs() >= pl.col("least_pct"),
            pl.col("before").is_not_null(),
            pl.col("month").is_between(*evaluation.months),
        )
        .unique([*SERIES, "month"], keep="first", maintain_order=True)
        .join(evaluation.subjects, on=["chain", "segment", "product"], how="left")
        .with_columns(pl.col("subject").fill_null(pl.col("segment")))
        .sort(*SERIES, "month")
        .select(
            pl.lit("info").alias("severity"),
            *SERIES,
            "month",
            fill_text(
                "{} {}: {}{} forecast for {} as before for {}",
                "subject",
                name_quantity(pl.col("metric"), pl.col("measure")),
                write_value(pl.col("forecast"), pl.col("measure"), pl.lit("%")),
                measure_words(pl.col("measure")),
                pl.col("month").dt.strftime("%B %Y"),
                pl.col("before").dt.strftime("%B %Y"),
            ).alias("title"),
            pl.struct(pl.col("forecast"), pl.col("before").dt.strftime("%Y-%m").alias("forecast_before_for"))
            .struct.json_encode()
            .alias("detail"),
            pl.concat_str("before_id", "forecast_id", separator=" ").alias("figure_ids"),
        )
    )


RULE = register(
    Rule(
        name=NAME,
        kind="event",
        severities=("info",),
        says="the number forecast before is forecast again, word for word",
        find=find_repeated_forecasts,
        thresholds=LIMITS,
    )
)
