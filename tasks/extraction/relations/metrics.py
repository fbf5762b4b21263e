"""What a number measures: the metric said beside it, before it in the sentence, by its unit, or by the context."""

import re
from dataclasses import dataclass, replace

from tasks.extraction.mentions.token import Token
from tasks.extraction.quantities.quantity import Quantity
from tasks.extraction.relations.times import is_modal
from tasks.extraction.relations.trail import Trail
from tasks.extraction.relations.view import View
from tasks.extraction.rules import BIT, bits

_ACTIVITY, _METRIC = BIT["activity"], BIT["metric"]


@dataclass(frozen=True)
class Metric:
    """What is measured, by which rule; `elsewhere` names a measure that is none of ours."""

    name: str
    rule: str
    strength: float
    elsewhere: str = ""


def find_metric(view: View, index: int, quantity: Quantity, trail: Trail, *, is_share: bool) -> Metric:
    """What a number measures: said beside it, before it in the sentence, by its unit, or by the context."""
    label = view.tokens[index].labels.get("metric")
    if label is not None:
        return _name_metric(label, "metric.list", 0.97)
    is_price = quantity.unit.startswith("CNY")
    for rule in view.context.lexicon.language.rules["metric"]:
        place = view.look(index, rule)
        if place < 0:
            continue
        if place and view.masks[place - 1] & _ACTIVITY and not view.gap(place - 1, place).strip():
            place -= 1  # "export prices", 加工费均价
        if view.masks[place] & _ACTIVITY and _is_aside(view, place, index):
            continue
        found = _name_metric(view.tokens[place], rule.id, rule.strength)
        if is_share and found.name not in {"production", "shipments", ""}:
            continue
        if quantity.is_level and not found.elsewhere and is_price != (found.name == "price"):
            continue
        if found.name == "operating_rate" and quantity.is_level:
            continue
        return found
    if is_price or _leads_to_price(view, index, quantity):
        return Metric("price", "metric.unit", 0.9)
    return _find_context_metric(view, index, quantity, trail, is_share=is_share)


_ACTION = bits(["change", "moves", "level", "share_verb", "modal", "verb", "compare"])


def _is_aside(view: View, place: int, index: int) -> bool:
    """Whether an activity is only mentioned: a noun before another, or in another clause that something else opens."""
    if place + 1 < len(view.masks) and view.masks[place + 1] & BIT["agent"]:
        return True
    start = view.clause_start(place)
    own = view.clause_start(index) if place < index else start
    if start == own or place > index:
        return False
    return place - start > 1 and view.any_of(start, place, _ACTION | BIT["subject"] | _METRIC)


def _leads_to_price(view: View, index: int, quantity: Quantity) -> bool:
    """Whether a growth ends in a price within its clause: "rose 2.5% to 34,200 yuan"."""
    if not quantity.is_rate or index + 2 >= len(view.tokens):
        return False
    for place in range(index + 1, min(index + 5, view.clause_end(index))):
        following = view.tokens[place].quantity
        if following is not None:
            return following.unit.startswith(("CNY", "yuan")) and bool(view.masks[place - 1] & BIT["to"])
    return False


def _find_context_metric(view: View, index: int, quantity: Quantity, trail: Trail, *, is_share: bool) -> Metric:
    context = view.context
    if trail.elsewhere and trail.nodes is None and trail.last is None:
        return Metric("", "", 0.0, trail.elsewhere)
    if trail.last is not None and _fits(quantity, trail.last.metric) and not is_share:
        return Metric(trail.last.metric, "metric.carried", 0.9)
    for scope, rule in ((context.lead, "metric.lead"), (context.section, "metric.section")):
        is_fit = _fits(quantity, scope.metric) and not (is_share and scope.metric not in {"production", "shipments"})
        if scope.metric and is_fit:
            return Metric(scope.metric, rule, 0.93)
        if scope.is_elsewhere and not scope.subject:
            return Metric("", "", 0.0, scope.is_elsewhere)
    if not is_share and context.last_metric not in {"", "production"} and is_modal(view, index):
        return Metric("production", "metric.forecast", 0.8)
    assumed = Metric("production", "metric.assumed", 0.8 if is_share else 0.7)
    return _find_last_metric(view, quantity, is_share=is_share) or assumed


def _find_last_metric(view: View, quantity: Quantity, *, is_share: bool) -> Metric | None:
    """The metric of the sentence before, or that it was none of ours; None where it says nothing of this number."""
    last = view.context.last_metric
    is_own = any(mask & BIT["subject"] for mask in view.masks)
    if last.startswith("?"):
        return None if is_own else Metric("", "", 0.0, last[1:])
    if last and _fits(quantity, last) and not is_share and (not is_own or last == "production"):
        return Metric(last, "metric.paragraph", 0.85)
    return None


def _fits(quantity: Quantity, metric: str) -> bool:
    return not quantity.is_level or metric not in {"price", "operating_rate"}


def _name_metric(token: Token, rule: str, strength: float) -> Metric:
    if token.mask & _METRIC:
        return Metric(token.roles["metric"], rule, strength)
    if token.mask & _ACTIVITY:
        return Metric("", rule, strength, str(token.roles["activity"]))
    return Metric(token.roles["verb"], rule, strength * 0.97)


def price_in_yuan(view: View, index: int, quantity: Quantity, trail: Trail) -> Quantity:
    """A price printed in yuan alone is one per tonne where the sentence says so or the metric is a price."""
    text = view.plain[max(0, view.tokens[index].start - 8) : view.tokens[index].start]
    if re.search("每(?!公?吨)", text):
        return quantity
    near = range(max(0, index - 3), min(len(view.masks), index + 3))
    if any(view.masks[place] & BIT["per_tonne"] for place in near):
        return replace(quantity, unit="CNY/t")
    named = find_metric(view, index, replace(quantity, unit="CNY/t"), trail, is_share=False)
    if named.elsewhere or (named.rule == "metric.unit" and not view.any_of(0, index, BIT["averages"])):
        return quantity
    return replace(quantity, unit="CNY/t")


_FEW = 200.0
"""How many times larger or smaller a number may be than the one whose unit it leaves out."""


def complete_unit(view: View, index: int, quantity: Quantity, trail: Trail) -> Quantity:
    """The quantity with the unit that it leaves out: of a rate of operation, or of the number before in a list.

    "Operating rate 81.6", "spodumene 57.0 kt, lepidolite 11.2": the name or metric stands right before the number.
    """
    left = view.tokens[index - 1] if index else None
    if left is None or quantity.form != "digits" or quantity.value <= 0:
        return quantity
    if left.roles.get("metric") == "operating_rate" and quantity.value <= 100:
        return replace(quantity, unit="%")
    last = trail.last
    if last is None or last.measure != "level" or last.unit == "%" or not last.value or not left.mask & BIT["subject"]:
        return quantity
    factor = next((t.quantity.factor for t in view.tokens if t.quantity is not None and t.start == last.start), 1.0)
    value = round(quantity.value * factor, 6)
    if not 1 / _FEW < value / last.value < _FEW or 2000 <= quantity.value <= 2099:
        return quantity
    return replace(quantity, unit=last.unit, value=value, half_width=quantity.half_width * factor, factor=factor)
