"""Numbers of another period quoted beside the one reported: "from 75 % in October"."""

from dataclasses import replace

from contracts.period import last_month
from tasks.extraction.mentions.periods import PeriodName
from tasks.extraction.quantities.quantity import Quantity
from tasks.extraction.relations.growth import shift_period
from tasks.extraction.relations.trail import Trail
from tasks.extraction.relations.trust import weigh
from tasks.extraction.relations.view import REFERENCE, View
from tasks.extraction.rules import BIT, bits
from tasks.extraction.statements import Findings, Open, Statement, passed_over, signed_values

_METRIC = BIT["metric"]


def read_reference(view: View, index: int, quantity: Quantity, trail: Trail) -> Statement | Open:
    """The number of another period, quoted beside the one reported: "from 75 % in October"."""
    token, last = view.tokens[index], trail.last
    rate = last is not None and last.measure in {"mom_pct", "yoy_pct"}
    if last is not None and quantity.unit == "" and last.measure == "level" and not rate:
        factor = next((t.quantity.factor for t in view.tokens if t.quantity is not None and t.start == last.start), 1.0)
        quantity = replace(
            quantity, unit=last.unit, value=round(quantity.value * factor, 6), half_width=quantity.half_width * factor
        )
    own = list(view.places(view.clause_start(index), index, BIT["subject"]))
    if (
        last is not None
        and own
        and not any(last.node[1] in {p for _, p in view.tokens[i].roles["subject"]} for i in own)
    ):
        return passed_over(token, "the base of a comparison")
    if last is None or not (last.measure in {"level", "share_pct"} or rate) or quantity.unit != last.unit:
        return passed_over(token, "the base of a comparison")
    period = _reference_period(view, index, last)
    if not period or period == last.period:
        return passed_over(token, "the base of a comparison")
    kind = "forecast" if last_month(period) > view.context.calendar.review else "actual"
    if view.any_of(index - 3 if index > 3 else 0, min(index + 5, len(view.tokens)), BIT["prior"]):
        kind = "forecast"
    sign = quantity.sign or (_sign_of_rate(view, index, last) if rate else 1)
    value, lower, upper, qualifier = signed_values(quantity, sign)
    return replace(
        last, period=period, kind=kind, value=value, lower=lower, upper=upper, qualifier=qualifier,
        half_width=quantity.half_width, start=token.start, end=token.end,
        rules=(*last.rules, "reference"), confidence=weigh((*last.rules, "reference")),
    )  # fmt: skip


def _sign_of_rate(view: View, index: int, last: Statement) -> int:
    """The sign of a quoted rate: its own noun's ("from a 7% decline in August"), else that of the rate beside it."""
    after = index + 1
    if after < len(view.tokens) and view.masks[after] == REFERENCE and "change" in view.tokens[after].roles:
        return int(view.tokens[after].roles["change"][0]) or 1
    return -1 if (last.value or last.upper or 0) < 0 else 1


def _reference_period(view: View, index: int, last: Statement) -> str:
    for place in range(index + 1, min(index + 4, len(view.tokens))):
        roles = view.tokens[place].roles
        if view.masks[place] != REFERENCE:
            break
        if "period" in roles:
            return _resolve_base(view, roles["period"], last)
        if "basis" in roles:
            basis = roles["basis"]
            return shift_period(last.period, basis) if isinstance(basis, str) else view.context.calendar.resolve(basis)
    for place in range(index - 1, max(-1, index - 4), -1):
        roles = view.tokens[place].roles
        if view.masks[place] != REFERENCE and "basis" not in roles:
            break
        if "period" in roles:
            return _resolve_base(view, roles["period"], last)
        if "basis" in roles:
            basis = roles["basis"]
            return shift_period(last.period, basis) if isinstance(basis, str) else view.context.calendar.resolve(basis)
    return ""


def _resolve_base(view: View, name: PeriodName, last: Statement) -> str:
    """The period of a quoted base; "last year" beside a month is that month a year before."""
    if name.kind == "last_year" or (name.kind == "year" and len(last.period) > 4):
        return shift_period(last.period, "yoy")
    return view.context.calendar.resolve(name)


def quoting(view: View, index: int, before: Trail, found: Findings) -> Trail:
    """The statement that a quoted number is the base of: the one after it that it leads to, else the one before."""
    token = view.tokens[index]
    unit = "" if token.quantity is None else token.quantity.unit
    after = next((s for s in found.statements if s.start > token.start and s.unit == unit), None)
    leads = view.any_of(index + 1, min(index + 3, len(view.masks)), bits(["to", "moves", "level"]))
    named = [view.tokens[i].roles["metric"] for i in view.places(view.clause_start(index), index, _METRIC)]
    if before.last is not None and named and named[-1] != before.last.metric and after is None:
        return Trail()
    leads = leads or (before.last is not None and bool(named) and named[-1] != before.last.metric)
    if before.last is not None and before.last.unit != unit and after is None:
        alike = [s for s in found.statements if s.start < token.start and s.unit == unit and s.node == before.last.node]
        return Trail(alike[-1]) if alike else before
    if after is not None and (leads or before.last is None or before.last.unit != unit):
        return Trail(after)
    return before
