"""What is fuzzed: each target reads bytes as Trona does, and an error that is not ours gets out of it.

A workbook and a document of Word are archives, of which changed bytes would only ever break the checksums: the bytes
are one part of an archive that is whole, and the first of them says which.
"""

import atexit
import io
import os
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

from contracts.chain import _read_chain, load_chain
from contracts.chain_check import check_chain
from contracts.errors import TronaError
from contracts.readings import Document, DocumentHints
from contracts.settings import load_settings
from tasks.delivery.receivers import load_receivers
from tasks.intake.documents import read_document
from tasks.intake.ingest import check_as_ingest
from tasks.tables.mapping import read_mapping

ROOT = Path(__file__).parents[3]
HERE = Path(__file__).parent
SHEET_PARTS = ("xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/styles.xml", "xl/workbook.xml")
WORD_PARTS = ("word/document.xml", "word/_rels/document.xml.rels", "[Content_Types].xml")


@dataclass(frozen=True)
class Target:
    """Something that reads bytes. `run` lets only errors out that are defects; `seeds` are inputs to begin with."""

    run: Callable[[bytes], None]
    seeds: Callable[[], list[bytes]]


def read_as(name: str, content: bytes, mapping: Path | None = None) -> None:
    """Read a document as `ingest` does, up to the lake; errors that are ours are an answer."""
    hints = DocumentHints("smm", chain="sodium_ion", review_month="2026-01", mapping=mapping)
    with suppress(TronaError):
        for reading in read_document(Document(name, content), hints):
            good, refused, error = check_as_ingest(reading, None)
            assert good.height <= reading.figures.height
            assert error is not None or good.height + refused["row"].n_unique() >= reading.figures.height


def read_part(name: str, parts: tuple[str, ...], content: bytes) -> None:
    """Read an archive one part of which is this content, after the byte that says which part."""
    if not content:
        return
    whole = _take_apart(name)
    part, packed = parts[content[0] % len(parts)], io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for each, usual in whole.items():
            archive.writestr(each, content[1:] if each == part else usual)
    read_as(name, packed.getvalue())


def read_settings(content: bytes) -> None:
    with _written("trona.toml", content) as path, suppress(TronaError):
        os.environ["TRONA_CONFIG"] = str(path)
        try:
            settings = load_settings()
            assert settings.marked_by is not None
        finally:
            os.environ.pop("TRONA_CONFIG")


def read_receivers(content: bytes) -> None:
    with _written("receivers.toml", content) as path, suppress(TronaError):
        load_receivers(path)


def read_chain(content: bytes) -> None:
    """Check a definition, and load it where the check finds no mistake: the two must agree."""
    with _written("own.toml", content) as path, suppress(TronaError):
        faults = [fault for fault in check_chain(content.decode("utf-8", "replace")) if not fault.is_note]
        _read_chain.cache_clear()
        load_chain("own", path.parent)
        assert not faults or not _is_text(content), f"loads in spite of {faults[0]}"


def read_mapped(content: bytes) -> None:
    """A mapping, and after a NUL the table that it is for."""
    mapping, _, table = content.partition(b"\0")
    with _written("t.mapping.toml", mapping) as path, suppress(TronaError):
        read_mapping(path)
        read_as("t.csv", table or b"month,cathode\n2026-01,1.5\n", path)


@contextmanager
def _written(name: str, content: bytes) -> Iterator[Path]:
    """A file of this content, in a folder of its own that is used again: nothing else is in it."""
    path = _folder() / name
    path.write_bytes(content)
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)


@cache
def _folder() -> Path:
    memory = Path("/dev/shm")  # a folder in memory, where there is one
    folder = Path(tempfile.mkdtemp(prefix="trona-fuzz-", dir=memory if memory.is_dir() else None))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _is_text(content: bytes) -> bool:
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


@cache
def _take_apart(name: str) -> Mapping[str, bytes]:
    packed = _write_workbook() if name.endswith(".xlsx") else _write_word()
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        return {each: archive.read(each) for each in archive.namelist()}


def _write_workbook() -> bytes:
    from xlsxwriter import Workbook

    content = io.BytesIO()
    book = Workbook(content, {"in_memory": True})
    page = book.add_worksheet("figures")
    percent = book.add_format({"num_format": "0.0%"})
    rows = [["month", "cathode", "cell"], ["2026-01", 0.125, -0.05], ["2026-02", 0.03, 0.041]]
    for y, row in enumerate(rows):
        for x, value in enumerate(row):
            page.write(y, x, value, percent if y and x else None)
    page.merge_range("E1:F2", "output")
    book.close()
    return content.getvalue()


