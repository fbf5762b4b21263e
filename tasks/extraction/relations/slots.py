"""A number asked slot by slot: whose it is, what it measures, of when, up or down."""

from dataclasses import replace

from tasks.extraction.quantities.quantity import Quantity
from tasks.extraction.relations.building import Draft, Outcome, build
from tasks.extraction.relations.carrying import carry_subject, match_respectively
from tasks.extraction.relations.growth import find_basis, find_sign
from tasks.extraction.relations.measures import Signs, find_part, find_share, tell_measure
from tasks.extraction.relations.metrics import complete_unit, find_metric, price_in_yuan
from tasks.extraction.relations.refusals import is_distance, is_physical, refuse_unit, says_capacity
from tasks.extraction.relations.subjects import find_subject
from tasks.extraction.relations.times import When, find_other_span, find_when, is_prior
from tasks.extraction.relations.trail import Trail, main_period
from tasks.extraction.relations.view import HARD, View
from tasks.extraction.rules import BIT
from tasks.extraction.statements import passed_over, unresolved

_GUESSED = ("subject.sole", "subject.thread", "subject.title")
_FAR = {"basis.carried", "basis.closing", "sign.carried", "sign.joint"}


def read_number(view: View, index: int, trail: Trail) -> tuple[list[Outcome], Trail]:
    """What one number of a sentence comes to, and the trail behind it."""
    token = view.tokens[index]
    quantity = None if token.quantity is None else _find_unit(view, index, token.quantity, trail)
    refused = refuse_unit(quantity)
    if refused or quantity is None:
        return [passed_over(token, refused)] if refused != "unread" else [unresolved(token, "value")], trail
    if quantity.is_level and is_physical(view, index, quantity):
        return [passed_over(token, "the same quantity in another unit")], trail
    share = find_share(view, index)
    is_share = bool(share[0]) and quantity.unit in {"%", "pp"}
    metric = find_metric(view, index, quantity, trail, is_share=is_share)
    if metric.elsewhere:
        kept = trail if metric.rule == "metric.list" else replace(trail, elsewhere=metric.elsewhere)
        return [passed_over(token, metric.elsewhere)], kept
    why = find_other_span(view, index, metric.name) or _find_other_reason(view, index)
    if why:
        return [passed_over(token, why)], trail
    subject = match_respectively(view, index, trail) or carry_subject(
        view, index, trail, find_subject(view, index, is_share=is_share, part=find_part(view, index))
    )
    if subject is None:
        return [unresolved(token, "subject")], trail
    if subject.rule.startswith(_GUESSED) and metric.rule == "metric.assumed":
        subject = replace(subject, rule=subject.rule + " doubt.guess")
    if subject.elsewhere:
        return [passed_over(token, subject.elsewhere)], replace(trail, elsewhere=subject.elsewhere, nodes=None)
    return _state(view, index, trail, Draft(quantity, metric, subject, share))


def _find_unit(view: View, index: int, quantity: Quantity, trail: Trail) -> Quantity:
    """The quantity in the unit that the sentence means: a price in yuan alone, a capacity a year, a unit left out."""
    if quantity.unit == "yuan":
        return price_in_yuan(view, index, quantity, trail)
    if quantity.unit == "t/a" and says_capacity(view, index):
        return replace(quantity, unit="t")
    return quantity if quantity.unit else complete_unit(view, index, quantity, trail)


def _find_other_reason(view: View, index: int) -> str:
    if is_distance(view, index):
        return "a distance from an expectation"
    if _is_part_of_change(view, index):
        return "a part of another change"
    return "a wish" if view.any_of(view.clause_start(index), index, BIT["wish"]) else ""


def _is_part_of_change(view: View, index: int) -> bool:
    """Whether a fraction is one of another change: "half of the rise asked for"."""
    quantity = view.tokens[index].quantity
    if quantity is None or quantity.form != "fraction" or not view.touch_right(index) & BIT["of"]:
        return False
    return index + 2 < len(view.masks) and bool(view.masks[index + 2] & BIT["change"])


def _state(view: View, index: int, trail: Trail, draft: Draft) -> tuple[list[Outcome], Trail]:
    """The statements of a number with a subject and a metric; open where measure or period cannot be told."""
    token = view.tokens[index]
    draft = _find_change(view, index, trail, draft)
    nodes = draft.subject.nodes or frozenset()
    before = main_period(trail, trail.last, is_apart=_is_apart(view, index, trail))
    told = tell_measure(view, index, draft.quantity, _list_signs(trail, draft, before))
    beyond = replace(trail, nodes=nodes or trail.nodes, elsewhere="")
    if not told.measure:
        return [unresolved(token, told.reason) if told.is_ours else passed_over(token, told.reason)], beyond
    when = When(told.period, "period.base", 0.9) if told.period else find_when(view, index, told.measure, before)
    if not when.period:
        known = when.reason in {"period", ""}
        return [unresolved(token, "period") if known else passed_over(token, when.reason)], beyond
    if when.name is not None and when.name.kind == "to_date" and told.measure in {"level", "share_pct"}:
        return [passed_over(token, "a quantity of a span to date")], replace(trail, nodes=nodes, elsewhere="")
    return build(view, index, trail, draft, told, when)


def _is_apart(view: View, index: int, trail: Trail) -> bool:
    """Whether a semicolon or the like stands between a number and the statement before."""
    place = index - 1
    while place >= 0 and trail.last is not None and view.tokens[place].start > trail.last.start:
        if view.masks[place] & HARD:
            return True
        place -= 1
    return False


def _find_change(view: View, index: int, trail: Trail, draft: Draft) -> Draft:
    """The draft with its base of comparison and sign, and with the share of the number before where it has neither."""
    basis, sign = find_basis(view, index), find_sign(view, index)
    if basis is not None and basis[1] == "basis.carried" and is_prior(view, index):
        basis = ("mom", "basis.prior", 0.8)
    is_bare = (basis is None or basis[1] in _FAR) and (sign is None or sign[1] in _FAR)
    share = draft.share
    if not share[0] and trail.is_share and draft.quantity.unit == "%" and is_bare:
        share = ("share.carried", 0.94)
    if not share[0] and trail.is_share and draft.quantity.unit == "pp" and draft.subject.rule == "subject.carried":
        share = ("share.carried", 0.9)
    return replace(draft, share=share, basis=basis, sign=sign)


def _list_signs(trail: Trail, draft: Draft, before: str) -> Signs:
    return Signs(
        metric=draft.metric.name,
        basis=None if draft.basis is None else draft.basis[0],
        sign=None if draft.sign is None else draft.sign[0],
        sign_rule="" if draft.sign is None else draft.sign[1],
        is_share=bool(draft.share[0]),
        share_strength=draft.share[1],
        has_product=any(product for _, product in draft.subject.nodes or ()),
        before=before,
        before_measure=trail.growth,
        is_other=bool(trail.growth) and draft.subject.nodes != trail.grown,
    )
