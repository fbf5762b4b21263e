"""A series over time: what was reported with the forecasts joined to it, and its index with the envelope."""

import polars as pl

from tasks.pages.charts.drawing import ABOVE, BAND, INK, PAPER, Spec, to_rows

_WIDTH, _HEIGHT = 640, 240


def mark_time(months: int) -> Spec:
    """The channel of the months: a label a year on a long axis, else about thirteen labels of months."""
    if months > 60:
        axis = {"format": "%Y", "tickCount": "year", "labelAngle": 0}
    else:
        step = max(1, -(-months // 13))
        axis = {"format": "%b %y", "tickCount": {"interval": "month", "step": step}, "labelAngle": -45}
    return {"field": "month", "type": "temporal", "title": None, "axis": {**axis, "grid": False}}


def draw_history(actuals: pl.DataFrame, forecasts: pl.DataFrame, *, unit: str, months: int) -> Spec:
    """Outcomes solid and joined, forecasts hollow, each tied to its outcome (a hedgehog); ranges as hollow bars.

    Columns of `actuals`: month, value (null in a gap). Of `forecasts`: month, forecast (null of a range), actual (null
    while open), lower and upper (null of a single number).
    """
    x = mark_time(months)
    size = 45 if months <= 40 else 18
    value = {"field": "value", "type": "quantitative", "title": unit}
    made, known = {"values": to_rows(forecasts)}, {"values": to_rows(actuals)}
    zero = {"mark": {"type": "rule", "color": INK, "opacity": 0.35}, "encoding": {"y": {"datum": 0}}}
    return {
        "width": _WIDTH,
        "height": _HEIGHT,
        "layer": [
            zero,
            {
                "data": made,
                "transform": [{"filter": "datum.actual !== null && datum.forecast !== null"}],
                "mark": {"type": "rule", "color": INK, "opacity": 0.5},
                "encoding": {"x": x, "y": {"field": "forecast", "type": "quantitative"}, "y2": {"field": "actual"}},
            },
            {
                "data": known,
                "mark": {"type": "line", "color": ABOVE, "strokeWidth": 1.5},
                "encoding": {"x": x, "y": value},
            },
            {
                "data": known,
                "mark": {"type": "point", "filled": True, "color": ABOVE, "size": size, "opacity": 1},
                "encoding": {"x": x, "y": value},
            },
            {
                "data": made,
                "transform": [{"filter": "datum.lower !== null && datum.upper !== null"}],
                "mark": {"type": "bar", "fill": PAPER, "stroke": INK, "strokeWidth": 1.3, "width": 7},
                "encoding": {"x": x, "y": {"field": "lower", "type": "quantitative"}, "y2": {"field": "upper"}},
            },
            {
                "data": made,
                "transform": [{"filter": "datum.forecast !== null"}],
                "mark": {
                    "type": "point",
                    "filled": True,
                    "fill": PAPER,
                    "stroke": INK,
                    "size": size * 1.4,
                    "strokeWidth": 1.3,
                    "opacity": 1,
                },
                "encoding": {"x": x, "y": {"field": "forecast", "type": "quantitative"}},
            },
        ],
    }


def draw_index(rows: pl.DataFrame, *, unit: str) -> Spec:
    """The index as a line inside its envelope, on a log scale, on which equal growth is equal height.

    Columns: month, value, lower, upper; null where nothing links the month to the base.
    """
    x = mark_time(rows.height)
    least, most = rows.select(
        pl.min_horizontal("lower", "value").min(), b=pl.max_horizontal("upper", "value").max()
    ).row(0)
    scale = {"type": "log", "nice": False, "domain": [least * 0.95, most * 1.05]}
    axis = {"format": ",.0f", "tickCount": 6}
    y = {"field": "value", "type": "quantitative", "title": unit, "scale": scale, "axis": axis}
    size = 40 if rows.height <= 40 else 14
    return {
        "data": {"values": to_rows(rows.select("month", "value", "lower", "upper"))},
        "width": _WIDTH,
        "height": _HEIGHT,
        "layer": [
            {
                "mark": {"type": "area", "color": BAND, "opacity": 0.3},
                "encoding": {"x": x, "y": {**y, "field": "lower"}, "y2": {"field": "upper"}},
            },
            {
                "mark": {"type": "rule", "color": BAND, "opacity": 0.6, "strokeWidth": 3},
                "encoding": {"x": x, "y": {**y, "field": "lower"}, "y2": {"field": "upper"}},
            },
            {"mark": {"type": "line", "color": ABOVE, "strokeWidth": 1.5}, "encoding": {"x": x, "y": y}},
            {
                "mark": {"type": "point", "filled": True, "color": ABOVE, "size": size, "opacity": 1},
                "encoding": {"x": x, "y": y},
            },
        ],
    }
