"""Statements made of a number whose slots are filled: period, kind, values under their sign, and the nodes it is of."""

from dataclasses import dataclass, replace

from contracts.period import last_month
from tasks.extraction.mentions.lexicon import Node, Nodes
from tasks.extraction.quantities.quantity import Quantity
from tasks.extraction.relations.carrying import members
from tasks.extraction.relations.growth import name_basis, shift_period
from tasks.extraction.relations.measures import Told
from tasks.extraction.relations.metrics import Metric
from tasks.extraction.relations.subjects import Found, choose_node
from tasks.extraction.relations.times import When, is_prior
from tasks.extraction.relations.trail import Trail
from tasks.extraction.relations.trust import weigh
from tasks.extraction.relations.view import View
from tasks.extraction.rules import BIT, bits
from tasks.extraction.statements import (
    Open,
    Statement,
    Values,
    grow,
    has_sign,
    passed_over,
    signed_values,
    unit_of,
    unresolved,
)

Outcome = Statement | Open
GROWTH = {"mom_pct", "yoy_pct", "qoq_pct", "ytd_yoy_pct"}


@dataclass(frozen=True)
class Draft:
    """A number with what has filled its slots: metric, subject, share, base and sign, each with its rule."""

    quantity: Quantity
    metric: Metric
    subject: Found
    share: tuple[str, float] = ("", 0.0)
    basis: tuple[object, str, float] | None = None
    sign: tuple[int, str, float] | None = None


def build(view: View, index: int, trail: Trail, draft: Draft, told: Told, when: When) -> tuple[list[Outcome], Trail]:
    """The statements of a number, one for each of its subjects, and the trail behind it."""
    token, measure = view.tokens[index], told.measure
    period, name = when.period, draft.metric.name
    if measure in {"level", "share_pct"}:
        period = _shift_to_base(view, index, period) or period
    is_quoted = is_prior(view, index) and measure not in {"share_mom_pp", "mom_pp"}
    kind = "forecast" if is_quoted or last_month(period) > view.context.calendar.review else "actual"
    if name == "capacity" and (kind == "forecast" or measure != "level"):
        return [passed_over(token, "planned capacity")], trail
    if measure.startswith("share"):
        name = name if name == "shipments" else "production"
    value, lower, upper, qualifier = _find_values(view, index, draft, measure, is_quoted=is_quoted)
    rules = _list_rules(view, index, draft, told, when)
    whole = Statement(
        node=("", ""), metric=name, measure=measure, period=period, kind=kind, value=value, lower=lower, upper=upper,
        unit=unit_of(measure, draft.quantity.unit), qualifier=qualifier,
        half_width=draft.quantity.half_width * (100 if draft.quantity.unit == "times" else 1),
        start=token.start, end=token.end, rules=rules, confidence=weigh(rules),
    )  # fmt: skip
    made = _share_out(view, index, trail, draft.subject, whole)
    stated = [m for m in made if isinstance(m, Statement)]
    nodes = draft.subject.nodes
    return made, Trail(
        last=stated[-1] if stated else trail.last,
        nodes=nodes,
        is_share=measure.startswith("share"),
        stated=(*trail.stated, (index, nodes or frozenset())),
        growth=measure if measure in GROWTH else trail.growth,
        grown=nodes if measure in GROWTH else trail.grown,
        main=trail.main if trail.main and trail.nodes == nodes else period,
    )


def _find_values(view: View, index: int, draft: Draft, measure: str, *, is_quoted: bool) -> Values:
    """Value, ends and qualifier of a number under its sign; a multiple as growth in percent."""
    quantity = draft.quantity
    if is_quoted and quantity.bound and view.touch_left(index) & BIT["comma"]:
        quantity = replace(quantity, bound="")  # "less than the 8% decline we had forecast" compares two numbers
    sign = draft.sign[0] if draft.sign is not None and has_sign(measure) else 0
    value, lower, upper, qualifier = signed_values(quantity, sign or 1)
    if quantity.unit == "times":
        base = 0 if _is_added(view, index, quantity) else 1
        value, lower, upper = (grow(v, base) for v in (value, lower, upper))
    return value, lower, upper, qualifier


