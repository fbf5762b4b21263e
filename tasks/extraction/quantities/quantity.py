"""A quantity as printed: a value or the two ends of a range or bound, in its unit."""

from dataclasses import dataclass


@dataclass(slots=True)
class Quantity:
    """A number with what is printed on it.

    `unit` is `%`, `pp`, a level's unit, `times`, `other` for a unit of no figure, or empty where none follows.
    `sign` is +1 or -1 where a sign is printed, else 0; `high` the upper end of a range, in print order.
    `half_width` is half a unit of the last digit, in the unit. `form` is `digits`, `words`, `fraction` (a third)
    or `multiple` (doubled: a change with its sign). `is_added` tells 增长2倍 (+200 %) from 增至2倍 (+100 %),
    `is_threshold` a bound that a level goes past ("dipped below 26,000 t").
    """

    value: float
    unit: str
    half_width: float
    sign: int = 0
    form: str = "digits"
    factor: float = 1.0
    unit_text: str = ""
    high: float | None = None
    high_sign: int = 0
    bound: str = ""
    is_about: bool = False
    is_added: bool = False
    is_dashed: bool = False
    is_threshold: bool = False

    @property
    def is_rate(self) -> bool:
        """Whether it is a percentage, points or a multiple."""
        return self.unit in {"%", "pp", "times"}

    @property
    def is_level(self) -> bool:
        """Whether it is in a unit of weight, energy or price."""
        return self.unit not in {"%", "pp", "times", "", "other", "unread", "t/a"}


def family_of(unit: str) -> str:
    """Units that measure one thing in one family: MWh and GWh are energy."""
    return "energy" if unit in {"MWh", "GWh"} else unit
