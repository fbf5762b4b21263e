"""Every page of a chain: its months and series, record, findings, sources, data, documents, and what was known when."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

import polars as pl

from contracts.local_time import write_instant
from contracts.period import add_months, format_month
from data_lake.lake import Lake
from tasks.month_summary.reading import prepare_months
from tasks.pages.documents import build_document, name_document
from tasks.pages.downloads import list_downloads
from tasks.pages.facts import ChainFacts, find_newest
from tasks.pages.findings import build_findings
from tasks.pages.month import MonthPage, build_month, tell
from tasks.pages.record import build_record_page
from tasks.pages.rendering import Edition, SiteFile, build_page
from tasks.pages.series import build_series
from tasks.pages.sources import build_sources

MOST_LINES = 6
"""Series that the first page tells of each chain's newest month."""
_MONTHS_AGO = 2
"""Months that a page of the past has, the newest that were known then."""


@dataclass(frozen=True)
class Entry:
    """A page as others name it: where it is in the chain's folder, its name, and what it says first."""

    path: str
    label: str
    title: str = ""


@dataclass(frozen=True)
class ChainSummary:
    """What the pages above the chains say of one; plain data, so that it can be kept from build to build."""

    name: str
    title: str
    months: Sequence[Entry]
    series: Sequence[Entry]
    findings: Sequence[Entry]
    lines: Sequence[str]
    more: int
    hidden: int
    newest: str

    def to_json(self) -> dict[str, object]:
        """The summary as plain data."""
        return asdict(self)

    @classmethod
    def of_json(cls, data: Mapping[str, object]) -> "ChainSummary":
        """The summary from what `to_json` gave."""
        lists = {name: [Entry(**entry) for entry in data[name]] for name in ("months", "series", "findings")}  # type: ignore[attr-defined]
        return cls(**{**data, **lists})  # type: ignore[arg-type]


@dataclass(frozen=True)
class PastFacts:
    """A chain as it could be known at an instant of publication, in the language of its edition."""

    at: datetime
    facts: ChainFacts

    @property
    def label(self) -> str:
        """`2026-02-05 00:00 Asia/Shanghai`: by the chain's clock."""
        return write_instant(self.at, self.facts.chain.calendar.time_zone)

    @property
    def months(self) -> list[date]:
        """The months that it has pages of."""
        return self.facts.months[:_MONTHS_AGO]

    def path(self, month: date) -> str:
        """Name of the page of a month in the chain's folder."""
        return f"asof/{self.at:%Y-%m-%dT%H%M%S}/{format_month(month)}.html"


def summarise(facts: ChainFacts, pages: Sequence[MonthPage]) -> ChainSummary:
    """What the pages above say of the chain; `pages` are its months, newest first."""
    newest = find_newest(facts.releases)
    lines = pages[0].lines if pages else ()
    told = facts.findings[:200]
    return ChainSummary(
        name=facts.chain.name,
        title=facts.title,
        months=[Entry(page.path, facts.words.month(page.month), page.title) for page in pages],
        series=[Entry(f"series/{slug}.html", label) for label, slug in facts.slugs.items()],
        findings=[
            Entry(f"findings.html#{one.finding_id}", f"{one.month:%Y-%m}", tell(facts, one).sentence) for one in told
        ],
        lines=list(lines[:MOST_LINES]),
        more=max(0, len(lines) - MOST_LINES),
        hidden=len(facts.findings) - len(told),
        newest=newest.isoformat() if newest else "",
    )


def build_chain(
    lake: Lake, edition: Edition, facts: ChainFacts, past: Sequence[PastFacts], tables: Mapping[str, pl.DataFrame]
) -> tuple[ChainSummary, list[SiteFile]]:
    """The chain's summary, and the files of its pages; `past` is what could be known when, newest first."""
    for known in facts.known.values():
        prepare_months(known, facts.months)
    pages = [build_month(facts, month) for month in facts.months]
    summary = summarise(facts, pages)
    files = [
        *_build_tables(edition, facts, summary, tables),
        *(_build_month(edition, facts, page, summary, past) for page in pages),
        *_build_past(edition, past, facts),
        *_build_series(edition, facts),
        *_build_documents(lake, edition, facts),
    ]
    return summary, files


