"""The site: a page per month and series of each chain, the track record, sources, and the data to take away."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from functools import cache
from importlib.resources import files
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import polars as pl

from contracts.chain import Chain
from contracts.errors import UsageError
from contracts.period import format_month
from contracts.text import quote_formulas
from data_lake.files import write_file
from data_lake.lake import Lake
from tasks.month_summary.reading import read_month
from tasks.month_summary.writing import MonthText, write_month
from tasks.pages.addresses import name_month_page
from tasks.pages.charts import can_draw
from tasks.pages.facts import ChainFacts, read_facts
from tasks.pages.month import describe_month
from tasks.pages.record import describe_record, describe_sources
from tasks.pages.series import describe_series, list_series
from tasks.reconciling.language import load_language

if TYPE_CHECKING:
    from jinja2 import Environment


def build_site(lake: Lake, chains: Mapping[str, Chain], folder: Path, *, as_of: datetime) -> list[Path]:
    """Write the site of these chains into `folder`, with the knowledge of `as_of`. Returns the files that changed.

    `index.html` comes first; every page opens from disk, asks no network and runs no script. The same lake and instant
    give the same bytes, so that a page that says the same is left as it is. Raises `SourceUnavailable` where the disk
    does not take a file; those before it are whole.
    """
    changed = []
    for name, content in render_site(lake, chains, as_of=as_of):
        path = folder / PurePosixPath(name)
        if not path.exists() or path.read_bytes() != content:
            write_file(path, content)
            changed.append(path)
    return changed


def render_site(lake: Lake, chains: Mapping[str, Chain], *, as_of: datetime) -> Iterator[tuple[str, bytes]]:
    """Name and content of every file of the site."""
    everything = [facts for chain in chains.values() if (facts := read_facts(lake, chain, as_of)).figures.height]
    overview = [(facts.chain, describe_month(facts, facts.months[0])) for facts in everything if facts.months]
    yield "index.html", _render("index.html", "", everything, pages=overview, title="Trona")
    for facts in everything:
        yield from _render_chain(lake, facts, everything)


def _render_chain(lake: Lake, facts: ChainFacts, everything: Sequence[ChainFacts]) -> Iterator[tuple[str, bytes]]:
    name, title, labels = facts.chain.name, facts.chain.title, list_series(facts)
    common = {"facts": facts, "series": labels}
    for month in facts.months:
        page, text = describe_month(facts, month), _write_text(lake, facts, month)
        heading = f"{title}, {month:%B %Y}"
        yield (
            name_month_page(name, month),
            _render("month.html", "../", everything, page=page, text=text, title=heading, **common),
        )
    for label, slug in labels:
        series = describe_series(facts, label, slug)
        heading = f"{label} ({title})"
        yield (
            f"{name}/series/{slug}.html",
            _render("series.html", "../../", everything, page=series, title=heading, **common),
        )
    record, sources = describe_record(facts), describe_sources(facts)
    yield (
        f"{name}/record.html",
        _render("record.html", "../", everything, page=record, title=f"{title}: track record", **common),
    )
    yield (
        f"{name}/sources.html",
        _render("sources.html", "../", everything, page=sources, title=f"{title}: sources", **common),
    )
    frames = {"figures": facts.figures, "comparisons": facts.comparisons, "scores": facts.scores}
    for table, frame in frames.items():
        yield f"{name}/data/{table}.csv", _to_csv(frame)


def _write_text(lake: Lake, facts: ChainFacts, month: date) -> MonthText | None:
    """The month in sentences, as `trona month` says it; None where several sources review the chain."""
    try:
        return write_month(read_month(lake, facts.chain, month, as_of=facts.as_of), load_language("en"))
    except UsageError:
        return None


def _to_csv(frame: pl.DataFrame) -> bytes:
    instants = [
        pl.col(name).dt.strftime("%Y-%m-%dT%H:%M:%SZ")
        for name, dtype in frame.schema.items()
        if dtype.is_temporal() and isinstance(dtype, pl.Datetime)
    ]
    shown = frame.drop("series", "text").with_columns(instants)
    return shown.with_columns(quote_formulas(pl.col(pl.String))).write_csv().encode()  # opened by a spreadsheet


def _render(template: str, root: str, everything: Sequence[ChainFacts], **values: object) -> bytes:
    chains = [(facts.chain, [format_month(month) for month in facts.months]) for facts in everything]
    published: list[datetime] = [at for facts in everything for at in facts.releases["published_at"].to_list()]
    newest = max(published, default=None)
    page = _environment().get_template(template)
    return page.render(
        root=root, chains=chains, newest=newest, has_charts=can_draw(), style=_read_style(), **values
    ).encode()


@cache
def _environment() -> "Environment":
    from jinja2 import Environment, PackageLoader, StrictUndefined  # noqa: PLC0415 - only pages pay for it

    environment = Environment(
        loader=PackageLoader("tasks.pages", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["tie"] = tie
    return environment


def tie(text: object) -> str:
    """The text with numbers that no line break parts from their unit."""
    return re.sub(r"(?<=\d) (?=%|pp\b|t\b|MoM|YoY)|(?<=%) (?=MoM|YoY)", "\N{NO-BREAK SPACE}", str(text))


@cache
def _read_style() -> str:
    return (files("tasks.pages") / "templates" / "style.css").read_text(encoding="utf-8")
