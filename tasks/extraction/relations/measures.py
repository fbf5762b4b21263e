"""What a number measures: growth, a share, points, a level, a change of a level, or nothing of ours."""

from dataclasses import dataclass

from tasks.extraction.mentions.periods import PeriodName
from tasks.extraction.quantities.quantity import Quantity, family_of
from tasks.extraction.relations.growth import name_basis, tells_pace
from tasks.extraction.relations.times import find_period_name, find_when
from tasks.extraction.relations.view import View
from tasks.extraction.rules import BIT, bits

_CHANGE, _COMPARE, _BASIS, _LEVEL = BIT["change"], BIT["compare"], BIT["basis"], BIT["level"]
_REACHES = bits(["to", "moves", "level", "averages"])
_TO = bits(["to", "moves"])
_PLAN, _BY, _OF = BIT["plan"], BIT["by"], BIT["of"]
_SHARE = bits(["share_verb", "share_noun", "whole"])


@dataclass(frozen=True)
class Signs:
    """What has been found for the other slots of a number, for the question what it measures."""

    metric: str
    basis: object
    sign: int | None
    sign_rule: str
    is_share: bool
    share_strength: float
    has_product: bool
    before: str = ""
    before_measure: str = ""
    is_other: bool = False


@dataclass(frozen=True)
class Told:
    """A measure, its rule and strength; or why there is none, and whether the number is none of ours."""

    measure: str = ""
    rule: str = ""
    strength: float = 0.0
    reason: str = ""
    is_ours: bool = True
    period: str = ""


def find_share(view: View, index: int) -> tuple[str, float]:
    """The rule by which a percentage is a share of a whole, and its strength; nothing where it is none."""
    found = view.ask("share", index)
    if found is not None:
        return found[1].id, found[1].strength
    return ("share.part", 0.97) if find_part(view, index) >= 0 else ("", 0.0)


_WHOLE = bits(["of", "metric", "whole", "chain", "industry", "subject"])


def find_part(view: View, index: int) -> int:
    """Place of the product whose share comes first: "two thirds of cathode output was NFPP"; -1 where it does not."""
    quantity = view.tokens[index].quantity
    if quantity is None or quantity.unit != "%" or view.any_of(view.clause_start(index), index, _CHANGE | BIT["basis"]):
        return -1
    place = index + 1
    while place < len(view.masks) and view.masks[place] & _WHOLE:
        place += 1
    opened = place > index + 1 or view.any_of(0, index, BIT["whole"])
    opened = opened or (quantity.form == "fraction" and view.any_of(0, index, BIT["of"]))
    if not opened or place + 1 >= len(view.masks) or not view.masks[place] & _LEVEL or view.masks[place] & BIT["of"]:
        return -1
    named = view.masks[place + 1] & BIT["subject"] and any(p for _, p in view.tokens[place + 1].roles["subject"])
    return place + 1 if named else -1


def tell_measure(view: View, index: int, quantity: Quantity, signs: Signs) -> Told:
    """The measure of a number."""
    if quantity.unit == "pp":
        return _tell_points(view, index, signs)
    if quantity.unit in {"%", "times"}:
        return _tell_percentage(view, index, quantity, signs)
    return _tell_quantity(view, index, quantity, signs)


_LOOSE = {"个点"}
_SIZES = {"production", "shipments", "price", "inventory", "demand"}


def _tell_points(view: View, index: int, signs: Signs) -> Told:
    if tells_pace(view, index) and signs.metric != "operating_rate" and not signs.is_share:
        return Told(reason="a change of a rate of growth", is_ours=False)
    if signs.sign is None:
        return Told(reason="sign")
    period = _period_of(view, index, signs)
    name = "mom" if signs.basis is None else name_basis(view, signs.basis, period)
    quantity = view.tokens[index].quantity
    if quantity is not None and quantity.unit_text in _LOOSE and not signs.is_share and signs.metric in _SIZES:
        measure = {"mom": "mom_pct", "yoy": "yoy_pct"}.get(name, "")  # 产量涨了6个点
        return Told(measure, "measure.loose_points", 0.85) if measure and signs.basis else Told(reason="basis")
    strength = 0.85 if signs.basis is None else 0.97
    if signs.metric == "operating_rate":
        measure = {"mom": "mom_pp", "yoy": "yoy_pp"}.get(name, "")
    elif signs.is_share or signs.has_product:
        measure = {"mom": "share_mom_pp", "yoy": "share_yoy_pp"}.get(name, "")
        strength *= 1.0 if signs.is_share else 0.8
    else:
        return Told(reason="measure")
    return Told(measure, "measure.points", strength) if measure else Told(reason="basis")


