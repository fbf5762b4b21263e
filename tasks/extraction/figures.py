"""One figure per fact: repeats fall together, the more precise print stays, and words yield to numbers."""

from collections.abc import Iterable

import polars as pl

from contracts.figures import READ_FIGURES
from contracts.readings import DOUBTFUL
from tasks.extraction.review import Stated
from tasks.extraction.statements import Statement

_BLOCKING = {"mom_pct", "mom_abs", "mom_pp", "qoq_pct", "level"}
_QUALIFIERS = ("exact", "about", "range", "bound")

Key = tuple[str, ...]


def merge_statements(stated: Iterable[Stated], directions: Iterable[Stated]) -> list[Stated]:
    """The statements with one row per key, in the order of the text.

    Of two prints of a fact the one with more digits stays, then the exact one, then the better founded, then the
    first. A direction goes where a number says the same change.
    """
    best: dict[Key, Stated] = {}
    for item in stated:
        _keep_better(best, item)
    blocked = {item.statement.series for item in best.values() if item.statement.measure in _BLOCKING}
    for item in directions:
        if item.statement.series not in blocked:
            _keep_better(best, item)
    return list(best.values())


def _keep_better(best: dict[Key, Stated], item: Stated) -> None:
    key = (*item.statement.series, item.statement.measure)
    if key not in best or _precision(item.statement) < _precision(best[key].statement):
        best[key] = item


def _precision(statement: Statement) -> tuple[bool, float, int]:
    rank = _QUALIFIERS.index(statement.qualifier)
    return rank > 1, statement.half_width, rank


def frame_figures(stated: list[Stated], text: str) -> pl.DataFrame:
    """Figures of `READ_FIGURES` of these statements."""
    rows = [_row(item, text) for item in stated]
    names = [column.name for column in READ_FIGURES.columns]
    data = {name: [row[name] for row in rows] for name in names}
    return pl.DataFrame([pl.Series(c.name, data[c.name], dtype=c.dtype) for c in READ_FIGURES.columns])


def frame_doubtful(doubtful: list[Stated], figures: list[Stated], text: str) -> pl.DataFrame:
    """Doubtful statements of facts that no figure states, with their confidence and doubt; each reading once."""
    known = {(*item.statement.series, item.statement.measure) for item in figures}
    rows = {}
    for item in doubtful:
        s = item.statement
        if (*s.series, s.measure) not in known:
            rows[*s.series, s.measure, s.value, s.lower, s.upper] = {
                **_row(item, text), "confidence": s.confidence, "doubt": s.doubt,
            }  # fmt: skip
    data = {column.name: [row[column.name] for row in rows.values()] for column in DOUBTFUL.columns}
    return pl.DataFrame([pl.Series(c.name, data[c.name], dtype=c.dtype) for c in DOUBTFUL.columns])


def _row(item: Stated, text: str) -> dict[str, object]:
    s = item.statement
    return {
        "segment": s.node[0],
        "product": s.node[1],
        "metric": s.metric,
        "measure": s.measure,
        "period": s.period,
        "kind": s.kind,
        "value": s.value,
        "lower": s.lower,
        "upper": s.upper,
        "unit": s.unit,
        "qualifier": s.qualifier,
        "half_width": s.half_width,
        "place": f"{s.start}-{s.end}",
        "evidence": text[item.start : item.end],
        "span_start": s.start,
        "span_end": s.end,
        "rule": " ".join(rule for rule in s.rules if rule),
        "note": "",
        "source_url": "",
    }
