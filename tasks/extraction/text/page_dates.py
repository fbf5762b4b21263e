"""The instant at which a page says it was published, in the marks that pages carry for machines."""

import json
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import PurePath
from typing import Any

from contracts.readings import Document

_MOST = 2_000_000
_META = re.compile(rb"<meta\b[^>]{0,600}>", re.IGNORECASE)
_NAMES = re.compile(
    rb"(?:property|name|itemprop)\s*=\s*[\"']?"
    rb"(?:article:published_time|og:published_time|datepublished|pubdate|publishdate|publish[-_]date|dc\.date(?:\.issued)?|date)"
    rb"[\"'\s>]",
    re.IGNORECASE,
)
_CONTENT = re.compile(rb"content\s*=\s*[\"']([^\"']{4,40})[\"']", re.IGNORECASE)
_LINKED = re.compile(
    rb"<script[^>]{0,200}application/ld\+json[^>]{0,200}>(.{2,200000}?)</script>", re.IGNORECASE | re.DOTALL
)
_TIME = re.compile(rb"<time\b[^>]{0,300}datetime\s*=\s*[\"']([^\"']{4,40})[\"']", re.IGNORECASE)


def read_page_published(document: Document) -> datetime | None:
    """The publication that a page's head states: `article:published_time`, JSON-LD, or its first `<time>`.

    The instant has a zone only where the page states one. None for a page that states nothing, and for what is no page.
    """
    if PurePath(document.name).suffix.lower() not in {".html", ".htm"}:
        return None
    content = document.content[:_MOST]
    for text in _list_stated(content):
        try:
            found = datetime.fromisoformat(text.strip().replace("/", "-"))
        except ValueError:
            continue
        if 2000 <= found.year <= 2100:
            return found
    return None


def _list_stated(content: bytes) -> Iterator[str]:
    for tag in _META.finditer(content):
        value = _CONTENT.search(tag.group())
        if value is not None and _NAMES.search(tag.group()):
            yield value[1].decode("utf-8", "replace")
    for block in _LINKED.finditer(content):
        try:
            yield from _dates_of(json.loads(block[1]))
        except (ValueError, RecursionError):
            continue
    for tag in _TIME.finditer(content):
        yield tag[1].decode("utf-8", "replace")


def _dates_of(data: Any) -> Iterator[str]:
    """Every `datePublished` in linked data, which nests."""
    if isinstance(data, dict):
        value = data.get("datePublished")
        if isinstance(value, str):
            yield value
        for inner in data.values():
            yield from _dates_of(inner)
    elif isinstance(data, list):
        for inner in data:
            yield from _dates_of(inner)
