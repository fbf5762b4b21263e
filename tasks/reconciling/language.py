"""Sentences from phrases: words are data per language, numbers come from the caller and nowhere else."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from contracts.chain import Chain
from contracts.errors import UsageError
from contracts.wording import lower_title

_PHRASES = Path(__file__).parent / "phrases"
_SHOWN = 6
_DIRECTIONS = {1.0: "up", 0.0: "flat", -1.0: "down"}


@dataclass(frozen=True)
class Language:
    """The phrases of one language (`en`, `zh`) and the rules of writing in it."""

    code: str
    phrases: Mapping[str, Any]

    def say(self, path: str, **parts: object) -> str:
        """The phrase at this dotted path, filled in."""
        phrase = self.phrases
        for name in path.split("."):
            phrase = phrase[name]
        return str(phrase).format(**parts)

    def month(self, month: date) -> str:
        """`February 2025`, `2025年2月`."""
        return self.say("month", **self._date_parts(month))

    def day(self, day: date) -> str:
        """`5 February 2026`, `2026年2月5日`."""
        return self.say("day", **self._date_parts(day))

    def period(self, period: str) -> str:
        """A month in words, a longer period as it is written."""
        return self.month(date.fromisoformat(f"{period}-01")) if len(period) == 7 and period[5].isdigit() else period

    def _date_parts(self, day: date) -> dict[str, object]:
        names = self.phrases["months"]
        return {
            "year": day.year,
            "number": day.month,
            "day": day.day,
            "month_name": names[day.month - 1] if names else day.month,
        }

    def series(self, chain: Chain | None, segment: str, product: str, metric: str) -> str:
        """`Cathode materials (NFPP)`, with the metric unless it is output; ids where the definition is not there."""
        titles = _find_titles(chain, segment, product, self.code)
        series = self.say("of_product", segment=titles[0], product=titles[1]) if titles[1] else titles[0]
        if metric == "production":
            return series
        return self.say("of_metric", series=series, metric=self.phrases["metric"].get(metric, metric))

    def list(self, items: Sequence[str]) -> str:
        """`a, b and c`; of many the first six and how many more."""
        if len(items) > _SHOWN:
            shown = self.phrases["list_comma"].join(items[:_SHOWN])
            return self.say("and_more", list=shown, n=len(items) - _SHOWN)
        last = [self.phrases["list_comma"].join(items[:-1])] if len(items) > 1 else []
        return str(self.phrases["list_and"]).join([*last, *items[-1:]])

    def product(self, chain: Chain, segment: str, product: str) -> str:
        """A product's own name, without its segment's."""
        return _find_titles(chain, segment, product, self.code)[1] or product

    def inside(self, name: str) -> str:
        """A name as it stands inside a sentence: `battery cells`, but `LFP cathode`."""
        return lower_title(name) if self.code == "en" else name

    def figures(self, rows: Sequence[Mapping[str, Any]]) -> str:
        """Figures of one thing: `−1 % MoM and +111 % YoY`."""
        return str(self.phrases["figures_and"]).join(self.figure(row) for row in rows)

    def figure(self, row: Mapping[str, Any]) -> str:
        """A figure as it is stated: `+2 % MoM`, `a share of 91 %`, `above +25 % YoY`."""
        if row["measure"] == "direction":
            return self.say(f"direction.{_DIRECTIONS[row['value']]}")
        digits = _count_digits(row.get("half_width"))
        signed = self._stated(row, lambda number: write_signed(number, digits))
        plain = self._stated(row, lambda number: write_plain(number, digits))
        return self.say(f"measure.{row['measure']}", value=signed, plain=plain, unit=row["unit"])

    def _stated(self, row: Mapping[str, Any], write: Any) -> str:
        if row["value"] is not None:
            return str(write(row["value"]))
        lower, upper = row["lower"], row["upper"]
        if lower is not None and upper is not None:
            return self.say("open.between", lower=write(lower), upper=write(upper))
        return (
            self.say("open.above", value=write(lower))
            if lower is not None
            else self.say("open.below", value=write(upper))
        )

    def interval(self, value: float | None, lower: float | None, upper: float | None, unit: str = "%") -> str:
        """A derived change with what rounding allows: `+13.8 % [+11.0, +16.6]`; alone where both ends read the same."""
        unit = " %" if unit == "%" else str(self.phrases[unit])
        ends = [write_tenths(end) if end is not None else "…" for end in (lower, upper)]
        shown = f"{write_tenths(value)}{unit}" if value is not None else "…"
        if value is not None and set(ends) == {write_tenths(value)}:
            return shown
        return self.say("range", value=shown, lower=ends[0], upper=ends[1])


def list_languages() -> tuple[str, ...]:
    """The codes of the languages that there are phrases of."""
    return tuple(sorted(path.stem for path in _PHRASES.glob("*.toml")))


@cache
def load_language(code: str) -> Language:
    """The phrases of a language. Raises `UsageError` for one that there are no phrases of."""
    if code not in list_languages():
        raise UsageError(f"no language {code!r}", next=f"languages are: {', '.join(list_languages())}")
    return Language(code, tomllib.loads((_PHRASES / f"{code}.toml").read_text(encoding="utf-8")))


def write_signed(value: float, digits: int) -> str:
    """`+2`, `−70.5`: with its sign, a typographic minus, at most so many decimals; zero without sign."""
    rounded = round(value, digits)
    return f"{'−' if rounded < 0 else '+' if rounded > 0 else ''}{write_plain(abs(rounded), digits)}"


def write_tenths(value: float) -> str:
    """A derived number with its sign and always one decimal: `+27.0`."""
    rounded = round(value, 1)
    return f"{'−' if rounded < 0 else '+' if rounded > 0 else ''}{abs(rounded):,.1f}"


def write_plain(value: float, digits: int) -> str:
    """`2`, `91,050`, `3.07`: at most so many decimals, thousands marked from 10,000 on, no zeros at the end."""
    text = f"{abs(value):,.{digits}f}" if abs(value) >= 10_000 else f"{abs(value):.{digits}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return f"−{text}" if round(value, digits) < 0 else text


def _count_digits(half_width: float | None) -> int:
    """Decimals that were printed, from half a unit of the last one; two where it is not known."""
    if not half_width:
        return 2
    return next((digits for digits in range(5) if half_width >= 0.4 * 10.0**-digits), 4)


def _find_titles(chain: Chain | None, segment: str, product: str, code: str) -> tuple[str, str]:
    found = next((s for s in chain.segments if s.name == segment), None) if chain else None
    if found is None:
        return segment, product
    if product == found.default_product:  # the segment's figures are filed under it: it is the segment
        product = ""
    kind = next((p for p in found.products if p.name == product), None)
    if code == "en":
        return found.title, kind.title if kind else product
    return (
        next(iter(found.names.get(code, ())), found.title),
        next(iter(kind.names.get(code, ())), kind.title) if kind else product,
    )
