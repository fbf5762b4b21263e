"""How a specification becomes a picture: one look for all charts, and the SVG made fit for a page."""

import importlib.util
import re
from pathlib import Path
from textwrap import fill
from typing import Any

import polars as pl

from data_lake.files import write_file

Spec = dict[str, Any]
"""A chart in Vega-Lite: `layer`, `width`, `height`. The look is added when it is drawn."""

INK = "#010203"
"""Stands for the page's own colour of text, which the SVG takes from where it is put."""
PAPER = "#fefdfc"
"""Stands for the page's own background."""
ABOVE, BELOW, BAND = "#2b6cb0", "#c05621", "#8a94a6"
_FONT = "system-ui, sans-serif"
_AXIS = {
    "labelColor": INK,
    "titleColor": INK,
    "titleFontWeight": "normal",
    "labelFontSize": 12,
    "titleFontSize": 12,
    "gridColor": INK,
    "gridOpacity": 0.12,
    "tickColor": INK,
    "domainColor": INK,
    "domainOpacity": 0.4,
}
_TITLE = {"anchor": "start", "color": INK, "subtitleColor": INK, "fontSize": 15, "subtitleFontSize": 12, "offset": 12}
_CONFIG = {
    "aria": False,  # each mark described on its own is three times the bytes; the picture has one alternative text
    "background": "transparent",
    "font": _FONT,
    "padding": {"left": 34, "right": 46, "top": 6, "bottom": 6},  # letters are wider where the page is read
    "view": {"stroke": None},
    "axis": _AXIS,
    "text": {"fontSize": 12, "color": INK},
    "numberFormat": ",.4~f",
}


def can_draw() -> bool:
    """Whether pictures can be drawn here: the package that does it is installed."""
    return importlib.util.find_spec("vl_convert") is not None


def to_rows(frame: pl.DataFrame) -> list[dict[str, Any]]:
    """The rows as data of a specification: months as text that Vega reads as local dates."""
    days = [pl.col(name).dt.strftime("%Y-%m-%dT00:00:00") for name, dtype in frame.schema.items() if dtype == pl.Date]
    return frame.with_columns(days).to_dicts()


def to_svg(spec: Spec, alternative: str) -> str:
    """The picture as SVG for a page: the page's ink, shrinking with the screen, with a text alternative."""
    svg = _draw(spec)
    svg = svg.replace(INK, "currentColor").replace(PAPER, "var(--paper)")
    return _adapt(svg, alternative)


def write_picture(path: Path, spec: Spec | None, title: str, alternative: str) -> None:
    """The picture as a file of its own, SVG or PNG by its ending: dark ink on white, with its title and subtitle.

    A PNG has two pixels to a unit; an SVG carries the text alternative.
    """
    import vl_convert  # noqa: PLC0415 - large
    from markupsafe import escape  # noqa: PLC0415 - only pictures pay for it

    heading, _, subtitle = title.partition(". ")
    titled = {"text": fill(heading, 80).split("\n"), "subtitle": fill(subtitle, 100).split("\n"), **_TITLE}
    whole = {**(spec or {}), "background": "#ffffff", "title": titled}
    text = _to_json(whole).replace(INK, "#1a202c").replace(PAPER, "#ffffff")
    if path.suffix.lower() == ".png":
        content: bytes = vl_convert.vegalite_to_png(text, scale=2.0)
    else:
        svg: str = vl_convert.vegalite_to_svg(text)
        content = re.sub(r"^<svg", f'<svg role="img" aria-label="{escape(alternative)}"', svg, count=1).encode()
    write_file(path, content)


def to_png(spec: Spec, *, ink: str, scale: float, font_size: int) -> bytes:
    """The picture as PNG on white, `scale` pixels to a unit."""
    import vl_convert  # noqa: PLC0415 - large

    letters = {"labelFontSize": font_size, "titleFontSize": font_size - 1}
    config = {
        **_CONFIG,
        "axis": {**_AXIS, **letters},
        "text": {"fontSize": font_size - 1, "color": INK},
        "padding": {"left": 6, "right": 46, "top": 6, "bottom": 6},
    }
    text = _to_json({**spec, "config": config, "background": "#ffffff"}).replace(INK, ink).replace(PAPER, "#ffffff")
    png: bytes = vl_convert.vegalite_to_png(text, scale=scale)
    return png


def _draw(spec: Spec) -> str:
    import vl_convert  # noqa: PLC0415 - large

    svg: str = vl_convert.vegalite_to_svg(_to_json(spec))
    return svg


def _to_json(spec: Spec) -> str:
    import json  # noqa: PLC0415

    whole = {"$schema": "https://vega.github.io/schema/vega-lite/v6.json", "config": _CONFIG, **spec}
    return json.dumps(whole, ensure_ascii=False)


def _adapt(svg: str, alternative: str) -> str:
    from markupsafe import escape  # noqa: PLC0415

    size = re.search(r'width="([\d.]+)" height="([\d.]+)"', svg)
    width = float(size[1]) if size else 640.0
    least = min(width, max(540.0, 0.8 * width))  # smaller letters cannot be read: narrow screens scroll
    style = f"max-width:{width:.0f}px;width:100%;min-width:{least:.0f}px;height:auto"
    head = f'<svg role="img" aria-label="{escape(alternative)}" style="{style}"'
    svg = re.sub(r"(\d\.\d{2})\d+", r"\1", svg)  # a hundredth of a pixel is enough
    svg = re.sub(r' (?:role|aria-[a-z]+)="[^"]*"', "", svg)  # its parts have no names: the picture is one image
    return re.sub(r"^<svg", head, re.sub(r' (?:width|height)="[\d.]+"', "", svg, count=2), count=1)
