"""Text of documents made safe for a terminal."""

import re

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def escape_terminal(text: str) -> str:
    r"""The text with control characters and marks of writing direction shown as `\x1b`, never sent as such.

    Newlines and tabs become spaces, so that a text stays in its cell.
    """
    return _CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", re.sub(r"[\n\t]", " ", text))
