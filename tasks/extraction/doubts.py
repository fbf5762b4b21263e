"""Statements that are kept but are no facts: too little trusted, or contradicted by another of the document."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import accumulate, product

from contracts.period import add_months, first_month, format_month
from tasks.extraction.mentions.lexicon import Node
from tasks.extraction.relations.trust import THRESHOLD
from tasks.extraction.review import Stated
from tasks.extraction.statements import Statement

Key = tuple[str, ...]


def part_doubtful(
    stated: Iterable[Stated], parents: Mapping[Node, str] | None = None
) -> tuple[list[Stated], list[Stated]]:
    """The statements that are figures, and those that a person should look at, each with its doubt.

    `parents` says of a product the one that it is a kind of, where the chain has such.
    """
    items = list(stated)
    doubts = _find_impossible_shares(items, parents or {})
    doubts |= _find_contradictions(items) | _find_impossible_growth(items)
    sure: list[Stated] = []
    doubtful: list[Stated] = []
    for place, item in enumerate(items):
        reason = doubts.get(place, "")
        if not reason and item.statement.confidence < THRESHOLD:
            reason = "weakest rule: " + _weakest(item.statement)
        if reason:
            doubtful.append(replace(item, statement=replace(item.statement, doubt=reason)))
        else:
            sure.append(item)
    return sure, doubtful


def _weakest(statement: Statement) -> str:
    return statement.rules[-1] if not statement.rules else min(statement.rules, key=_rank)


def _rank(rule: str) -> int:
    order = ("assumed", "unknown", "bare", "title", "outlook", "paragraph", "document", "after", "carried")
    return next((place for place, word in enumerate(order) if word in rule), len(order))


_CLEARLY = 0.12
"""How much surer the better of two contradicting statements must be to stand."""


def _find_contradictions(items: list[Stated]) -> dict[int, str]:
    """Places of statements of one fact with values that no rounding reconciles; the clearly surer one stands."""
    by_key: dict[Key, list[int]] = defaultdict(list)
    for place, item in enumerate(items):
        by_key[*item.statement.series, item.statement.measure].append(place)
    doubts: dict[int, str] = {}
    for places in by_key.values():
        find_best = _rank_rivals([items[place].statement for place in places])
        for place in places:
            best = find_best(items[place].statement)
            if best is not None and items[place].statement.confidence < best + _CLEARLY:
                doubts[place] = "the same fact is stated with another value"
    return doubts


def _rank_rivals(statements: Sequence[Statement]) -> Callable[[Statement], float | None]:
    """The confidence of the surest statement that cannot be true beside a given one; None where all can.

    Two can where their ends meet: ranges and bounds that overlap, values within their rounding. The rivals of a
    statement lie wholly above or wholly below it, so that sorted ends find the surest without comparing all with all.
    """
    by_low = sorted((_ends(s)[0], s.confidence) for s in statements)
    by_high = sorted((_ends(s)[1], s.confidence) for s in statements)
    lows, highs = [low for low, _ in by_low], [high for high, _ in by_high]
    above = list(accumulate((confidence for _, confidence in reversed(by_low)), max))[::-1]
    below = list(accumulate((confidence for _, confidence in by_high), max))

    def find_best(statement: Statement) -> float | None:
        low, high = _ends(statement)
        first_above, last_below = bisect_right(lows, high), bisect_left(highs, low) - 1
        rivals = [*above[first_above : first_above + 1], *([below[last_below]] if last_below >= 0 else [])]
        return max(rivals, default=None)

    return find_best


_HEDGED = 0.1


def _ends(statement: Statement) -> tuple[float, float]:
    if statement.value is None:
        low = float("-inf") if statement.lower is None else statement.lower
        high = float("inf") if statement.upper is None else statement.upper
        return low - statement.half_width, high + statement.half_width
    slack = statement.half_width * 1.001
    if statement.qualifier == "about":
        slack = max(slack, abs(statement.value) * _HEDGED)
    return statement.value - slack, statement.value + slack


_FAR_PP = 3.0
"""Points by which a growth may differ from that of two stated levels, beside rounding, before it is doubted."""


def _find_impossible_growth(items: list[Stated]) -> dict[int, str]:
    """Places of growth rates that two stated levels rule out: 100 t after 80 t is no -5 %."""
    levels: dict[Key, list[Statement]] = defaultdict(list)
    for s in (i.statement for i in items):
        if s.measure == "level" and s.value and s.unit != "%":
            levels[*s.node, s.metric, s.period].append(s)
    doubts: dict[int, str] = {}
    for place, item in enumerate(items):
        s = item.statement
        months = {"mom_pct": 1, "yoy_pct": 12}.get(s.measure)
        if months is None or s.value is None or len(s.period) != 7 or s.period[5] in "QH":
            continue
        base = format_month(add_months(first_month(s.period), -months))
        pairs = product(levels.get((*s.node, s.metric, s.period), ()), levels.get((*s.node, s.metric, base), ()))
        implied = [_imply_growth(now, before) for now, before in pairs]
        if implied and all(abs(rate - s.value) > _FAR_PP + slack + s.half_width for rate, slack in implied):
            doubts[place] = f"the stated levels make it {implied[0][0]:.1f} %"
    return doubts


def _imply_growth(now: Statement, before: Statement) -> tuple[float, float]:
    """The growth between two levels in percent, and how far their rounding lets it vary."""
    ratio = (now.value or 0.0) / (before.value or 1.0)
    slack = now.half_width / (now.value or 1.0) + before.half_width / (before.value or 1.0)
    return 100 * (ratio - 1), 100 * slack * max(1.0, ratio)


def _find_impossible_shares(items: list[Stated], parents: Mapping[Node, str]) -> dict[int, str]:
    """Places of shares above their parent's: NFPP 75 % of what is 71 % polyanion. Above 100 % the contract refuses."""
    shares: dict[Key, float] = {}
    for s in (i.statement for i in items):
        if s.measure == "share_pct" and s.value is not None:
            key = (*s.node, s.metric, s.period, s.kind)
            shares[key] = max(shares.get(key, 0.0), s.value)
    doubts: dict[int, str] = {}
    for place, item in enumerate(items):
        s = item.statement
        if s.measure != "share_pct" or s.value is None:
            continue
        parent = parents.get(s.node, "")
        above = shares.get((s.node[0], parent, s.metric, s.period, s.kind)) if parent else None
        if above is not None and s.value > above + 2 * s.half_width:
            doubts[place] = f"the share of {parent}, of which it is a part, is {above:g} %"
    return doubts
