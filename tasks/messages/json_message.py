"""A message as JSON, for programs."""

import json
from dataclasses import asdict
from typing import Any

from tasks.messages.neutral import Message

VERSION = 1


def render_json(message: Message) -> dict[str, Any]:
    """A stable object: version, marker, thread, severity, title, and the parts of `Message` under their names.

    `about` and each finding's `facts` hold ids, ISO months and unrounded numbers; the rest is text for people.

    `marker` is the same whenever the same message is sent again: a program that has seen it drops the second one.
    """
    return {"version": VERSION, "title": message.title, **asdict(message), "about": dict(message.about)}


def preview_json(message: Message) -> str:
    """What would be posted, as text."""
    return json.dumps(render_json(message), ensure_ascii=False, indent=1)