def _tell_percentage(view: View, index: int, quantity: Quantity, signs: Signs) -> Told:
    touch = view.touch_left(index)
    reaches = bool(touch & _TO) and not touch & _BY
    changed = signs.sign is not None and signs.sign_rule not in {"sign.carried", "sign.joint", "sign.cell"}
    may_reach = signs.has_product and reaches and signs.basis is None and signs.sign_rule != "sign.rate"
    slows = view.any_of(view.clause_start(index), index, BIT["slowing"])
    if may_reach and quantity.unit == "%" and signs.metric == "production" and not slows:
        return Told("share_pct", "measure.reached", 0.85)
    if signs.metric == "operating_rate" and quantity.unit == "%" and quantity.form != "multiple":
        if reaches or touch & _LEVEL or signs.basis is None or not changed:
            return Told("level", "measure.rate", 0.97 if touch & _REACHES or not changed else 0.8)
        return Told(reason="unit")
    if signs.is_share and quantity.form != "multiple" and quantity.unit == "%":
        if (
            reaches
            or not changed
            or signs.share_strength >= 0.96
            or not view.any_of(view.clause_start(index), index, _CHANGE)
        ):
            return Told("share_pct", "measure.share", signs.share_strength)
        if signs.basis is None or view.any_of(view.clause_start(index), index, _SHARE):
            return Told(reason="measure")
    return _tell_growth(view, index, quantity, signs, changed=changed)


def _tell_growth(view: View, index: int, quantity: Quantity, signs: Signs, *, changed: bool) -> Told:
    said = find_period_name(view, index)
    kind = said[0].kind if said is not None else ""
    if not kind and view.context.last_period is not None and signs.basis != "mom":
        kind = view.context.last_period.kind
    elif not kind and signs.basis != "mom":
        scope = view.context.lead.period or view.context.section.period
        kind = scope.kind if scope is not None else ""
    period = _period_of(view, index, signs)
    if isinstance(signs.basis, PeriodName) and signs.basis.kind == "year" and said is None and signs.sign is not None:
        return Told("yoy_pct", "measure.over_year", 0.9, period=str(signs.basis.year + 1))
    name = None if signs.basis is None else name_basis(view, signs.basis, period)
    is_bare = signs.sign is None and signs.basis is None and signs.has_product and quantity.unit == "%"
    if is_bare and view.touch_left(index) & (BIT["subject"] | BIT["equal"]) and quantity.form != "multiple":
        return Told("share_pct", "measure.bare_share", 0.8)
    if signs.sign is None:
        return Told(reason="sign" if name is not None else "measure")
    if kind == "to_date" and name != "mom":
        return Told("ytd_yoy_pct", "measure.to_date", 0.97) if name in {"yoy", None, ""} else Told(reason="basis")
    if name is None:
        if signs.before_measure and changed and signs.is_other and signs.sign_rule != "sign.printed":
            return Told(signs.before_measure, "measure.abreast", 0.87)
        if signs.before_measure and (not changed or signs.sign_rule == "sign.printed"):
            return Told(signs.before_measure, "measure.parallel", 0.87)
        return _assume_basis(view, index, kind, changed=changed)
    if name == "mom" and "quarter" in kind:
        return Told("qoq_pct", "measure.quarter", 0.95)
    if name == "mom" and (kind.startswith("half") or kind.endswith("year")):
        return Told(reason="a step between half-years", is_ours=False)
    if not name:
        return Told(reason="another base of comparison", is_ours=False)
    return Told({"mom": "mom_pct", "yoy": "yoy_pct", "qoq": "qoq_pct"}[name], "measure.growth", 0.99)


def _stands_beside(view: View, index: int, basis: str) -> bool:
    """Whether the next rate states another base of comparison: of "+3%; y-o-y +22%" the first is month on month."""
    for place in range(index + 1, len(view.masks)):
        if view.masks[place] & (BIT["subject"] | BIT["metric"] | BIT["stop"]):
            return False
        if view.masks[place] & BIT["basis"]:
            near = range(index + 1, min(place + 3, len(view.masks)))
            return view.tokens[place].roles["basis"] == basis and any(view.masks[n] & BIT["rate"] for n in near)
    return False


def _assume_basis(view: View, index: int, kind: str, *, changed: bool) -> Told:
    """Growth without a stated base: year on year of a year or half-year, else month on month of a month."""
    quantity = view.tokens[index].quantity
    if not changed:
        return Told(reason="basis")
    if kind.startswith("half") or kind.endswith("year"):
        return Told("yoy_pct", "measure.year", 0.9)
    if "quarter" in kind:
        return Told(reason="basis")
    if view.context.last_basis == "yoy":
        return Told("yoy_pct", "measure.paragraph", 0.85)
    if _stands_beside(view, index, "yoy"):
        return Told("mom_pct", "measure.contrast", 0.93)
    is_usual = kind in {"", "month"} and len(view.context.calendar.period) == len("2025-01")
    if view.context.bases == frozenset({"yoy"}) and (is_usual or not kind.endswith("month")):
        return Told("yoy_pct", "measure.document", 0.7)
    if quantity is not None and quantity.form == "multiple" and quantity.unit == "%" and quantity.value > 0:
        return Told("mom_pct", "measure.assumed", 0.55)
    return Told("mom_pct", "measure.assumed", 0.75)


def _period_of(view: View, index: int, signs: Signs) -> str:
    """The period that a base of comparison is counted from."""
    said = find_when(view, index, "yoy_pct", signs.before)
    return said.period or find_when(view, index, "mom_pct", signs.before).period or view.context.calendar.period


