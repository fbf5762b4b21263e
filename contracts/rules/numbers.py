"""How large a number of each family of measures can be."""

import polars as pl

from contracts.rules.rule import Rule
from contracts.text import fill_text
from contracts.vocabulary import measures_of

_STATED = ("value", "lower", "upper")


def list_number_rules() -> list[Rule]:
    """Growth from −100 %, shares within 0 and 100, their changes within ±100 pp, levels from 0, signs −1, 0, 1."""
    growth, share, points = measures_of("growth"), measures_of("share"), _share_changes()
    return [
        *_limit("growth_from_minus_100", growth, "a change is -100 % or more", lowest=-100.0),
        *_limit("share_within_0_and_100", share, "a share is within 0 and 100 %", lowest=0.0, highest=100.0),
        *_limit("points_within_100", points, "a change of a share is within ±100 pp", lowest=-100.0, highest=100.0),
        *_limit("level_from_0", measures_of("level"), "a level is 0 or more", lowest=0.0),
        Rule(
            "direction_sign",
            "value",
            ~pl.col("measure").is_in(measures_of("direction")) | pl.col("value").is_in([-1.0, 0.0, 1.0]),
            "a direction is 1 (up), 0 (flat) or -1 (down)",
        ),
        Rule("half_width_from_0", "half_width", pl.col("half_width") >= 0.0, "a rounding half-width is 0 or more"),
    ]


def _share_changes() -> list[str]:
    return [name for name in measures_of("points") if name.startswith("share_")]


def _limit(name: str, measures: list[str], expects: str, *, lowest: float, highest: float | None = None) -> list[Rule]:
    other = ~pl.col("measure").is_in(measures)
    # What is not finite breaks the rule `finite`, once.
    return [
        Rule(
            name,
            column,
            other
            | ~pl.col(column).is_finite()
            | ((pl.col(column) >= lowest) if highest is None else pl.col(column).is_between(lowest, highest)),
            expects,
            found=fill_text("{}={}", "measure", column),
        )
        for column in _STATED
    ]