def _build_tables(
    edition: Edition, facts: ChainFacts, summary: ChainSummary, tables: Mapping[str, pl.DataFrame]
) -> Iterator[SiteFile]:
    name, words = facts.chain.name, facts.words
    common: dict[str, Any] = {"chain": facts.chain, "newest": find_newest(facts.releases)}
    documents = [
        Entry(name_document(digest), f"{file} ({month})")
        for digest, file, month in facts.releases.select("document", "document_name", "review_month").rows()
    ]
    yield build_page(
        edition, f"{name}/index.html", "chain.html", title=facts.title, one=summary, documents=documents, **common
    )
    pages = {
        "record": build_record_page(facts),
        "findings": build_findings(facts),
        "sources": build_sources(facts),
        "data": list_downloads(tables),
    }
    for kind, page in pages.items():
        title = words.say(f"page.{kind}.title", chain=facts.title)
        yield build_page(edition, f"{name}/{kind}.html", f"{kind}.html", title=title, page=page, **common)


def _build_month(
    edition: Edition, facts: ChainFacts, page: MonthPage, summary: ChainSummary, past: Sequence[PastFacts]
) -> SiteFile:
    series = [Entry(f"series/{facts.slugs[label]}.html", label) for label in _list_series(facts, page.month)]
    place = facts.months.index(page.month)
    around = {
        "next": summary.months[place - 1] if place else None,
        "previous": summary.months[place + 1] if place + 1 < len(facts.months) else None,
    }
    steps = {name: Entry(entry.path, entry.label) if entry else None for name, entry in around.items()}
    newest = find_newest(facts.of_month("figures", page.month))
    return _finish_month(edition, facts, page, page.path, past, series=series, newest=newest, **steps)


def _list_series(facts: ChainFacts, month: date) -> list[str]:
    near = pl.concat([facts.of_month("figures", m)["series"] for m in (month, add_months(month, 1))])
    return sorted(near.unique(), key=lambda label: facts.order[label])


def _finish_month(
    edition: Edition, facts: ChainFacts, page: MonthPage, path: str, instants: Sequence[PastFacts], **values: Any
) -> SiteFile:
    words, name = facts.words, facts.chain.name
    known = [one for one in instants if page.month in one.months]
    now = Entry(f"{name}/{page.path}", words.say("page.month.to_now"))
    switch = [now, *(Entry(f"{name}/{one.path(page.month)}", one.label) for one in known)] if known else []
    return build_page(
        edition,
        f"{name}/{path}",
        "month.html",
        title=words.say("page.month.title", chain=facts.title, month=words.month(page.month)),
        chain=facts.chain,
        page=page,
        following=words.month(add_months(page.month, 1)),
        switch=switch,
        **values,
    )


def _build_past(edition: Edition, past: Sequence[PastFacts], now: ChainFacts) -> Iterator[SiteFile]:
    """The pages of what could be known: the newest months of each instant, with nothing of what came later."""
    known_now = set(now.months)
    for one in past:
        for month in one.months:
            page = build_month(one.facts, month)
            kept = past if month in known_now else [one]
            steps: dict[str, Any] = {"series": [], "previous": None, "next": None}
            yield _finish_month(edition, one.facts, page, one.path(month), kept, past=one.label, **steps)


def _build_series(edition: Edition, facts: ChainFacts) -> Iterator[SiteFile]:
    for label in facts.slugs:
        page = build_series(facts, label)
        title = facts.words.say("page.series.title", series=label, chain=facts.title)
        newest = find_newest(facts.figures.filter(pl.col("series") == label))
        path = f"{facts.chain.name}/{page.path}"
        yield build_page(edition, path, "series.html", title=title, chain=facts.chain, newest=newest, page=page)


def _build_documents(lake: Lake, edition: Edition, facts: ChainFacts) -> Iterator[SiteFile]:
    """A page per document; of releases from the same document the last in time tells it."""
    releases = facts.releases.unique("document", keep="last", maintain_order=True)
    for release in releases.to_dicts():
        page = build_document(lake, facts, release)
        yield build_page(
            edition,
            f"{facts.chain.name}/{page.path}",
            "document.html",
            title=page.name,
            chain=facts.chain,
            newest=release["published_at"],
            page=page,
        )
