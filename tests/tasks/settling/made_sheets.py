"""A review of invented sentences, its sheet, and a person who edits it."""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import openpyxl
from openpyxl.worksheet.worksheet import Worksheet

from contracts.chain import load_chain
from contracts.readings import Document
from tasks.extraction import document_text, read_review
from tasks.settling import SheetHead, list_numbers, write_review_sheet
from tests.builders import day

TEXT = """Sodium-ion battery review, May 2025
Published: 2025-06-05

Cathode materials
Cathode output fell 3% MoM in May, on a base of 2,300 mt. This week, cathode output was 210 mt.
A 20,000 mt/yr cathode project was approved. Cathode output moved by 4% in the month.
NFPP output rose 12% MoM and 45% YoY. Hard carbon output rose 6% MoM. Hard carbon output rose 8% MoM in May.
In June, electrolyte output is expected to fall by 5% MoM.
"""
REVIEW = Document("review.txt", TEXT.encode())
WRITTEN = day("2025-06-05T12:00")
Edit = Callable[["Person"], None]


def write_sheet(path: Path, review: Document = REVIEW, *, source: str = "smm", now: datetime = WRITTEN) -> None:
    """What `trona extract --xlsx` writes."""
    path.write_bytes(_make_sheet(review, source, now))


@cache
def _make_sheet(review: Document, source: str, now: datetime) -> bytes:
    reading = read_review(review, source=source, chain="sodium_ion")
    text = document_text(review)
    head = SheetHead(
        document_name=review.name,
        document=review.sha256,
        source=source,
        chain=load_chain("sodium_ion"),
        review_month=reading.head.review_month,
        published_at=reading.head.published_at,
        command="trona ingest review.xlsx",
    )
    with TemporaryDirectory() as folder:
        path = Path(folder) / "made.xlsx"
        write_review_sheet(path, head, list_numbers(reading, reading.figures, text), text, now=now)
        return path.read_bytes()


class Person:
    """Edits a sheet as a person does in a spreadsheet program, and saves it."""

    def __init__(self, path: Path) -> None:
        self.book = openpyxl.load_workbook(path, rich_text=True)
        self.page: Worksheet = self.book["Review"]

    def column(self, name: str) -> int:
        """Number of a column by its head."""
        return [cell.value for cell in self.page[2]].index(name) + 1

    def row(self, printed: str) -> int:
        """The row whose value or printed number is this, from the top: `-3`, `4%`."""
        for row in range(3, self.page.max_row + 1):
            if printed in {str(self.page.cell(row, self.column("value")).value), self._mark(row)}:
                return row
        raise LookupError(printed)

    def _mark(self, row: int) -> str:
        sentence = self.page.cell(row, self.column("sentence")).value
        return (
            "".join(str(part) for part in sentence if getattr(part, "font", None) and part.font.b)
            if not isinstance(sentence, str)
            else ""
        )

    def fill(self, row: int, **cells: object) -> None:
        """Put values into cells of a row; `right` stands for the column `right?`."""
        for name, value in cells.items():
            self.page.cell(row, self.column("right?" if name == "right" else name)).value = value

    def add(self, **cells: object) -> None:
        """A row below the last."""
        self.fill(self.page.max_row + 1, **cells)

    def sign(self, by: str = "Ann", at: object = "2025-06-06") -> None:
        """Say who and when."""
        self.book["About"]["B8"], self.book["About"]["B9"] = by, at

    def save(self, path: Path) -> Document:
        """The file as a document."""
        self.book.save(path)
        return Document(path.name, path.read_bytes())


def settle_sheet(folder: Path, edit: Edit | None = None, *, name: str = "review.xlsx", **signed: Any) -> Document:
    """A sheet written, edited, signed and saved."""
    write_sheet(folder / name)
    person = Person(folder / name)
    person.sign(**signed)
    if edit is not None:
        edit(person)
    return person.save(folder / name)


def correct(person: Person) -> None:
    """Of two doubtful readings the first is right; a sign is turned, an open number filled in, one missed added."""
    person.fill(person.row("6"), right="yes")
    person.fill(person.row("8"), right="no")
    person.fill(person.row("-3"), value=3)
    person.fill(person.row("4%"), segment="Cathode materials", measure="YoY", period="2025-05", kind="actual", value=4)
    person.add(sentence="Exports of hard carbon rose.", **EXPORTS)


EXPORTS: Mapping[str, object] = {
    "segment": "anode", "metric": "shipments", "measure": "yoy_pct", "period": "2025-05", "value": "+5 %",
}  # fmt: skip
