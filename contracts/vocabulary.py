"""The words that a figure may use, and what each of them means.

One place for metrics, measures, kinds and qualifiers. Contracts, readers, comparisons and the
documentation take them from here, so that the same quantity has the same name everywhere.
"""

from dataclasses import dataclass

METRICS = (
    "production",
    "price",
    "shipments",
    "inventory",
    "operating_rate",
    "capacity",
    "demand",
)
FLOWS = ("production", "shipments", "demand")
"""Metrics whose amount in a period is the sum of its months."""
RATES = ("operating_rate",)
"""Metrics whose level is a percentage, so that their errors are in points."""
KINDS = ("actual", "forecast")
QUALIFIERS = ("exact", "about", "bound", "range")

PERCENT, POINTS, SIGN, LEVEL = "%", "pp", "sign", "level"
LEVEL_UNITS = ("t", "MWh", "GWh", "CNY/t", "%")


@dataclass(frozen=True)
class Measure:
    """How a quantity is stated.

    `family` says which arithmetic applies: a growth (percent), a share (percent of the segment's
    total), points (change of a share or rate), a level, an absolute change, or a sign.
    `lag` is the number of months back to the base of the comparison, where there is one.
    """

    name: str
    family: str
    unit: str
    lag: int | None
    meaning: str


_MEASURES = (
    Measure("mom_pct", "growth", PERCENT, 1, "change against the month before"),
    Measure("yoy_pct", "growth", PERCENT, 12, "change against the same period a year before"),
    Measure("qoq_pct", "growth", PERCENT, 3, "change against the quarter before"),
    Measure("ytd_yoy_pct", "growth", PERCENT, 12, "January to this month against a year before"),
    Measure("share_pct", "share", PERCENT, None, "share of the segment's total"),
    Measure("share_mom_pp", "points", POINTS, 1, "change of the share against the month before"),
    Measure("share_yoy_pp", "points", POINTS, 12, "change of the share against a year before"),
    Measure("mom_pp", "points", POINTS, 1, "change of a rate against the month before"),
    Measure("yoy_pp", "points", POINTS, 12, "change of a rate against a year before"),
    Measure("level", "level", LEVEL, None, "the quantity itself"),
    Measure("mom_abs", "change", LEVEL, 1, "change against the month before, in the level's unit"),
    Measure("yoy_abs", "change", LEVEL, 12, "change against a year before, in the level's unit"),
    Measure("direction", "direction", SIGN, 1, "up 1, flat 0, down -1, against the month before"),
)
MEASURES = {measure.name: measure for measure in _MEASURES}


def measures_of(*families: str) -> list[str]:
    """Names of the measures of the given families, in the order of the vocabulary."""
    return [m.name for m in _MEASURES if m.family in families]


def units_of(measure: str) -> tuple[str, ...]:
    """Units that a figure of this measure may carry."""
    unit = MEASURES[measure].unit
    return LEVEL_UNITS if unit == LEVEL else (unit,)
