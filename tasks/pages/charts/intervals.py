"""A number per row with its interval, against a line that means "no difference"."""

import polars as pl

from tasks.pages.charts.drawing import ABOVE, BELOW, INK, Spec, to_rows

_ROW = 26


def draw_intervals(rows: pl.DataFrame, *, axis: str, line: float = 0.0) -> Spec:
    """Points with intervals; what lies beyond the line on one side for sure is coloured by its side.

    Columns: name, value, lower and upper (null where there is none), text (written at the right end).
    """
    order = rows["name"].to_list()
    y = {
        "field": "name",
        "type": "nominal",
        "sort": order,
        "title": None,
        "axis": {"labelLimit": 300, "ticks": False, "domain": False, "labelPadding": 8},
    }
    scale = {"nice": True, "zero": False, "padding": 12}
    x = {"field": "value", "type": "quantitative", "title": axis, "scale": scale, "axis": {"tickCount": 6}}
    colour = {
        "condition": [
            {"test": f"datum.upper !== null && datum.upper < {line}", "value": BELOW},
            {"test": f"datum.lower !== null && datum.lower > {line}", "value": ABOVE},
        ],
        "value": INK,
    }
    return {
        "data": {"values": to_rows(rows)},
        "width": 380,
        "height": _ROW * len(order),
        "encoding": {"y": y},
        "layer": [
            {
                "mark": {"type": "rule", "strokeWidth": 2},
                "encoding": {
                    "x": {**x, "field": "lower"},
                    "x2": {"field": "upper"},
                    "color": colour,
                },
            },
            {
                "mark": {"type": "rule", "color": INK, "strokeDash": [3, 3], "opacity": 0.6},
                "encoding": {"x": {"datum": line}, "y": None},
            },
            {
                "mark": {"type": "point", "filled": True, "size": 70, "opacity": 1},
                "encoding": {"x": x, "color": colour},
            },
            {
                "mark": {"type": "text", "align": "left", "dx": 8, "color": INK, "fontSize": 11},
                "encoding": {"x": {"field": "right", "type": "quantitative"}, "text": {"field": "text"}},
            },
        ],
    }
