"""A document of prose read to a release: its head, its figures with evidence, and what stayed open."""

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl

from contracts.chain import Chain, load_chain
from contracts.errors import ContractBroken, UsageError
from contracts.figures import READ_FIGURES
from contracts.local_time import place_instant
from contracts.period import format_month, parse_month
from contracts.readings import UNRESOLVED, Document, Reading, ReleaseHead
from tasks.extraction.documents import document_text
from tasks.extraction.language import Language, detect_language
from tasks.extraction.lexicon import build_lexicon
from tasks.extraction.merge import merge_statements
from tasks.extraction.release_head import read_chain, read_published, read_review_month
from tasks.extraction.review import Missed, SourcedStatement, read_text


@dataclass(frozen=True)
class _Head:
    chain: Chain
    language: Language
    published: datetime
    review: date


def read_review(
    document: Document,
    *,
    source: str,
    chain: str | None = None,
    published: datetime | None = None,
    review_month: str | None = None,
    chains_folder: Path | None = None,
) -> Reading:
    """Read a review of prose to its figures.

    Publication, reviewed month and chain are read from the document where they are not given; a given
    one goes before a read one. `published` is an instant, or a clock time of the chain's zone; a day stated in
    the document counts as its first instant there. Figures have the columns of `READ_FIGURES`; `span_start`
    and `span_end` count characters of `document_text(document)`, and `evidence` is that text's sentence.

    Raises `ContractBroken` or `SourceUnavailable` where the document holds no readable text or reviews
    another chain, and `UsageError` where publication, month or chain can be found nowhere.
    """
    text = document_text(document)
    head = _read_head(text, document.name, chain, published, review_month, chains_folder)
    lexicon = build_lexicon(head.chain.name, head.language, chains_folder)
    stated, missed = read_text(text, lexicon, head.review)
    return Reading(
        head=ReleaseHead(
            source=source,
            chain=head.chain.name,
            review_month=format_month(head.review),
            published_at=head.published,
            document=document.sha256,
            document_name=document.name,
        ),
        figures=_frame_figures(merge_statements(stated), text),
        unresolved=_frame_unresolved(missed, text),
    )


def _read_head(
    text: str,
    name: str,
    chain: str | None,
    published: datetime | None,
    review_month: str | None,
    folder: Path | None,
) -> _Head:
    language = detect_language(text)
    found_chain = chain or read_chain(text, folder)
    if found_chain is None:
        raise _ask(name, "which chain it reviews", "--chain")
    definition = load_chain(found_chain, folder)
    _refuse_other_chain(text, name, definition, folder, is_given=chain is not None)
    zone = definition.calendar.time_zone
    instant = place_instant(published, zone) if published else read_published(text, language, definition)
    if instant is None:
        raise _ask(name, "when it was published", "--published")
    month = (
        parse_month(review_month)
        if review_month
        else read_review_month(text, language, instant.astimezone(ZoneInfo(zone)).date())
    )
    if month is None:
        raise _ask(name, "which month it reviews", "--month")
    return _Head(definition, language, instant, month)


def _ask(name: str, what: str, option: str) -> UsageError:
    return UsageError(
        f"{name} does not say {what}",
        where=name,
        effect="nothing was read",
        next=f"say it with {option}",
    )


def _refuse_other_chain(text: str, name: str, chain: Chain, folder: Path | None, *, is_given: bool) -> None:
    """Refuse a document given for one chain that clearly reviews another."""
    if not is_given:
        return
    found = read_chain(text, folder)
    if found is not None and found != chain.name:
        raise ContractBroken(
            f"{name} reviews another chain",
            where=name,
            found=f"{found}, where {chain.name} was asked for",
            effect="nothing was read",
            next=f"leave --chain out, or give --chain {found}",
        )


def _frame_figures(stated: list[SourcedStatement], text: str) -> pl.DataFrame:
    rows = [
        (
            *item.statement.node,
            item.statement.metric,
            item.statement.measure,
            item.statement.period,
            item.statement.kind,
            item.statement.value,
            item.statement.lower,
            item.statement.upper,
            item.statement.unit,
            item.statement.qualifier,
            item.statement.half_width,
            f"{item.statement.token.start}-{item.statement.token.end}",
            text[item.start : item.end],
            item.statement.token.start,
            item.statement.token.end,
            item.statement.rule,
            "",
            "",
        )
        for item in stated
    ]
    columns = (
        *("segment", "product", "metric", "measure", "period", "kind", "value", "lower", "upper", "unit"),
        *("qualifier", "half_width", "place", "evidence", "span_start", "span_end", "rule", "note", "source_url"),
    )
    data = dict(zip(columns, zip(*rows, strict=True), strict=True)) if rows else dict.fromkeys(columns, ())
    return pl.DataFrame(
        [pl.Series(c.name, data[c.name], dtype=c.dtype) for c in READ_FIGURES.columns],
    )


def _frame_unresolved(missed: list[Missed], text: str) -> pl.DataFrame:
    seen = {(m.miss.token.start, m.miss.token.end): m for m in reversed(missed)}
    rows = [
        (f"{start}-{end}", text[start:end], text[m.start : m.end], m.miss.reason)
        for (start, end), m in sorted(seen.items())
    ]
    return pl.DataFrame(rows, schema=UNRESOLVED.schema, orient="row")
