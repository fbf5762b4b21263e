"""Whose figure a number is: the name in its clause, after it, before it, of its paragraph, list or section."""

import re
from dataclasses import dataclass

from tasks.extraction.mentions.lexicon import Node, Nodes
from tasks.extraction.quantities.quantity import family_of
from tasks.extraction.relations.view import BOUNDARY, HARD, View
from tasks.extraction.rules import BIT, bits

_SUBJECT, _THING, _METRIC, _AGENT = BIT["subject"], BIT["thing"], BIT["metric"], BIT["agent"]
_FIRM, _PLACE, _NUMBER = BIT["firm"], BIT["place"], BIT["number"]
_NAMES = _SUBJECT | _THING
_ACTIONS = bits(["change", "level", "moves", "share_verb", "modal", "compare", "verb"])
_IN_OF = BIT["in"] | BIT["of"] | BIT["from"]
_SHARE = bits(["share_verb", "share_noun", "whole", "share_weak"])


@dataclass(frozen=True)
class Found:
    """What fills the subject slot, by which rule; `elsewhere` says why it is none of ours."""

    nodes: Nodes | None = None
    rule: str = ""
    strength: float = 0.0
    elsewhere: str = ""


def find_subject(view: View, index: int, *, is_share: bool, part: int = -1) -> Found | None:
    """The subject of a number; None where no rule finds one. `part` is the place of a product named after its share."""
    label = view.tokens[index].labels.get("subject")
    if label is not None:
        if label.mask & _THING:
            return Found(elsewhere="another product")
        return Found(label.roles["subject"], "subject.list", 0.98)
    start = view.clause_start(index)
    outside = _find_outside(view, start, index) or _find_opening_firm(view, start)
    if outside:
        return Found(elsewhere=outside)
    opening = _find_after_opening(view, index, start)
    if opening is not None:
        return opening
    if part >= 0:
        return Found(view.tokens[part].roles["subject"], "subject.part_named", 0.95)
    for rule in view.context.lexicon.language.rules["subject"]:
        place = view.look(index, rule)
        if place < 0 or (rule.id == "subject.ahead" and not is_share and _find_in_context(view, index, start)):
            continue
        found = _take(view, place, index, is_share=is_share)
        if found is not None:
            doubt = _doubt_own(view, place, start, index) if rule.is_left else 1.0
            return Found(
                found.nodes,
                rule.id + (" doubt.unknown_noun" if doubt < 1 else ""),
                rule.strength * doubt,
                found.elsewhere,
            )
    return _find_in_context(view, index, start)


def _take(view: View, place: int, index: int, *, is_share: bool) -> Found | None:
    """The name at a place, narrowed or replaced by the other names of its clause."""
    start, end = view.clause_start(place), view.clause_end(place)
    if place < index:
        end = min(end, index)
    else:
        start = max(start, index + 1)
    names = list(view.places(start, end, _NAMES))
    strong = [n for n in names if not _is_agent(view, n)]
    if not strong and start == view.clause_start(index) and _is_of_other_segment(view, names):
        return None
    strong = strong or names
    chosen = _pick(view, strong, place, start, end, is_share=is_share)
    if _is_compound_thing(view, chosen):
        return Found(elsewhere="another product")
    if view.masks[chosen] & _THING:
        return Found(elsewhere="another product")
    outside = _find_outside(view, start, end)
    if outside:
        return Found(elsewhere=outside)
    metric = next(iter(view.places(start, end, _METRIC)), None)
    if metric is not None and metric + 1 < end and view.masks[metric + 1] & _THING and metric > chosen:
        return Found(elsewhere="a part by use")
    nodes: Nodes = view.tokens[chosen].roles["subject"]
    if is_share and place < index and not any(product for _, product in nodes):
        nodes = _find_part(view, start, nodes)
    for other in strong:
        if other != chosen and view.masks[other] & _SUBJECT:
            both = view.context.lexicon.intersect(nodes, view.tokens[other].roles["subject"])
            nodes = both or nodes
    return Found(nodes)


