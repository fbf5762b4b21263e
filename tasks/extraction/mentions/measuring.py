"""Ranges, bounds, hedges and multiples: numbers and the words beside them that are part of the quantity."""

from tasks.extraction.mentions.scan import as_number
from tasks.extraction.mentions.token import NUMBER, Token, make_number
from tasks.extraction.quantities.quantity import Quantity
from tasks.extraction.rules import BIT

_HYPHEN = BIT["hyphen"] | BIT["dash"]
_TO, _AND, _BETWEEN, _FROM = BIT["to"], BIT["and"], BIT["between"], BIT["from"]
_STEP = BIT["by"] | BIT["change"]
_BOUND, _POST_BOUND, _COMPARE = BIT["bound"], BIT["post_bound"], BIT["compare"]
_HEDGE, _POST_HEDGE = BIT["hedge"], BIT["post_hedge"]
_MOTION = BIT["motion"] | BIT["change"]
_TIMES = BIT["times"]
_NEAR = 5
_NO_VALUE = {"", "other", "unread"}


def join_quantities(tokens: list[Token], plain: str, gaps: frozenset[str]) -> list[Token]:
    """Tokens with every range, bound, hedge and multiple taken into its number."""
    out: list[Token] = []
    index = 0
    while index < len(tokens):
        token = as_number(tokens[index])
        if token.quantity is not None:
            token, index = _extend(tokens, index, token, plain, out)
            _take_before(out, token, plain, gaps)
        out.append(token)
        index += 1
    return out


def _extend(tokens: list[Token], index: int, token: Token, plain: str, out: list[Token]) -> tuple[Token, int]:
    """Join "3%-5%", "3 to 5%", "between 3% and 5%", "2.5 times" and a hedge or bound after the number."""
    quantity = token.quantity
    if quantity is None:
        return token, index
    token, index = _take_times(tokens, index, token, plain)
    end = _find_range_end(tokens, index, token, plain, out)
    if end is not None:
        last = as_number(tokens[end])
        token, index = _make_range(token, last), end
    while index + 1 < len(tokens):
        after = tokens[index + 1]
        if plain[token.end : after.start].strip():
            break
        if after.mask & _POST_BOUND and token.quantity is not None:
            token.quantity.bound = after.roles.get("bound", "lower")
        elif after.mask & _POST_HEDGE and token.quantity is not None:
            token.quantity.is_about = True
        else:
            break
        index += 1
    return token, index


def _take_times(tokens: list[Token], index: int, token: Token, plain: str) -> tuple[Token, int]:
    following = tokens[index + 1] if index + 1 < len(tokens) else None
    quantity = token.quantity
    if quantity is None or quantity.unit or following is None or not following.mask & _TIMES:
        return token, index
    if plain[token.end : following.start].strip(" -"):
        return token, index
    quantity.unit = "times"
    quantity.is_added = bool(following.roles["times"])
    return make_number(token.start, following.end, quantity), index + 1


def _make_range(first: Token, last: Token) -> Token:
    low, high = first.quantity, last.quantity
    if low is None or high is None:
        return first
    if not low.unit:
        low.value = round(low.value * (high.factor if low.factor == 1 else 1), 6)
        low.unit, low.unit_text = high.unit, high.unit_text
    low.high, low.high_sign, low.half_width = high.value, 0 if high.is_dashed else high.sign, high.half_width
    low.is_added = high.is_added
    return make_number(first.start, last.end, low)


def _find_range_end(tokens: list[Token], index: int, token: Token, plain: str, out: list[Token]) -> int | None:
    """Index of the number that ends a range begun at `token`, or None."""
    quantity = token.quantity
    if quantity is None or index + 1 >= len(tokens):
        return None
    following = as_number(tokens[index + 1])
    gap = plain[token.end : following.start].strip()
    if following.quantity is not None:
        direct = (following.quantity.is_dashed and gap in {"", "-", "–", "—"}) or gap in {"-", "–", "—", "~", "+"}
        return index + 1 if direct and _may_range(quantity, following.quantity) else None
    if index + 2 >= len(tokens):
        return None
    last = as_number(tokens[index + 2])
    if last.quantity is None or not _may_range(quantity, last.quantity):
        return None
    if gap or plain[following.end : last.start].strip(" +-–—"):
        return None
    before = out[-1] if out else None
    return index + 2 if _links(following, before, quantity, last.quantity) else None


def _links(link: Token, before: Token | None, low: Quantity, high: Quantity) -> bool:
    """Whether the word between two numbers makes them the ends of a range."""
    if link.mask & _HYPHEN:
        return True
    if link.mask & BIT["arrow"]:  # "57% -> 60%" has come from one to the other
        return False
    if link.mask & BIT["equal"]:  # "another 2 or 3 per cent"
        return not low.unit and 0 < high.value - low.value <= _NEAR
    if link.mask & _TO:
        moves = before is not None and bool(before.mask & _FROM) and bool(low.unit) and low.unit == high.unit
        return not moves and not _is_step(before, low, high)
    return bool(link.mask & _AND) and before is not None and bool(before.mask & _BETWEEN)


def _is_step(before: Token | None, low: Quantity, high: Quantity) -> bool:
    """Whether "by 120 t to 1,290 t" gives a change and the new level rather than the ends of a range."""
    if before is None or not low.unit or not before.mask & _STEP:
        return False
    return high.value < low.value or high.value > (4 if low.unit == "%" else 2) * low.value


def _may_range(low: Quantity, high: Quantity) -> bool:
    if high.unit in _NO_VALUE or low.high is not None or high.high is not None:
        return False
    return low.unit in {"", high.unit} and (low.form == high.form or {low.form, high.form} <= {"words", "digits"})


def _take_before(out: list[Token], token: Token, plain: str, gaps: frozenset[str]) -> None:
    """Hedges and bounds that stand right before the number are taken off `out` and noted on it."""
    quantity = token.quantity
    if quantity is None:
        return
    start = token.start
    if plain[start - 1 : start] in {"+", "-", "–", "—"} and quantity.sign:
        start -= 1
    while out and plain[out[-1].end : start].strip() in gaps:
        before = out[-1]
        roles = before.roles
        moves = len(out) > 1 and bool(out[-2].mask & _MOTION) and before.mask & _BOUND and roles.get("bound") == "upper"
        if moves and before.end - before.start == len("up to"):
            out[-1] = Token(before.start, before.end, _TO | BIT["level"] | BIT["change"], _UP_TO)
            return
        if before.mask & _BOUND:
            quantity.bound = roles["bound"]
        elif before.mask & _COMPARE and not (len(out) > 1 and out[-2].mask & NUMBER):
            quantity.bound = "lower" if roles["compare"] > 0 else "upper"
            quantity.is_threshold = bool(before.mask & BIT["threshold"])
        elif before.mask & _HEDGE:
            quantity.is_about = True
        else:
            return
        start = before.start
        out.pop()
        if before.mask & (BIT["share_verb"] | BIT["level"]):  # 约占: the hedge says the share too
            out.append(Token(before.start, before.end, before.mask & ~(_HEDGE | _BOUND | _COMPARE), roles))
            return


_UP_TO = {"to": True, "level": True, "change": (1, "word")}
