"""Who settled a review sheet, when, and of which release: by its sheet About, the command, or the file itself."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from contracts.chain import load_chain
from contracts.errors import ContractBroken, UsageError
from contracts.local_time import place_instant
from contracts.readings import Document, DocumentHints, ReleaseHead
from tasks.extraction import document_text
from tasks.settling.sheet_reader import ReviewSheet

_LONGEST_NAME = 200
_DAY = len("2026-02-06")
_NOTHING = "nothing of it was settled; what the lake holds stands"
_ANEW = "write the sheet anew of this document: trona extract --xlsx, or trona settle RELEASE --xlsx FILE --write"


def refuse_stale(sheet: ReviewSheet, document: Document, review: Document) -> None:
    """Raise `ContractBroken` where the document, or the text at the places of the numbers, is not the sheet's."""
    if review.sha256 != sheet.reviewed:
        found = f"{review.name} has the hash {review.sha256[:12]}…, the sheet is about {sheet.reviewed[:12]}…"
        raise _stale(document, found)
    text = document_text(review)
    spans = sheet.as_read.drop_nulls(["span_start", "span_end"]).select("span_start", "span_end", "text").rows()
    moved = [printed for start, end, printed in spans if text[start:end] != printed]
    if moved:
        raise _stale(document, f"{len(moved)} numbers of {review.name} stand elsewhere, such as {moved[0][:50]!r}")


def _stale(document: Document, found: str) -> ContractBroken:
    what = "the review sheet is about another text than the document has"
    return ContractBroken(what, where=document.name, found=found, effect=_NOTHING, next=_ANEW)


def read_head(sheet: ReviewSheet, document: Document, hints: DocumentHints) -> ReleaseHead:
    """The head of the reviewed document's release as the sheet states it; the command's source goes before.

    Raises `ContractBroken` where the sheet says no readable instant of publication, `UsageError` where nobody says the
    source.
    """
    about = sheet.about
    source = hints.source or about["source"] or hints.usual_source
    if not source:
        raise UsageError(
            "who published this review is not stated",
            where=f'{document.name} · sheet "About"',
            effect=_NOTHING,
            next="fill in the cell beside source, or say --source",
        )
    try:
        published = datetime.fromisoformat(about["published"]).astimezone(UTC)
    except ValueError:
        raise ContractBroken(
            "the review sheet does not say when its document was published",
            where=f'{document.name} · sheet "About"',
            found=about["published"] or "an empty cell",
            effect=_NOTHING,
            next="write it as 2026-02-05T00:00:00+00:00",
        ) from None
    return ReleaseHead(source, about["chain"], about["reviews"], published, sheet.reviewed, about["document"])


def find_author(sheet: ReviewSheet, document: Document, hints: DocumentHints) -> str:
    """Who settled it: the command, its cell, or who saved the file. Raises `UsageError` where nobody says so."""
    by = " ".join((hints.settled_by or sheet.about["settled by"] or sheet.saved_by).split())
    if not by:
        raise UsageError(
            "nothing says who settled the review sheet",
            where=f'{document.name} · sheet "About"',
            found='the cell beside "settled by" is empty',
            effect=_NOTHING,
            next="fill in the cell, or say --by NAME",
        )
    return by[:_LONGEST_NAME]


def find_instant(sheet: ReviewSheet, document: Document, head: ReleaseHead, folder: Path | None) -> datetime:
    """When it was settled: what its cell says, else when the file was saved; a day is its first instant.

    On the day of publication that is not before it. Raises `ContractBroken` where nothing says so, or where it lies
    before the publication.
    """
    said, at = sheet.about["settled at"].removesuffix(" 00:00:00"), sheet.saved_at
    if said:
        try:
            at = datetime.fromisoformat(said)
        except ValueError:
            raise _no_instant(document, said, "write 2026-02-06, or 2026-02-06T09:30+08:00") from None
    if at is None:
        raise _no_instant(document, "the file was not saved since it was written", "look at its rows, and save it")
    instant = place_instant(at, load_chain(head.chain, folder).calendar.time_zone)
    if len(said) == _DAY and instant < head.published_at < instant + timedelta(days=1):
        return head.published_at
    if instant < head.published_at:
        found = f"settled {instant:%Y-%m-%d %H:%M} UTC, published {head.published_at:%Y-%m-%d %H:%M} UTC"
        raise _no_instant(document, found, 'correct the cell beside "settled at" on the sheet About')
    return instant


def _no_instant(document: Document, found: str, next_: str) -> ContractBroken:
    what = "the review sheet does not say when it was settled"
    return ContractBroken(what, where=document.name, found=found, effect=_NOTHING, next=next_)
