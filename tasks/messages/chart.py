"""The chart of an e-mail: how far each level came out from its forecast. Needs the extra `charts`."""

import importlib.util
from io import BytesIO

from tasks.messages.neutral import Finding, Message

MOST_BARS = 8
# Two colours, letters and the shades at their edges: a twentieth of the bytes of full colour, and no difference to see.
_COLOURS = 32
# Blue and orange stay apart for every kind of colour vision; the sign stands beside the bar as well.
_ABOVE, _BELOW = "#2166ac", "#d95f02"


def list_bars(message: Message) -> list[Finding]:
    """The findings that the chart shows: marked forecasts with a level surprise, a series once."""
    bars: dict[tuple[str, str], Finding] = {}
    for finding in message.findings:
        if finding.is_marked and finding.size_pct is not None:
            bars.setdefault((finding.subject, finding.measure), finding)
    return list(bars.values())[:MOST_BARS]


def describe_chart(message: Message) -> str:
    """The alternative text: what the chart shows, with its numbers."""
    numbers = ", ".join(f"{f.subject} {f.measure} {write_pct(f.size_pct or 0.0)}" for f in list_bars(message))
    return f"Outcome against forecast, difference of the level: {numbers}"


def write_pct(value: float) -> str:
    """`+33 %`, `−2.5 %`."""
    size = f"{abs(value):.0f}" if abs(value) >= 10 else f"{abs(value):.1f}"
    return f"{'−' if value < 0 else '+'}{size} %"


def draw_chart(message: Message) -> bytes | None:
    """A PNG, 560 px wide, of few colours; None where there is nothing to draw or the extra is not installed."""
    bars = list_bars(message)
    if not bars or not all(importlib.util.find_spec(name) for name in ("altair", "vl_convert", "PIL")):
        return None
    import altair as alt  # noqa: PLC0415 - an extra, and slow to import
    import vl_convert  # noqa: PLC0415

    rows = [
        {"name": f"{f.subject}, {f.measure}", "size": f.size_pct, "text": write_pct(f.size_pct or 0.0)} for f in bars
    ]
    data = alt.InlineData(values=rows)
    base = alt.Chart(data).encode(
        y=alt.Y("name:N", sort=None, title=None, axis=alt.Axis(labelLimit=220, ticks=False, domain=False)),
        x=alt.X("size:Q", title="Level against forecast, %", scale=alt.Scale(padding=56)),
    )
    colour = alt.condition("datum.size < 0", alt.value(_BELOW), alt.value(_ABOVE))
    drawn = base.mark_bar(height=14).encode(color=colour)
    above = base.mark_text(align="left", dx=4).encode(text="text:N").transform_filter("datum.size >= 0")
    below = base.mark_text(align="right", dx=-4).encode(text="text:N").transform_filter("datum.size < 0")
    chart: alt.LayerChart = (drawn + above + below).properties(width=250, height=28 * len(bars))
    # Mail clients on a phone show it at half its size: the letters are large for that.
    chart = chart.configure_view(stroke=None).configure_axis(labelFontSize=14, titleFontSize=13)
    chart = chart.configure_text(fontSize=14)
    return _reduce_colours(vl_convert.vegalite_to_png(chart.to_dict(), scale=1.5))


def _reduce_colours(png: bytes) -> bytes:
    from PIL import Image  # noqa: PLC0415 - of the extra

    small = BytesIO()
    Image.open(BytesIO(png)).convert("RGB").quantize(_COLOURS).save(small, "PNG", optimize=True)
    return small.getvalue()
