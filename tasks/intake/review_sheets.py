"""Review sheets on their way in: the document they are about is found and read first, then what was settled of it."""

from dataclasses import replace
from pathlib import Path

from contracts.errors import ContractBroken, DocumentUnavailable, SourceUnavailable
from contracts.readings import Document, DocumentHints, Reading, ReleaseHead
from contracts.releases import RELEASES
from contracts.text import print_name
from data_lake.lake import Lake
from tasks.intake.documents import load_document
from tasks.intake.reading_process import call_guarded
from tasks.settling import ReviewSheet, find_review_sheet, read_settled
from tasks.settling.authorship import read_head

_WORKBOOKS = {".xlsx", ".xlsm"}


def open_review_sheet(document: Document) -> ReviewSheet | None:
    """The review sheet that a document is, read in a process with limits; None for any other document."""
    if Path(document.name).suffix.lower() not in _WORKBOOKS:
        return None
    sheet: ReviewSheet | None = call_guarded(find_review_sheet, document, document=document.name)
    return sheet


def find_reviewed(lake: Lake, sheet: ReviewSheet, document: Document, beside: Path | None) -> Document:
    """The document that a sheet is about: beside it, or kept in the lake by its hash.

    Raises `DocumentUnavailable` where it is at neither place, `ContractBroken` where the file of its name beside the
    sheet is another one.
    """
    name = print_name(Path(sheet.about["document"]).name) or "document"
    there = beside / name if beside is not None else None
    found = load_document(there) if there is not None and there.is_file() else None
    if found is not None and found.sha256 == sheet.reviewed:
        return found
    try:
        return Document(name, lake.read_document(sheet.reviewed))
    except SourceUnavailable:
        pass
    if found is not None:
        raise ContractBroken(
            "the document beside the review sheet is not the one that it settles",
            where=f"{document.name} · {name}",
            found=f"{name} has the hash {found.sha256[:12]}…, the sheet is about {sheet.reviewed[:12]}…",
            effect="nothing of it was settled",
            next=f"put the {name} of which the sheet was written beside it, or write the sheet anew of this one: "
            f"trona extract {name} --xlsx FILE",
        )
    raise DocumentUnavailable(
        "the document that the review sheet settles is not at hand",
        where=document.name,
        found=f"{name} ({sheet.reviewed[:12]}…) is neither beside the sheet nor kept in the lake",
        effect="nothing of it was settled",
        next=f"put {name} beside the sheet, or ingest it first, and give the sheet again",
    )


def find_base(lake: Lake, sheet: ReviewSheet) -> ReleaseHead | None:
    """The release of the sheet's document as it was read, withdrawn or not; None where the lake has none."""
    found = lake.table(RELEASES).scan().filter(event="recorded", document=sheet.reviewed).sort("at").collect()
    if found.is_empty():
        return None
    row = found.row(-1, named=True)
    return ReleaseHead(**{name: row[name] for name in _HEAD})


_HEAD = ("source", "chain", "review_month", "published_at", "document", "document_name", "is_published_assumed")


def state_hints(sheet: ReviewSheet, document: Document, hints: DocumentHints) -> DocumentHints:
    """How the document of a sheet is to be read: as the command says, else as it was when the sheet was written."""
    head = read_head(sheet, document, hints)
    return replace(
        hints,
        source=head.source,
        chain=hints.chain or head.chain,
        published=hints.published or head.published_at,
        review_month=hints.review_month or head.review_month,
        mapping=None,
    )


def read_sheet(
    sheet: ReviewSheet, document: Document, reviewed: Document, base: ReleaseHead | None, hints: DocumentHints
) -> Reading:
    """What the sheet settles (`read_settled`), in a process with limits."""
    reading: Reading = call_guarded(read_settled, sheet, document, reviewed, base, hints, document=document.name)
    return reading
