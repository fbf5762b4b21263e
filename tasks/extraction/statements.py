"""What attaching works with: the context of a sentence, the state inside it, and what it finds."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from tasks.extraction.lexicon import Lexicon, Node
from tasks.extraction.periods import PeriodName
from tasks.extraction.tokens import Number, Token

Nodes = frozenset[Node]
FOREIGN: Nodes = frozenset({("", "foreign")})
UNKNOWN: Nodes = frozenset({("", "unknown")})
PARTICLES = {"word", "plain"}
"""Forms of a change that are no noun or verb of their own: up, higher, 高于."""


@dataclass
class Context:
    """What holds outside the sentence: the section's subject, the lead-in of a list, the paragraph's period."""

    lexicon: Lexicon
    review: date
    section: Nodes | None = None
    parent: Nodes | None = None
    subject: Nodes | None = None
    last: Nodes | None = None
    is_section_mixed: bool = False
    metric: str = ""
    basis: Any = None
    sign: int | None = None
    is_share: bool = False
    period: str = ""
    heading_period: str = ""

    def start_paragraph(self) -> None:
        """Forget what held for the paragraph before."""
        self.subject = None
        self.last = None
        self.metric = ""
        self.basis = None
        self.sign = None
        self.is_share = False
        self.period = ""


@dataclass
class Statement:
    """A figure as attached, before it is checked against the others of its document."""

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
    token: Token
    rule: str


@dataclass
class Miss:
    """A number that was seen but not placed, and what was missing."""

    token: Token
    reason: str


@dataclass
class State:
    """What the clauses so far have settled, for those that leave it out."""

    subject: Nodes | None = None
    is_strong: bool = False
    metric: str = ""
    is_share: bool = False
    basis: Any = None
    pending_basis: Any = None
    sign: int | None = None
    first_subject: Nodes | None = None
    period: PeriodName | None = None
    month: PeriodName | None = None
    is_modal: bool = False
    is_past_step: bool = False
    is_horizon: bool = False
    is_elsewhere: bool = False
    last: Statement | None = None
    bases: tuple[Any, ...] = ()


@dataclass
class Findings:
    """What a sentence gave."""

    statements: list[Statement] = field(default_factory=list)
    misses: list[Miss] = field(default_factory=list)
    directions: list[Statement] = field(default_factory=list)


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


def signed_values(number: Number, sign: int | None) -> tuple[float | None, float | None, float | None, str]:
    """Value, lower, upper and qualifier of a number under a sign."""
    factor = -1 if sign is not None and sign < 0 else 1
    value = round(number.value * factor, 6)
    if number.high is not None:
        high_sign = number.labels.get("high_sign", 0)
        high = round(number.high * (high_sign or factor), 6)
        return None, min(value, high), max(value, high), "range"
    if number.bound:
        is_lower = (number.bound == "lower") == (factor > 0)
        return (None, value, None, "bound") if is_lower else (None, None, value, "bound")
    return value, None, None, "about" if number.is_about else "exact"
