"""A page as a file: its template filled in, and a key by which a later build knows that it says the same."""

import base64
import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from contracts.chain import Chain
from contracts.local_time import write_instant
from tasks.pages.charts import can_draw, to_svg
from tasks.pages.documents import name_document
from tasks.pages.parts import Chart
from tasks.pages.words import name_chain
from tasks.reconciling.language import Language

if TYPE_CHECKING:
    from jinja2 import Environment


@dataclass(frozen=True)
class SiteFile:
    """A file of the site: its name, a key that changes where its content does, and how it is written.

    To write is what costs (pictures, the workbook), so that it is left for what has changed.
    """

    path: str
    key: str
    write: Callable[[], bytes]


@dataclass(frozen=True)
class Edition:
    """The site in one language: the folder that it is in, and that of the other language, None where there is none.

    Both end in `/` or are empty.
    """

    words: Language
    folder: str = ""
    other: str | None = None


def build_page(
    edition: Edition,
    path: str,
    template: str,
    *,
    title: str,
    chain: Chain | None = None,
    newest: datetime | None = None,
    **values: Any,
) -> SiteFile:
    """The file of a page. `path` is its name in the edition; `values` are what its template asks for.

    Everything that the page says is in the arguments, and their `repr` names it: the key is its hash.
    """
    steps = path.count("/")
    root = "../" * steps
    whole = edition.folder + path
    context = {
        "path": path,
        "root": root,
        "data_root": "../" * whole.count("/"),
        # from the edition's own folder to the other's: both hang in the folder of the site
        "other": None if edition.other is None else "../" * edition.folder.count("/") + edition.other,
        "title": title,
        "chain": chain,
        "chain_title": name_chain(chain, edition.words) if chain else "",
        "newest": write_instant(newest, chain.calendar.time_zone if chain else "UTC") if newest else "",
        "has_charts": can_draw(),
        "past": "",
        "script": "",
        "script_hash": "",
        **values,
    }
    said = {**context, "chain": chain.name if chain else ""}
    key = hash_text(f"{edition.words.code}\n{template}\n{whole}\n{said!r}\n{fingerprint_code()}")
    return SiteFile(whole, key, lambda: _render(edition, template, context))


def _render(edition: Edition, template: str, context: dict[str, Any]) -> bytes:
    def say(path: str, **parts: object) -> str:
        return edition.words.say(f"page.{path}", **parts)

    page = make_environment().get_template(template)
    return page.render(words=edition.words, say=say, style=read_style(), **context).encode()


def hash_text(text: str) -> str:
    """The hash of a text, as keys have it."""
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def hash_frame(frame: pl.DataFrame) -> str:
    """The hash of a table: its columns and rows, in their order."""
    names = ",".join(f"{name} {dtype}" for name, dtype in frame.schema.items())
    return hashlib.sha256(names.encode() + frame.hash_rows().to_numpy().tobytes()).hexdigest()[:32]


@cache
def make_environment() -> "Environment":
    """Jinja with the templates of the pages; everything that is filled in is escaped."""
    from jinja2 import Environment, PackageLoader, StrictUndefined  # noqa: PLC0415 - only pages pay for it

    environment = Environment(
        loader=PackageLoader("tasks.pages", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"tie": tie, "draw": draw, "document_path": name_document}
    return environment


def draw(chart: Chart) -> str:
    """The chart as SVG; empty where nothing can be drawn."""
    return to_svg(chart.spec, chart.alternative) if chart.spec and can_draw() else ""


def tie(text: object) -> str:
    """The text with numbers that no line break parts from their unit."""
    return re.sub(r"(?<=\d) (?=%|pp\b|t\b|MoM|YoY)|(?<=%) (?=MoM|YoY)", "\N{NO-BREAK SPACE}", str(text))


@cache
def read_style() -> str:
    """The style sheet, which every page carries."""
    return (files("tasks.pages") / "templates" / "style.css").read_text(encoding="utf-8").replace("\n", "")


@cache
def read_script() -> tuple[str, str]:
    """The script of the search, and its hash as the page's policy names it: nothing else may run."""
    text = (files("tasks.pages") / "templates" / "search.js").read_text(encoding="utf-8")
    return text, f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


@cache
def fingerprint_code() -> str:
    """A hash of the code that pages come from, so that an upgrade draws every page anew."""
    root = Path(__file__).parents[2]
    endings = {".py", ".toml", ".html", ".css", ".js"}
    digest = hashlib.sha256(str(can_draw()).encode())
    for folder in ("contracts", "tasks"):
        for path in sorted((root / folder).rglob("*")):
            if path.suffix in endings:
                digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