def _is_of_other_segment(view: View, names: list[int]) -> bool:
    """Whether names that only say whose plants are meant are of another segment than the section: 冶炼厂库存."""
    about = view.context.section.subject or view.context.last or view.context.document
    if about is None:
        return False
    segments = {segment for segment, _ in about}
    return all(
        view.masks[n] & _SUBJECT and all(product for _, product in view.tokens[n].roles["subject"])
        and not segments & {segment for segment, _ in view.tokens[n].roles["subject"]}
        for n in names
    )  # fmt: skip


def _find_part(view: View, start: int, whole: Nodes) -> Nodes:
    """The product named in an earlier clause, where the clause of a share names only the whole: "…, 占正极产量七成"."""
    for place in range(start - 1, -1, -1):
        if view.masks[place] & HARD:
            break
        if view.masks[place] & _SUBJECT:
            nodes: Nodes = view.tokens[place].roles["subject"]
            both = view.context.lexicon.intersect(nodes, whole)
            if any(product for _, product in both):
                return both
    return whole


def _pick(view: View, names: list[int], place: int, start: int, end: int, *, is_share: bool) -> int:
    """Of several names in a clause the one that the metric belongs to, of a share the product, else the nearest."""
    if place not in names:
        place = names[-1]
    if len(names) == 1:
        return names[0]
    if is_share:
        products = [n for n in names if any(p for _, p in view.tokens[n].roles.get("subject", ()))]
        if products:
            cue = next(iter(view.places(start, end, _SHARE)), end)
            earlier = [n for n in names if n < cue]
            if earlier and view.masks[earlier[-1]] & _THING:
                return earlier[-1]
            before = [n for n in products if n < cue]
            return before[-1] if before else products[0]
    metric = next(iter(view.places(start, end, _METRIC)), None)
    if metric is not None:
        if metric - 1 in names:
            return metric - 1
        after = [n for n in names if n > metric and view.masks[n - 1] & (_IN_OF | BIT["industry"])]
        if after and after[0] - metric <= 4:
            return after[0]
        return min(names, key=lambda n: abs(n - metric))
    return place


def _is_agent(view: View, place: int) -> bool:
    """Whether a name only says whose plants are meant: "NFPP makers", "cell plants"."""
    return place + 1 < len(view.masks) and bool(view.masks[place + 1] & _AGENT)


def _is_compound_thing(view: View, place: int) -> bool:
    """Whether a name is narrowed by a thing before it to what no chain has: "vehicle cells", 储能电芯."""
    if not place or not view.masks[place - 1] & _THING:
        return False
    return not view.gap(place - 1, place).strip(" -")


def _find_outside(view: View, start: int, end: int) -> str:
    """Whether a clause speaks of one company or one place, and which; empty where of the whole industry."""
    if view.any_of(start, end, _FIRM):
        return "a company's own"
    for place in view.places(start, end, _PLACE):
        following = view.masks[place + 1] if place + 1 < end else 0
        before = view.masks[place - 1] if place > start else 0
        further = view.masks[place - 2] if place - 1 > start else 0
        if following & (_NAMES | _METRIC) and not view.gap(place, place + 1).strip(" 's的地区市省-"):
            return "one place"
        if before & _IN_OF and further & (_METRIC | _SUBJECT):
            return "one place"
        if place - start <= 1 and following & (_ACTIONS | _NUMBER) and not before & ~_IN_OF:
            return "one place"
    opening = start - 2
    while opening >= 0 and view.masks[opening] & _PLACE:
        if (opening == 0 or view.masks[opening - 1] & (BIT["in"] | HARD)) and view.masks[opening + 1] & BIT["comma"]:
            return "one place"
        opening -= 1
    return ""


