"""When a number is about: the period it is said of, and spans that are no month's."""

import re
from dataclasses import dataclass

from contracts.period import add_months, format_month, last_month
from tasks.extraction.mentions.periods import PeriodName
from tasks.extraction.relations.view import HARD, View
from tasks.extraction.rules import BIT, bits

_PERIOD, _MODAL, _DONE, _PRIOR = BIT["period"], BIT["modal"], BIT["done"], BIT["prior"]
_REACHES = bits(["to", "moves", "level"])
_CHANGE, _HORIZON, _DATE, _PART_OF = BIT["change"], BIT["horizon"], BIT["date"], BIT["part_of"]
_MONTH_ONLY = {"mom_pct", "mom_abs", "mom_pp", "share_mom_pp", "direction"}
_DAY_METRICS = {"price", "inventory", "operating_rate", "capacity"}


@dataclass(frozen=True)
class When:
    """The period of a number and the rule that told it; an empty period with the reason why it is open."""

    period: str
    rule: str
    strength: float
    name: PeriodName | None = None
    reason: str = ""


def find_period_name(view: View, index: int, measure: str = "") -> tuple[PeriodName, str, float] | None:
    """The period that the sentence itself says for a number, with its rule; None where it says none."""
    token = view.tokens[index]
    label = token.labels.get("period")
    if label is not None:
        return label.roles["period"], "period.list", 0.97
    own = view.claimed.get(index)
    members = token.labels.get("list")
    if own is None and members and index != members[-1]:
        own = view.claimed.get(members[-1])  # "falls of 5% and 8% in February"
    if own is not None and _suits(view.tokens[own].roles["period"], measure):
        return view.tokens[own].roles["period"], "period.beside", 0.98
    others = {place: number for number, place in view.claimed.items() if number != index}
    for rule in view.context.lexicon.language.rules["period"]:
        place = view.look(index, rule)
        while place >= 0:
            name = view.tokens[place].roles["period"]
            if rule.is_left and _is_subordinate(view, place, index):
                place = view.look(place, rule)
                continue
            if not rule.is_left and _crosses_number(view, index, place):
                break
            taken = place in others and _is_other_level(view, others[place], index)
            if not taken and _suits(name, measure):
                doubt = 0.72 if rule.is_left and _is_of_another_clause(view, place, index) else 1.0
                return (
                    _with_span(view, place, name),
                    rule.id + (" doubt.other_clause" if doubt < 1 else ""),
                    rule.strength * doubt,
                )
            place = view.look(place, rule)
    return None


_ACTIONS = bits(["change", "level", "moves", "share_verb", "modal", "verb", "clause"])
_OWN = bits(["subject", "metric"])


def _crosses_number(view: View, index: int, place: int) -> bool:
    """Whether a level would reach over another number to a period behind it."""
    quantity = view.tokens[index].quantity
    return (
        quantity is not None and quantity.is_level and view.any_of(index + 1, place, BIT["number"] | BIT["reference"])
    )


_ACTING = bits(["change", "level", "moves", "verb", "modal", "subject", "thing", "activity", "firm", "agent"])


def _is_subordinate(view: View, place: int, index: int) -> bool:
    """Whether a period stands in a clause that only gives a reason: 随着第三季度订单下达, "as orders fell in May"."""
    start = view.clause_start(place)
    if not start or start == view.clause_start(index) or not view.masks[start - 1] & BIT["clause"]:
        return False
    end = view.clause_end(place)
    return view.any_of(start, end, _ACTING) and not view.any_of(start, end, BIT["number"] | BIT["metric"])


def _is_of_another_clause(view: View, place: int, index: int) -> bool:
    """Whether a period stands beside another verb, in a clause before one that has a subject or metric of its own."""
    start, own = view.clause_start(place), view.clause_start(index)
    if place >= own or not view.any_of(own, index, _OWN):
        return False
    if view.context.calendar.resolve(view.tokens[place].roles["period"]) == view.context.calendar.period:
        return False
    opens = bool(start and view.masks[start - 1] & BIT["clause"])
    return (opens or view.any_of(start, view.clause_end(place), _ACTIONS)) and not view.any_of(
        start, own, BIT["number"]
    )


