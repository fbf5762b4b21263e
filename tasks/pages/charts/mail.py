"""The picture of a mail: a dumbbell chart as a small PNG."""

import importlib.util
from io import BytesIO

import polars as pl

from tasks.pages.charts.drawing import ABOVE, BELOW, can_draw, to_png
from tasks.pages.charts.dumbbells import draw_dumbbells

_INK = "#1f2933"
PNG_LIMIT = 20_000


def draw_dumbbells_png(rows: pl.DataFrame) -> bytes:
    """The page's picture for a mail: narrow, in few colours, on white; empty where no row or a package is missing.

    Columns as `draw_dumbbells` has them. As sharp as fits `PNG_LIMIT` bytes; a picture that never fits is empty too.
    """
    if rows.is_empty() or not (can_draw() and importlib.util.find_spec("PIL")):
        return b""
    spec = draw_dumbbells(rows, axis="% change, forecast ○ and outcome ●", width=230, row_height=30)
    pictures = (_reduce_colours(to_png(spec, ink=_INK, scale=scale, font_size=15)) for scale in (2.0, 1.5, 1.0))
    return next((png for png in pictures if len(png) < PNG_LIMIT), b"")


def _reduce_colours(png: bytes) -> bytes:
    """Ink, the two colours and their shades towards white: a twentieth of the bytes, and no difference to see."""
    from PIL import Image  # noqa: PLC0415 - of the extra

    palette, small = Image.new("P", (1, 1)), BytesIO()
    shades = ((_INK, 9), (ABOVE, 4), (BELOW, 4))
    palette.putpalette([part for colour, steps in shades for part in _fade(colour, steps)])
    # without dithering: dots of two colours would cost more bytes than the shades do
    drawn = Image.open(BytesIO(png)).convert("RGB").quantize(palette=palette, dither=Image.Dither.NONE)
    drawn.save(small, "PNG", optimize=True)
    return small.getvalue()


def _fade(colour: str, steps: int) -> list[int]:
    """Red, green and blue of a colour and of steps from it to white."""
    parts = bytes.fromhex(colour.removeprefix("#"))
    return [round(part + (255 - part) * step / steps) for step in range(steps + 1) for part in parts]
