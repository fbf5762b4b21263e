"""A number's sentence or cell, in its document, with its release and the other values published for it."""

from pathlib import Path

import polars as pl

from contracts.chain import load_chain
from contracts.errors import SourceUnavailable
from contracts.figures import FIGURE_KEY, FIGURES
from contracts.local_time import write_instant
from contracts.readings import Document
from contracts.releases import RELEASES
from contracts.terminal_text import escape_terminal
from data_lake.figures import PUBLICATION_ORDER
from data_lake.ids import find_by_prefix
from data_lake.lake import Lake
from data_lake.releases import find_read_document
from tasks.extraction import document_text, is_review

_CONTEXT = 240


def explain_figure(lake: Lake, figure_id: str, chains_folder: Path | None = None) -> str:
    """The explanation as plain text, safe for a terminal; the beginning of the id is enough.

    Instants are shown by the clock of the chain's time zone.
    Raises `UsageError` where no figure, or more than one, has such an id.
    """
    figures = lake.table(FIGURES).scan()
    begun = figures.filter(pl.col("figure_id").str.starts_with(figure_id)).select("figure_id").collect()
    name = find_by_prefix(figure_id, begun["figure_id"], "figure", "ids are printed by `trona figures --format csv`")
    row = figures.filter(pl.col("figure_id") == name).collect().row(0, named=True)
    events = lake.table(RELEASES).scan().filter(release_id=row["release_id"]).sort("at").collect()
    release = events.row(0, named=True)
    zone = load_chain(row["chain"], chains_folder).calendar.time_zone
    key = " · ".join(str(row[name]) for name in FIGURE_KEY if row[name])
    lines = [
        f"{key}: {_say_value(row)}",
        f"  read from   {release['document_name']}, {row['place']} (rule {row['rule']})",
        f"  release     {row['release_id']}, reviews {row['review_month']}",
        f"  published   {write_instant(row['published_at'], zone)}{' (assumed)' * row['is_published_assumed']}",
        f"  recorded    {write_instant(row['recorded_at'], zone)}",
        *(
            f"  {event['event']:<11} {write_instant(event['at'], zone)} {event['reason']}"
            for event in events.to_dicts()[1:]
        ),
        f"  page        {row['source_url']}" if row["source_url"] else "",
        f"  note        {row['note']}" if row["note"] else "",
        "",
        _show_evidence(lake, row, *find_read_document(lake, release)),
        "",
        *_list_vintages(figures, row, zone),
    ]
    return "\n".join(escape_terminal(line) for text in lines for line in text.split("\n")).replace("\n\n\n", "\n\n")


def _show_evidence(lake: Lake, row: dict[str, object], name: str, document: str) -> str:
    """The sentence with the number marked, in its context; of a table the cells."""
    start, end = row["span_start"], row["span_end"]
    if not isinstance(start, int) or not isinstance(end, int) or not is_review(name):
        return f"  {row['evidence']}"
    try:
        text = document_text(Document(name, lake.read_document(document)))
    except SourceUnavailable as error:
        return f"  {row['evidence']}\n  ({error.what})"
    before = text[max(0, start - _CONTEXT) : start]
    after = text[end : end + _CONTEXT]
    return f"  … {before}⟦{text[start:end]}⟧{after} …".replace("\n", " ")


def _say_value(row: dict[str, object]) -> str:
    if row["value"] is not None:
        about = "about " if row["qualifier"] == "about" else ""
        return f"{about}{row['value']:g} {row['unit']} (± {row['half_width']:g} by rounding)"
    lower, upper = row["lower"], row["upper"]
    if lower is not None and upper is not None:
        return f"{lower:g} to {upper:g} {row['unit']}"
    return f"at least {lower:g} {row['unit']}" if lower is not None else f"at most {upper:g} {row['unit']}"


def _list_vintages(figures: pl.LazyFrame, row: dict[str, object], zone: str) -> list[str]:
    same = figures.filter(*(pl.col(name) == row[name] for name in FIGURE_KEY))
    others = same.sort(*PUBLICATION_ORDER).collect().to_dicts()
    if len(others) == 1:
        return ["no other value was published for it"]
    return [
        "published for it, oldest first:",
        *(
            f"  {write_instant(other['published_at'], zone)}  {_say_value(other)}  {other['figure_id']}"
            + ("  ← this one" if other["figure_id"] == row["figure_id"] else "")
            for other in others
        ),
    ]
