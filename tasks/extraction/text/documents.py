"""The text of a document, whatever its format: .txt, .md, .html, .pdf, .docx.

Each format has a well-kept reader: trafilatura takes an article out of a page, pypdf and python-docx
read the other two. The text is what the spans of all figures count in.
"""

import io
import logging
import re
import zipfile
from collections.abc import Callable, Iterator
from html import unescape
from pathlib import PurePath

from contracts.errors import ContractBroken, SourceUnavailable
from contracts.readings import Document
from tasks.extraction.text.decoding import decode_text

MAX_TEXT_BYTES = 10_000_000
MAX_PAGE_BYTES = 20_000_000
MAX_UNPACKED_BYTES = 100_000_000
MAX_PAGES = 500
_MAX_FILE_BYTES = 100_000_000
_ENTITY = re.compile(r"&(?:#\d{1,6}|#x[0-9a-fA-F]{1,5}|[a-z]{2,8});")


def is_review(name: str) -> bool:
    """Whether a file of this name is read as prose, by its suffix."""
    return PurePath(name).suffix.lower() in _READERS


def document_text(document: Document) -> str:
    """The text of a document; each line ends in one line feed.

    Raises `ContractBroken` where it holds no text that can be read (empty, binary, unknown encoding,
    no suffix of ours), and `SourceUnavailable` where it is locked, scanned, damaged or too large.
    """
    reader = _READERS.get(PurePath(document.name).suffix.lower())
    if reader is None:
        known = ", ".join(sorted(_READERS))
        raise ContractBroken(
            f"{document.name} is not a review that can be read",
            where=document.name,
            found=f"suffix {PurePath(document.name).suffix or 'none'!r}",
            effect="nothing was read",
            next=f"known suffixes: {known}",
        )
    if not document.content.strip():
        raise ContractBroken(f"{document.name} is empty", where=document.name, effect="nothing was read")
    text = reader(document)
    if not text.strip():
        raise ContractBroken(f"{document.name} holds no text", where=document.name, effect="nothing was read")
    return text


def _read_text(document: Document) -> str:
    _refuse_large(document, MAX_TEXT_BYTES)
    if document.content.startswith((b"%PDF-", b"PK\x03\x04")):
        raise ContractBroken(
            f"{document.name} is not a text",
            where=document.name,
            found="a PDF" if document.content.startswith(b"%PDF-") else "a zipped document",
            effect="nothing was read",
            next="give the file its real suffix (.pdf, .docx)",
        )
    text = decode_text(document.content, document.name)
    return unescape(text) if _ENTITY.search(text) else text


_LONG_TAG = re.compile(r"<([A-Za-z][\w:-]*)\s[^<>]{65536,}>")
"""A tag of so many attributes that its reader takes seconds for it, or a picture written out: both say nothing."""


def _read_page(document: Document) -> str:
    """The article of a page, as Markdown, without navigation, scripts and comments."""
    _refuse_large(document, MAX_PAGE_BYTES)
    from trafilatura import extract  # noqa: PLC0415 - half a second of import that other formats do not need

    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)
    html = _LONG_TAG.sub(r"<\1>", decode_text(document.content, document.name))
    text = extract(html, output_format="markdown", include_comments=False, include_tables=True, favor_recall=True)
    return text or _strip_page(html)


def _strip_page(html: str) -> str:
    """Every visible text of a page in which no article was found."""
    from lxml import etree  # type: ignore[import-untyped]  # noqa: PLC0415 - comes with trafilatura
    from lxml import html as page  # noqa: PLC0415

    try:
        root = page.fromstring(html.encode())
    except (etree.ParserError, ValueError):
        return ""
    for element in root.xpath("//script|//style|//nav|//header|//footer|//noscript|//aside"):
        element.drop_tree()
    lines = (line.strip() for line in root.text_content().splitlines())
    return "\n".join(line for line in lines if line)


# what pypdf and python-docx raise on damaged files beside their own errors
_DAMAGE = (
    ValueError,
    KeyError,
    IndexError,
    TypeError,
    AttributeError,
    RecursionError,
    NotImplementedError,
    OSError,
)


