"""Changes without a number: "NaFSI prices moved down slightly", "shrinking electrolyte demand"."""

from contracts.period import last_month
from tasks.extraction.mentions.lexicon import Nodes
from tasks.extraction.mentions.token import NUMBER, Token
from tasks.extraction.relations.growth import name_basis
from tasks.extraction.relations.subjects import choose_node
from tasks.extraction.relations.times import find_when
from tasks.extraction.relations.view import BOUNDARY, View
from tasks.extraction.rules import BIT, bits
from tasks.extraction.statements import Statement

_CHANGE, _METRIC, _SUBJECT, _BASIS = BIT["change"], BIT["metric"], BIT["subject"], BIT["basis"]
_NONE = bits(
    ["negation", "share_noun", "share_verb", "slowing", "prior", "plan", "activity", "firm", "thing", "span", "place"]
)
_NONE |= bits(["horizon", "wish", "date"])
_LINKS = bits(["subject", "in", "of", "chain", "averages", "industry"])
_OPENERS = bits(["comma", "and", "clause"])
_MEASURED = bits(["rate", "quantity", "points"])


def read_directions(view: View) -> list[Statement]:
    """A direction for each clause that says a change of a metric and gives no number."""
    found = []
    start = 0
    for end in range(len(view.masks) + 1):
        if end == len(view.masks) or view.masks[end] & BOUNDARY:
            statement = _read_clause(view, start, end)
            if statement is not None:
                found.append(statement)
            start = end + 1
            if end < len(view.masks) and view.masks[end] & _CHANGE:
                start = end
    return found


def _read_clause(view: View, start: int, end: int) -> Statement | None:
    if end <= start or not view.any_of(start, end, _CHANGE):
        return None
    if view.any_of(start, end, _NONE) or view.any_of(start, end, _MEASURED):
        return None
    place = _find_change(view, start, end)
    if place is None:
        return None
    change, metric, nodes = place
    when = find_when(view, change, "direction")
    period = when.period
    if not period or metric == "capacity":
        return None
    for base in view.places(start, end, _BASIS):
        if name_basis(view, view.tokens[base].roles["basis"], period) != "mom":
            return None
    if nodes is None or (len(period) == 7 and period[5] == "Q") or len(period) == 4:
        return None
    node = choose_node(view, nodes, unit="", metric=metric)
    if node is None:
        return None
    token = view.tokens[change]
    kind = "forecast" if last_month(period) > view.context.calendar.review else "actual"
    return Statement(
        node=node, metric=metric, measure="direction", period=period, kind=kind,
        value=float(token.roles["change"][0]), lower=None, upper=None, unit="sign", qualifier="exact",
        half_width=0.0, start=token.start, end=token.end, rules=("direction", when.rule), confidence=when.strength,
    )  # fmt: skip


def _find_change(view: View, start: int, end: int) -> tuple[int, str, Nodes | None] | None:
    """The word of change, the metric it is about, and whose metric that is."""
    changes = [i for i in view.places(start, end, _CHANGE) if _is_plain(view.tokens[i])]
    metrics = list(view.places(start, end, _METRIC))
    if not changes:
        return None
    if not metrics:
        return _read_label(view, start, end, changes) or _go_on(view, start, end, changes)
    for i in reversed(changes):
        after = next((m for m in metrics if m > i), None)
        if after is not None and _is_attribute(view, i, after) and not view.touch_right(after) & BIT["modal"]:
            return i, view.tokens[after].roles["metric"], _owner(view, after, start, end)
    for metric in metrics:
        following = [i for i in changes if i > metric and view.tokens[i].roles["change"][1] != "noun"]
        if len({view.tokens[i].roles["change"][0] for i in following}) > 1:
            return None
        if following:
            return following[-1], view.tokens[metric].roles["metric"], _owner(view, metric, start, end)
    return None


def _read_label(view: View, start: int, end: int, changes: list[int]) -> tuple[int, str, Nodes | None] | None:
    """A change after the colon of its metric: "NFS price: unchanged"."""
    if not start or not view.masks[start - 1] & BIT["colon"] or view.any_of(start, end, _SUBJECT):
        return None
    first = view.clause_start(start - 1)
    metrics = list(view.places(first, start - 1, _METRIC))
    if len(metrics) != 1 or view.any_of(first, start - 1, NUMBER | _CHANGE | _NONE):
        return None
    return changes[0], view.tokens[metrics[0]].roles["metric"], _owner(view, metrics[0], first, start - 1)


def _go_on(view: View, start: int, end: int, changes: list[int]) -> tuple[int, str, Nodes | None] | None:
    """A clause that leaves the metric out: "prices fell in May and should edge up in June"."""
    if not start or not view.masks[start - 1] & BIT["and"] or not view.any_of(start, end, BIT["modal"]):
        return None
    metric = next((i for i in range(start - 1, -1, -1) if view.masks[i] & _METRIC), None)
    if metric is None or view.any_of(metric, start, NUMBER):
        return None
    return changes[-1], view.tokens[metric].roles["metric"], _owner(view, metric, 0, start)


def _is_plain(token: Token) -> bool:
    sign, form = token.roles["change"]
    return bool(form != "word" or sign == 0)


def _is_attribute(view: View, change: int, metric: int) -> bool:
    """Whether a change before a metric is its own: "shrinking electrolyte demand", "the rise in NaFSI prices"."""
    if len(view.gap(change, metric)) > 40:
        return False
    named = all(view.masks[i] & _LINKS for i in range(change + 1, metric))
    return named and view.tokens[change].roles["change"][1] in {"noun", "verb"} and metric - change <= 5


def _owner(view: View, metric: int, start: int, end: int) -> Nodes | None:
    """The subject of a metric: named right before it, or after "of" or "for", else of the sentence or its context."""
    for i in range(metric - 1, start - 1, -1):
        if view.masks[i] & _SUBJECT:
            if i + 1 < metric and view.masks[i + 1] & BIT["agent"]:
                continue
            nodes: Nodes = view.tokens[i].roles["subject"]
            return nodes
        if view.masks[i] & _METRIC:
            break
    for i in range(metric + 1, min(metric + 4, end)):
        if view.masks[i] & _SUBJECT and view.masks[i - 1] & bits(["of", "in"]):
            return view.tokens[i].roles["subject"]  # type: ignore[no-any-return]
    if view.any_of(start, end, _SUBJECT):
        return view.tokens[next(view.places(start, end, _SUBJECT))].roles["subject"]  # type: ignore[no-any-return]
    context = view.context
    return context.lead.subject or context.last or context.section.subject
