"""The page of a document: its text with every number that became a figure marked, from the file kept in the lake."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from contracts.errors import TronaError
from contracts.local_time import write_instant
from contracts.readings import Document
from data_lake.lake import Lake
from data_lake.releases import find_read_document
from tasks.extraction.marked_page import Mark, mark_text
from tasks.extraction.text.documents import document_text
from tasks.pages.facts import ChainFacts

_MOST_TEXT = 200_000


@dataclass(frozen=True)
class DocumentPage:
    """A document: its marked text as safe HTML, empty where it is a table or cannot be read; its figures by place."""

    name: str
    digest: str
    source: str
    review_month: str
    published: str
    text: str
    figures: Sequence[Mapping[str, object]]

    @property
    def path(self) -> str:
        """Name of the page in the chain's folder."""
        return name_document(self.digest)


def name_document(digest: str) -> str:
    """Name of a document's page in the chain's folder, by the hash of its content."""
    return f"documents/{digest[:16]}.html"


def build_document(lake: Lake, facts: ChainFacts, release: Mapping[str, Any]) -> DocumentPage:
    """The page of a release's document."""
    figures = facts.figures.filter(release_id=release["release_id"]).sort("span_start", "place", "figure_id")
    columns = ("figure_id", "series", "period", "text", "kind", "place", "evidence", "span_start", "span_end")
    rows = figures.select(columns).to_dicts()
    return DocumentPage(
        name=str(release["document_name"]),
        digest=str(release["document"]),
        source=str(release["source"]),
        review_month=str(release["review_month"]),
        published=write_instant(release["published_at"], facts.chain.calendar.time_zone),
        text=_mark(lake, release, figures) if figures["span_start"].is_not_null().any() else "",
        figures=rows,
    )


def _mark(lake: Lake, release: Mapping[str, Any], figures: pl.DataFrame) -> str:
    """The document's text with its figures marked; empty where the file is not there or is no text any more."""
    try:
        name, digest = find_read_document(lake, release)
        text = document_text(Document(name, lake.read_document(digest)))[:_MOST_TEXT]
    except (OSError, TronaError):
        return ""
    spans: dict[tuple[int, int], list[str]] = {}
    said = figures.filter(pl.col("span_end") <= len(text)).select("span_start", "span_end", "series", "period", "text")
    for start, end, *says in said.sort("span_start", "span_end").iter_rows():
        spans.setdefault((start, end), []).append(" · ".join(str(part) for part in says if part))
    marks: list[Mark] = []
    for (start, end), says in spans.items():
        if not marks or start >= marks[-1].end:
            marks.append(Mark(start, end, "figure", "\n".join(says)))
    return mark_text(text, marks)
