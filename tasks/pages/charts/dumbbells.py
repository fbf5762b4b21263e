"""Forecast against outcome, a row per series."""

import polars as pl

from tasks.pages.charts.drawing import ABOVE, BAND, BELOW, INK, PAPER, Spec, to_rows

_ROW = 30


def draw_dumbbells(rows: pl.DataFrame, *, axis: str, width: int = 420, row_height: int = _ROW) -> Spec:
    """Forecast (hollow) and outcome (solid, with its rounding) of each series; tolerance and usual band behind.

    Columns: series, forecast, actual, low and high (ends of the tolerance), right (where the text stands), text; and
    where they are known usual_low and usual_high (ends of the usual band), actual_low and actual_high (of rounding).
    """
    order = rows["series"].to_list()
    y = {
        "field": "series",
        "type": "nominal",
        "sort": order,
        "title": None,
        "axis": {"labelLimit": 200, "ticks": False, "domain": False, "labelPadding": 8},
    }
    x = {
        "field": "forecast",
        "type": "quantitative",
        "title": axis,
        "scale": {"nice": True, "zero": False, "padding": 14},
        "axis": {"tickCount": 6},
    }
    usual_low, actual_low = ({"field": name, "type": "quantitative"} for name in ("usual_low", "actual_low"))
    is_below = {"test": "datum.actual < datum.forecast", "value": BELOW}
    colour = {"condition": is_below, "value": ABOVE}
    return {
        "data": {"values": to_rows(rows)},
        "width": width,
        "height": row_height * len(order),
        "encoding": {"y": y},
        "layer": [
            {
                "mark": {"type": "bar", "height": 16, "color": BAND, "opacity": 0.22},
                "encoding": {"x": {**x, "field": "low"}, "x2": {"field": "high"}},
            },
            {
                "mark": {"type": "bar", "height": 4, "color": BAND, "opacity": 0.55},
                "encoding": {"x": usual_low, "x2": {"field": "usual_high"}},
            },
            {
                "mark": {"type": "rule", "strokeWidth": 1.2, "color": INK, "opacity": 0.6},
                "encoding": {"x": x, "x2": {"field": "actual"}},
            },
            {
                "mark": {"type": "rule", "strokeWidth": 5, "strokeCap": "butt", "opacity": 0.45},
                "encoding": {"x": actual_low, "x2": {"field": "actual_high"}, "color": colour},
            },
            {
                "mark": {"type": "point", "filled": True, "size": 90, "fill": PAPER, "stroke": INK, "opacity": 1},
                "encoding": {"x": x},
            },
            {
                "mark": {"type": "point", "filled": True, "size": 90, "opacity": 1},
                "encoding": {"x": {"field": "actual", "type": "quantitative"}, "color": colour},
            },
            {
                "mark": {"type": "text", "align": "left", "dx": 10, "color": INK},
                "encoding": {"x": {"field": "right", "type": "quantitative"}, "text": {"field": "text"}},
            },
        ],
    }
