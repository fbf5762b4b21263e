"""A sentence read to statements: each number asked slot by slot, every slot filled by a rule or left open."""

import re
from dataclasses import dataclass, replace

from contracts.period import last_month
from tasks.extraction.mentions.lexicon import Nodes
from tasks.extraction.mentions.periods import PeriodName
from tasks.extraction.mentions.token import Token
from tasks.extraction.quantities.quantity import Quantity
from tasks.extraction.relations.growth import find_basis, find_sign, name_basis, shift_period
from tasks.extraction.relations.measures import Signs, Told, find_part, find_share, tell_measure
from tasks.extraction.relations.subjects import Found, choose_node, find_subject
from tasks.extraction.relations.times import When, find_other_span, find_when, is_modal, is_prior
from tasks.extraction.relations.trust import weigh
from tasks.extraction.relations.view import REFERENCE, View
from tasks.extraction.rules import BIT, bits
from tasks.extraction.statements import (
    Findings,
    Open,
    Statement,
    grow,
    has_sign,
    passed_over,
    signed_values,
    unit_of,
    unresolved,
)

_ACTIVITY, _METRIC, _VERB = BIT["activity"], BIT["metric"], BIT["verb"]
_COMPARED = bits(["compare"])
_EXPECTED = bits(["prior", "modal"])


@dataclass(frozen=True)
class Trail:
    """What the numbers before in the sentence have come to, for those that leave it out."""

    last: Statement | None = None
    nodes: Nodes | None = None
    is_share: bool = False
    elsewhere: str = ""
    stated: tuple[tuple[int, Nodes], ...] = ()
    growth: str = ""
    main: str = ""


_TOGETHER = BIT["together"] | BIT["industry"]


def _match_respectively(view: View, index: int, trail: Trail) -> Found | None:
    """The subject of a number in a list whose names stand in earlier clauses: A 9 GWh, B 15 GWh, 同比分别增长4%和7%."""
    members = view.tokens[index].labels.get("list")
    if members is None or "subject" in view.tokens[index].labels or "metric" in view.tokens[index].labels:
        return None
    start, end = view.clause_start(index), view.clause_end(index)
    if not view.any_of(start, end, BIT["respectively"]) or view.any_of(start, index, BIT["subject"]):
        return None
    stated = trail.stated[-len(members) :] if len(trail.stated) >= len(members) else ()
    before = [nodes for place, nodes in trail.stated if place < members[0]]
    if len(stated) < len(members) or len(before) < len(members):
        return None
    return Found(before[len(before) - len(members) + members.index(index)], "subject.respectively", 0.95)


@dataclass(frozen=True)
class Metric:
    """What is measured, by which rule; `elsewhere` names a measure that is none of ours."""

    name: str
    rule: str
    strength: float
    elsewhere: str = ""


def read_sentence(view: View) -> Findings:
    """The statements of a sentence, and what became of its other numbers."""
    found = Findings()
    trail = Trail()
    quoted = []
    around: list[tuple[int, Trail]] = []
    for index in view.numbers():
        while around and around[-1][0] < index:
            trail = replace(around.pop()[1], growth=trail.growth)
        closing = _closing_bracket(view, index)
        if closing and not around:
            around.append((closing, trail))
        if view.masks[index] & REFERENCE:
            quoted.append((index, trail))
            continue
        outcomes, trail = read_number(view, index, trail)
        _move_to_year(found, outcomes)
        _sort_outcomes(found, outcomes)
    for index, before in quoted:
        quantity = view.tokens[index].quantity
        if quantity is not None:
            _sort_outcomes(found, [_read_reference(view, index, quantity, _quoting(view, index, before, found))])
    return found


def _move_to_year(found: Findings, outcomes: list[Statement | Open]) -> None:
    """A level followed by its growth over a whole year is that year's: "21,900 t, an increase of 134% over 2024"."""
    growth = outcomes[0] if outcomes else None
    if not isinstance(growth, Statement) or "period.base" not in growth.rules or not found.statements:
        return
    last = found.statements[-1]
    if last.measure == "level" and (last.node, last.metric) == (growth.node, growth.metric):
        found.statements[-1] = replace(last, period=growth.period, kind=growth.kind)