def _doubt_own(view: View, place: int, start: int, index: int) -> float:
    """How far a name is trusted: less in a later clause with a noun of its own, or as what an unknown actor acts on."""
    if place < start:
        return _unknown_head(view, start, index)
    if not view.context.lexicon.language.is_spaced:
        return 1.0
    action = next(iter(view.places(start, index, BIT["change"])), index)
    if action < place and not view.any_of(start, action, _METRIC | _NAMES | BIT["pronoun"]):
        return _unknown_between(
            view, view.start if not start else view.tokens[start - 1].end, view.tokens[action].start, start, action
        )
    metric = next(iter(view.places(start, place, _METRIC)), None)
    if metric is not None and view.masks[metric + 1] & BIT["of"] and metric + 2 <= place:
        return _unknown_between(
            view, view.tokens[metric + 1].end, view.tokens[metric + 2].start, metric + 1, metric + 2
        )
    return 1.0


def _find_after_opening(view: View, index: int, start: int) -> Found | None:
    """The subject of a number that opens its sentence: "At 36,000 yuan/mt on average, hard carbon prices were flat"."""
    if start or not view.masks[0] & BIT["in"] or view.any_of(0, index, _NAMES | _METRIC | BIT["period"]):
        return None
    end = view.clause_end(index)
    if view.any_of(index, end, _NAMES) or end + 1 >= len(view.masks) or not view.masks[end] & BIT["comma"]:
        return None
    place = next(iter(view.places(end + 1, view.clause_end(end + 1), _NAMES)), None)
    if place is None or view.masks[place] & _THING:
        return None
    return Found(view.tokens[place].roles["subject"], "subject.opening", 0.9)


def _find_opening_firm(view: View, start: int) -> str:
    """Whether the clause before is an opening that speaks of companies alone: 40家受访企业中."""
    if not start or not view.masks[start - 1] & BIT["comma"]:
        return ""
    first = view.clause_start(start - 1)
    inside = view.masks[first : start - 1]
    alone = any(m & _FIRM for m in inside) and not any(m & (_SUBJECT | _METRIC | _ACTIONS) for m in inside)
    return "a company's own" if alone else ""


_WORD = re.compile(r"[^\W\d_]+(?:'s)?")


def _unknown_head(view: View, start: int, index: int) -> float:
    """How far a carried subject is trusted in a clause that opens with a noun of its own which nobody knows."""
    language = view.context.lexicon.language
    if not language.is_spaced:
        return _unknown_chinese(view, start, index)
    action = next(iter(view.places(start, index, _ACTIONS | BIT["basis"])), index)
    begin = view.tokens[start - 1].end if start else view.start
    return _unknown_between(view, begin, view.tokens[action].start, start, action)


def _unknown_between(view: View, begin: int, end: int, first: int, last: int) -> float:
    language = view.context.lexicon.language
    known = [(t.start, t.end) for t in view.tokens[first:last]]
    text = view.plain[begin:end]
    for match in _WORD.finditer(text):
        a, b = begin + match.start(), begin + match.end()
        word = match.group()
        if word in language.neutral or len(word) < 3 or word.endswith(("ly", "ing", "ed")):
            continue
        if any(s <= a and b <= e for s, e in known):
            continue
        return 0.45
    return 1.0


_CHINESE = re.compile("[\u4e00-\u9fff]{2,}")


def _unknown_chinese(view: View, start: int, index: int) -> float:
    """How far a carried subject is trusted where unknown characters stand right before the metric: 碳酸二甲酯均价."""
    metric = next(iter(view.places(start, index, _METRIC)), None)
    if metric is None:
        return 1.0
    begin = view.tokens[metric - 1].end if metric else view.start
    gap = view.plain[begin : view.tokens[metric].start]
    if len(gap) > 1:
        for word in sorted(view.context.lexicon.language.neutral, key=len, reverse=True):
            gap = gap.replace(word, "")
    return 0.45 if _CHINESE.search(gap) else 1.0


