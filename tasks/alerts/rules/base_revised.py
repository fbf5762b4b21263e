"""Rule base_revised: outcome over forecast by MoM and by YoY disagree beyond rounding, so a base month was revised."""

import polars as pl

from contracts.text import fill_text
from contracts.wording import name_quantity, write_rough, write_signed
from tasks.alerts.evaluation import Evaluation
from tasks.alerts.registry import Rule, register
from tasks.alerts.rules.forecast_miss import grade_misses, say_level_range
from tasks.alerts.thresholds import Threshold, read_thresholds

NAME = "base_revised"
LIMITS = {
    "info_pct": Threshold(1.0, "revision beyond rounding, in percent of the base month"),
    "warning_pct": Threshold(5.0, "a warning from here on"),
}
_SERIES = ("source", "chain", "segment", "product", "metric", "month")


def find_base_revisions(evaluation: Evaluation) -> pl.DataFrame:
    """Candidates from the wedge of scores: the level surprise by MoM against that by YoY, of one month's forecasts.

    Both measure outcome over forecast, since the base cancels; w = ln by MoM − ln by YoY is then ln of how the month a
    year before was revised over how the month before was. Beyond rounding one of them was revised without a word: the
    one by 100(exp w − 1) %, or the other by 100(exp −w − 1) %. At least as severe as the miss that it explains, which
    it holds back. Only of forecasts for the next month, whose base is known when they are made.
    """
    wedged = evaluation.scored.filter(
        pl.col("measure") == "mom_pct",
        pl.col("is_wedge_beyond_rounding").fill_null(False),
        pl.col("lead_months") == 1,
        pl.col("month").is_between(*evaluation.months),
    )
    near = pl.min_horizontal(pl.col("wedge_lower").abs(), pl.col("wedge_upper").abs())
    limits = read_thresholds(evaluation.chains, NAME, LIMITS)
    found = (
        wedged.join(limits, on=["chain", "segment", "measure"], how="inner")
        .with_columns((100 * (near / 100).exp() - 100).alias("near_pct"))
        .filter(pl.col("near_pct") >= pl.col("info_pct"))
        .join(_worst_misses(evaluation), on=_SERIES, how="left")
    )
    severe = (pl.col("near_pct") >= pl.col("warning_pct")) | (pl.col("rank_of_miss") > 0).fill_null(False)
    return found.sort(_SERIES).select(
        pl.when(severe).then(pl.lit("warning")).otherwise(pl.lit("info")).alias("severity"),
        *_SERIES,
        pl.lit("").alias("measure"),
        _write_title().alias("title"),
        pl.struct(
            *(expr.round(4).alias(name) for name, expr in _revisions().items()),
            pl.col("level_surprise_mom_pct").round(4),
            pl.col("level_surprise_yoy_pct").round(4),
        )
        .struct.json_encode()
        .alias("detail"),
        pl.concat_str("forecast_id", "actual_id", separator=" ", ignore_nulls=True).alias("figure_ids"),
    )


def _worst_misses(evaluation: Evaluation) -> pl.DataFrame:
    misses = grade_misses(evaluation.scored.filter(pl.col("family").is_in(["growth", "level"])))
    return misses.group_by(_SERIES).agg(pl.col("rank").max().alias("rank_of_miss"))


def _revisions() -> dict[str, pl.Expr]:
    """By how much the month a year before was revised, or else the month before, in percent, with its interval."""
    ends = {"": "wedge", "_lower": "wedge_lower", "_upper": "wedge_upper"}
    year = {f"year_before{end}_pct": 100 * ((pl.col(c) / 100).exp() - 1) for end, c in ends.items()}
    other = {"": "wedge", "_lower": "wedge_upper", "_upper": "wedge_lower"}
    month = {f"month_before{end}_pct": 100 * ((-pl.col(c) / 100).exp() - 1) for end, c in other.items()}
    return year | month


def _write_title() -> pl.Expr:
    revised = _revisions()
    low = pl.min_horizontal("level_surprise_mom_pct", "level_surprise_yoy_pct")
    high = pl.max_horizontal("level_surprise_mom_pct", "level_surprise_yoy_pct")

    def say(name: str) -> pl.Expr:
        return fill_text(
            "about {} % [{}, {}]",
            _write_signed_roughly(revised[f"{name}_pct"]),
            write_signed(revised[f"{name}_lower_pct"].round(1)),
            write_signed(revised[f"{name}_upper_pct"].round(1)),
        )

    return fill_text(
        "{} {}: the base month was revised in silence, {} by {} or {} by {}{}",
        "subject",
        name_quantity(pl.col("metric"), pl.col("measure")),
        pl.col("month").dt.offset_by("-12mo").dt.strftime("%B %Y"),
        say("year_before"),
        pl.col("month").dt.offset_by("-1mo").dt.strftime("%B %Y"),
        say("month_before"),
        say_level_range(low, high, pl.lit("growth")),
    )


def _write_signed_roughly(value: pl.Expr) -> pl.Expr:
    return pl.when(value < 0).then(pl.lit("−")).otherwise(pl.lit("+")) + write_rough(value)


RULE = register(
    Rule(
        name=NAME,
        kind="event",
        severities=("info", "warning"),
        says="outcome against forecast differs by MoM and by YoY beyond rounding: a base month was revised in silence",
        find=find_base_revisions,
        thresholds=LIMITS,
        rank=3,
        holds_back="series",
        labels={
            "year_before_pct": "the month a year before revised by, %",
            "month_before_pct": "or the month before by, %",
            "level_surprise_mom_pct": "level against its forecast by MoM, %",
            "level_surprise_yoy_pct": "by YoY, %",
        },
    )
)
