"""From a sentence to its tokens: known words, numbers with their units, names joined, hedges and bounds attached."""

import re
from collections.abc import Iterator
from typing import Any

from tasks.extraction.lexicon import Lexicon, Node
from tasks.extraction.periods import PeriodName, read_pattern_period
from tasks.extraction.tokens import NO_ROLES, Number, Token

_MARKS = {
    ",": "comma",
    "，": "comma",
    "、": "and",
    "；": "semicolon",
    ";": "semicolon",
    ":": "colon",
    "：": "colon",
    "(": "open",
    "（": "open",
    "[": "open",
    ")": "close",
    "）": "close",
    "]": "close",
    "—": "dash",
    "–": "dash",
    "-": "hyphen",
    "~": "hyphen",
    "≈": "hedge",
    "|": "bar",
    "→": "to",
    "/": "slash",
    "•": "semicolon",
    "·": "semicolon",
}
_MARK_ROLES = {mark: {role: True} for mark, role in _MARKS.items()}
_UNKNOWN = {"unknown": True}
_ACRONYM = {"unknown": True, "acronym": True}


def scan_sentence(lexicon: Lexicon, text: str, plain: str, start: int, end: int) -> list[Token]:
    """Tokens of `text[start:end]`; `plain` is the text as `normalise` gives it."""
    tokens = list(_find_tokens(lexicon, plain, start, end))
    if lexicon.language.is_spaced:
        tokens = [_tell_case(token, text) for token in tokens]
    tokens = _split_compounds(lexicon, tokens)
    tokens = _join_numbers(tokens, plain, lexicon.language.hedge_gaps)
    tokens = _join_subjects(lexicon, tokens, plain)
    return _name_bases(tokens, plain)


def _find_tokens(lexicon: Lexicon, plain: str, start: int, end: int) -> Iterator[Token]:
    language = lexicon.language
    roles = lexicon.roles
    neutral = language.neutral
    for match in lexicon.pattern.finditer(plain, start, end):
        kind = match.lastgroup or ""
        text = match.group()
        if kind == "word":
            found = roles.get(text)
            if found is None:
                found = roles.get(_SPACES.sub(" ", text)) or roles.get(_JOINTS.sub(" ", text), NO_ROLES)
            if "neutral" in found and len(found) == 1:
                continue
            yield Token(match.start(), match.end(), text, found)
        elif kind == "unknown":
            if text in neutral:
                continue
            yield Token(match.start(), match.end(), text, _UNKNOWN)
        elif kind == "mark":
            role = _MARK_ROLES.get(text)
            if role:
                yield Token(match.start(), match.end(), text, role)
        elif kind == "number":
            yield _read_number(lexicon, match)
        elif kind == "spelled":
            yield _read_spelled(lexicon, match)
        else:
            period = read_pattern_period(kind, lexicon.kinds[kind], match, language)
            if period is not None:
                yield Token(match.start(), match.end(), text, {"period": period})
            else:
                yield Token(match.start(), match.end(), text, {"date": True})


_SPACES = re.compile(" +")
_JOINTS = re.compile("[ -]+")
_COMPOUND = re.compile(r"\d+(?P<tail>\D+)")


def _tell_case(token: Token, text: str) -> Token:
    """What capitals tell: May and March are months with one, an unknown word in capitals is a company or a code."""
    if token.roles is _UNKNOWN:
        is_upper = len(token.text) > 1 and text[token.start : token.end].isupper()
        return Token(token.start, token.end, token.text, _ACRONYM) if is_upper else token
    if "month" in token.roles and token.text[:1].isalpha() and token.text[:1].isascii():
        if text[token.start].isupper():
            return Token(token.start, token.end, token.text, {"month": token.roles["month"]})
        if len(token.roles) > 1 or token.text in {"may", "march", "mar"}:
            roles = {role: meaning for role, meaning in token.roles.items() if role != "month"}
            return Token(token.start, token.end, token.text, roles or _UNKNOWN)
    return token


def _split_compounds(lexicon: Lexicon, tokens: list[Token]) -> list[Token]:
    """The elided heads of a list become names: "the 5-, 8- and 9-series"."""
    if not lexicon.has_compounds:
        return tokens
    tail = ""
    out: list[Token] = []
    for token in reversed(tokens):
        if "subject" in token.roles:
            found = _COMPOUND.match(token.text)
            tail = found["tail"] if found else ""
        elif token.number is not None and tail and not token.number.unit:
            name = token.text + tail
            if name in lexicon.roles:
                if out and "hyphen" in out[-1].roles:
                    out.pop()
                out.append(Token(token.start, token.end, token.text, lexicon.roles[name]))
                continue
            tail = ""
        elif not token.roles.keys() & {"comma", "and", "hyphen", "slash"}:
            tail = ""
        out.append(token)
    return out[::-1]


