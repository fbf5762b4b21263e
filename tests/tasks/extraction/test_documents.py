"""Every format gives the same figures, and what is no readable document says so clearly."""

import io
import zipfile
from datetime import UTC, datetime

import docx
import pytest
from pypdf import PdfReader, PdfWriter

from contracts.errors import ContractBroken, SourceUnavailable, UsageError
from contracts.readings import Document
from tasks.extraction import document_text, is_review, read_review
from tasks.extraction.text.documents import MAX_PAGE_BYTES

ENGLISH = """Sodium-ion battery review, May 2025
Published: 2025-06-05

Cathode materials
Cathode output went down 3% MoM in May, though it was up 84% YoY. NFPP accounted for 69% of cathode output.

Hard carbon
Hard carbon output rose 6% MoM. June hard carbon output is expected to increase 5% MoM.
"""
CHINESE = """钠离子电池行业回顾：2025年5月
发布日期：2025-06-05

一、正极材料
5月正极材料产量环比下降3%，同比增长84%。NFPP占比69%。

二、硬碳负极
5月硬碳产量环比增长6%。预计6月硬碳产量环比增长5%。
"""
WANTED = {
    ("cathode", "", "mom_pct", -3.0),
    ("cathode", "", "yoy_pct", 84.0),
    ("cathode", "nfpp", "share_pct", 69.0),
    ("anode", "hard_carbon", "mom_pct", 6.0),
    ("anode", "hard_carbon", "mom_pct", 5.0),
}


def figures_of(name: str, content: bytes) -> set[tuple[str, str, str, float]]:
    reading = read_review(Document(name, content), source="test")
    assert (reading.head.chain, reading.head.review_month) == ("sodium_ion", "2025-05")
    assert reading.head.published_at == datetime(2025, 6, 4, 16, tzinfo=UTC)
    return set(reading.figures.select("segment", "product", "measure", "value").rows())


@pytest.mark.parametrize("text", [ENGLISH, CHINESE], ids=["en", "zh"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "gb18030"])
def test_encodings(text, encoding):
    assert figures_of("review.txt", text.encode(encoding)) == WANTED


@pytest.mark.parametrize("text", [ENGLISH, CHINESE], ids=["en", "zh"])
def test_line_ends(text):
    assert figures_of("review.txt", text.replace("\n", "\r\n").encode()) == WANTED


def make_page(text: str) -> bytes:
    title, day, *rest = text.strip().splitlines()
    body = "".join(f"<h2>{line}</h2>" if len(line) < 18 else f"<p>{line}</p>" for line in rest if line.strip())
    menu = "".join(f'<li><a href="/{i}">Lithium prices rise {i}% MoM</a></li>' for i in range(20))
    script = "<script>var cathode = 'output rose 99% MoM';</script>"
    return (
        f"<html><head><title>{title}</title>{script}</head><body><nav><ul>{menu}</ul></nav>"
        f"<article><h1>{title}</h1><p>{day}</p>{body}</article><footer>Output rose 77% MoM</footer></body></html>"
    ).encode()


@pytest.mark.parametrize("text", [ENGLISH, CHINESE], ids=["en", "zh"])
def test_page_without_its_navigation_and_scripts(text):
    assert figures_of("review.html", make_page(text)) == WANTED


def make_docx(text: str) -> bytes:
    document = docx.Document()
    for line in text.strip().splitlines():
        if line and len(line) < 18:
            document.add_heading(line, level=2)
        else:
            document.add_paragraph(line)
    table = document.add_table(rows=2, cols=2)
    words = (
        ("Segment", "Output, MoM", "Electrolyte", "+4%") if text.isascii() else ("环节", "产量环比", "电解液", "+4%")
    )
    for cell, value in zip(table._cells, words, strict=True):
        cell.text = value
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


@pytest.mark.parametrize("text", [ENGLISH, CHINESE], ids=["en", "zh"])
def test_word_document_with_a_table(text):
    wanted = WANTED | ({("electrolyte", "", "mom_pct", 4.0)})
    assert figures_of("review.docx", make_docx(text)) == wanted


def make_pdf(lines: list[str]) -> bytes:
    """A one-page PDF with one line of text under another, written by hand."""
    shown = " T* ".join(f"({line.replace('(', '[').replace(')', ']')}) Tj" for line in lines)
    stream = f"BT /F1 10 Tf 14 TL 50 780 Td {shown} ET".encode()
    parts = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        (
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
            b" /Resources << /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> >>"
        ),
        b"<< /Length " + str(len(stream)).encode() + b" >>\nstream\n" + stream + b"\nendstream",
    ]
    body = b"%PDF-1.4\n"
    places = []
    for number, part in enumerate(parts, start=1):
        places.append(len(body))
        body += f"{number} 0 obj\n".encode() + part + b"\nendobj\n"
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    end = f"xref\n0 5\n0000000000 65535 f \n{table}trailer << /Size 5 /Root 1 0 R >>\nstartxref\n{len(body)}\n%%EOF"
    return body + end.encode()


def test_pdf():
    assert figures_of("review.pdf", make_pdf(ENGLISH.splitlines())) == WANTED


def test_pdf_with_broken_lines():
    text = ENGLISH.replace("though it was", "though it\nwas").replace("NFPP accounted", "NFPP\naccounted")
    assert figures_of("review.pdf", make_pdf(text.splitlines())) == WANTED


