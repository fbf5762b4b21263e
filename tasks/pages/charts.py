"""Charts as SVG, drawn when the page is built, so that it needs no script; Altair and vl-convert, extra `charts`.

Actual solid, forecast hollow; blue and orange stay apart for every kind of colour vision, and what a colour says a
number beside it says as well. Text takes the page's own colour, light or dark.
"""

import importlib.util
import json
import re
from collections.abc import Sequence
from io import BytesIO
from typing import TYPE_CHECKING, Any

import polars as pl

if TYPE_CHECKING:
    import altair as alt

_INK = "#010203"
"""Stands for the page's own colour of text, which the SVG takes from where it is put."""
_ABOVE, _BELOW, _BAND = "#2b6cb0", "#c05621", "#8a94a6"
_FONT = "system-ui, sans-serif"
_MAIL_INK = "#1f2933"


PNG_LIMIT = 20_000


def can_draw() -> bool:
    """Whether the extra `charts` is installed."""
    return all(importlib.util.find_spec(name) for name in ("altair", "vl_convert"))


def draw_dumbbells(rows: pl.DataFrame, *, title: str) -> str:
    """Forecast (hollow) and outcome (solid) of each series, with the tolerance as a band; empty where no row.

    Columns: series, forecast, actual, low, high (the tolerance's ends), right (where the text stands), text.
    """
    if rows.is_empty() or not can_draw():
        return ""
    return _to_svg(_plan_dumbbells(rows, width=420), title)


def draw_dumbbells_png(rows: pl.DataFrame) -> bytes:
    """The same picture for a mail: narrow, in few colours, on white; empty where no row or the extra is missing.

    As sharp as fits `PNG_LIMIT` bytes; a picture that never fits is empty too.
    """
    if rows.is_empty() or not (can_draw() and importlib.util.find_spec("PIL")):
        return b""
    import vl_convert  # noqa: PLC0415 - an extra, and slow to import

    spec = _configure(_plan_dumbbells(rows, width=230, row_height=30), font_size=15, left=6)
    spec = json.loads(json.dumps(spec).replace(_INK, _MAIL_INK))
    spec["config"]["background"] = "#ffffff"
    drawn = (_reduce_colours(vl_convert.vegalite_to_png(spec, scale=scale)) for scale in (2.0, 1.5, 1.0))
    return next((png for png in drawn if len(png) < PNG_LIMIT), b"")


def _plan_dumbbells(rows: pl.DataFrame, *, width: int, row_height: int = 26) -> "alt.LayerChart":
    import altair as alt  # noqa: PLC0415

    order = rows["series"].to_list()
    y = alt.Y("series:N", sort=order, title=None, axis=alt.Axis(labelLimit=230, ticks=False, domain=False))
    base = alt.Chart(_inline(rows)).encode(y=y)
    x = alt.X("forecast:Q", title="% change, forecast ○ and outcome ●", scale=alt.Scale(padding=12, nice=True))
    band = base.mark_bar(height=12, color=_BAND, opacity=0.25).encode(x=alt.X("low:Q"), x2="high:Q")
    line = base.mark_rule(color=_INK, strokeWidth=1.2).encode(x=x, x2="actual:Q")
    hollow = base.mark_point(filled=False, size=90, color=_INK, strokeWidth=1.6).encode(x=x)
    solid = base.mark_point(filled=True, size=90, opacity=1).encode(
        x="actual:Q", color=alt.condition("datum.actual < datum.forecast", alt.value(_BELOW), alt.value(_ABOVE))
    )
    text = base.mark_text(align="left", dx=9, color=_INK).encode(x="right:Q", text="text:N")
    drawn: alt.LayerChart = (band + line + hollow + solid + text).properties(
        width=width, height=row_height * len(order)
    )
    return drawn


def _reduce_colours(png: bytes) -> bytes:
    """Ink, the two colours and their shades towards white: a twentieth of the bytes, and no difference to see."""
    from PIL import Image  # noqa: PLC0415 - of the extra

    palette, small = Image.new("P", (1, 1)), BytesIO()
    shades = ((_MAIL_INK, 9), (_ABOVE, 4), (_BELOW, 4))
    palette.putpalette([part for colour, steps in shades for part in _fade(colour, steps)])
    # without dithering: dots of two colours would cost more bytes than the shades do
    drawn = Image.open(BytesIO(png)).convert("RGB").quantize(palette=palette, dither=Image.Dither.NONE)
    drawn.save(small, "PNG", optimize=True)
    return small.getvalue()


def _fade(colour: str, steps: int) -> list[int]:
    """Red, green and blue of a colour and of steps from it to white."""
    parts = bytes.fromhex(colour.removeprefix("#"))
    return [round(part + (255 - part) * step / steps) for step in range(steps + 1) for part in parts]


