"""A sentence read to statements: its numbers in order, each with what those before it have come to."""

from dataclasses import replace

from tasks.extraction.relations.references import quoting, read_reference
from tasks.extraction.relations.slots import read_number
from tasks.extraction.relations.trail import Trail
from tasks.extraction.relations.view import REFERENCE, View
from tasks.extraction.rules import BIT
from tasks.extraction.statements import Findings, Open, Statement


def read_sentence(view: View) -> Findings:
    """The statements of a sentence, and what became of its other numbers."""
    found = Findings()
    trail = Trail()
    quoted = []
    around: list[tuple[int, Trail]] = []
    for index in view.numbers():
        while around and around[-1][0] < index:
            trail = replace(around.pop()[1], growth=trail.growth, grown=trail.grown)
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
            _sort_outcomes(found, [read_reference(view, index, quantity, quoting(view, index, before, found))])
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


def _sort_outcomes(found: Findings, outcomes: list[Statement | Open]) -> None:
    for outcome in outcomes:
        if isinstance(outcome, Open):
            found.opens.append(outcome)
        else:
            found.statements.append(outcome)