def _write_word() -> bytes:
    from docx import Document as Word

    word, content = Word(), io.BytesIO()
    for line in _review().splitlines():
        word.add_paragraph(line)
    table = word.add_table(2, 2)
    for cell, text in zip(
        (cell for row in table.rows for cell in row.cells), ("", "MoM", "Cathode", "+5%"), strict=True
    ):
        cell.text = text
    word.save(content)
    return content.getvalue()


def _review() -> str:
    return (ROOT / "examples" / "review.txt").read_text(encoding="utf-8")[:1500]


def _write_pdf() -> bytes:
    """A page of text whose streams are not packed, so that changed bytes change what is read."""
    lines = [line.encode("latin-1", "replace") for line in _review().splitlines() if line.strip()][:12]
    shown = b"".join(b"(%s) Tj 0 -14 Td\n" % line.replace(b"(", rb"\(").replace(b")", rb"\)") for line in lines)
    stream = b"BT /F1 10 Tf 40 780 Td\n" + shown + b"ET"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    content, places = b"%PDF-1.4\n", []
    for number, each in enumerate(objects, start=1):
        places.append(len(content))
        content += b"%d 0 obj\n%s\nendobj\n" % (number, each)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    head = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    end = b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF" % (len(objects) + 1, len(content))
    return content + head + table + end


def _write_parquet() -> bytes:
    import polars as pl

    content = io.BytesIO()
    rows = {"month": ["2026-01"], "segment": ["cathode"], "measure": ["mom_pct"], "value": [1.5], "unit": ["%"]}
    pl.DataFrame(rows).write_parquet(content, compression="uncompressed", statistics=False)
    return content.getvalue()


def _files(*patterns: str) -> list[bytes]:
    return [path.read_bytes()[:4000] for pattern in patterns for path in sorted(ROOT.glob(pattern))]


def _parts(name: str, parts: tuple[str, ...]) -> list[bytes]:
    return [bytes([place]) + _take_apart(name)[part] for place, part in enumerate(parts)]


def _tables() -> list[bytes]:
    long = (ROOT / "examples" / "forecasts.csv").read_bytes()[:1500]
    wide = "Unit: %;;\nSegment;2026年1月;Feb-26\nCathode;1,5;-3\nHard carbon (MoM);(5);n/a\n".encode()
    return [long, wide, wide.decode().encode("gb18030"), wide.decode().encode("utf-16")]


def _pages() -> list[bytes]:
    paragraphs = "".join(f"<p>{line}</p>" for line in _review().splitlines() if line.strip())
    table = "<table><tr><th>Segment</th><th>MoM</th></tr><tr><td>Cathode</td><td>+5%</td></tr></table>"
    return [f"<html><head><title>Review</title></head><body><h1>January</h1>{paragraphs}{table}</body></html>".encode()]


def _mappings() -> list[bytes]:
    mapping = b'form = "wide"\nsource = "smm"\nchain = "sodium_ion"\nmeasure = "mom_pct"\nmetric = "production"\n'
    labels = b'[labels]\n"LFP" = { segment = "cathode" }\n[label_columns]\nlabel = "A"\n'
    table = b"\0Name,2026-01,2026-02\nLFP,1.5,-3\ncell,2,4\n"
    return [mapping + table, mapping + labels + table, b'form = "long"\n[columns]\nmonth = "M"\n' + table]


TARGETS: Mapping[str, Target] = {
    "csv": Target(partial(read_as, "t.csv"), _tables),
    "tsv": Target(
        partial(read_as, "t.tsv"), lambda: [text.replace(b";", b"\t").replace(b",", b"\t") for text in _tables()[:2]]
    ),
    "xlsx": Target(partial(read_part, "t.xlsx", SHEET_PARTS), lambda: _parts("t.xlsx", SHEET_PARTS)),
    "parquet": Target(partial(read_as, "t.parquet"), lambda: [_write_parquet()]),
    "txt": Target(
        partial(read_as, "t.txt"), lambda: [_review().encode(), *_files("tests/corpus/documents/[ez]0[1-6].txt")]
    ),
    "md": Target(partial(read_as, "t.md"), lambda: _files("tests/corpus/documents/[ez]0*.md")),
    "html": Target(partial(read_as, "t.html"), _pages),
    "pdf": Target(partial(read_as, "t.pdf"), lambda: [_write_pdf()]),
    "docx": Target(partial(read_part, "t.docx", WORD_PARTS), lambda: _parts("t.docx", WORD_PARTS)),
    "mapping": Target(read_mapped, _mappings),
    "settings": Target(read_settings, lambda: _files("flows/templates/trona.toml")),
    "receivers": Target(read_receivers, lambda: _files("flows/templates/receivers.toml")),
    "chain": Target(read_chain, lambda: _files("contracts/chains/sodium_ion.toml", "tests/corpus/chains/*.toml")),
}