def _closing_bracket(view: View, index: int) -> int:
    """Place of the bracket that closes around a number; 0 where it stands in none."""
    for place in range(index - 1, -1, -1):
        if view.masks[place] & BIT["close"]:
            return 0
        if view.masks[place] & BIT["open"]:
            return next(iter(view.places(index, len(view.masks), BIT["close"])), 0)
    return 0


def _main_period(trail: Trail, found: Statement | None) -> str:
    """The period of the number before; of a level of an earlier period the one that the sentence is about."""
    if found is None:
        return ""
    if found.measure == "level" and trail.main and len(trail.main) == len(found.period) and found.period < trail.main:
        return trail.main
    return found.period


def _sort_outcomes(found: Findings, outcomes: list[Statement | Open]) -> None:
    for outcome in outcomes:
        if isinstance(outcome, Open):
            found.opens.append(outcome)
        else:
            found.statements.append(outcome)


def _quoting(view: View, index: int, before: Trail, found: Findings) -> Trail:
    """The statement that a quoted number is the base of: the one after it that it leads to, else the one before."""
    token = view.tokens[index]
    unit = "" if token.quantity is None else token.quantity.unit
    after = next((s for s in found.statements if s.start > token.start and s.unit == unit), None)
    leads = view.any_of(index + 1, min(index + 3, len(view.masks)), bits(["to", "moves", "level"]))
    named = [view.tokens[i].roles["metric"] for i in view.places(view.clause_start(index), index, _METRIC)]
    if before.last is not None and named and named[-1] != before.last.metric and after is None:
        return Trail()
    leads = leads or (before.last is not None and bool(named) and named[-1] != before.last.metric)
    if after is not None and (leads or before.last is None or before.last.unit != unit):
        return Trail(after)
    return before


def read_number(view: View, index: int, trail: Trail) -> tuple[list[Statement | Open], Trail]:
    """What one number of a sentence comes to, and the trail behind it."""
    token = view.tokens[index]
    quantity = token.quantity
    if quantity is not None and quantity.unit == "yuan":
        quantity = _price_in_yuan(view, index, quantity, trail)
    if quantity is not None and quantity.unit == "t/a" and _says_capacity(view, index):
        quantity = replace(quantity, unit="t")
    refused = _refuse_unit(quantity)
    if refused or quantity is None:
        return [passed_over(token, refused)] if refused != "unread" else [unresolved(token, "value")], trail
    if quantity.is_level and _is_physical(view, index, quantity):
        return [passed_over(token, "the same quantity in another unit")], trail
    share_rule, share_strength = find_share(view, index)
    is_share = bool(share_rule) and quantity.unit in {"%", "pp"}
    metric = find_metric(view, index, quantity, trail, is_share=is_share)
    if metric.elsewhere:
        kept = trail if metric.rule == "metric.list" else replace(trail, elsewhere=metric.elsewhere)
        return [passed_over(token, metric.elsewhere)], kept
    span = find_other_span(view, index, metric.name)
    if span:
        return [passed_over(token, span)], trail
    if _is_distance(view, index):
        return [passed_over(token, "a distance from an expectation")], trail
    if view.any_of(view.clause_start(index), index, BIT["wish"]):
        return [passed_over(token, "a wish")], trail
    subject = _match_respectively(view, index, trail) or _carry_subject(
        view, index, trail, find_subject(view, index, is_share=is_share, part=find_part(view, index))
    )
    if subject is None:
        return [unresolved(token, "subject")], trail
    if subject.elsewhere:
        return [passed_over(token, subject.elsewhere)], replace(trail, elsewhere=subject.elsewhere, nodes=None)
    return _state(view, index, quantity, trail, metric, subject, (share_rule, share_strength))


