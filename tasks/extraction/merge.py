"""One figure per fact: repeats fall together, the more precise print stays, and words yield to numbers."""

from collections.abc import Iterable

from tasks.extraction.review import SourcedStatement
from tasks.extraction.statements import Statement

_BLOCKING = {"mom_pct", "mom_abs", "mom_pp", "qoq_pct", "level"}
_QUALIFIERS = ("exact", "about", "range", "bound")

Key = tuple[str, ...]


def merge_statements(stated: Iterable[SourcedStatement]) -> list[SourcedStatement]:
    """The statements with one row per key, in the order of the text.

    Of two prints of a fact the one with more digits stays, then the exact one, then the first. A direction
    goes where a number says the same change.
    """
    best: dict[Key, SourcedStatement] = {}
    for item in stated:
        key = _key(item.statement)
        if key not in best or _precision(item.statement) < _precision(best[key].statement):
            best[key] = item
    blocked = {_series(i.statement) for i in best.values() if i.statement.measure in _BLOCKING}
    return [
        item
        for item in best.values()
        if item.statement.measure != "direction" or _series(item.statement) not in blocked
    ]


def _key(statement: Statement) -> Key:
    return (*_series(statement), statement.measure)


def _series(statement: Statement) -> Key:
    return (*statement.node, statement.metric, statement.period, statement.kind)


def _precision(statement: Statement) -> tuple[bool, float, int]:
    rank = _QUALIFIERS.index(statement.qualifier)
    return rank > 1, statement.half_width, rank
