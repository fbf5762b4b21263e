"""The page of the findings: everything that does not fit, each with the figures that prove it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tasks.pages.facts import ChainFacts
from tasks.pages.month import tell

MOST_FINDINGS = 200
"""Findings that the page tells, the severest and newest; the others are in the data."""


@dataclass(frozen=True)
class ToldFinding:
    """A finding with its sentence and its figures; the series of each figure is a link to its page."""

    finding_id: str
    rule: str
    severity: str
    month: str
    sentence: str
    figures: Sequence[Mapping[str, str]]


@dataclass(frozen=True)
class FindingsPage:
    """All that the page of the findings shows; `hidden` counts those that only the data have."""

    findings: Sequence[ToldFinding]
    hidden: int

    path = "findings.html"


def build_findings(facts: ChainFacts) -> FindingsPage:
    """The findings of all sources with their proofs."""
    rows = facts.figures.select("figure_id", "series", "period", "text", "source", "day", "document")
    named = {name for one in facts.findings[:MOST_FINDINGS] for name in one.figure_ids}
    by_id = {row["figure_id"]: row for row in rows.filter(rows["figure_id"].is_in(list(named))).to_dicts()}
    told = [
        ToldFinding(
            one.finding_id,
            one.rule,
            one.severity,
            f"{one.month:%Y-%m}",
            tell(facts, one).sentence,
            [_describe(facts, by_id[name]) for name in one.figure_ids if name in by_id],
        )
        for one in facts.findings[:MOST_FINDINGS]
    ]
    return FindingsPage(told, max(0, len(facts.findings) - MOST_FINDINGS))


def _describe(facts: ChainFacts, row: Mapping[str, object]) -> dict[str, str]:
    return {
        "id": str(row["figure_id"]),
        "document": str(row["document"]),
        "slug": facts.slugs[str(row["series"])],
        "says": f"{row['series']}, {row['period']}: {row['text']} ({row['source']}, {row['day']})",
    }
