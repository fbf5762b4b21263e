"""One row per key: the same number twice is one figure, two numbers for one key are none."""

from collections.abc import Sequence

import polars as pl

from contracts.rules.rule import Rule, gather_breaches, report_breaches
from contracts.text import fill_text

_SHOWN = 5
_SAID = ("value", "lower", "upper", "unit", "qualifier")


def find_repeats(frame: pl.DataFrame, key: Sequence[str]) -> pl.DataFrame:
    """Breaches of `stated_once` (the same again: all but the first) and `one_value_per_key` (different: all)."""
    twice = (
        frame.lazy()
        .with_row_index("index")
        # Hashes first: comparing them takes a third of the time that comparing the texts of all keys takes.
        .filter(pl.struct(key).hash().is_duplicated())
        .filter(pl.struct(key).is_duplicated())
        .with_columns(said=pl.concat_str(pl.col(_SAID).cast(pl.String).fill_null("-"), separator=" "))
        .collect()
    )
    again = twice.filter(~pl.struct(*key, "said").is_first_distinct())
    once = twice.filter(pl.struct(*key, "said").is_first_distinct()).with_columns(
        different=pl.col("said").n_unique().over(key),
        all=pl.col("said").unique().sort().head(_SHOWN).str.join("; ").over(key),
    )
    first = once.select(*key, "said", kept="place")
    return gather_breaches(
        (
            report_breaches(
                again.join(first, on=[*key, "said"], how="left", maintain_order="left").select(
                    "index", value=pl.col("said"), message=fill_text("the same as {}, which is kept", "kept")
                ),
                rule="stated_once",
                column="value",
            ),
            report_breaches(
                once.filter(pl.col("different") > 1).select(
                    "index",
                    value=pl.col("said"),
                    message=fill_text("one release states one value per key; it states {}: {}", "different", "all"),
                ),
                rule="one_value_per_key",
                column="value",
            ),
        )
    )


def list_key_rules(key: Sequence[str]) -> list[Rule]:
    """`one_row_per_key` for a table that was computed: a second row is an error of the computation."""
    return [
        Rule(
            "one_row_per_key",
            key[0],
            ~pl.struct(key).is_duplicated(),
            f"one row per {', '.join(key)}",
            found=pl.concat_str(pl.col(key).cast(pl.String).fill_null("null"), separator=" "),
        )
    ]