def _with_span(view: View, place: int, name: PeriodName) -> PeriodName:
    """A month beside a word like "cumulative" or "year to date" is the span up to it."""
    if name.kind != "to_date" or name.month:
        return name
    start, end = view.clause_start(place), view.clause_end(place)
    order = [*range(start, end), *range(len(view.masks))]
    for other in order:
        if view.masks[other] & _PERIOD and other != place:
            beside: PeriodName = view.tokens[other].roles["period"]
            if beside.kind in {"month", "to_date"} and beside.month:
                return PeriodName("to_date", beside.month, beside.year, beside.shift)
            if beside.kind.startswith(("half", "quarter")) or beside.kind in {"year", "this_year"}:
                return beside
    return name


def _is_other_level(view: View, other: int, index: int) -> bool:
    """Whether two numbers are two levels of one thing, so that the period of one is not that of the other."""
    first, second = view.tokens[other].quantity, view.tokens[index].quantity
    if first is None or second is None or first.unit != second.unit:
        return False
    return bool(view.touch_left(index) & _REACHES) and not view.touch_left(index) & (BIT["by"] | BIT["in"])


def _suits(name: PeriodName, measure: str) -> bool:
    if measure in _MONTH_ONLY:
        return name.is_month or (measure == "direction" and not name.kind.startswith("to_date"))
    if measure == "qoq_pct":
        return name.is_quarter
    return True


def is_prior(view: View, index: int) -> bool:
    """Whether a number is a forecast made earlier, quoted beside its outcome."""
    return view.ask("kind", index) is not None


def is_modal(view: View, index: int) -> bool:
    """Whether a number stands under a word of expectation in its sentence, with no past verb in between."""
    for place in range(index - 1, -1, -1):
        mask = view.masks[place]
        if mask & HARD:
            break
        if mask & _MODAL:
            return not mask & _DONE and not view.any_of(place, index, _DONE)
        change = view.tokens[place].roles.get("change")
        if change is not None and change[1] == "past" and mask & _CHANGE:
            return False
    for place in range(index + 1, min(index + 8, len(view.masks))):
        mask = view.masks[place]
        if mask & (HARD | BIT["comma"] | BIT["and"]):
            return False
        if mask & _MODAL and not mask & _PRIOR:
            return True
    return False


def find_when(view: View, index: int, measure: str, before: str = "") -> When:
    """The period of a number of a known measure; `before` is that of the figure before in the sentence."""
    calendar, context = view.context.calendar, view.context
    said = find_period_name(view, index, measure)
    if said is not None:
        name, rule, strength = said
        last = context.last_period
        if name.kind == "this_year":
            years = [view.tokens[i].roles["period"] for i in view.places(0, index, _PERIOD)]
            name = next((y for y in years if y.kind == "year"), last if last and last.kind == "year" else name)
        if name.kind == "this_month" and calendar.published > calendar.review and is_modal(view, index):
            return When(format_month(calendar.published), rule, strength, name)
        period = calendar.resolve(name)
        return When(period, rule, strength, name, "" if period else "period")
    if view.any_of(0, index, _HORIZON):
        return When("", "", 0.0, None, "no nameable period")
    if is_prior(view, index):
        return When(calendar.period, "period.prior", 0.9)
    ahead = _resolve_ahead(view)
    opening = _find_opening(view, index, measure)
    if opening is not None:
        return When(calendar.resolve(opening), "period.opening", 0.9, opening)
    if before and (measure not in _MONTH_ONLY or (len(before) == 7 and before[5] not in "QH")):
        return When(before, "period.carried", 0.96)
    if is_modal(view, index):
        last = context.last_period
        if last is not None and not last.is_month and measure not in _MONTH_ONLY:
            period = calendar.resolve(last)
            if period and last_month(period) > calendar.review:
                return When(period, "period.paragraph", 0.85, last)
        if ahead:
            return When(ahead, "period.outlook", 0.9)
        if measure in _MONTH_ONLY:
            return When(format_month(add_months(calendar.review, 1)), "period.next", 0.85)
        return When("", "", 0.0, None, "period")
    if ahead and not _is_past(view, index):
        return When(ahead, "period.outlook", 0.8)
    section = context.section.period or context.lead.period
    if section is not None and _suits(section, measure):
        return When(calendar.resolve(section), "period.section", 0.93, section)
    last = context.last_period
    if last is not None and not last.is_month and _suits(last, measure):
        return When(calendar.resolve(last), "period.paragraph", 0.8, last)
    if context.is_dated:
        return When("", "", 0.0, None, "no month named in a report of days or weeks")
    if measure in _MONTH_ONLY and len(calendar.period) == 7 and calendar.period[5] in "QH":
        return When("", "", 0.0, None, "period")
    return When(calendar.period, "period.review", 0.93)


