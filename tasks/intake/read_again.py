"""A recorded release read again out of what the lake keeps: its document, and the sheet in which it was settled."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl

from contracts.errors import ContractBroken, TronaError, UsageError
from contracts.figures import FIGURES
from contracts.readings import Document, DocumentHints, Reading, ReleaseHead
from contracts.releases import RELEASES
from contracts.settlements import SETTLEMENTS
from data_lake.lake import Lake
from data_lake.releases import visible_releases
from tasks.extraction import document_text, is_review
from tasks.intake.documents import read_guarded
from tasks.intake.past_of_series import hold_against_past
from tasks.intake.review_sheets import find_base, find_reviewed, open_review_sheet, read_sheet
from tasks.settling import list_numbers, list_settled_numbers

Release = dict[str, Any]
"""A row of `RELEASES`, its event `recorded`."""


def read_release_again(lake: Lake, release: Release, chains_folder: Path | None) -> Reading:
    """The reading of a release, by what the lake says of it. Raises `TronaError` where it is read as another today."""
    if release["settles"]:
        return _read_sheet_again(lake, release, chains_folder)
    document = Document(release["document_name"], lake.read_document(release["document"]))
    usual = DocumentHints(usual_source=release["source"], chains_folder=chains_folder)
    stated = replace(
        usual,
        source=release["source"],
        chain=release["chain"],
        published=None if release["is_published_assumed"] else release["published_at"],
        review_month=release["review_month"],
    )
    failed: TronaError | None = None
    for hints in (stated, usual):
        try:
            for reading in read_guarded(document, hints):
                if reading.head.release_id == release["release_id"]:
                    return hold_against_past(lake, reading, hints, recorded_at=release["at"])
        except TronaError as error:
            failed = failed or error
    raise failed or ContractBroken("its document is read as another release today")


def _read_sheet_again(lake: Lake, release: Release, chains_folder: Path | None) -> Reading:
    document = Document(release["document_name"], lake.read_document(release["document"]))
    sheet = open_review_sheet(document)
    if sheet is None:
        raise ContractBroken("its document is read as another release today")
    known = lake.table(SETTLEMENTS).scan().filter(release_id=release["release_id"]).select("settled_by").head(1)
    hints = DocumentHints(source=release["source"], settled_by=_read_author(known), chains_folder=chains_folder)
    reading = read_sheet(sheet, document, find_reviewed(lake, sheet, document, None), find_base(lake, sheet), hints)
    if reading.head.release_id != release["release_id"]:
        raise ContractBroken("its review sheet is read as another release today")
    return reading


def _read_author(known: pl.LazyFrame) -> str:
    """Who settled it, as the lake says; empty where that is what was lost: then the sheet says it."""
    try:
        return str(known.collect()["settled_by"].to_list()[0])
    except (IndexError, OSError, TronaError):
        return ""


def list_release_numbers(
    lake: Lake, release_id: str, chains_folder: Path | None
) -> tuple[ReleaseHead, pl.DataFrame, str]:
    """What a review sheet of a recorded review shows: its release as it was read, a row per number, and its text.

    Of a review that was settled before, what was settled last. Raises `UsageError` where the release is of a table.
    """
    release = _find_recorded(lake, release_id=release_id)
    read = _find_recorded(lake, document=release["settles"] or release["document"])
    if not is_review(read["document_name"]):
        raise UsageError(
            "only a review is settled on a sheet",
            where=f"{release_id} · {read['document_name']}",
            effect="nothing was written",
            next="correct the table itself and ingest it: it states its figures cell by cell",
        )
    reading = read_release_again(lake, read, chains_folder)
    text = document_text(Document(read["document_name"], lake.read_document(read["document"])))
    newest = visible_releases(lake).filter(pl.col("settles") == read["document"]).collect()
    figures = lake.table(FIGURES).scan()
    if newest.is_empty():
        facts = figures.filter(release_id=read["release_id"]).collect()
        return reading.head, list_numbers(reading, facts, text), text
    name = newest["release_id"][0]
    settled = lake.table(SETTLEMENTS).scan().filter(release_id=name).collect()
    facts = figures.filter(release_id=name).collect()
    return reading.head, list_settled_numbers(settled, facts, read["published_at"]), text


def _find_recorded(lake: Lake, **wanted: str) -> Release:
    found = lake.table(RELEASES).scan().filter(event="recorded", **wanted).sort("at").collect()
    if found.is_empty():
        raise UsageError(f"no release of {', '.join(wanted.values())}", next="list the releases with `trona releases`")
    return found.row(-1, named=True)


def refuse_other_document(lake: Lake, release_id: str, document: Document) -> None:
    """Raise `UsageError` where a file is no review sheet, or is one of another document than the release's."""
    release = _find_recorded(lake, release_id=release_id)
    sheet = open_review_sheet(document)
    if sheet is None:
        raise UsageError(
            "the file is no review sheet",
            where=document.name,
            effect="nothing was settled",
            next=f"trona settle {release_id} --xlsx FILE --write writes one",
        )
    if sheet.reviewed not in {release["document"], release["settles"]}:
        raise UsageError(
            "the review sheet is about another release",
            where=document.name,
            found=f"{sheet.about['document']}, {sheet.about['source']} {sheet.about['chain']} {sheet.about['reviews']}",
            effect="nothing was settled",
            next="name the release that it is about, or take it in with trona ingest",
        )
