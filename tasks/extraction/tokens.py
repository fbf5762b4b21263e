"""Words and numbers of a sentence as tokens, each with the roles it can play."""

from collections.abc import Mapping
from typing import Any

Roles = Mapping[str, Any]
NO_ROLES: Roles = {}


class Number:
    """A quantity as printed: value in its unit, or the two ends of a range or bound.

    `unit` is `%`, `pp`, a level's unit, `times`, or empty where none of the vocabulary's units follows.
    `sign` is +1 or -1 where a sign is printed, else 0. `half_width` is half a unit of the last digit.
    `form` is `digits`, `fraction` (a third) or `multiple` (doubled: a change with its sign).
    """

    __slots__ = ("bound", "form", "half_width", "high", "is_about", "labels", "sign", "text_unit", "unit", "value")

    def __init__(
        self, value: float, unit: str, half_width: float, *, sign: int = 0, form: str = "digits", text_unit: str = ""
    ) -> None:
        self.value = value
        self.unit = unit
        self.half_width = half_width
        self.sign = sign
        self.form = form
        self.text_unit = text_unit
        self.high: float | None = None
        self.bound = ""
        self.is_about = False
        self.labels: dict[str, Any] = {}


class Token:
    """A piece of a sentence: where it stands, what it can mean, and its number where it is one."""

    __slots__ = ("end", "number", "roles", "start", "text")

    def __init__(self, start: int, end: int, text: str, roles: Roles, number: Number | None = None) -> None:
        self.start = start
        self.end = end
        self.text = text
        self.roles = roles
        self.number = number

    def __repr__(self) -> str:
        return f"<{self.text}:{'#' if self.number else ','.join(self.roles)}>"
