"""Review sheets written by commands, of a file or of a recorded release."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from contracts.chain import load_chain
from contracts.errors import UsageError
from contracts.readings import Document, Reading, ReleaseHead
from contracts.settings import Settings
from contracts.text import count_noun
from flows.cli.output import print_message

UNSTATED = "unstated"
"""The source of a document of which nobody says it, where nothing is recorded."""


def write_extracted_sheet(document: Document, readings: list[Reading], xlsx: Path, settings: Settings) -> None:
    """Write the review sheet of a document that is not recorded. Raises `UsageError` for a table."""
    from tasks.extraction import document_text, is_review  # noqa: PLC0415 - not for --help
    from tasks.intake.ingest import check_as_ingest  # noqa: PLC0415
    from tasks.settling import list_numbers  # noqa: PLC0415

    if not is_review(document.name) or len(readings) != 1:
        raise UsageError(
            "only a review is settled on a sheet", where=document.name, next="correct the table itself and ingest it"
        )
    refuse_existing(xlsx, is_meant=False, next_="name another file, or remove this one")
    reading, text = readings[0], document_text(document)
    good, _, _ = check_as_ingest(reading, settings.chains_folder)
    source = "" if reading.head.source == UNSTATED else reading.head.source
    head = replace(reading.head, source=source)
    write_sheet(xlsx, head, list_numbers(reading, good, text), text, f"trona ingest {xlsx.name}", settings)


def write_sheet(xlsx: Path, head: ReleaseHead, rows: pl.DataFrame, text: str, command: str, settings: Settings) -> None:
    """Write the sheet of these numbers of a document, and say what is to look at; `command` takes it back."""
    from tasks.settling import SheetHead, write_review_sheet  # noqa: PLC0415 - not for --help

    stated = SheetHead(
        document_name=head.document_name,
        document=head.document,
        source=head.source,
        chain=load_chain(head.chain, settings.chains_folder),
        review_month=head.review_month,
        published_at=head.published_at,
        command=command,
    )
    write_review_sheet(xlsx, stated, rows, text, now=datetime.now(UTC))
    waiting = rows.filter(~pl.col("is_sure"), pl.col("status").is_in(["doubtful", "unresolved"])).height
    print_message(f"sheet     {xlsx}: {count_noun(rows.height, 'number')}, {waiting} to look at; then: {command}")


def refuse_existing(xlsx: Path, *, is_meant: bool, next_: str) -> None:
    """A sheet that is there may hold somebody's work. Raises `UsageError` also for a name that is no workbook's."""
    if xlsx.suffix.lower() != ".xlsx":
        raise UsageError("a review sheet is a file that ends in .xlsx", where=str(xlsx), next=f"{xlsx.stem}.xlsx")
    if xlsx.exists() and not is_meant:
        raise UsageError("the file is there already", where=str(xlsx), effect="nothing was written", next=next_)