def draw_heat(rows: pl.DataFrame, *, months: Sequence[str], title: str) -> str:
    """Series × months, coloured by log ratio on one symmetric scale, the number in each cell; empty where no row.

    Columns: series, month (label), log_ratio, text.
    """
    if rows.is_empty() or not can_draw():
        return ""
    import altair as alt  # noqa: PLC0415

    order = rows["series"].unique(maintain_order=True).to_list()
    x = alt.X(
        "month:N",
        scale=alt.Scale(domain=list(months)),
        title=None,
        axis=alt.Axis(labelAngle=-45, orient="top", ticks=False, domain=False),
    )
    y = alt.Y("series:N", sort=order, title=None, axis=alt.Axis(labelLimit=230, ticks=False, domain=False))
    widest = max(0.1, *(abs(ratio) for ratio in rows["log_ratio"].drop_nulls().to_list()))
    scale = alt.Scale(domain=[-widest, 0, widest], range=[_BELOW, "#f4f4f2", _ABOVE], interpolate="rgb")
    base = alt.Chart(_inline(rows)).encode(x=x, y=y)
    cells = base.mark_rect(stroke="white").encode(color=alt.Color("log_ratio:Q", scale=scale, legend=None))
    dark = f"abs(datum.log_ratio) > {0.6 * widest}"
    numbers = base.mark_text(fontSize=11).encode(
        text="text:N", color=alt.condition(dark, alt.value("#ffffff"), alt.value("#1a202c"))
    )
    return _to_svg((cells + numbers).properties(width=46 * len(months), height=26 * len(order)), title)


def draw_history(actuals: pl.DataFrame, forecasts: pl.DataFrame, *, unit: str, title: str) -> str:
    """A series over time: outcomes solid and joined, forecasts hollow, each tied to its outcome; empty where no row.

    Columns of `actuals`: month, value. Of `forecasts`: month, forecast, actual (null while open).
    """
    if actuals.is_empty() or not can_draw():
        return ""
    import altair as alt  # noqa: PLC0415

    x = alt.X("month:T", title=None, axis=alt.Axis(format="%b %Y", labelAngle=-45, tickCount=12))
    known = alt.Chart(_inline(actuals)).encode(x=x, y=alt.Y("value:Q", title=unit))
    drawn = known.mark_line(color=_ABOVE, strokeWidth=1.5) + known.mark_point(
        filled=True, color=_ABOVE, size=45, opacity=1
    )
    if forecasts.height:
        made = alt.Chart(_inline(forecasts)).encode(x=x)
        drawn += made.mark_rule(color=_INK, opacity=0.5).encode(y="forecast:Q", y2="actual:Q")
        drawn += made.mark_point(filled=False, color=_INK, size=70, strokeWidth=1.5).encode(y="forecast:Q")
    return _to_svg(drawn.properties(width=640, height=240), title)


def _inline(rows: pl.DataFrame) -> "alt.InlineData":
    import altair as alt  # noqa: PLC0415

    days = [pl.col(name).cast(pl.String) for name, dtype in rows.schema.items() if dtype == pl.Date]
    return alt.InlineData(values=rows.with_columns(days).to_dicts())


def _to_svg(chart: "alt.LayerChart", title: str) -> str:
    import vl_convert  # noqa: PLC0415

    svg: str = vl_convert.vegalite_to_svg(_configure(chart))
    return _adapt(svg, title)


def _configure(chart: "alt.LayerChart", *, font_size: int = 12, left: int = 34) -> dict[str, Any]:
    spec: dict[str, Any] = (
        chart.configure(
            background="transparent", font=_FONT, padding={"left": left, "right": 46, "top": 6, "bottom": 6}
        )
        .configure_view(stroke=None)
        .configure_axis(
            labelColor=_INK,
            titleColor=_INK,
            titleFontWeight="normal",
            labelFontSize=font_size,
            titleFontSize=font_size - 1,
            gridOpacity=0.25,
            tickColor=_INK,
        )
        .configure_text(fontSize=font_size - 1)
        .to_dict()
    )
    return spec


def _adapt(svg: str, title: str) -> str:
    """The SVG with the page's own colour of text, a width that shrinks with the screen, and a text alternative."""
    from markupsafe import escape  # noqa: PLC0415

    svg = svg.replace(_INK, "currentColor")
    size = re.search(r'width="([\d.]+)" height="([\d.]+)"', svg)
    width = float(size[1]) if size else 640.0
    style = f"max-width:{width:.0f}px;width:100%;min-width:min({width:.0f}px,520px);height:auto"
    head = f'<svg role="img" aria-label="{escape(title)}" style="{style}"'
    return re.sub(r"^<svg", head, re.sub(r' (?:width|height)="[\d.]+"', "", svg, count=2), count=1)
