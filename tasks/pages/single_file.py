"""The site as one HTML file: every page a section, of which the one that is linked to shows. It needs no script."""

import base64
import re
from collections.abc import Mapping
from datetime import datetime
from functools import partial
from pathlib import Path
from posixpath import dirname, join, normpath

from contracts.chain import Chain
from data_lake.files import write_file
from data_lake.lake import Lake
from tasks.pages.rendering import SiteFile, read_style
from tasks.pages.site import SiteOptions, render_site

_SHOWN = (
    "section.page{display:none}section.page:has(:target),section.page:target,"
    "body:not(:has(section.page:target)):not(:has(section.page :target)) section.page.first{display:block}"
)
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
_HEAD = (
    '<!doctype html>\n<html lang="{code}"><head><meta charset="utf-8">'
    f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
    '<meta name="viewport" content="width=device-width,initial-scale=1"><title>Trona</title><style>{style}</style>'
    "</head><body>\n"
)


def write_single_file(
    lake: Lake, chains: Mapping[str, Chain], path: Path, *, as_of: datetime, language: str = "en"
) -> int:
    """Write the site of these chains as one file; returns its size in bytes.

    It has every page but those of the past, and the tables as CSV; links between pages lead to sections of it.
    """
    options = SiteOptions(languages=(language,), past=0)
    files = [file for file in render_site(lake, chains, as_of=as_of, options=options) if _belongs(file)]
    content = join_pages(files, language).encode()
    write_file(path, content)
    return len(content)


def _belongs(file: SiteFile) -> bool:
    """Whether the single file has it; a search without its script would be one more list of links."""
    return file.path.endswith((".html", ".csv")) and file.path != "search.html"


def join_pages(files: list[SiteFile], language: str) -> str:
    """The pages as sections of one document, the first of them shown where none is linked to."""
    names = {file.path for file in files if file.path.endswith(".html")}
    data = {file.path: file.write() for file in files if file.path.endswith(".csv")}
    sections = [
        _make_section(file, names, data, is_first=place == 0) for place, file in enumerate(files) if file.path in names
    ]
    head = _HEAD.replace("{code}", language).replace("{style}", read_style() + _SHOWN)
    return head + "\n".join(sections) + "\n</body></html>\n"


def _make_section(file: SiteFile, names: set[str], data: Mapping[str, bytes], *, is_first: bool) -> str:
    """The page between its body tags, its ids and links made those of one document."""
    text = file.write().decode()
    body = text[text.index("<header>") : text.rindex("</body>")]
    own = name_section(file.path)
    body = re.sub(r'(?<=\s)id="([^"]*)"', lambda found: f'id="{own}--{found[1]}"', body)
    body = re.sub(r'(?<=\s)(href)="([^"]*)"', partial(_lead, file.path, names, data), body)
    body = re.sub(r"<a [^>]*data-gone[^>]*>.*?</a>", "", body, flags=re.DOTALL)
    body = body.replace("<main ", "<div ").replace("</main>", "</div>") if not is_first else body
    return f'<section class="page{" first" if is_first else ""}" id="{own}">{body}</section>'


def name_section(path: str) -> str:
    """The id of a page's section: `sodium_ion.2026-01`."""
    return path.removesuffix(".html").replace("/", ".")


def _lead(path: str, names: set[str], data: Mapping[str, bytes], found: re.Match[str]) -> str:
    """A link inside the document: to a section, a place in one, or the table itself."""
    target, _, place = found[2].partition("#")
    whole = normpath(join(dirname(path), target)) if target else path
    if whole in names:
        return f'href="#{name_section(whole)}{"--" + place if place else ""}"'
    if whole in data:
        return f'href="data:text/csv;charset=utf-8;base64,{base64.b64encode(data[whole]).decode()}"'
    return 'data-gone=""'