def _refuse_unit(quantity: Quantity | None) -> str:
    if quantity is None or quantity.unit == "unread":
        return "unread"
    if quantity.unit == "":
        return "no unit of the chain"
    if quantity.unit == "t/a":
        return "a plant's or project's size"
    return "a unit of no figure" if quantity.unit in {"other", "yuan"} else ""


def _price_in_yuan(view: View, index: int, quantity: Quantity, trail: Trail) -> Quantity:
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


def _says_capacity(view: View, index: int) -> bool:
    """Whether the metric before a quantity of a year is capacity."""
    return any(
        view.tokens[place].roles.get("metric") == "capacity"
        for place in view.places(view.clause_start(index), index, _METRIC)
    )


def _is_distance(view: View, index: int) -> bool:
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


def _is_physical(view: View, index: int, quantity: Quantity) -> bool:
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

    def fits(name: str) -> bool:
        return not quantity.is_level or name not in {"price", "operating_rate"}

    if trail.last is not None and fits(trail.last.metric) and not is_share:
        return Metric(trail.last.metric, "metric.carried", 0.9)
    for scope, rule in ((context.lead, "metric.lead"), (context.section, "metric.section")):
        if scope.metric and fits(scope.metric) and not (is_share and scope.metric not in {"production", "shipments"}):
            return Metric(scope.metric, rule, 0.93)
        if scope.is_elsewhere and not scope.subject:
            return Metric("", "", 0.0, scope.is_elsewhere)
    if quantity.is_rate and not is_share and context.last_metric not in {"", "production"} and is_modal(view, index):
        return Metric("production", "metric.forecast", 0.8)
    if context.last_metric.startswith("?"):
        if not any(mask & BIT["subject"] for mask in view.masks):
            return Metric("", "", 0.0, context.last_metric[1:])
    elif context.last_metric and fits(context.last_metric) and not is_share:
        own = any(mask & BIT["subject"] for mask in view.masks)
        if not own or context.last_metric == "production":
            return Metric(context.last_metric, "metric.paragraph", 0.85)
    return Metric("production", "metric.assumed", 0.8 if is_share else 0.7)


def _name_metric(token: Token, rule: str, strength: float) -> Metric:
    if token.mask & _METRIC:
        return Metric(token.roles["metric"], rule, strength)
    if token.mask & _ACTIVITY:
        return Metric("", rule, strength, str(token.roles["activity"]))
    return Metric(token.roles["verb"], rule, strength * 0.97)


_CONTEXT_RULES = {"subject.paragraph", "subject.last", "subject.section", "subject.lead", "subject.title"}


def _carry_subject(view: View, index: int, trail: Trail, found: Found | None) -> Found | None:
    """The subject of the number before where this one has none of its own."""
    named = found.rule.split(" ")[0] if found is not None else ""
    own = found is not None and (
        named in {"subject.list", "subject.own", "subject.of", "subject.part_named", "subject.opening"}
        or found.elsewhere
    )
    if own:
        return found
    start = view.clause_start(index)
    if trail.nodes is not None and view.any_of(start, index, BIT["together"]) and view.any_of(start, index, _METRIC):
        return Found(frozenset((segment, "") for segment, _ in trail.nodes), "subject.together", 0.9)
    together = view.any_of(start, index, BIT["together"]) and view.any_of(start, index, _METRIC)
    if found is not None and found.nodes and named in _CONTEXT_RULES and together:
        return Found(frozenset((segment, "") for segment, _ in found.nodes), "subject.together", 0.85)
    if trail.elsewhere and trail.nodes is None and (found is None or found.rule.startswith("subject.sentence")):
        return Found(elsewhere=trail.elsewhere)
    if trail.nodes is not None and not view.any_of(view.clause_start(index), index, BIT["pronoun"]):
        if found is None or named != "subject.sentence":
            return Found(trail.nodes, "subject.carried", 0.93)
        if found.nodes is not None and view.context.lexicon.intersect(found.nodes, trail.nodes) == trail.nodes:
            return Found(trail.nodes, "subject.carried", 0.95)
    return found


