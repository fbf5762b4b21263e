"""What pages are made of: a chart with its finding, note, alternative text and table of numbers."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from tasks.pages.charts import Spec


@dataclass(frozen=True)
class Chart:
    """A picture with the finding in words, and the table of its numbers.

    `name` is its name on its page; `spec` is None where there is nothing to draw but a table to show.
    """

    name: str
    heading: str
    note: str
    spec: Spec | None
    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    detail: Sequence[str] = field(default=())

    @property
    def alternative(self) -> str:
        """The text alternative: the finding, then what stands behind it."""
        return f"{self.heading}: {'; '.join(self.detail)}" if self.detail else self.heading


def sign(value: float | None, unit: str = " %", digits: int = 1) -> str:
    """`+2 %`, `−70.5 %`: with its sign, whole from 100 on; empty where there is no number."""
    if value is None:
        return ""
    shown = 0 if abs(value) >= 100 or round(value, digits) == round(value) else digits
    rounded = round(value, shown)
    return f"{'−' if rounded < 0 else '+' if rounded > 0 else ''}{abs(rounded):,.{shown}f}{unit}"