_MOST_DIGITS = 15


def _read_number(lexicon: Lexicon, match: re.Match[str]) -> Token:
    digits = match["digits"]
    if len(digits) > _MOST_DIGITS:
        return Token(match.start(), match.end(), match.group(), _UNKNOWN)
    unit_text = match["unit"] or ""
    unit, factor = lexicon.language.units.get(_SPACES.sub(" ", unit_text), ("", 1.0)) if unit_text else ("", 1.0)
    decimals = len(digits.partition(".")[2])
    value = float(digits.replace(",", ""))
    sign_text = match["sign"] or ""
    sign = 1 if sign_text[:1] == "+" else -1 if sign_text else 0
    start = match.start()
    if sign and sign_text[:1] not in "+±":
        before = match.string[start - 1 : start]
        if (before.isascii() and before.isalnum()) or before in "%)" or (len(sign_text) > 1):
            sign = 0
    number = Number(
        round(value * factor, 9),
        unit,
        0.5 * 10.0**-decimals * factor,
        sign=0 if sign_text[:1] == "±" else sign,
        text_unit=unit_text,
    )
    if sign_text and sign == 0 and sign_text[:1] in "-–—":
        number.labels["dash"] = True
    if decimals and factor != 1:
        number.half_width = round(number.half_width, 9)
    return Token(match.start("digits"), match.end(), match.group(), NO_ROLES, number)


def _read_spelled(lexicon: Lexicon, match: re.Match[str]) -> Token:
    language = lexicon.language
    if not language.is_spaced and match["percent"]:
        value, unit = _read_chinese_number(match["percent"]), "%"
    else:
        word = match["cardinal"]
        value = language.cardinals.get(word)
        value = value if value is not None else _read_chinese_number(word)
        unit_text = _SPACES.sub(" ", match["cunit"])
        unit = language.units[unit_text][0] if unit_text in language.units else "times"
    if value is None:
        return Token(match.start(), match.end(), match.group(), _UNKNOWN)
    number = Number(value, unit, 0.5)
    if unit == "times":
        number = Number(value, "times", 0.5)
        number.labels["times"] = True
        return Token(match.start(), match.end(), match.group(), NO_ROLES, number)
    return Token(match.start(), match.end(), match.group(), NO_ROLES, number)