_COMPARED = BIT["compare"] | BIT["prior"]
_CUE = bits(["level", "averages", "to", "moves", "metric", "colon", "period", "subject", "share_verb", "verb", "of"])
_NEW = bits(["plan"])


def _tell_quantity(view: View, index: int, quantity: Quantity, signs: Signs) -> Told:
    if _is_change(view, index, signs):
        if signs.sign is None:
            return Told(reason="sign")
        period = _period_of(view, index, signs)
        name = "mom" if signs.basis is None else name_basis(view, signs.basis, period)
        said = find_period_name(view, index)
        if name == "yoy" and said is not None and said[0].kind == "to_date":
            return Told(reason="a change of a span to date", is_ours=False)
        measure = {"mom": "mom_abs", "yoy": "yoy_abs"}.get(name, "")
        if not measure:
            return Told(reason="another base of comparison", is_ours=False)
        return Told(measure, "measure.change", 0.93 if signs.basis is not None else 0.8)
    return _tell_level(view, index, quantity, signs)


def _is_change(view: View, index: int, signs: Signs) -> bool:
    """Whether a quantity is a change of a level: "up 600 t", "a decline of 40 t", "200 t more than in May"."""
    touch, after = view.touch_left(index), view.touch_right(index)
    number = view.tokens[index].quantity
    if number is not None and number.is_threshold and touch & _CHANGE:
        return False
    if (after & _COMPARE or (after & _BASIS and "compare" in view.tokens[index + 1].roles)) and not touch & _TO:
        return True
    members = view.tokens[index].labels.get("list")
    if members and touch & BIT["separator"] and index != members[0]:
        return _is_change(view, members[0], signs)
    if touch & _TO or (touch & _LEVEL and not touch & (_OF | _BY | _CHANGE)):
        return False
    if touch & _CHANGE and not view.tokens[index - 1].roles["change"][0]:
        return False  # "held at 72,000 yuan"
    if touch & _BY and signs.sign is not None:
        return True
    if touch & _CHANGE:
        return True
    before = view.masks[index - 2] if index > 1 else 0
    if touch & _OF and before & (_CHANGE | _BASIS) and not touch & _CHANGE:
        return bool(before & _CHANGE) or signs.sign is not None
    quantity = view.tokens[index].quantity
    if quantity is not None and quantity.sign:
        return True
    change = view.tokens[index + 1].roles.get("change") if after & _CHANGE else None
    is_of_next = index + 2 < len(view.masks) and bool(view.masks[index + 2] & BIT["number"])
    if change is not None and change[1] in {"noun", "plain", "word"} and not is_of_next:
        return True
    start = view.clause_start(index)
    return bool(touch & _BASIS) and view.any_of(start, index, _CHANGE)


def _is_size(view: View, index: int) -> bool:
    """Whether a quantity is followed by whose size it is: "8,000 mt of capacity", 8000吨的正极产线."""
    if index + 1 < len(view.tokens) and view.tokens[index + 1].roles.get("metric") == "operating_rate":
        return True
    if not view.touch_right(index) & _OF:
        return False
    for place in range(index + 2, min(index + 4, len(view.masks))):
        if view.masks[place] & (BIT["agent"] | _PLAN) or view.tokens[place].roles.get("metric") == "capacity":
            return True
        if not view.masks[place] & BIT["subject"]:
            return False
    return False


def _tell_level(view: View, index: int, quantity: Quantity, signs: Signs) -> Told:
    start, end = view.clause_start(index), view.clause_end(index)
    family = family_of(quantity.unit)
    is_price = quantity.unit.startswith("CNY")
    if is_price != (signs.metric == "price"):
        return Told(reason="unit")
    if is_price and quantity.value < 100:
        return Told(reason="a price of another unit", is_ours=False)
    if quantity.bound and view.touch_left(index) & BIT["agent"]:
        return Told(reason="a plant's or project's size", is_ours=False)
    if view.touch_right(index) & (_PLAN | BIT["agent"]) and not quantity.bound:
        return Told(reason="a plant's or project's size", is_ours=False)
    if _is_size(view, index):
        return Told(reason="a plant's or project's size", is_ours=False)
    if signs.metric == "capacity" and view.any_of(start, end, _NEW):
        return Told(reason="planned or idle capacity", is_ours=False)
    if signs.metric == "capacity" and not view.any_of(0, index, BIT["industry"]):
        return Told(reason="a plant's or project's size", is_ours=False)
    if view.any_of(start, index, _PLAN) and not view.any_of(start, index, BIT["metric"] | BIT["modal"]):
        return Told(reason="a plan", is_ours=False)
    if family not in {"t", "energy"} and not is_price:
        return Told(reason="unit", is_ours=False)
    touch = view.touch_left(index)
    if touch & _CUE or view.is_cell:
        return Told("level", "measure.level", 0.97)
    if quantity.bound and touch:
        return Told("level", "measure.level", 0.9)
    if view.any_of(start, index, BIT["metric"] | BIT["verb"]):
        return Told("level", "measure.level", 0.85)
    return Told("level", "measure.bare", 0.65)