def _list_rules(view: View, index: int, draft: Draft, told: Told, when: When) -> tuple[str, ...]:
    """The rule of every slot, and what makes the reading doubtful."""
    rules = [*draft.subject.rule.split(), draft.metric.rule, told.rule, *when.rule.split()]
    if has_sign(told.measure):
        rules += [filled[1] for filled in (draft.sign, draft.basis) if filled is not None]
    if told.measure == "share_pct":
        rules.append(draft.share[0])
    if when.rule != "period.prior" and view.any_of(view.clause_start(index), index, BIT["negation"]):
        rules.append("doubt.negation")
    return tuple(rules)


_IN_CONTEXT = ("subject.section", "subject.paragraph", "subject.last", "subject.lead", "subject.title", "subject.sole")


def _keep_parts(nodes: Nodes, rule: str) -> Nodes:
    """The products among the nodes of a name, where a share is stated of it: a total is no part of anything."""
    return nodes if rule.startswith(_IN_CONTEXT) else frozenset(node for node in nodes if node[1]) or nodes


def _is_guess_of_no_series(view: View, subject: Found, node: Node, metric: str) -> bool:
    """Whether a subject guessed from the document has no such metric in the chain."""
    is_guess = subject.rule.startswith(("subject.sole", "subject.thread"))
    return is_guess and (node[0], metric) not in view.context.lexicon.families


def _find_carried(trail: Trail, subject: Found) -> Node | None:
    """The node of the number before, where its name is carried on and could also mean another."""
    if subject.nodes is None or len(subject.nodes) < 2 or trail.last is None or trail.nodes != subject.nodes:
        return None
    return trail.last.node if trail.last.node in subject.nodes else None


def _share_out(view: View, index: int, trail: Trail, subject: Found, whole: Statement) -> list[Outcome]:
    """The statement for each node that its number is of; a number of no node is unresolved."""
    unit = whole.unit if whole.measure in {"level", "mom_abs", "yoy_abs"} else ""
    made: list[Outcome] = []
    for nodes in members(view, index, subject):
        node = _find_carried(trail, subject) if not unit else None
        named = _keep_parts(nodes, subject.rule) if whole.measure.startswith("share") else nodes
        node = node or choose_node(view, named, unit=unit, metric=whole.metric, beside=trail.nodes)
        if (
            node is None
            or (whole.measure.startswith("share") and not node[1])
            or _is_guess_of_no_series(view, subject, node, whole.metric)
        ):
            made.append(unresolved(view.tokens[index], "subject"))
        else:
            made.append(replace(whole, node=node))
    return made


def _is_added(view: View, index: int, quantity: Quantity) -> bool:
    """Whether "N times" is added to the base (增长2倍 is +200 %) rather than reached (增至2倍 is +100 %)."""
    touch = view.touch_left(index)
    if not quantity.is_added or (touch & bits(["to", "moves", "level", "basis", "of"]) and not touch & BIT["change"]):
        return False
    if touch & bits(["to", "moves"]):
        return False
    return bool(view.touch_left(index) & BIT["change"]) or view.any_of(view.clause_start(index), index, BIT["change"])


_OF_BASE = bits(["level", "basis", "of", "verb"])
_PLAIN_BASES = ("a year", "one year", "twelve months", "a month ago", "去年", "上年", "一年前")


def _shift_to_base(view: View, index: int, period: str) -> str:
    """The period of the base where a level is the base's: "a year ago it was 73 %", 去年同期为73%."""
    start = view.clause_start(index)
    touch = view.touch_left(index)
    if not touch & _OF_BASE or touch & bits(["to", "moves"]):
        return ""
    if view.any_of(start, index, BIT["change"]):
        return ""
    for place in range(index - 1, start - 1, -1):
        basis = view.tokens[place].roles.get("basis")
        if basis is not None and view.masks[place] & BIT["basis"]:
            named = basis if isinstance(basis, str) else name_basis(view, basis, period)
            token = view.tokens[place]
            is_plain = view.plain[token.start : token.end].startswith(_PLAIN_BASES)
            may_shift = touch & BIT["level"] or (is_plain and touch & (BIT["verb"] | BIT["basis"]))
            return shift_period(period, named) if may_shift else ""
    return ""