def _read_reference(view: View, index: int, quantity: Quantity, trail: Trail) -> Statement | Open:
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
    sign = quantity.sign or (-1 if rate and (last.value or last.upper or 0) < 0 else 1)
    value, lower, upper, qualifier = signed_values(quantity, sign)
    return replace(
        last, period=period, kind=kind, value=value, lower=lower, upper=upper, qualifier=qualifier,
        half_width=quantity.half_width, start=token.start, end=token.end,
        rules=(*last.rules, "reference"), confidence=weigh((*last.rules, "reference")),
    )  # fmt: skip


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


GROWTH = {"mom_pct", "yoy_pct", "qoq_pct", "ytd_yoy_pct"}
_FAR = {"basis.carried", "basis.closing", "sign.carried", "sign.joint"}


def _state(
    view: View, index: int, quantity: Quantity, trail: Trail, metric: Metric, subject: Found, share: tuple[str, float]
) -> tuple[list[Statement | Open], Trail]:
    token = view.tokens[index]
    share_rule, share_strength = share
    nodes = subject.nodes or frozenset()
    basis = find_basis(view, index)
    sign = find_sign(view, index)
    if basis is not None and basis[1] == "basis.carried" and is_prior(view, index):
        basis = ("mom", "basis.prior", 0.8)
    is_bare = (basis is None or basis[1] in _FAR) and (sign is None or sign[1] in _FAR)
    if not share_rule and trail.is_share and quantity.unit == "%" and is_bare:
        share_rule, share_strength = "share.carried", 0.94
    signs = Signs(
        metric=metric.name,
        basis=None if basis is None else basis[0],
        sign=None if sign is None else sign[0],
        sign_rule="" if sign is None else sign[1],
        is_share=bool(share_rule),
        share_strength=share_strength,
        has_product=any(product for _, product in nodes),
        before=_main_period(trail, trail.last),
        before_measure=trail.growth,
    )
    told = tell_measure(view, index, quantity, signs)
    if not told.measure:
        opened = unresolved(token, told.reason) if told.is_ours else passed_over(token, told.reason)
        return [opened], replace(trail, nodes=nodes or trail.nodes, elsewhere="")
    when = find_when(view, index, told.measure, _main_period(trail, trail.last))
    if told.period:
        when = When(told.period, "period.base", 0.9)
    if not when.period:
        known = when.reason in {"period", ""}
        opened = unresolved(token, "period") if known else passed_over(token, when.reason)
        return [opened], replace(trail, nodes=nodes or trail.nodes, elsewhere="")
    if when.name is not None and when.name.kind == "to_date" and told.measure in {"level", "share_pct"}:
        return [passed_over(token, "a quantity of a span to date")], replace(trail, nodes=nodes, elsewhere="")
    return _build(view, index, quantity, trail, metric, subject, signs, told, when, (share_rule, basis, sign))


