"""Forecasts of each month by verdict: misses below the line, what was met above it."""

from collections.abc import Sequence

import polars as pl

from tasks.pages.charts.drawing import ABOVE, BAND, BELOW, INK, Spec, to_rows
from tasks.pages.charts.history import mark_time


def draw_verdicts(rows: pl.DataFrame, *, unit: str, names: Sequence[str]) -> Spec:
    """Stacked counts per month, misses down and the rest up from one line.

    Columns: month, verdict (one of `names`: met, undecided, missed), n (negative of a miss).
    """
    x = mark_time(rows["month"].n_unique())
    colour = {
        "field": "verdict",
        "type": "nominal",
        "scale": {"domain": list(names), "range": [ABOVE, BAND, BELOW]},
        "legend": {"title": None, "orient": "top", "labelColor": INK, "labelFontSize": 12},
    }
    axis = {"format": "d", "tickMinStep": 1, "labelExpr": "abs(datum.value)"}
    return {
        "data": {"values": to_rows(rows)},
        "width": 640,
        "height": 160,
        "layer": [
            {
                "mark": {"type": "bar", "binSpacing": 1},
                "encoding": {
                    "x": {**x, "timeUnit": "yearmonth", "bandPosition": 0},
                    "y": {"field": "n", "type": "quantitative", "title": unit, "axis": axis, "stack": "zero"},
                    "color": colour,
                },
            },
            {"mark": {"type": "rule", "color": INK}, "encoding": {"y": {"datum": 0}}},
        ],
    }