def test_is_review():
    assert all(is_review(f"a{suffix}") for suffix in (".txt", ".md", ".html", ".htm", ".pdf", ".docx", ".TXT"))
    assert not any(is_review(f"a{suffix}") for suffix in (".csv", ".xlsx", ".parquet", "", ".zip"))


@pytest.mark.parametrize(
    ("name", "content", "error", "words"),
    [
        ("a.txt", b"", ContractBroken, "empty"),
        ("a.txt", b" \n\n ", ContractBroken, "empty"),
        ("a.txt", bytes(range(256)) * 40, ContractBroken, "is not UTF-8, UTF-16 or GB18030"),
        ("a.txt", b"\x7fELF\x02\x01\x01" + bytes(4000), ContractBroken, "is not UTF-8, UTF-16 or GB18030"),
        ("a.txt", b"%PDF-1.4 ...", ContractBroken, "not a text"),
        ("a.txt", b"PK\x03\x04rest", ContractBroken, "not a text"),
        ("a.xyz", b"text", ContractBroken, "not a review"),
        ("a.pdf", b"%PDF-1.4 nothing more", SourceUnavailable, "cannot be opened"),
        ("a.pdf", b"no pdf at all", SourceUnavailable, "cannot be opened"),
        ("a.docx", b"no archive", SourceUnavailable, "cannot be opened"),
        ("a.html", b"<p>x</p>" * (MAX_PAGE_BYTES // 8 + 1), SourceUnavailable, "too large"),
        ("a.html", b"<html><body></body></html>", ContractBroken, "no text"),
    ],
)
def test_bad_input_is_told(name, content, error, words):
    with pytest.raises(error, match=words):
        document_text(Document(name, content))


def test_archive_that_is_no_word_document():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("hello.txt", "hello")
    with pytest.raises(SourceUnavailable, match="cannot be opened"):
        document_text(Document("a.docx", file.getvalue()))


def test_word_document_that_unpacks_to_gigabytes_is_not_unpacked():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", b"\0" * 150_000_000)
    with pytest.raises(SourceUnavailable, match="unpacks to more"):
        document_text(Document("a.docx", file.getvalue()))


def test_scanned_pdf():
    with pytest.raises(SourceUnavailable, match="holds no text"):
        document_text(Document("scan.pdf", make_pdf([])))


def test_locked_pdf():
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(make_pdf(ENGLISH.splitlines()))))
    writer.encrypt("secret", algorithm="RC4-128")
    file = io.BytesIO()
    writer.write(file)
    with pytest.raises(SourceUnavailable, match="password"):
        document_text(Document("locked.pdf", file.getvalue()))


def test_missing_parts_of_the_head_are_asked_for():
    bare = "Cathode output of sodium-ion batteries rose 3% MoM. Hard carbon output rose 2% MoM."
    document = Document("a.txt", bare.encode())
    with pytest.raises(UsageError, match="when it was published"):
        read_review(document, source="test")
    day = datetime(2025, 6, 5, tzinfo=UTC)
    with pytest.raises(UsageError, match="which month it reviews"):
        read_review(document, source="test", published=day)
    reading = read_review(document, source="test", published=day, review_month="2025-05")
    assert reading.figures.height == 2
    with pytest.raises(UsageError, match="which chain it reviews"):
        read_review(Document("a.txt", b"Published: 2025-06-05. Nothing else in May 2025."), source="test")


def test_options_go_before_the_document():
    day = datetime(2025, 7, 1, tzinfo=UTC)
    reading = read_review(
        Document("a.txt", ENGLISH.encode()), source="test", published=day, review_month="2025-06", chain="sodium_ion"
    )
    assert (reading.head.published_at, reading.head.review_month) == (day, "2025-06")


def test_document_of_another_chain_is_refused():
    with pytest.raises(ContractBroken, match="reviews another chain"):
        read_review(Document("a.txt", ENGLISH.encode()), source="test", chain="lithium_ion")


def test_unknown_chain():
    with pytest.raises(UsageError, match="unknown chain"):
        read_review(Document("a.txt", ENGLISH.encode()), source="test", chain="potassium_ion")


def test_impossible_share_reaches_the_contracts_as_printed():
    text = ENGLISH.replace("69%", "910%")
    reading = read_review(Document("a.txt", text.encode()), source="test")
    assert reading.figures.filter(reading.figures["measure"] == "share_pct")["value"].to_list() == [910.0]


def test_two_months_in_one_document_keep_their_own_periods():
    text = ENGLISH + "\nIn April, cathode output had risen 5% MoM.\n"
    reading = read_review(Document("a.txt", text.encode()), source="test")
    rows = reading.figures.filter((reading.figures["segment"] == "cathode") & (reading.figures["measure"] == "mom_pct"))
    assert sorted(rows.select("period", "value").rows()) == [("2025-04", 5.0), ("2025-05", -3.0)]


def test_what_cannot_be_placed_is_unresolved():
    text = ENGLISH + "\nVanadium flow batteries gained 12% MoM.\nCathode output moved by 4% in the month.\n"
    reading = read_review(Document("a.txt", text.encode()), source="test")
    assert set(reading.unresolved["text"]) == {"4%"}
    # a growth whose subject nobody knows is never the section's; it is accounted for
    assert "12%" in reading.numbers["text"].to_list()
    assert reading.figures.height == len(WANTED)
