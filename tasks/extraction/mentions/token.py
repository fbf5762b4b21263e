"""A mention: a piece of a sentence, the roles it can play with their meanings, and its quantity where it is one."""

from collections.abc import Mapping
from typing import Any

from tasks.extraction.quantities.quantity import Quantity
from tasks.extraction.rules import BIT

Roles = Mapping[str, Any]
NUMBER = BIT["number"]


class Token:
    """A mention of known kind. `mask` has a bit for each role, so that a rule tests many roles at once.

    Meanings by role: subject – frozenset of nodes; thing, firm, place, activity – the words; metric and verb – a
    metric; basis – mom, yoy, qoq or a `PeriodName`; period – a `PeriodName`; change – (sign, form); compare and
    moves – a sign; bound – lower or upper; span – week, day, ten_days or spot; all others – True.
    """

    __slots__ = ("end", "labels", "mask", "quantity", "roles", "start")

    def __init__(self, start: int, end: int, mask: int, roles: Roles, quantity: Quantity | None = None) -> None:
        self.start = start
        self.end = end
        self.mask = mask
        self.roles = roles
        self.quantity = quantity
        self.labels: dict[str, Any] = {}

    def plays(self, mask: int) -> bool:
        """Whether it plays one of the roles."""
        return bool(self.mask & mask)

    def __repr__(self) -> str:
        return f"<{self.start}-{self.end} {self.quantity or ','.join(self.roles)}>"


def make_token(start: int, end: int, roles: Roles) -> Token:
    """A token with these roles."""
    mask = 0
    for role in roles:
        mask |= BIT.get(role, 0)
    return Token(start, end, mask, roles)


def make_number(start: int, end: int, quantity: Quantity) -> Token:
    """A token of a quantity."""
    mask = NUMBER
    if quantity.is_rate:
        mask |= BIT["rate"]
        if quantity.unit == "pp":
            mask |= BIT["points"]
    elif quantity.is_level:
        mask |= BIT["quantity"]
    return Token(start, end, mask, {}, quantity)
