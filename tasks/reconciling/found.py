"""A finding before it is put into words: its rule, its proof and its parts; and the words."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from contracts.chain import Chain
from contracts.reconciled import FINDINGS
from tasks.reconciling.language import Language, load_language, write_plain

Stated = Mapping[str, Mapping[str, Any]]
"""Figures by id, each with the columns of `FIGURES`."""


@dataclass(frozen=True)
class Found:
    """What a rule found. `parts` are what its phrase is filled with, by kind (`Part`), before any language."""

    rule: str
    severity: str
    series: Mapping[str, str]
    month: date
    figure_ids: tuple[str, ...]
    size_pct: float | None = None
    parts: Mapping[str, "Part"] = field(default_factory=dict)

    @property
    def finding_id(self) -> str:
        """The same for the same rule and figures, whenever it is found."""
        text = " ".join([self.rule, *sorted(self.figure_ids)])
        return hashlib.sha256(text.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Part:
    """A piece of a sentence: `kind` says how `value` is written."""

    kind: str
    value: Any


SERIES = ("source", "chain", "segment", "product", "metric")


def tell_finding(found: Found, stated: Stated, chains: Mapping[str, Chain], language: Language) -> str:
    """The sentence of a finding. Every number in it is one of its figures, or its size."""
    chain = chains.get(found.series["chain"])
    series = language.series(chain, found.series["segment"], found.series["product"], found.series["metric"])
    size = "" if found.size_pct is None else _write_size(found.size_pct)
    words = {"series": series, "month": language.month(found.month), "size": size}
    parts = {name: _tell_part(part, found, stated, chain, language) for name, part in found.parts.items()}
    return language.say(f"finding.{found.rule}", **words | parts)


def gather_findings(found: Sequence[Found], stated: Stated, chains: Mapping[str, Chain]) -> pl.DataFrame:
    """The findings as `FINDINGS`, in English, the severest and newest first; the same one once."""
    english = load_language("en")
    rows = [
        {
            "finding_id": one.finding_id,
            "rule": one.rule,
            "severity": one.severity,
            **{name: one.series[name] for name in SERIES},
            "month": one.month,
            "sentence": tell_finding(one, stated, chains, english),
            "figure_ids": " ".join(one.figure_ids),
            "size_pct": one.size_pct,
            "published_at": max(stated[name]["published_at"] for name in one.figure_ids),
        }
        for one in sort_findings(found)
    ]
    return FINDINGS.conform(pl.DataFrame(rows, schema=FINDINGS.schema))


def sort_findings(found: Sequence[Found]) -> list[Found]:
    """Each finding once, the severest and newest first."""
    ranks = {"critical": 0, "error": 1, "warning": 2, "info": 3}
    once = {one.finding_id: one for one in reversed(found)}.values()
    return sorted(
        once, key=lambda one: (ranks[one.severity], -one.month.toordinal(), *one.series.values(), one.finding_id)
    )


def _tell_part(part: Part, found: Found, stated: Stated, chain: Chain | None, language: Language) -> str:
    value = part.value
    if part.kind == "figures":
        return language.list([_tell_figure(stated[name], found, chain, language) for name in value])
    if part.kind == "of month":
        return language.figures([stated[name] for name in value])
    if part.kind == "interval":
        return language.interval(*value)
    return _tell_word(part, chain, language)


def _tell_word(part: Part, chain: Chain | None, language: Language) -> str:
    if part.kind == "series":
        segment, product = part.value
        return language.series(chain, segment, product, "production")
    if part.kind == "month":
        return language.month(part.value)
    if part.kind == "day":
        return language.day(part.value.astimezone(ZoneInfo(chain.calendar.time_zone if chain else "UTC")))
    return language.say(f"{part.kind}.{part.value}")


def _tell_figure(row: Mapping[str, Any], found: Found, chain: Chain | None, language: Language) -> str:
    """A figure with its period, and with its series where that is not the finding's own."""
    said = language.say("period_of", figure=language.figure(row), period=language.period(row["period"]))
    if row["product"] == found.series["product"]:
        return said
    return f"{language.series(chain, row['segment'], row['product'], 'production')} {said}"


def _write_size(size: float) -> str:
    return write_plain(size, 0 if size >= 10 else 1 if size >= 0.1 else 2)
