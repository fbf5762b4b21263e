"""A mistake in a chain's definition, and the line of the file that it stands on."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from contracts.errors import UsageError

Path = tuple[str | int, ...]
"""Keys and places in lists from the file down to a value: `("segment", 0, "units", "production")`."""

_HEADER = re.compile(r"\s*(\[\[?)\s*([^\[\]]+?)\s*\]")
_KEY = re.compile(r"\s*([\w\"'.-]+?)\s*=")
_LONGEST_VALUE = 80


@dataclass(frozen=True)
class ChainFault:
    """One mistake. `is_note` is for what is out of date and stops nothing; `effect` is what the mistake stops."""

    path: Path
    what: str
    found: str = ""
    next: str = ""
    is_note: bool = False
    effect: str = "the chain is not loaded; every other chain is as it was"
    place: str = ""
    line: int = 0

    def tell(self, file: str) -> UsageError:
        """The mistake in five parts."""
        where = f"{file}, line {self.line}" if self.line else file
        effect = "it is passed over; the rest of the definition holds" if self.is_note else self.effect
        return UsageError(
            self.what,
            where=f"{where}: {self.place}" if self.place else where,
            found=self.found,
            effect=effect,
            next=self.next,
        )


def suggest(word: str, known: Iterable[str]) -> str:
    """`did you mean production?`, or all known words where none is near."""
    known = list(known)
    near = get_close_matches(word, known, n=3)
    if near:
        return f"did you mean {' or '.join(near)}?"
    return f"known: {', '.join(known)}" if known else ""


def show(value: object) -> str:
    """A value as a person wrote it, cut where it is long."""
    text = f'"{value}"' if isinstance(value, str) else str(value)
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}…"


def name_place(path: Path, data: Mapping[str, Any]) -> str:
    """`segment anode, units, production`: parts of a list by their name, else by their number."""
    words: list[str] = []
    node: Any = data
    for step in path:
        try:
            node = node[step]
        except (KeyError, IndexError, TypeError):
            node = None
        if isinstance(step, int):
            name = node.get("name") if isinstance(node, Mapping) else None
            words[-1] += f" {name}" if isinstance(name, str) and name else f" {step + 1}"
        else:
            words.append(step)
    return ", ".join(words)


def find_lines(text: str) -> dict[Path, int]:
    """Line of every table and key of a definition, by path. Keys of inline tables stand on the line of their table."""
    lines: dict[Path, int] = {}
    counts: dict[Path, int] = {}
    here: Path = ()
    for number, line in enumerate(text.splitlines(), 1):
        if header := _HEADER.match(line):
            here = _enter(header[2], counts, is_list=header[1] == "[[")
            lines.setdefault(here, number)
        elif key := _KEY.match(line):
            lines.setdefault((*here, *_split(key[1])), number)
    return lines


def _enter(dotted: str, counts: dict[Path, int], *, is_list: bool) -> Path:
    here: Path = ()
    steps = _split(dotted)
    for place, step in enumerate(steps):
        here = (*here, step)
        if is_list and place == len(steps) - 1:
            counts[here] = counts.get(here, 0) + 1
        if here in counts:
            here = (*here, counts[here] - 1)
    return here


def _split(dotted: str) -> tuple[str, ...]:
    return tuple(part.strip().strip("\"'") for part in dotted.split("."))


def find_line(path: Path, lines: Mapping[Path, int]) -> int:
    """The line of the value, else of the nearest table around it; 0 where there is none."""
    return next((lines[path[:n]] for n in range(len(path), 0, -1) if path[:n] in lines), 0)
