"""Why a number is no figure before any slot is asked: its unit, a distance from what was expected, physical content."""

from tasks.extraction.quantities.quantity import Quantity
from tasks.extraction.relations.view import View
from tasks.extraction.rules import BIT, bits

_METRIC = BIT["metric"]
_COMPARED = bits(["compare"])
_EXPECTED = bits(["prior", "modal"])


def refuse_unit(quantity: Quantity | None) -> str:
    """Why a quantity in its unit is no figure; "unread" where it has no value, empty where it may be one."""
    if quantity is None or quantity.unit == "unread":
        return "unread"
    if quantity.unit == "":
        return "no unit of the chain"
    if quantity.unit == "t/a":
        return "a plant's or project's size"
    return "a unit of no figure" if quantity.unit in {"other", "yuan"} else ""


def says_capacity(view: View, index: int) -> bool:
    """Whether the metric before a quantity of a year is capacity."""
    return any(
        view.tokens[place].roles.get("metric") == "capacity"
        for place in view.places(view.clause_start(index), index, _METRIC)
    )


def is_distance(view: View, index: int) -> bool:
    """Whether a number is how far an outcome lies from what was expected: "9,100 mt less than the expected"."""
    for place in range(index + 1, min(index + 5, len(view.masks))):
        mask = view.masks[place]
        if mask & _COMPARED:
            following = view.masks[place + 1] if place + 1 < len(view.masks) else 0
            return bool(following & _EXPECTED)
        if mask & _EXPECTED and view.touch_left(index) & (BIT["by"] | BIT["compare"]):
            return True
        if not mask & bits(["points", "change", "in", "of", "basis"]):
            break
    start = view.clause_start(index)
    touch = view.touch_left(index)
    if start and touch & BIT["change"] and view.any_of(max(0, index - 4), index, BIT["prior"]):
        return True
    prior = next(iter(view.places(start, index, BIT["prior"] | BIT["earlier"])), None)
    if prior is None or view.any_of(prior, index, BIT["number"]):
        return False
    if view.touch_left(index) & BIT["by"]:
        return True
    return bool(view.touch_left(index) & BIT["change"]) and view.any_of(prior, index, _EXPECTED)


_METAL, _PHYSICAL = BIT["metal"], BIT["physical"]


def is_physical(view: View, index: int, quantity: Quantity) -> bool:
    """Whether the same quantity follows in metal content: "194,700 t, or 42,800 t in Ni content"."""
    if view.touch_right(index) & _PHYSICAL or view.touch_left(index) & _PHYSICAL:
        return True
    place = index + 1
    while place < len(view.masks) and view.masks[place] & bits(["comma", "and", "open", "separator", "slash"]):
        place += 1
    if place >= len(view.masks) or view.tokens[place].quantity is None or place == index + 1:
        return False
    other = view.tokens[place].quantity
    metal = view.touch_right(place) & _METAL or view.touch_left(place) & _METAL
    return bool(metal) and other is not None and other.unit == quantity.unit and not view.touch_right(index) & _METAL
