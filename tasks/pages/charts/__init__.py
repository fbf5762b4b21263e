"""Charts as Vega-Lite specifications, drawn to SVG or PNG when a page is built, so that it needs no script.

Actual solid, forecast hollow; blue and orange stay apart for every kind of colour vision, and what a colour says a
number or a word beside it says as well.
"""

from tasks.pages.charts.chain_map import draw_chain_map
from tasks.pages.charts.drawing import Spec, can_draw, to_svg, write_picture
from tasks.pages.charts.dumbbells import draw_dumbbells
from tasks.pages.charts.heat import draw_heat
from tasks.pages.charts.history import draw_history, draw_index
from tasks.pages.charts.intervals import draw_intervals
from tasks.pages.charts.mail import PNG_LIMIT, draw_dumbbells_png
from tasks.pages.charts.verdicts import draw_verdicts

__all__ = [
    "PNG_LIMIT",
    "Spec",
    "can_draw",
    "draw_chain_map",
    "draw_dumbbells",
    "draw_dumbbells_png",
    "draw_heat",
    "draw_history",
    "draw_index",
    "draw_intervals",
    "draw_verdicts",
    "to_svg",
    "write_picture",
]