def _find_in_context(view: View, index: int, start: int) -> Found | None:
    context = view.context
    doubt = _unknown_head(view, start, index)
    unknown = " doubt.unknown_noun" if doubt < 1 else ""
    if context.lead.is_elsewhere:
        return Found(elsewhere=context.lead.is_elsewhere)
    if context.lead.subject is not None:
        return Found(context.lead.subject, "subject.lead" + unknown, 0.95 * doubt)
    if context.last is not None:
        same = context.topic is None or context.topic == context.last
        section = context.section.subject
        if section is not None and not same and not view.any_of(0, index, BIT["pronoun"]):
            return Found(section, "subject.section" + unknown, 0.85 * doubt)
        return Found(context.last, ("subject.paragraph" if same else "subject.last") + unknown, 0.9 * doubt)
    if context.section.subject is not None:
        return Found(context.section.subject, "subject.section" + unknown, 0.93 * doubt)
    if context.section.is_elsewhere:
        return Found(elsewhere=context.section.is_elsewhere)
    return _find_thread(view, unknown)


def _opens_unknown(view: View) -> bool:
    """Whether a sentence begins with a name that nobody knows: "Conversion: …", 六氟:2.6万吨."""
    item = _ITEM.match(view.plain, view.start)
    begin = view.start if item is None else item.end()
    first = next((p for p, m in enumerate(view.masks) if m & _OPENS and view.tokens[p].start >= begin), 0)
    text = view.plain[begin : view.tokens[first].start]
    known = [view.plain[t.start : t.end] for t in view.tokens[:first]]
    for word in known:
        text = text.replace(word, " ", 1)
    if view.context.lexicon.language.is_spaced:
        neutral = view.context.lexicon.language.neutral
        return any(w not in neutral and len(w) > 2 for w in _WORD.findall(text)) and bool(
            view.masks[first] & BIT["colon"]
        )
    for word in sorted(view.context.lexicon.language.neutral, key=len, reverse=True):
        text = text.replace(word, " ")
    return _CHINESE.search(text) is not None


_ITEM = re.compile(r"\s*[(（]?\d+[.)）、]\s*")
_OPENS = bits(["colon", "number"])


def _find_thread(view: View, unknown: str) -> Found | None:
    """What the document has been about: the only segment or product so far, its title, the paragraph before."""
    context = view.context
    if unknown or _opens_unknown(view):
        return None
    if len(context.told) == 1:
        return Found(context.told, "subject.sole" + unknown, 0.9)
    segments = {segment for segment, _ in context.told}
    if len(segments) == 1:
        return Found(frozenset({(next(iter(segments)), "")}), "subject.sole" + unknown, 0.85)
    if context.document is not None:
        return Found(context.document, "subject.title" + unknown, 0.85)
    return None if context.thread is None else Found(context.thread, "subject.thread" + unknown, 0.7)


def choose_node(view: View, nodes: Nodes, *, unit: str, metric: str, beside: Nodes | None = None) -> Node | None:
    """One node of those that a name can stand for, by the unit, the section and the topic; None where none fits."""
    lexicon, context = view.context.lexicon, view.context
    if not nodes:
        return None
    order = [s.name for s in lexicon.chain.segments]
    scopes = [context.lead.subject, context.section.subject]
    if all(product for _, product in nodes):
        scopes = [beside, context.lead.subject, context.section.subject, context.topic, context.parent.subject]
    near = [{s for s, _ in subject or ()} for subject in scopes]

    def rank(node: Node) -> tuple[bool, ...]:
        family = lexicon.families.get((node[0], metric))
        fits = not unit or family == family_of(unit)
        return (not fits, *(len(names) == 1 and node[0] not in names for names in near))

    best = min(nodes, key=lambda node: (rank(node), order.index(node[0]), node[1]), default=None)
    if best is None:
        return None
    if unit:
        family = lexicon.families.get((best[0], metric))
        if family is not None and family != family_of(unit):
            return None
    segment = lexicon.chain.segment(best[0])
    if not best[1] and segment.default_product:
        return best[0], segment.default_product
    return best


__all__ = ["BOUNDARY", "Found", "choose_node", "find_subject"]