def _is_monthly_part(view: View, index: int) -> bool:
    """Whether the part of the sentence around a number compares with the month before, as no span to date does."""
    first = index
    while first and not view.masks[first - 1] & HARD:
        first -= 1
    last = index
    while last < len(view.masks) and not view.masks[last] & HARD:
        last += 1
    return any(view.tokens[i].roles.get("basis") == "mom" for i in view.places(first, last, BIT["basis"]))


def _find_opening(view: View, index: int, measure: str) -> PeriodName | None:
    """The period that opens the sentence, for a later part of it with a subject of its own."""
    start = view.clause_start(index)
    if not view.any_of(0, start, HARD) or not view.any_of(start, index, _OWN):
        return None
    for place in range(min(3, len(view.masks))):
        if view.masks[place] & _PERIOD:
            name: PeriodName = view.tokens[place].roles["period"]
            if name.kind == "to_date" and _is_monthly_part(view, index):
                return None
            return name if _suits(name, measure) else None
    return None


def _resolve_ahead(view: View) -> str:
    """The coming month that the paragraph or section is about; empty where it is about none."""
    context = view.context
    for name in (context.outlook, context.lead.period, context.section.period):
        if name is not None:
            period = context.calendar.resolve(name)
            if period and last_month(period) > context.calendar.review:
                return period
    return ""


def _is_past(view: View, index: int) -> bool:
    """Whether a sentence states what has happened, by a verb in the past."""
    if not view.context.lexicon.language.is_spaced:
        return False
    for place in range(index - 1, -1, -1):
        change = view.tokens[place].roles.get("change")
        if (change is not None and change[1] == "past") or view.masks[place] & BIT["past"]:
            return True
    return False


def find_other_span(view: View, index: int, metric: str) -> str:
    """Why a number is not a month's: of a week, a day, a spot deal; empty where nothing says so."""
    found = view.ask("span", index)
    if found is not None:
        kind = str(view.tokens[found[0]].roles["span"])
        averaged = kind == "spot" and view.any_of(found[0], found[0] + 4, BIT["averages"])
        if not averaged and (kind != "spot" or metric in {"price", ""}):
            return {"week": "a week's figure", "day": "a day's figure", "ten_days": "a part of a month"}.get(
                kind, "a spot quote"
            )
    if metric in _DAY_METRICS:
        start, end = view.clause_start(index), view.clause_end(index)
        dates = list(view.places(start, end, _DATE))
        if (dates or _opens_with_date(view, index)) and not _is_month_end(view, dates, metric):
            return "a day's figure"
        if metric == "price" and view.any_of(start, end, _PART_OF | BIT["quote"]):
            return "a quote within the month"
    return ""


_DAY = re.compile(r"(?<!\d)(2[89]|3[01])(?:st|th)?(?!\d)")


def _is_month_end(view: View, dates: list[int], metric: str) -> bool:
    """Whether the day is a month's last, on which stocks and capacity are the month's."""
    if metric not in {"inventory", "capacity"} or not dates:
        return False
    token = view.tokens[dates[0]]
    return _DAY.search(view.plain[token.start : token.end]) is not None


def _opens_with_date(view: View, index: int) -> bool:
    """Whether the part of the sentence that the number stands in begins with a day: "As of 30 October, stocks …"."""
    for place in range(index - 1, -1, -1):
        if view.masks[place] & (HARD | BIT["colon"] | _PERIOD):
            return False
        if view.masks[place] & _DATE:
            return True
    return False
