"""Whose a number is where it leaves that out: the subject of the number before, names in order, names together."""

from tasks.extraction.mentions.lexicon import Nodes
from tasks.extraction.relations.subjects import Found
from tasks.extraction.relations.trail import Trail
from tasks.extraction.relations.view import View
from tasks.extraction.rules import BIT

_METRIC = BIT["metric"]


def match_respectively(view: View, index: int, trail: Trail) -> Found | None:
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


_CONTEXT_RULES = {"subject.paragraph", "subject.last", "subject.section", "subject.lead", "subject.title"}


def carry_subject(view: View, index: int, trail: Trail, found: Found | None) -> Found | None:
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
    is_meant = named in _CONTEXT_RULES or not view.any_of(view.clause_start(index), index, BIT["pronoun"])
    if trail.nodes is not None and is_meant:
        if found is None or named != "subject.sentence":
            return Found(trail.nodes, "subject.carried", 0.93)
        if _stands_in_reason(view, index):
            return Found(trail.nodes, "subject.carried", 0.9)
        if found.nodes is not None and view.context.lexicon.intersect(found.nodes, trail.nodes) == trail.nodes:
            return Found(trail.nodes, "subject.carried", 0.95)
    return found


def _stands_in_reason(view: View, index: int) -> bool:
    """Whether the name before a number stands in a clause that only gives a reason and states no number."""
    place = next((p for p in range(index - 1, -1, -1) if view.masks[p] & BIT["subject"]), -1)
    start = view.clause_start(place) if place > 0 else 0
    if not start or start == view.clause_start(index):
        return False
    return bool(view.tokens[start - 1].mask & BIT["reason"]) and not view.any_of(place, index, BIT["number"])


_EACH, _AND = BIT["each"], BIT["and"]


def members(view: View, index: int, subject: Found) -> list[Nodes]:
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
