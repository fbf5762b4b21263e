"""An error as a person sees it: what is wrong in bold, its parts below, cut into lines that fit the terminal."""

import os
import shutil
import sys
from collections.abc import Iterator

from contracts.errors import TronaError
from contracts.terminal_text import escape_terminal
from contracts.text_table import Look, wrap_sentence

_INDENT = 10
"""Where the parts of an error stand: behind their names."""


def lay_out_error(error: TronaError) -> Iterator[str]:
    """Its lines: as it is written in a log, and in a terminal no wider than that."""
    look = _find_look()
    first, *parts = str(error).splitlines()
    for line in wrap_sentence(first, look.width):
        yield look.head(line)
    for part in parts:
        yield from _lay_out_part(part, look)


def _lay_out_part(part: str, look: Look) -> list[str]:
    name, text = part[:_INDENT], part[_INDENT:]
    if name.strip() and not name.startswith("  "):
        return [escape_terminal(part)]
    lines = wrap_sentence(text, None if look.width is None else look.width - _INDENT)
    return [escape_terminal(name) + lines[0], *(" " * _INDENT + line for line in lines[1:])]


def _find_look() -> Look:
    if not sys.stderr.isatty():
        return Look()
    return Look(shutil.get_terminal_size((100, 40)).columns, "NO_COLOR" not in os.environ)
