"""A chain drawn as a chain: its segments from upstream to downstream with their growth, its links with their gaps."""

from collections.abc import Mapping, Sequence
from typing import Any

from tasks.pages.charts.drawing import ABOVE, BAND, BELOW, INK, PAPER, Spec

_BOX, _STEP, _HIGH, _ROW = 168, 270, 58, 76
_LINE = 22
"""Letters of a title that fit a line of its box."""


def draw_chain_map(segments: Sequence[Mapping[str, Any]], links: Sequence[Mapping[str, Any]]) -> Spec:
    """Boxes in layers from left to right, joined by the links.

    `segments`: name, title, text (its growth), sign (1, 0, -1 or None where nothing is known). `links`: upstream,
    downstream, text (the gap), sign (1 or -1 where the gap is beyond rounding).
    """
    places = _place([str(s["name"]) for s in segments], [(str(k["upstream"]), str(k["downstream"])) for k in links])
    boxes = [_box(segment, *places[str(segment["name"])]) for segment in segments]
    lines = [_join(places, link) for link in links]
    width = max(box["x2"] for box in boxes)
    height = max(box["y2"] for box in boxes) + 6
    plain = {"axis": None}

    def at(field: str, channel: str) -> Spec:
        top = width if channel == "x" else height
        domain = [0, top] if channel == "x" else [top, 0]
        return {"field": field, "type": "quantitative", "scale": {"domain": domain, "nice": False}, **plain}

    colour = {
        "condition": [{"test": "datum.sign === -1", "value": BELOW}, {"test": "datum.sign === 1", "value": ABOVE}],
        "value": BAND,
    }
    text = {"type": "text", "fontSize": 12}
    label = {**text, "fontSize": 11, "align": "left", "baseline": "middle", "dx": 12, "color": INK}
    return {
        "width": width,
        "height": height,
        "layer": [
            {
                "data": {"values": lines},
                "mark": {"type": "rule", "strokeWidth": 1.4},
                "encoding": {
                    "x": at("x", "x"),
                    "x2": {"field": "x2"},
                    "y": at("y", "y"),
                    "y2": {"field": "y2"},
                    "color": colour,
                },
            },
            {
                "data": {"values": boxes},
                "mark": {"type": "rect", "fill": PAPER, "strokeWidth": 1.6, "cornerRadius": 4},
                "encoding": {
                    "x": at("x", "x"),
                    "x2": {"field": "x2"},
                    "y": at("y", "y"),
                    "y2": {"field": "y2"},
                    "stroke": colour,
                },
            },
            {
                "data": {"values": boxes},
                "mark": {**text, "baseline": "middle", "lineHeight": 14, "limit": _BOX - 8},
                "encoding": {"x": at("mid", "x"), "y": at("first", "y"), "text": {"field": "title"}},
            },
            {
                "data": {"values": boxes},
                "mark": {**text, "baseline": "middle", "fontWeight": "bold", "limit": _BOX - 8},
                "encoding": {"x": at("mid", "x"), "y": at("last", "y"), "text": {"field": "text"}},
            },
            {
                "data": {"values": lines},  # the paper behind the letters, where a line passes
                "mark": {**label, "stroke": PAPER, "strokeWidth": 5, "strokeJoin": "round"},
                "encoding": {"x": at("x", "x"), "y": at("label", "y"), "text": {"field": "text"}},
            },
            {
                "data": {"values": lines},
                "mark": label,
                "encoding": {"x": at("x", "x"), "y": at("label", "y"), "text": {"field": "text"}},
            },
        ],
    }


def _box(segment: Mapping[str, Any], x: float, y: float) -> dict[str, Any]:
    """The box of a segment: its edges, and the middle that its text stands on."""
    edges = {"x": x, "x2": x + _BOX, "mid": x + _BOX / 2, "y": y - _HIGH / 2, "y2": y + _HIGH / 2}
    title = _wrap(str(segment["title"]))
    return {
        **segment,
        **edges,
        "title": title,
        "first": y - (18 if len(title) > 1 else 11),
        "last": y + (19 if len(title) > 1 else 12),
    }


def _join(places: Mapping[str, tuple[float, float]], link: Mapping[str, Any]) -> dict[str, Any]:
    """A line between two boxes, its text just behind the upstream one."""
    (x, y), (x2, y2) = places[str(link["upstream"])], places[str(link["downstream"])]
    start = x + _BOX
    return {**link, "x": start, "y": y, "x2": x2, "y2": y2, "label": y + (y2 - y) * 0.2}


def _wrap(title: str) -> list[str]:
    """The title in at most two lines; the first takes as many words as fit."""
    words = title.split()
    for taken in range(len(words), 0, -1):
        if len(" ".join(words[:taken])) <= _LINE:
            return [line for line in (" ".join(words[:taken]), " ".join(words[taken:])) if line]
    return [title]


def _place(names: Sequence[str], links: Sequence[tuple[str, str]]) -> dict[str, tuple[float, float]]:
    """Left edge and middle of each box: a layer after all that feed it, each layer centred on the highest."""
    layer = dict.fromkeys(names, 0)
    for _ in names:  # at most so many steps from end to end; a circle of links ends here too
        for up, down in links:
            layer[down] = max(layer[down], min(layer[up] + 1, len(names) - 1))
    members: dict[int, list[str]] = {}
    for name in names:
        feeds = [layer[down] for up, down in links if up == name]
        if feeds and not any(down == name for _, down in links):
            layer[name] = min(feeds) - 1  # what nothing feeds stands beside what it feeds
        members.setdefault(layer[name], []).append(name)
    used = sorted(members)
    most = max(len(of_layer) for of_layer in members.values())
    return {
        name: (column * _STEP, (most - len(members[key])) * _ROW / 2 + place * _ROW + _HIGH / 2 + 4)
        for column, key in enumerate(used)
        for place, name in enumerate(members[key])
    }
