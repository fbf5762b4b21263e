"""Rule share_shift: a product's share of its segment moved by more than it usually does."""

import polars as pl

from contracts.text import fill_text
from contracts.wording import name_quantity, write_number
from tasks.alerts.evaluation import Evaluation
from tasks.alerts.registry import Rule, register
from tasks.alerts.scored import LEAST_USUAL, SERIES
from tasks.alerts.thresholds import Threshold, read_thresholds
from tasks.alerts.usual_size import add_usual_size

NAME = "share_shift"
LIMITS = {
    "info_pp": Threshold(5.0, "a change of a share within a month is told from above here"),
    "warning_pp": Threshold(8.0, "a warning from here on"),
}


def find_share_shifts(evaluation: Evaluation) -> pl.DataFrame:
    """Candidates from rows with measure `share_mom_pp`, reported before derived.

    The smallest |shift| that rounding allows is above `info_pp` (info) or at least `warning_pp` (warning) and, once
    the series' own record is long enough, outside its 80 % (info) or 90 % band (warning).
    """
    chains, months = evaluation.chains, evaluation.months
    shifts = (
        evaluation.comparisons.filter(
            pl.col("measure") == "share_mom_pp",
            pl.col("basis").is_in(["reported", "derived"]),
            pl.col("value").is_not_null(),
            pl.col("month") <= months[1],
            pl.col("chain").is_in(list(chains)),
        )
        .sort("basis", descending=True)
        .unique([*SERIES, "month"], keep="first", maintain_order=True)
        .with_columns(pl.max_horizontal(pl.col("lower"), -pl.col("upper"), pl.lit(0.0)).alias("near"))
    )
    past = shifts.select(*SERIES, "month", pl.col("value").alias("error"))
    window = shifts.filter(pl.col("month").is_between(*months)).with_row_index("row")
    found = (
        add_usual_size(window, past, by=SERIES)
        .join(read_thresholds(chains, NAME, LIMITS), on=["chain", "segment", "measure"], how="inner")
        .join(evaluation.subjects, on=["chain", "segment", "product"], how="left")
        .with_columns(pl.col("subject").fill_null(pl.col("product")))
    )
    outside_80 = (pl.col("near") > pl.col("band_80")).fill_null(True)
    outside_90 = (pl.col("near") > pl.col("band_90")).fill_null(True)
    severe = outside_90 & (pl.col("near") >= pl.col("warning_pp"))
    title = fill_text(
        "{} {} {} {} pp MoM",
        "subject",
        name_quantity(pl.col("metric"), pl.col("measure")),
        pl.when(pl.col("value") > 0).then(pl.lit("gained")).otherwise(pl.lit("lost")),
        write_number(pl.col("value")),
    )
    is_usual = (pl.col("n_past") >= LEAST_USUAL) & pl.col("band_80").is_not_null()
    # of two bands the one that the shift lies outside of
    band = pl.when(outside_90 & pl.col("band_90").is_not_null()).then("band_90").otherwise("band_80")
    usual = fill_text(", usually up to {} ({} months)", write_number(band.round(1)), "n_past")
    bound = pl.when(is_usual).then(usual).otherwise(fill_text(", limit {} pp", write_number(pl.col("info_pp"))))
    return found.filter((pl.col("near") > pl.col("info_pp") + 1e-9) & outside_80).select(
        pl.when(severe).then(pl.lit("warning")).otherwise(pl.lit("info")).alias("severity"),
        *SERIES,
        "month",
        (title + bound).alias("title"),
        pl.struct(
            pl.col("value").round(4).alias("shift_pp"),
            pl.col("near").round(4).alias("shift_beyond_rounding_pp"),
            pl.coalesce(band, "info_pp").round(4).alias("band"),
            pl.col("n_past"),
            pl.col("basis"),
        )
        .struct.json_encode()
        .alias("detail"),
        "figure_ids",
    )


RULE = register(
    Rule(
        name=NAME,
        kind="event",
        severities=("info", "warning"),
        says="a product's share moved by more than the limit and, once known, its usual size",
        find=find_share_shifts,
        thresholds=LIMITS,
        rank=4,
        compares_months=True,
        labels={"band": "allowed", "n_past": "months behind it"},
    )
)
