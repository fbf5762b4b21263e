"""Sign and base of a change: up or down, against which month."""

from contracts.period import add_months, first_month, format_month
from tasks.extraction.mentions.periods import PeriodName
from tasks.extraction.relations.view import HARD, REFERENCE, View
from tasks.extraction.rules import BIT, bits

_SIGNED = bits(["change", "compare", "moves"])
_AFTER_TO = bits(["to", "moves", "level"])
_SLOWING = bits(["slowing", "narrows"])
_CHANGE, _PACE = BIT["change"], BIT["pace"]
_OWN = bits(["change", "subject", "metric", "verb"])
Filled = tuple[object, str, float]


def find_sign(view: View, index: int) -> tuple[int, str, float] | None:
    """Sign of a change, the rule that told it, and its strength; None where nothing tells it."""
    quantity = view.tokens[index].quantity
    if quantity is None:
        return None
    if quantity.sign:
        return quantity.sign, "sign.printed", 0.99
    if quantity.form == "multiple":
        return 1, "sign.multiple", 0.98  # the word's value has its own sign
    if quantity.unit == "times":
        return 1, "sign.times", 0.95
    twin = _find_twin(view, index, -1)
    if twin >= 0:
        told = find_sign(view, twin)
        return None if told is None else (told[0], "sign.equal", told[2])
    if view.touch_left(index) & _AFTER_TO:
        rate = _find_rate_noun(view, index)
        if rate:
            return rate, "sign.rate", 0.95
    for rule in view.context.lexicon.language.rules["sign"]:
        place = view.look(index, rule)
        while place >= 0:
            sign = 0 if _is_comparative(view, place, index) else _sign_of(view, place)
            if sign:
                return sign, rule.id, rule.strength
            place = view.look(place, rule)
    label = view.tokens[index].labels.get("basis")
    if label is not None and "change" in label.roles:
        return int(label.roles["change"][0]), "sign.list", 0.95
    if quantity.high is not None and quantity.high_sign:
        return 1, "sign.printed", 0.9
    if view.is_cell:
        return 1, "sign.cell", 0.93
    return None


def _is_of_other_measure(view: View, place: int, index: int) -> bool:
    """Whether a base that points would take over was said of another metric: 同比+6%,开工82.3%,高了1.6个点."""
    return bool(view.masks[index] & BIT["points"]) and view.any_of(place + 1, index, BIT["metric"])


def _find_closing_basis(view: View) -> object:
    """The base in brackets at the end of a sentence that names no other: "smelting +1% / causticising -6% (m/m)"."""
    bases = [place for place, mask in enumerate(view.masks) if mask & BIT["basis"]]
    if len(bases) != 1 or not bases[0] or bases[0] + 1 >= len(view.masks):
        return None
    inside = view.masks[bases[0] - 1] & BIT["open"] and view.masks[bases[0] + 1] & BIT["close"]
    return view.tokens[bases[0]].roles["basis"] if inside and bases[0] + 3 >= len(view.masks) else None


def _find_quoted_period(view: View, index: int) -> object:
    """The period of a base quoted right after a rate: "down by 28% from 5,070 t in February 2024"."""
    quantity = view.tokens[index].quantity
    if quantity is None or not quantity.is_rate:
        return None
    place = index + 1
    while place < len(view.masks) and view.masks[place] == REFERENCE:
        roles = view.tokens[place].roles
        if "basis" in roles or "period" in roles:
            return roles["basis"] if "basis" in roles else roles["period"]
        place += 1
    return None


def _find_twin(view: View, index: int, step: int) -> int:
    """Place of the number that says the same in another unit: "down 6,000 mt or 0.51%"; -1 where there is none."""
    other = index + 2 * step
    if not 0 <= other < len(view.masks) or not view.masks[index + step] & BIT["equal"]:
        return -1
    first, second = view.tokens[index].quantity, view.tokens[other].quantity
    if first is None or second is None or {first.is_rate, second.is_rate} != {True, False}:
        return -1
    return other if first.is_level or second.is_level else -1


def _find_rate_noun(view: View, index: int) -> int:
    """Sign of "growth", "the decline", 降幅, where the number is what the rate came to or came from."""
    start = view.clause_start(index)
    inner = range(start, index)
    if start and not view.any_of(start, index, _OWN):
        inner = range(view.clause_start(start - 1), index)  # "the decline deepened, from 2% in November to 6%"
    has_pace = any(view.tokens[place].mask & _PACE for place in inner)
    for place in reversed(inner):
        change = view.tokens[place].roles.get("change")
        if change is None or not view.masks[place] & _CHANGE:
            continue
        is_rate = change[1] == "noun" or (has_pace and change[1] == "verb" and not view.masks[place] & _PACE)
        if is_rate and change[0]:
            return int(change[0])
    return 0


