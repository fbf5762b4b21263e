"""Numbers of a spreadsheet as their format shows them: 0.06 as `6.0%` in `0.0%`, 46023 as 2026-01 in `mmm-yy`.

Only what decides the reading is shown: digits, the decimals of the format, the percent sign, words behind the number.
Digits are not grouped, dates are ISO, months without a day are `2026-01`.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

BUILT_IN = {
    1: "0",
    2: "0.00",
    3: "#,##0",
    4: "#,##0.00",
    9: "0%",
    10: "0.00%",
    11: "0.00E+00",
    48: "##0.0E+0",
    14: "yyyy-mm-dd",
    15: "d-mmm-yy",
    16: "d-mmm-yy",
    17: "mmm-yy",
    22: "m/d/yy h:mm",
    **dict.fromkeys((18, 19, 20, 21, 45, 46, 47), "h:mm"),
    **dict.fromkeys((37, 38, 41, 42), "#,##0"),
    **dict.fromkeys((39, 40, 43, 44), "#,##0.00"),
    **dict.fromkeys((27, 36, 50, 52, 55, 57), "yyyy-mm"),
    **dict.fromkeys((28, 29, 30, 31, 51, 53, 54, 56, 58), "yyyy-mm-dd"),
}
"""Codes of the formats that a workbook names by number only; 27 to 58 are those of Chinese and Japanese versions."""

_TOKEN = re.compile(r'"([^"]*)"|\\(.)|[_*].|\[([^\]]*)\]|(General)|(AM/PM|A/P)|(E[+-])|(.)', re.DOTALL | re.IGNORECASE)
_CONDITION = re.compile(r"(<=|>=|<>|<|>|=)(-?[\d.]+)")
_EPOCH, _EPOCH_1904 = datetime(1899, 12, 30), datetime(1904, 1, 1)  # noqa: DTZ001 - a cell has no time zone
_DAYS_TO_YEAR_10000 = 2_958_466
_SILENT = " +-()¥￥元"
"""Literals that say nothing beside the number: its sign is its own, its currency that of the unit."""

_LONGEST_CODE = 255
_MOST_DECIMALS = 30


@dataclass(frozen=True)
class _Section:
    """One of up to four parts of a format code."""

    condition: tuple[str, float] | None = None
    is_date: bool = False
    has_day: bool = False
    has_month: bool = False
    has_time: bool = False
    is_general: bool = False
    is_percent: bool = False
    is_scaled: bool = False
    has_digits: bool = False
    least: int = 0
    most: int = 0
    is_exponent: bool = False
    suffix: str = ""


def show_number(value: float, code: str, *, is_1904: bool = False) -> str:
    """A number as the format code shows it; empty where the format shows nothing.

    A format that shows thousands of the number (`0.0,`) leaves two readings, so both are shown, which is no number.
    """
    section = _choose_section(value, _parse_format(code[:_LONGEST_CODE]))
    if section.is_date:
        return _show_date(value, section, _EPOCH_1904 if is_1904 else _EPOCH)
    if section.is_general or section.is_exponent:
        return f"{value:.15g}{section.suffix}"
    if not section.has_digits:
        return section.suffix.strip()
    number = Decimal(f"{value:.15g}") * (100 if section.is_percent else 1)
    shown = (
        f"{number.quantize(Decimal(1).scaleb(-section.most), ROUND_HALF_UP):f}" if abs(value) < 1e15 else f"{number}"
    )
    whole, _, decimals = shown.partition(".")
    decimals = decimals[: section.least] + decimals[section.least :].rstrip("0")
    shown = (f"{whole}.{decimals}" if decimals else whole) + section.suffix
    return f"{value:.15g} shown in thousands" if section.is_scaled else shown


def _show_date(value: float, section: _Section, epoch: datetime) -> str:
    if not 0 < value < _DAYS_TO_YEAR_10000:
        return f"{value:.15g}"
    day = epoch + timedelta(seconds=round(value * 86400))
    if section.has_time and (day.hour or day.minute or day.second):
        return f"{day:%Y-%m-%d %H:%M:%S}"
    if section.has_day or section.has_time:
        return f"{day:%Y-%m-%d}"
    if not section.has_month:
        return f"{day:%Y}"
    # A month that stands for a day within it: a header means the month, a date of publication the day.
    is_whole = day.day == 1 or (day + timedelta(days=1)).day == 1
    return f"{day:%Y-%m}" if is_whole else f"{day:%Y-%m-%d} as {day:%Y-%m}"


def _choose_section(value: float, sections: tuple[_Section, ...]) -> _Section:
    for section in sections:
        if section.condition and _holds(value, *section.condition):
            return section
    plain = [section for section in sections if not section.condition][:3]
    if any(section.condition for section in sections) or len(plain) < 2:
        return plain[0] if plain else _Section(is_general=True)
    if value > 0 or (value == 0 and len(plain) < 3):
        return plain[0]
    return plain[1] if value < 0 else plain[2]


def _holds(value: float, sign: str, limit: float) -> bool:
    return {
        "<": value < limit,
        ">": value > limit,
        "<=": value <= limit,
        ">=": value >= limit,
        "=": value == limit,
        "<>": value != limit,
    }[sign]


@lru_cache(maxsize=4096)
def _parse_format(code: str) -> tuple[_Section, ...]:
    if not code.strip() or code.strip() == "@":
        return (_Section(is_general=True),)
    sections: list[list[re.Match[str]]] = [[]]
    for token in _TOKEN.finditer(code):
        if token[0] == ";":
            sections.append([])
        else:
            sections[-1].append(token)
    return tuple(_read_section(tokens) for tokens in sections)


def _read_section(tokens: list[re.Match[str]]) -> _Section:
    """What the tokens of one section say: quoted and escaped text is text, the rest are placeholders."""
    plain, literals, condition, is_general, is_exponent, is_elapsed = "", "", None, False, False, False
    for token in tokens:
        quoted, escaped, bracket, general, _, exponent, other = token.groups()
        if quoted is not None or escaped is not None:
            literals += quoted or escaped or ""
        elif bracket is not None:
            found = _CONDITION.fullmatch(bracket.strip())
            condition = (found[1], float(found[2])) if found else condition
            is_elapsed = is_elapsed or bracket.strip().lower() in {"h", "hh", "m", "mm", "s", "ss"}
            literals += bracket[1:].partition("-")[0] if bracket.startswith("$") else ""
        else:
            is_general = is_general or general is not None
            is_exponent = is_exponent or exponent is not None
            plain += other or ""
    letters = {letter for letter in plain.lower() if letter in "ymdhs"}
    digits = re.sub(r"[^0#?.,]", "", plain)
    decimals = re.sub("[^0#?]", "", digits.partition(".")[2])[:_MOST_DECIMALS]
    suffix = "".join(c for c in literals if c not in _SILENT)
    if letters and not is_general and not re.search("[0#?]", plain):
        return _Section(
            condition,
            is_date=not is_elapsed,
            is_general=is_elapsed,
            has_day="d" in letters,
            has_month="m" in letters,
            has_time=bool(letters & {"h", "s"}),
        )
    return _Section(
        condition,
        is_general=is_general or "/" in plain or "@" in plain,
        is_percent="%" in plain,
        is_scaled=bool(re.search(r"[0#?],+(?![0#?,])", digits)),
        has_digits=bool(re.search("[0#?]", plain)),
        least=decimals.count("0"),
        most=len(decimals),
        is_exponent=is_exponent,
        suffix=("%" if "%" in plain else "") + suffix,
    )