def _build(
    view: View, index: int, quantity: Quantity, trail: Trail, metric: Metric, subject: Found, signs: Signs,
    told: Told, when: When, others: tuple[str, object, tuple[int, str, float] | None],
) -> tuple[list[Statement | Open], Trail]:  # fmt: skip
    token = view.tokens[index]
    share_rule, basis, sign = others
    measure = told.measure
    period, name = when.period, metric.name
    if measure in {"level", "share_pct"}:
        period = _shift_to_base(view, index, period) or period
    quoted = is_prior(view, index) and measure not in {"share_mom_pp", "mom_pp"}
    kind = "forecast" if quoted or last_month(period) > view.context.calendar.review else "actual"
    if name == "capacity" and (kind == "forecast" or measure != "level"):
        return [passed_over(token, "planned capacity")], trail
    if measure.startswith("share"):
        name = name if name == "shipments" else "production"
    if quoted and quantity.bound and view.touch_left(index) & BIT["comma"]:
        quantity = replace(quantity, bound="")  # "less than the 8% decline we had forecast" compares two numbers
    value, lower, upper, qualifier = signed_values(quantity, (signs.sign or 1) if has_sign(measure) else 1)
    if quantity.unit == "times":
        base = 0 if _is_added(view, index, quantity) else 1
        value, lower, upper = (grow(v, base) for v in (value, lower, upper))
    unit = quantity.unit if measure in {"level", "mom_abs", "yoy_abs"} else ""
    rules = [*subject.rule.split(), metric.rule, told.rule, *when.rule.split()]
    if has_sign(measure) and sign is not None:
        rules.append(sign[1])
    if isinstance(basis, tuple) and has_sign(measure):
        rules.append(basis[1])
    if measure == "share_pct":
        rules.append(share_rule)
    if view.any_of(view.clause_start(index), index, BIT["negation"]):
        rules.append("doubt.negation")
    made: list[Statement | Open] = []
    nodes_said = subject.nodes or frozenset()
    for nodes in _members(view, index, subject):
        node = choose_node(view, nodes, unit=unit, metric=name, beside=trail.nodes)
        if node is None or (measure.startswith("share") and not node[1]):
            made.append(unresolved(token, "subject"))
            continue
        made.append(
            Statement(
                node=node, metric=name, measure=measure, period=period, kind=kind, value=value, lower=lower,
                upper=upper, unit=unit_of(measure, quantity.unit), qualifier=qualifier,
                half_width=quantity.half_width * (100 if quantity.unit == "times" else 1),
                start=token.start, end=token.end, rules=tuple(rules), confidence=weigh(rules),
            )
        )  # fmt: skip
    stated = [m for m in made if isinstance(m, Statement)]
    last = stated[-1] if stated else trail.last
    return made, Trail(
        last,
        subject.nodes,
        measure.startswith("share"),
        "",
        (*trail.stated, (index, nodes_said)),
        measure if measure in GROWTH else trail.growth,
        trail.main if trail.main and trail.nodes == subject.nodes else period,
    )


_EACH, _AND = BIT["each"], BIT["and"]


def _members(view: View, index: int, subject: Found) -> list[Nodes]:
    """The subjects of a number: of names joined by "and" each one where the sentence says "both", 均."""
    nodes = subject.nodes or frozenset()
    start, end = view.clause_start(index), view.clause_end(index)
    for place in range(index - 1, -1, -1):
        token = view.tokens[place]
        if (
            view.masks[place] & BIT["subject"]
            and "joint" in token.labels
            and "subject" not in view.tokens[index].labels
        ):
            members = token.labels["joint"]
            if token.roles["subject"] == nodes and view.any_of(start, end, _EACH):
                return [view.tokens[m].roles["subject"] for m in members if view.tokens[m].mask & BIT["subject"]]
            if token.roles["subject"] == nodes and place > start and index - place <= 4:
                return [frozenset()]  # one number of several names: a sum, or no one's
            return [nodes]
    return [nodes]


def _is_added(view: View, index: int, quantity: Quantity) -> bool:
    """Whether "N times" is added to the base (增长2倍 is +200 %) rather than reached (增至2倍 is +100 %)."""
    touch = view.touch_left(index)
    if not quantity.is_added or (touch & bits(["to", "moves", "level", "basis", "of"]) and not touch & BIT["change"]):
        return False
    if touch & bits(["to", "moves"]):
        return False
    return bool(view.touch_left(index) & BIT["change"]) or view.any_of(view.clause_start(index), index, BIT["change"])


def _shift_to_base(view: View, index: int, period: str) -> str:
    """The period of the base where a level is the base's: "a year ago it was 73 %", 去年同期为73%."""
    start = view.clause_start(index)
    touch = view.touch_left(index)
    if not touch & (BIT["level"] | BIT["basis"] | BIT["of"]) or touch & bits(["to", "moves"]):
        return ""
    if view.any_of(start, index, BIT["change"]):
        return ""
    for place in range(index - 1, start - 1, -1):
        basis = view.tokens[place].roles.get("basis")
        if basis is not None and view.masks[place] & BIT["basis"]:
            named = basis if isinstance(basis, str) else name_basis(view, basis, period)
            return shift_period(period, named) if view.touch_left(index) & BIT["level"] else ""
    return ""