_CHINESE = {"零": 0, "一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9}


def _read_chinese_number(text: str) -> float | None:
    """A numeral written in characters: 二十三点五 → 23.5. None where it is not one."""
    whole, _, fraction = text.partition("点")
    try:
        return float(text)
    except ValueError:
        pass
    total = 0
    digit = 0
    for char in whole:
        if char in _CHINESE:
            digit = _CHINESE[char]
        elif char == "十":
            total += (digit or 1) * 10
            digit = 0
        elif char == "百":
            total += (digit or 1) * 100
            digit = 0
        else:
            return None
    decimals = "".join(str(_CHINESE[c]) for c in fraction if c in _CHINESE)
    return float(f"{total + digit}.{decimals or 0}")


def _join_numbers(tokens: list[Token], plain: str, gaps: frozenset[str]) -> list[Token]:
    """Ranges, words for multiples, hedges and bounds become part of their number."""
    out: list[Token] = []
    index = 0
    while index < len(tokens):
        token = tokens[index]
        if token.number is None:
            token = _number_of_word(token)
        if token.number is not None:
            token, index = _extend_number(tokens, index, token, plain, out)
            _take_hedges(out, token, plain, gaps)
            out.append(token)
        else:
            out.append(token)
        index += 1
    return out


def _number_of_word(token: Token) -> Token:
    if "fraction" in token.roles:
        number = Number(token.roles["fraction"], "%", 1.0, form="fraction")
        return Token(token.start, token.end, token.text, NO_ROLES, number)
    if "multiple" in token.roles:
        number = Number(token.roles["multiple"], "%", 5.0, form="multiple")
        return Token(token.start, token.end, token.text, NO_ROLES, number)
    return token


def _extend_number(tokens: list[Token], index: int, token: Token, plain: str, out: list[Token]) -> tuple[Token, int]:
    """Join "3%-5%", "3 to 5%", "between 3% and 5%", "2.5 times" and a hedge or bound after the number."""
    number = token.number
    if number is None:
        return token, index
    following = tokens[index + 1] if index + 1 < len(tokens) else None
    if following is not None and number.unit == "" and "times" in following.roles:
        number.unit = "times"
        number.labels["times"] = following.roles["times"]
        token = Token(token.start, following.end, plain[token.start : following.end], NO_ROLES, number)
        index += 1
        following = tokens[index + 1] if index + 1 < len(tokens) else None
    end = _find_range_end(tokens, index, token, plain, out)
    if end is not None:
        last = tokens[end]
        high = last.number
        if high is not None:
            if not number.unit:
                number.value = round(number.value * _factor(high), 9)
            number.unit = number.unit or high.unit
            number.text_unit = number.text_unit or high.text_unit
            number.high = high.value
            number.labels["high_sign"] = high.sign
            number.half_width = high.half_width
            token = Token(token.start, last.end, plain[token.start : last.end], NO_ROLES, number)
            index = end
    while index + 1 < len(tokens):
        after = tokens[index + 1]
        gap = plain[token.end : after.start]
        if gap.strip():
            break
        if "post_bound" in after.roles:
            number.bound = after.roles.get("bound", "lower")
        elif "post_hedge" in after.roles:
            number.is_about = True
        else:
            break
        token = Token(token.start, token.end, token.text, NO_ROLES, number)
        index += 1
    return token, index


def _factor(number: Number) -> float:
    for text, factor in (("万", 1e4), ("million", 1e6), ("thousand", 1e3), ("kt", 1e3), ("千", 1e3)):
        if text in number.text_unit and number.unit in {"t", "CNY/t"}:
            return factor
    return 1.0


def _find_range_end(tokens: list[Token], index: int, token: Token, plain: str, out: list[Token]) -> int | None:
    """Index of the number that ends a range begun at `token`, or None."""
    number = token.number
    if number is None or index + 1 >= len(tokens):
        return None
    following = tokens[index + 1]
    gap = plain[token.end : following.start].strip()
    if following.number is not None:
        dashed = following.number.labels.get("dash") and gap in {"", "-", "–", "—"}
        direct = dashed or gap in {"-", "–", "—", "~", "～"}
        return index + 1 if direct and _same_unit(number, following.number) else None
    if index + 2 >= len(tokens):
        return None
    other = tokens[index + 2].number
    if other is None or not _same_unit(number, other):
        return None
    if gap or plain[following.end : tokens[index + 2].start].strip(" +-–"):
        return None
    before = out[-1] if out else None
    is_from = before is not None and "from" in before.roles and before.end + 2 >= token.start
    if "hyphen" in following.roles or "dash" in following.roles:
        return index + 2
    if "to" in following.roles and not (is_from and number.unit and number.unit == other.unit):
        return None if _is_step(before, number, other) else index + 2
    if "and" in following.roles and before is not None and "between" in before.roles:
        return index + 2
    return None


def _is_step(before: Token | None, number: Number, other: Number) -> bool:
    """Whether "by 120 t to 1,290 t" gives a change and the new level rather than the ends of a range."""
    if before is None or not number.unit or not before.roles.keys() & {"by", "change"}:
        return False
    limit = 4 if number.unit == "%" else 2
    return other.value < number.value or other.value > limit * number.value


def _same_unit(first: Number, second: Number) -> bool:
    if second.unit in {"", "other"}:
        return False
    return first.unit in {"", second.unit} and first.form == second.form


def _take_hedges(out: list[Token], token: Token, plain: str, gaps: frozenset[str]) -> None:
    """Hedges and bounds that stand right before the number are taken off `out` and noted on it."""
    number = token.number
    if number is None:
        return
    start = token.start
    if number.sign and plain[start - 1 : start] in "+-–—":
        start -= 1
    while out:
        before = out[-1]
        gap = plain[before.end : start].strip()
        if gap not in gaps:
            return
        motion = len(out) > 1 and ("motion" in out[-2].roles or "change" in out[-2].roles) and before.text == "up to"
        if "bound" in before.roles and not motion and "post_bound" not in before.roles:
            number.bound = before.roles["bound"]
        elif "bound" in before.roles and not motion and before.roles["bound"] == "lower" and not gap:
            number.bound = "lower"
        elif "compare" in before.roles and not _is_comparison(out):
            number.bound = "lower" if before.roles["compare"] > 0 else "upper"
        elif "hedge" in before.roles:
            number.is_about = True
            if "share_verb" in before.roles:
                return
        elif motion:
            out[-1] = Token(before.start, before.end, before.text, {"to": True, "level": True, "change": (1, "word")})
            return
        else:
            return
        start = before.start
        out.pop()


def _is_comparison(out: list[Token]) -> bool:
    """Whether "above" and its like before this number compare two numbers rather than bound one."""
    return len(out) > 1 and out[-2].number is not None


def _join_subjects(lexicon: Lexicon, tokens: list[Token], plain: str) -> list[Token]:
    """Names that stand side by side become one subject: "hard carbon anode", "layered oxide O3", "NFPP cells"."""
    out: list[Token] = []
    for token in tokens:
        if "made_of" in token.roles and len(out) > 1 and "hyphen" in out[-1].roles and "subject" in out[-2].roles:
            out.pop()
        subject = token.roles.get("subject")
        if subject and len(out) > 1 and "made_of" in out[-1].roles and "subject" in out[-2].roles:
            del out[-1]  # "NFPP-based cells" are NFPP cells
            both = _intersect(lexicon, out[-1].roles["subject"], subject)
            if both:
                out[-1] = Token(out[-1].start, token.end, plain[out[-1].start : token.end], {"subject": both})
                continue
        if subject and out and out[-1].roles.get("subject"):
            gap = plain[out[-1].end : token.start].strip(" -").removeprefix("type").strip()
            if gap in {"", "material", "materials", "type"}:
                both = _intersect(lexicon, out[-1].roles["subject"], subject)
                if both:
                    out[-1] = Token(out[-1].start, token.end, plain[out[-1].start : token.end], {"subject": both})
                    continue
        out.append(token)
    return out


def _intersect(lexicon: Lexicon, first: frozenset[Node], second: frozenset[Node]) -> frozenset[Node]:
    found = set()
    for a in first:
        for b in second:
            if lexicon.is_within(a, b):
                found.add(a)
            elif lexicon.is_within(b, a):
                found.add(b)
    return frozenset(found)


def _name_bases(tokens: list[Token], plain: str) -> list[Token]:
    """A preposition of comparison before a month is a basis: "than in September", "较3月"."""
    out: list[Token] = []
    for found in tokens:
        token = found
        period = token.roles.get("period") or _month_name(token)
        if period is not None and out:
            is_base = period.kind == "month" or period.kind in _PARTS or period.kind in _BEFORE
            place = _find_against(out, plain, token.start) if is_base else None
            if place is not None:
                before = out[place]
                del out[place:]
                out.append(
                    Token(before.start, token.end, plain[before.start : token.end], _basis_roles(before, period))
                )
                continue
            before = out[-1]
            gap = plain[before.end : token.start].strip()
            if "since" in before.roles and not gap:
                out[-1] = Token(before.start, token.end, plain[before.start : token.end], {"since": True})
                continue
            token = Token(token.start, token.end, token.text, {**token.roles, "period": period})
        elif period is not None:
            token = Token(token.start, token.end, token.text, {**token.roles, "period": period})
        out.append(token)
    return out


_BEFORE = {"last_month": "mom", "last_year": "yoy", "last_quarter": "qoq"}
_PARTS = {"quarter1", "quarter2", "quarter3", "quarter4"}


def _find_against(out: list[Token], plain: str, start: int) -> int | None:
    """Place of the preposition of comparison that governs a period, close before it: "than in the peak month of"."""
    for place in range(len(out) - 1, max(-1, len(out) - 4), -1):
        roles = out[place].roles
        if "against" in roles or ("against_after" in roles and _follows_number(out, place)):
            gap = plain[out[place].end : start].strip()
            if "against" not in roles:
                return place if gap in {"", "the", "its", "in", "that of"} else None
            few = len(gap.split()) <= 5 if gap.isascii() else len(gap) <= 2
            return place if few and not any(char.isdigit() for char in gap) else None
        if not roles.keys() & {"of", "in", "unknown", "relative"} or "comma" in roles:
            return None
    return None


def _follows_number(out: list[Token], place: int) -> bool:
    """Whether a number or a word of change stands before this place in the same statement."""
    if place and out[place - 1].roles.keys() & {"and", "clause"}:
        return False
    for token in reversed(out[:place]):
        if token.number is not None or token.roles.keys() & {"change", "compare"}:
            return True
        if token.roles.keys() & {"semicolon", "colon"}:
            return False
    return False


def _basis_roles(before: Token, period: PeriodName) -> dict[str, Any]:
    roles: dict[str, Any] = {"basis": _BEFORE.get(period.kind, period)}
    if "compare" in before.roles:
        roles["compare"] = before.roles["compare"]
    if "change" in before.roles:
        roles["change"] = before.roles["change"]
    return roles


def _month_name(token: Token) -> PeriodName | None:
    if "month" in token.roles:
        return PeriodName("month", month=token.roles["month"])
    if "relative" in token.roles:
        return PeriodName(token.roles["relative"])
    return None
