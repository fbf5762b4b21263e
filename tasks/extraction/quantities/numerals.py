"""Numbers spelled out: "twenty-five", "cent vingt-cinq", 二十五, 一百零五. A numeral reads as itself or not at all."""

import re
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, eq=False)
class Numerals:
    """The words of a language's numbers.

    `ones` are 0 … 19, `tens` the tens and which of the ones may follow them ("ones": 1-9, "teens": 1-19),
    `scales` the hundred and what stands above it, `joins` words without a value ("and"), `halves` what adds a half.
    """

    ones: Mapping[str, int]
    tens: Mapping[str, tuple[int, int]]
    scales: Mapping[str, int]
    joins: frozenset[str]
    halves: tuple[str, ...]
    article: str


_PARTS = re.compile(r"[ -]+")


def read_words(text: str, numerals: Numerals) -> float | None:
    """Value of a numeral in words; None where the words do not make one number."""
    half = 0.0
    for ending in numerals.halves:
        if text.endswith(ending):
            text, half = text[: -len(ending)], 0.5
            break
    value = _read_whole([word for word in _PARTS.split(text.strip(" -")) if word], numerals)
    return None if value is None else value + half


def _read_whole(words: list[str], numerals: Numerals) -> int | None:
    total = group = 0
    room = 1000  # what may still be added to the group must be smaller than this
    is_open = False
    for place, word in enumerate(words):
        if word in numerals.joins:
            if not is_open or place + 1 == len(words):
                return None
            continue
        if word == numerals.article and place + 1 < len(words) and words[place + 1] in numerals.scales:
            value, after = 1, 1
        elif word in numerals.ones:
            value, after = numerals.ones[word], 1
        elif word in numerals.tens:
            value, after = numerals.tens[word]
        elif word in numerals.scales:
            scale = numerals.scales[word]
            if scale == 100:
                if group >= 10 or (is_open and group == 0):
                    return None
                group, room = (group or 1) * 100, 100
            else:
                if not is_open or (total and total % (scale * 1000)):
                    return None
                total, group, room = total + group * scale, 0, 1000
            is_open = True
            continue
        else:
            return None
        if value >= room or (value == 0 and len(words) > 1):
            return None
        group, room, is_open = group + value, after, True
    return total + group if is_open else None


_DIGITS = {"零": 0, "〇": 0, "一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9}
_STEPS = {"十": 10, "百": 100, "千": 1000}


def read_characters(text: str) -> float | None:
    """Value of a numeral in Chinese characters, 二十三点五 → 23.5; None where they do not make one number."""
    whole, point, fraction = text.partition("点")
    value = _read_myriads(whole)
    if value is None or not point:
        return value
    decimals = "".join(str(_DIGITS[char]) for char in fraction if char in _DIGITS)
    return float(f"{value:.0f}.{decimals}") if decimals and len(decimals) == len(fraction) else None


def _read_myriads(text: str) -> float | None:
    high, mark, low = text.rpartition("万")
    if not mark:
        return _read_thousands(low)
    above = _read_thousands(high)
    below = 0.0 if not low else _read_thousands(low)
    return None if above is None or below is None else above * 10_000 + below


def _read_thousands(text: str) -> float | None:
    total, digit, room, is_after_zero = 0, -1, 10_000, False
    for place, char in enumerate(text):
        if char in _DIGITS:
            if digit > 0:
                return None  # two digits side by side, 三四, are "three or four"
            digit = _DIGITS[char]
            is_after_zero = is_after_zero or (digit == 0 and place > 0)
            continue
        step = _STEPS.get(char)
        if step is None or step >= room or digit == 0 or (digit < 0 and (step != 10 or (place and not is_after_zero))):
            return None
        total, room, digit = total + max(digit, 1) * step, step, -1
    if not text or (digit == 0 and len(text) > 1):
        return None
    if digit > 0 and room not in {10, 10_000} and not is_after_zero:
        return None  # 一百五 is 150 in speech and 105 to nobody: not read
    return float(total + max(digit, 0))
