"""Series by months, the number in each cell."""

from collections.abc import Sequence

import polars as pl

from tasks.pages.charts.drawing import ABOVE, BELOW, INK, Spec, to_rows

_NEUTRAL = "#f4f4f2"
_CELL, _ROW = 47, 26


def draw_heat(rows: pl.DataFrame, *, months: Sequence[str]) -> Spec:
    """Coloured by log ratio on one symmetric scale, the number in each cell; cells without a number keep their sign.

    Columns: series, month (label), log_ratio (null in a blank cell), text (a number, or the sign of its blank).
    """
    order = rows["series"].unique(maintain_order=True).to_list()
    widest = max([0.1, *(abs(ratio) for ratio in rows["log_ratio"].drop_nulls().to_list())])
    x = {
        "field": "month",
        "type": "nominal",
        "scale": {"domain": list(months)},
        "title": None,
        "axis": {"labelAngle": -45, "orient": "top", "ticks": False, "domain": False},
    }
    y = {
        "field": "series",
        "type": "nominal",
        "sort": order,
        "title": None,
        "axis": {"labelLimit": 200, "ticks": False, "domain": False, "labelPadding": 8},
    }
    scale = {"domain": [-widest, 0, widest], "range": [BELOW, _NEUTRAL, ABOVE], "interpolate": "rgb"}
    colour = {"field": "log_ratio", "type": "quantitative", "scale": scale, "legend": None}
    is_blank = {"test": "datum.log_ratio === null", "value": INK}
    is_dark = {"test": f"abs(datum.log_ratio) > {0.55 * widest:.6f}", "value": "#ffffff"}
    return {
        "data": {"values": to_rows(rows)},
        "width": _CELL * len(months),
        "height": _ROW * len(order),
        "encoding": {"x": x, "y": y},
        "layer": [
            {
                "transform": [{"filter": "datum.log_ratio !== null"}],
                "mark": {"type": "rect", "stroke": "#ffffff", "strokeWidth": 1},
                "encoding": {"color": colour},
            },
            {
                "mark": {"type": "text", "fontSize": 11},
                "encoding": {
                    "text": {"field": "text", "type": "nominal"},
                    "color": {"condition": [is_blank, is_dark], "value": "#1a202c"},
                },
            },
        ],
    }
