"""Forecasts that repeat the one before them: a sentence that was copied, not a forecast that was made."""

from collections.abc import Iterator

import polars as pl

from tasks.reconciling.found import SERIES, Found, Part

_SENTENCE = 20
"""Shortest evidence that counts as a sentence; cells of a table are shorter."""
_PERIOD_WORDS = (
    r"(?i)\b(january|february|march|april|may|june|july|august|september|october|november|december|"
    r"jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)\b|\d{4}|\d{1,2}月"
)


def find_repeated_forecasts(newest: pl.DataFrame) -> Iterator[Found]:
    """Forecasts of a series whose numbers are all those of its forecast for the month before.

    At least two numbers (MoM and YoY) are the same, or one in a sentence that is the same but for its dates; the two
    are of different releases. `newest` has one row per key.
    """
    key = [*SERIES, "month"]
    rows = newest.filter(
        pl.col("kind") == "forecast", pl.col("is_monthly"), pl.col("value").is_not_null()
    ).with_columns(sentence=pl.col("evidence").str.replace_all(_PERIOD_WORDS, "").str.strip_chars())
    previous = rows.with_columns(pl.col("month").dt.offset_by("1mo"))
    pairs = rows.join(previous, on=[*key, "measure"], suffix="_before").filter(
        pl.col("release_id").ne_missing(pl.col("release_id_before"))
    )
    is_same = pl.col("value") == pl.col("value_before")
    is_copied = (pl.col("sentence") == pl.col("sentence_before")) & (pl.col("sentence").str.len_chars() >= _SENTENCE)
    sets = (
        pairs.group_by(key, maintain_order=True)
        .agg(
            is_same.all().alias("all_same"),
            n=pl.len(),
            copied=(is_same & is_copied).all(),
            ids=pl.col("figure_id").sort_by("measure"),
            before=pl.col("figure_id_before").sort_by("measure"),
            nonzero=(pl.col("value") != 0).any(),
            before_month=pl.col("month").first().dt.offset_by("-1mo"),
        )
        .filter(pl.col("all_same"), (pl.col("n") >= 2) & pl.col("nonzero") | pl.col("copied"))
    )
    for row in sets.sort(key).to_dicts():
        yield Found(
            "forecast_repeated",
            "info",
            {name: row[name] for name in SERIES},
            row["month"],
            (*row["before"], *row["ids"]),
            None,
            {"figures": Part("of month", row["ids"]), "before_month": Part("month", row["before_month"])},
        )