def _read_pdf(document: Document) -> str:
    _refuse_large(document, _MAX_FILE_BYTES)
    from pypdf import PdfReader  # noqa: PLC0415
    from pypdf.errors import PyPdfError  # noqa: PLC0415

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    try:
        reader = PdfReader(io.BytesIO(document.content))
        is_locked = reader.is_encrypted and not reader.decrypt("")
        pages = [] if is_locked else [page.extract_text() for page in reader.pages[:MAX_PAGES]]
    except (*_DAMAGE, PyPdfError) as error:
        raise _damaged(document, error) from error
    if is_locked:
        raise SourceUnavailable(
            f"{document.name} is locked with a password",
            where=document.name,
            effect="nothing was read",
            next="save a copy without the password",
        )
    text = "\n\n".join(page.strip() for page in pages if page.strip())
    if not text.strip():
        raise SourceUnavailable(
            f"{document.name} holds no text",
            where=document.name,
            found=f"{len(pages)} pages of images",
            effect="nothing was read",
            next="it seems to be scanned: run it through text recognition first",
        )
    return text


def _read_docx(document: Document) -> str:
    _refuse_large(document, _MAX_FILE_BYTES)
    _refuse_bomb(document)
    import docx  # noqa: PLC0415
    from docx.opc.exceptions import OpcError  # noqa: PLC0415
    from lxml.etree import LxmlError  # type: ignore[import-untyped]  # noqa: PLC0415

    try:
        parts = docx.Document(io.BytesIO(document.content))
        lines = list(_list_lines(parts))
    except (*_DAMAGE, OpcError, LxmlError, zipfile.BadZipFile) as error:
        raise _damaged(document, error) from error
    return "\n".join(lines)


def _list_lines(parts: object) -> Iterator[str]:
    """Paragraphs and tables of a Word document in their order; headings and list items with Markdown's marks."""
    from docx.table import Table  # noqa: PLC0415

    for part in parts.iter_inner_content():  # type: ignore[attr-defined]
        if isinstance(part, Table):
            for row in part.rows:
                yield "| " + " | ".join(cell.text.replace("\n", " ") for cell in row.cells) + " |"
            yield ""
            continue
        style = (part.style.name or "") if part.style is not None else ""
        text = part.text.replace("\n", " ")
        if style.startswith("Heading") and text.strip():
            yield f"{'#' * int(style.split()[-1]) if style.split()[-1].isdigit() else '#'} {text}"
        elif style.startswith("Title") and text.strip():
            yield f"# {text}"
        elif style.startswith("List") and text.strip():
            yield f"- {text}"
        else:
            yield text


def _refuse_large(document: Document, limit: int) -> None:
    if len(document.content) > limit:
        raise SourceUnavailable(
            f"{document.name} is too large to be a review",
            where=document.name,
            found=f"{len(document.content) / 1e6:,.0f} MB; at most {limit / 1e6:,.0f} MB are read",
            effect="nothing was read",
            next="cut out the review itself",
        )


def _refuse_bomb(document: Document) -> None:
    """Refuse an archive whose parts unpack to more than a review can hold, before any part is unpacked."""
    try:
        with zipfile.ZipFile(io.BytesIO(document.content)) as archive:
            size = sum(part.file_size for part in archive.infolist())
    except (zipfile.BadZipFile, ValueError, OSError) as error:
        raise _damaged(document, error) from error
    if size > MAX_UNPACKED_BYTES:
        raise SourceUnavailable(
            f"{document.name} unpacks to more than a review can hold",
            where=document.name,
            found=f"{size / 1e6:,.0f} MB in {len(document.content) / 1e6:,.1f} MB",
            effect="nothing was unpacked",
            next="check where the file comes from",
        )


def _damaged(document: Document, error: Exception) -> SourceUnavailable:
    kind = PurePath(document.name).suffix.lower().lstrip(".")
    return SourceUnavailable(
        f"{document.name} cannot be opened as {kind}",
        where=document.name,
        found=f"{type(error).__name__}: {error}"[:200],
        effect="nothing was read",
        next="open it in its own program and save it again",
    )


_READERS: dict[str, Callable[[Document], str]] = {
    ".txt": _read_text,
    ".md": _read_text,
    ".markdown": _read_text,
    ".html": _read_page,
    ".htm": _read_page,
    ".pdf": _read_pdf,
    ".docx": _read_docx,
}
