"""What a sentence gives: statements, numbers left open, numbers passed over; and what of them is a figure's value."""

from dataclasses import dataclass, field

from tasks.extraction.mentions.lexicon import Node
from tasks.extraction.mentions.token import Token
from tasks.extraction.quantities.quantity import Quantity


@dataclass(frozen=True)
class Statement:
    """A figure as attached: `rules` names the rule that filled each slot, `confidence` how far they are trusted."""

    node: Node
    metric: str
    measure: str
    period: str
    kind: str
    value: float | None
    lower: float | None
    upper: float | None
    unit: str
    qualifier: str
    half_width: float
    start: int
    end: int
    rules: tuple[str, ...]
    confidence: float
    doubt: str = ""

    @property
    def series(self) -> tuple[str, ...]:
        """Segment, product, metric, period and kind: all of the key but the measure."""
        return (*self.node, self.metric, self.period, self.kind)


@dataclass(frozen=True)
class Open:
    """A number that is no figure: `status` is `unresolved` (a slot is open) or `passed over` (it is none of ours)."""

    start: int
    end: int
    status: str
    reason: str


@dataclass
class Findings:
    """What a sentence gave, in the order of the text."""

    statements: list[Statement] = field(default_factory=list)
    directions: list[Statement] = field(default_factory=list)
    opens: list[Open] = field(default_factory=list)


def unresolved(token: Token, slot: str) -> Open:
    """A number with an open slot."""
    return Open(token.start, token.end, "unresolved", slot)


def passed_over(token: Token, why: str) -> Open:
    """A number that is no figure of the chain."""
    return Open(token.start, token.end, "passed over", why)


def has_sign(measure: str) -> bool:
    """Whether a measure is a change, which has a sign."""
    return measure not in {"level", "share_pct"}


def unit_of(measure: str, unit: str) -> str:
    """Unit of a figure of this measure, for a number printed in `unit`."""
    if measure.endswith("_pp"):
        return "pp"
    if measure.endswith("_pct"):
        return "%"
    return unit


def grow(value: float | None, base: int) -> float | None:
    """Growth in percent of a multiple: from the base 1 (N times the level), or 0 (N times added)."""
    return None if value is None else round((value - base) * 100, 6)


Values = tuple[float | None, float | None, float | None, str]


def signed_values(quantity: Quantity, sign: int) -> Values:
    """Value, lower, upper and qualifier of a quantity under a sign (-1 turns it and its bounds)."""
    factor = -1 if sign < 0 else 1
    value = round(quantity.value * factor, 6)
    if quantity.high is not None:
        high = round(quantity.high * (quantity.high_sign or factor), 6)
        return None, min(value, high), max(value, high), "range"
    if quantity.bound:
        is_lower = (quantity.bound == "lower") == (factor > 0)
        return (None, value, None, "bound") if is_lower else (None, None, value, "bound")
    return value, None, None, "about" if quantity.is_about else "exact"
