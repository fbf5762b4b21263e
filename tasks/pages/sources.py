"""The page about publishers: grades for punctuality, completeness, consistency, restatements and vague forecasts.

Grades in the manner of the Joint Organisations Data Initiative, which grades what countries send by sustainability,
timeliness and completeness: a letter per quality, and the counts behind it. What no count can show has no grade.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from contracts.figures import FIGURE_KEY
from contracts.holidays import add_business_days
from contracts.period import add_months, first_month
from tasks.pages.facts import ChainFacts

GOOD, FAIR = 0.9, 0.6
"""Shares from which on a quality is good, or fair."""
_USUAL = 0.5
"""A number that at least this share of a source's reviews has belongs to its usual set."""


@dataclass(frozen=True)
class Grade:
    """A quality of a source: how many of how many; `letter` is empty where there is nothing to count."""

    quality: str
    kept: int
    of: int

    @property
    def letter(self) -> str:
        """A, B or C by the share; a source with nothing to count has none."""
        if not self.of:
            return ""
        share = self.kept / self.of
        return "A" if share >= GOOD else "B" if share >= FAIR else "C"


@dataclass(frozen=True)
class SourceCard:
    """A source: its grades, and its reviews in numbers."""

    source: str
    grades: Sequence[Grade]
    reviews: int
    first: str
    last: str
    usual_day: int | None
    figures: int
    refused: int
    unresolved: int


@dataclass(frozen=True)
class SourcesPage:
    """All that the page of the sources shows."""

    cards: Sequence[SourceCard]

    path = "sources.html"


def build_sources(facts: ChainFacts) -> SourcesPage:
    """Each source's grades with their counts."""
    return SourcesPage([_grade(facts, source) for source in facts.releases["source"].unique().sort()])


def _grade(facts: ChainFacts, source: str) -> SourceCard:
    releases = facts.releases.filter(source=source)
    documents = facts.documents.filter(source=source)
    reviews = documents.filter(pl.col("review_month").str.contains(r"^\d{4}-\d{2}$"))
    first = reviews.sort("published_at").unique("review_month", keep="first", maintain_order=True)
    days = _count_days(facts, first)
    return SourceCard(
        source=source,
        grades=[
            _grade_punctuality(facts, first),
            _grade_completeness(facts, source),
            _grade_consistency(facts, source),
            _grade_constancy(facts, source),
            _grade_sharpness(facts, source),
        ],
        reviews=first.height,
        first=str(reviews["review_month"].min() or ""),
        last=str(reviews["review_month"].max() or ""),
        usual_day=None if not days else sorted(days)[len(days) // 2],
        figures=int(releases["figures"].sum()),
        refused=int(releases["quarantined"].sum()),
        unresolved=int(releases["unresolved"].sum()),
    )


def _count_days(facts: ChainFacts, reviews: pl.DataFrame) -> list[int]:
    """Day of the month after the reviewed one on which each review came; days of assumed publication do not count."""
    local = reviews.filter(~pl.col("is_published_assumed")).select(
        "review_month", pl.col("published_at").dt.convert_time_zone(facts.chain.calendar.time_zone).dt.date()
    )
    return [(day - add_months(first_month(month), 1)).days + 1 for month, day in local.iter_rows()]


def _grade_punctuality(facts: ChainFacts, reviews: pl.DataFrame) -> Grade:
    """Reviews that came by the chain's publication day and its days of grace."""
    calendar = facts.chain.calendar
    rows = reviews.filter(~pl.col("is_published_assumed")).select(
        "review_month", pl.col("published_at").dt.convert_time_zone(calendar.time_zone).dt.date()
    )
    kept = 0
    for month, day in rows.iter_rows():
        due = add_months(first_month(month), 1).replace(day=calendar.publication_day)
        kept += day <= add_business_days(due, calendar.grace_business_days, calendar.time_zone)
    return Grade("punctuality", kept, rows.height)


def _grade_completeness(facts: ChainFacts, source: str) -> Grade:
    """Numbers of the usual set (in at least half of the reviews) that each review has."""
    own = facts.figures.filter(
        pl.col("source") == source,
        pl.col("kind") == "actual",
        pl.col("is_monthly"),
        pl.col("month").dt.strftime("%Y-%m") == pl.col("review_month"),
    )
    reviews = own["review_month"].n_unique()
    if reviews < 2:
        return Grade("completeness", 0, 0)
    usual = (
        own.group_by("segment", "product", "metric", "measure")
        .agg(pl.col("review_month").n_unique().alias("n"))
        .filter(pl.col("n") >= _USUAL * reviews)
    )
    return Grade("completeness", int(usual["n"].sum()), usual.height * reviews)


def _grade_consistency(facts: ChainFacts, source: str) -> Grade:
    """Actuals that no contradiction names."""
    actuals = facts.figures.filter(source=source, kind="actual")["figure_id"]
    rules = {"contradiction", "levels_do_not_reconcile", "wedge", "child_above_parent", "shares_exceed_total"}
    named = {name for one in facts.findings if one.rule in rules for name in one.figure_ids}
    return Grade("consistency", actuals.len() - int(actuals.is_in(list(named)).sum()), actuals.len())


def _grade_constancy(facts: ChainFacts, source: str) -> Grade:
    """Actuals that kept their value, among those that were published more than once."""
    again = (
        facts.figures.filter(source=source, kind="actual").group_by(FIGURE_KEY).agg(pl.len(), pl.col("text").n_unique())
    )
    again = again.filter(pl.col("len") > 1)
    return Grade("constancy", again.filter(text=1).height, again.height)


def _grade_sharpness(facts: ChainFacts, source: str) -> Grade:
    """Forecasts that are a number, not a bound, a range, a direction or "about"."""
    made = facts.figures.filter(source=source, kind="forecast")
    sharp = made.filter(pl.col("qualifier") == "exact", pl.col("measure") != "direction")
    return Grade("sharpness", sharp.height, made.height)
