"""Documents on their way in: found, loaded under a name that can be printed, read in a process of their own."""

from pathlib import Path

from contracts.errors import ContractBroken, DocumentUnavailable, SourceUnavailable, UsageError
from contracts.readings import Document, DocumentHints, Reading
from contracts.text import is_left_by_programs, print_name
from tasks.extraction import is_review, read_review
from tasks.intake.reading_process import call_guarded
from tasks.tables import is_table, read_table

MOST_BYTES = 1 << 30
"""Size beyond which a document is refused unread."""


def find_documents(paths: list[Path]) -> list[Path]:
    """Files that can be read among these files and folders, in the order of their names.

    Files that programs leave (`is_left_by_programs`) and mapping files are passed over. Raises `SourceUnavailable`
    for a path that is not there and `UsageError` for a single file of a kind that no reader knows.
    """
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            found += sorted(p for p in path.rglob("*") if p.is_file() and _is_readable(p) and not _is_hidden(p, path))
        elif not path.exists():
            raise SourceUnavailable("there is no such file or folder", where=str(path), next="check the path")
        elif not _is_readable(path):
            raise UsageError(
                f"unsupported file type {path.suffix or path.name!r}",
                where=str(path),
                next="give a table (.csv .xlsx .parquet) or a review (.txt .md .html .pdf .docx)",
            )
        else:
            found.append(path)
    return found


def load_document(path: Path) -> Document:
    """The file's bytes under its name, as text that can be printed (`print_name`).

    Raises `DocumentUnavailable` where it cannot be read, `ContractBroken` where it is larger than any review.
    """
    try:
        size = path.stat().st_size
        if size > MOST_BYTES:
            raise _too_large(path, size)
        return Document(print_name(path.name), path.read_bytes())
    except OSError as error:
        raise DocumentUnavailable(
            "the document cannot be read",
            where=print_name(str(path)),
            found=error.strerror or str(error),
            effect="it was not ingested; other documents were",
            next="check that the file is there and its permissions",
        ) from error


def _too_large(path: Path, size: int) -> ContractBroken:
    return ContractBroken(
        "the document is larger than a review or a table of figures",
        where=print_name(str(path)),
        found=f"{size:,} bytes",
        effect="it was not ingested; other documents were",
        next=f"at most {MOST_BYTES >> 20:,} MiB are read: split it",
    )


def read_document(document: Document, hints: DocumentHints) -> list[Reading]:
    """Read a document with the reader of its kind; one reading per release that it states."""
    if not document.content:
        raise ContractBroken(
            "the document is empty",
            where=document.name,
            found="0 bytes",
            effect="nothing was recorded",
            next="check whether the file was copied whole",
        )
    if is_table(document.name):
        return read_table(document, hints)
    if not (hints.source or hints.usual_source):
        raise UsageError(
            "who published this review is not stated",
            where=document.name,
            next="say so with --source, or set `source` in trona.toml",
        )
    reading = read_review(
        document,
        source=hints.source or hints.usual_source,
        chain=hints.chain or None,
        published=hints.published,
        review_month=hints.review_month or None,
        chains_folder=hints.chains_folder,
    )
    return [reading.accept_doubtful() if hints.accept_doubtful else reading]


def read_guarded(document: Document, hints: DocumentHints) -> list[Reading]:
    """As `read_document`, in a process with limits; what breaks it is refused with its reason (`ReaderFailed`)."""
    readings: list[Reading] = call_guarded(read_document, document, hints, document=document.name)
    return readings


def _is_readable(path: Path) -> bool:
    return is_table(path.name) or is_review(path.name)


def _is_hidden(path: Path, root: Path) -> bool:
    return any(is_left_by_programs(part) for part in path.relative_to(root).parts)
