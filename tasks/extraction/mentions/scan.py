"""A sentence's plain text as mentions, in the order of the text; unknown words are left out."""

import re
from functools import cache
from typing import Any

from tasks.extraction.language import Language
from tasks.extraction.mentions.lexicon import Lexicon
from tasks.extraction.mentions.periods import PeriodName, read_pattern_period
from tasks.extraction.mentions.token import Token, make_number, make_token
from tasks.extraction.quantities.numerals import read_characters, read_words
from tasks.extraction.quantities.quantity import Quantity
from tasks.extraction.rules import BIT

_BLANKS = re.compile(r"[ -]+")
_MARKS: dict[str, dict[str, Any]] = {
    ",": {"comma": True},
    ";": {"semicolon": True},
    ":": {"colon": True},
    "(": {"open": True},
    "[": {"open": True},
    ")": {"close": True},
    "]": {"close": True},
    "、": {"comma": True, "and": True},
    "&": {"and": True},
    "-": {"hyphen": True},
    "–": {"dash": True},
    "—": {"dash": True},
    "~": {"hyphen": True, "hedge": True},
    "≈": {"hedge": True},
    "/": {"slash": True},
    "|": {"bar": True},
    "•": {"bar": True},
    "·": {"bar": True},
    "→": {"to": True, "arrow": True},
    "->": {"to": True, "arrow": True},
    "=>": {"to": True, "arrow": True},
    "<-": {"arrow_back": True},
    "←": {"arrow_back": True},
    ">": {"bound": "lower"},
    "≥": {"bound": "lower"},
    "<": {"bound": "upper"},
    "≤": {"bound": "upper"},
    "+": {"post_bound": True, "bound": "lower"},
    "!": {"stop": True},
    "?": {"stop": True},
    "。": {"stop": True},
    "…": {"stop": True},
}
_MARK_TOKENS = {mark: (sum(BIT[role] for role in roles), roles) for mark, roles in _MARKS.items()}
_NEUTRAL = BIT["neutral"]
_ONLY_NEUTRAL = BIT["neutral"]


def scan(lexicon: Lexicon, plain: str, raw: str, start: int, end: int) -> list[Token]:
    """Mentions of `plain[start:end]`; words without a role for the reader and neutral ones are left out.

    `raw` is the same text as written: its capitals tell May from may and Mt from mt.
    """
    tokens: list[Token] = []
    words = lexicon.words
    for match in lexicon.pattern.finditer(plain, start, end):
        kind = match.lastgroup
        if kind == "skip":
            continue
        if kind == "word":
            text = match.group()
            found = words.get(text) or words.get(_BLANKS.sub(" ", text)) or words.get(text.replace("-", " "))
            if found is not None and found[0] != _ONLY_NEUTRAL:
                token = Token(match.start(), match.end(), found[0], found[1])
                tokens.append(_tell_month(token, raw) if found[0] & _MONTH and found[0] != _MONTH else token)
        elif kind in {"mark", "arrow"}:
            known = _MARK_TOKENS.get(match.group())
            if known is not None:
                tokens.append(Token(match.start(), match.end(), *known))
        elif kind is not None and kind.startswith("x"):
            period = _read_period(lexicon, match)
            if period is not None:
                tokens.append(period)
        else:
            tokens.append(_read_number(lexicon.language, match, raw))
    return tokens


_MONTH = BIT["month"]


def _tell_month(token: Token, raw: str) -> Token:
    """A word that is a month only with a capital, and before no verb: "In May", but "may rise" and "May Be Broken"."""
    is_month = raw[token.start].isupper() and not _VERB_AFTER.match(raw, token.end)
    kept = {role: meaning for role, meaning in token.roles.items() if (role == "month") == is_month}
    return make_token(token.start, token.end, kept)


_VERB_AFTER = re.compile(r"\s+(?:be|have|not|well|still|also|rise|fall|see)\b", re.IGNORECASE)


def _read_period(lexicon: Lexicon, match: re.Match[str]) -> Token | None:
    group = next(name for name in lexicon.kinds if match[name] is not None)
    kind = lexicon.kinds[group]
    if kind == "date":
        return make_token(match.start(), match.end(), {"date": True})
    if kind == "yoy":
        return make_token(match.start(), match.end(), {"basis": "yoy"})
    name = read_pattern_period(group, kind, match, lexicon.language)
    return None if name is None else make_token(match.start(), match.end(), {"period": name})


