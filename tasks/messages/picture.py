"""The picture of a month as a message carries it: what is drawn, in numbers, and what it says in words."""

from dataclasses import dataclass, fields

from tasks.messages.cleaning import clean_text

NAME_LIMIT, TEXT_LIMIT = 60, 1500


@dataclass(frozen=True)
class Bar:
    """A series with its forecast and outcome in percent, the ends of the tolerance, and the words beside it."""

    series: str
    forecast: float
    actual: float
    low: float
    high: float
    right: float
    text: str = ""

    def __post_init__(self) -> None:
        for name in ("series", "text"):
            object.__setattr__(self, name, clean_text(getattr(self, name), NAME_LIMIT))


@dataclass(frozen=True)
class Picture:
    """Forecasts against outcomes: `title` is the finding, `note` what is measured, `text` the finding with its numbers.

    Clean by construction, like a `Message`. It is drawn when it is sent, by a channel that can show it.
    """

    title: str
    note: str
    text: str
    bars: tuple[Bar, ...]

    def __post_init__(self) -> None:
        for name, limit in (("title", 200), ("note", 300), ("text", TEXT_LIMIT)):
            object.__setattr__(self, name, clean_text(getattr(self, name), limit))


BAR_COLUMNS = tuple(item.name for item in fields(Bar))