def tells_pace(view: View, index: int) -> bool:
    """Whether a number stands behind a rate of change that has itself moved: "the decline narrowed to 3%"."""
    start = view.clause_start(index)
    paces = list(view.places(start, index, _PACE))
    return bool(paces) and any(
        view.masks[place] & _CHANGE
        and not view.masks[place] & _PACE
        and view.tokens[place].roles["change"][1] != "past"
        for place in range(start, index)
    )


def _is_comparative(view: View, place: int, index: int) -> bool:
    """Whether a word of change only compares the rate with another: "up by a smaller 1.9%"."""
    change = view.tokens[place].roles.get("change")
    if place != index - 1 or change is None or change[1] != "word" or place + 1 >= len(view.masks):
        return False
    start = view.clause_start(place)
    return any(view.tokens[p].roles["change"][1] != "word" for p in view.places(start, place, _CHANGE))


def _sign_of(view: View, place: int) -> int:
    roles = view.tokens[place].roles
    if view.masks[place] & _SLOWING:
        return 0
    for role in ("change", "moves", "compare"):
        if role in roles:
            meaning = roles[role]
            return int(meaning[0] if role == "change" else meaning)
    return 0


def find_basis(view: View, index: int) -> tuple[object, str, float] | None:
    """Base of comparison of a number: mom, yoy, qoq or a `PeriodName`; None where none is said."""
    label = view.tokens[index].labels.get("basis")
    if label is not None:
        return label.roles["basis"], "basis.list", 0.97
    twin = _find_twin(view, index, 1)
    if twin >= 0:
        told = find_basis(view, twin)
        return None if told is None else (told[0], "basis.equal", told[2])
    quoted = _find_quoted_period(view, index)
    if quoted is not None:
        return quoted, "basis.quoted", 0.95
    found = view.ask("basis", index)
    if found is not None:
        place, rule = found
        if rule.id == "basis.carried" and _is_of_other_measure(view, place, index):
            return None
        return view.tokens[place].roles["basis"], rule.id, rule.strength
    closing = _find_closing_basis(view)
    if closing is not None:
        return closing, "basis.closing", 0.9
    for scope in (view.context.lead, view.context.section):
        if scope.basis is not None:
            return scope.basis, "basis.lead", 0.9
    return None


def name_basis(view: View, basis: object, period: str) -> str:
    """mom, yoy or qoq for a base and the period compared with it; empty where it is another span."""
    if isinstance(basis, str):
        return basis
    if not isinstance(basis, PeriodName):
        return ""
    base = view.context.calendar.resolve(basis)
    if not base or len(base) != len(period) or ("-" in base and base[5:6] in "QH") != (period[5:6] in "QH"):
        return (
            "yoy" if basis.kind == "last_year" or (basis.kind == "year" and basis.year == int(period[:4]) - 1) else ""
        )
    months = _months_between(base, period)
    if (
        basis.kind in {"month", "latest_month"}
        and not basis.year
        and basis.month == int(period[5:7] or 0)
        and months in {0, 12}
    ):
        return "yoy"
    if len(period) == 4:
        return "yoy" if months == 12 else ""
    if period[5] == "Q":
        return {3: "qoq", 12: "yoy"}.get(months, "")
    if period[5] == "H":
        return {12: "yoy"}.get(months, "")
    return {1: "mom", 12: "yoy"}.get(months, "")


def _months_between(base: str, period: str) -> int:
    first, second = first_month(base), first_month(period)
    return (second.year - first.year) * 12 + second.month - first.month


def shift_period(period: str, basis: str) -> str:
    """The period that a basis counts from: the month before, or the same a year before; empty where it is none."""
    if basis == "yoy" and len(period) == 4:
        return str(int(period) - 1)
    if len(period) == 7 and period[5] in "QH":
        return f"{int(period[:4]) - 1}{period[4:]}" if basis == "yoy" else ""
    months = {"mom": 1, "yoy": 12}.get(basis, 0)
    return format_month(add_months(first_month(period), -months)) if months else ""


__all__ = ["HARD", "find_basis", "find_sign", "name_basis", "shift_period"]