def _read_number(language: Language, match: re.Match[str], raw: str) -> Token:
    if match["spelled"] is not None:
        return _read_spelled(language, match)
    digits = match["digits"].replace(" ", "").replace(language.thousands, "").replace(language.decimal, ".")
    unit_text = match["unit"] or ""
    unit, factor = _find_unit(language, unit_text)
    if unit_text and match.end("unit") <= len(raw):
        unit, factor = language.cased_units.get(raw[match.start("unit") : match.end("unit")], (unit, factor))
    unit = _check_currency(language, match, unit, unit_text)
    decimals = len(digits.partition(".")[2])
    sign_text = match["sign"] or ""
    quantity = Quantity(
        value=_scale(float(digits), factor),
        unit=unit,
        half_width=round(0.5 * 10.0**-decimals * factor, 9),
        sign={"+": 1, "-": -1}.get(sign_text[:1], 0),
        factor=factor,
        unit_text=unit_text,
        is_dashed=sign_text[:1] in {"-", "–", "—"},
    )
    return make_number(match.start("digits"), match.end(), quantity)


def _check_currency(language: Language, match: re.Match[str], unit: str, unit_text: str) -> str:
    """The unit under the currency that is printed before the number: "RMB 53,400/t" is ours, "$4.6/mt" is not."""
    start = match.start("sign") if match["sign"] else match.start("digits")
    before = match.string[max(0, start - 6) : start].rstrip(" -")
    ours, others = language.currencies
    if others and before.endswith(others) and not before.endswith(ours or ("\0",)):
        return "other"
    is_ours = bool(ours) and before.endswith(ours)
    if unit_text.startswith(("/", "k/", "k per")) and not is_ours:
        return "other"
    if is_ours and not unit_text and not _GOES_ON.match(match.string, match.end()):
        return "yuan"
    return unit


_GOES_ON = re.compile(
    r"\s*(?:[-–—~/.]\s*\w|to \w|(?:hundred|thousand|million|billion|trillion|lakh|crore|mn|bn|m|k)\b|(?:per|a|an)\b)"
)
"""After an amount: a unit that no list knows, or the other end of a range."""


def _scale(value: float, factor: float) -> float:
    return value if factor == 1 else round(value * factor, 6)


@cache
def _find_unit(language: Language, text: str) -> tuple[str, float]:
    if not text:
        return "", 1.0
    return language.units.get(text) or language.units.get(_BLANKS.sub(" ", text)) or ("", 1.0)


def _read_spelled(language: Language, match: re.Match[str]) -> Token:
    """A spelled number with its unit; one that is no number stands as a number of unknown value."""
    quantity = _read_chinese(language, match) if language.numerals is None else _read_worded(language, match)
    if quantity is None:
        quantity = Quantity(0.0, "unread", 0.0, form="words")
    return make_number(match.start(), match.end(), quantity)


def _read_worded(language: Language, match: re.Match[str]) -> Quantity | None:
    if match["part"] is not None:  # "half of one per cent"
        share = float(language.phrases[match["part"]]["fraction"]) / 100
        return Quantity(share, _find_unit(language, match["part_unit"])[0], 0.05, form="words")
    numerals = language.numerals
    value = read_words(match["numeral"], numerals) if numerals is not None else None
    if value is None:
        return None
    if match["times"] is not None:
        return Quantity(value, "times", 0.5, form="words")
    unit, factor = _find_unit(language, match["spelled_unit"])
    return Quantity(_scale(value, factor), unit, 0.5 * factor, form="words", factor=factor)


def _read_chinese(language: Language, match: re.Match[str]) -> Quantity | None:
    if match["percent"] is not None:
        text = match["percent"]
        value = float(text) if text[0].isdigit() else read_characters(text)
        return None if value is None else Quantity(value, "%", 0.5, form="words")
    if match["tenths"] is not None:
        return _read_tenths(match["tenths"])
    value = read_characters(match["numeral"])
    if value is None:
        return None
    if match["times"] is not None:
        return Quantity(value + (0.5 if match["half"] else 0), "times", 0.5, form="words", is_added=True)
    unit, factor = _find_unit(language, match["spelled_unit"])
    return Quantity(_scale(value, factor), unit, 0.5 * factor, form="words", factor=factor)


_DIGITS = {"一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9}


def _read_tenths(text: str) -> Quantity:
    """三成 30, 三成五 35, 三成半 35; 三四成 is thirty to forty."""
    first, _, rest = text.partition("成")
    if len(first) == 2:
        low, high = (_DIGITS[char] * 10.0 for char in first)
        return Quantity(low, "%", 5.0, form="fraction", high=high)
    more = 5 if rest == "半" else _DIGITS.get(rest, 0)
    return Quantity(_DIGITS[first] * 10.0 + more, "%", 0.5 if rest else 5.0, form="fraction")


def as_number(token: Token) -> Token:
    """A word that stands for a number (a third, doubled) as a number; any other token as it is."""
    if token.quantity is None and token.mask & _WORDED:
        roles = token.roles
        if "fraction" in roles:
            return make_number(token.start, token.end, Quantity(roles["fraction"], "%", 1.0, form="fraction"))
        return make_number(token.start, token.end, Quantity(roles["multiple"], "%", 5.0, form="multiple"))
    return token


_WORDED = BIT["fraction"] | BIT["multiple"]
__all__ = ["PeriodName", "as_number", "scan"]
