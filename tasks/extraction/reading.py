"""A document of prose read to a release: its head, its figures with evidence, and what stayed open."""

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import polars as pl

from contracts.chain import Chain, load_chain
from contracts.errors import ContractBroken, UsageError
from contracts.period import last_month
from contracts.readings import UNRESOLVED, Document, Reading, ReleaseHead
from tasks.extraction.figures import frame_figures, merge_statements
from tasks.extraction.head import is_other_chain, read_chain, read_published, read_review_period
from tasks.extraction.language import Language, detect_language
from tasks.extraction.mentions.lexicon import build_lexicon, names_sums
from tasks.extraction.mentions.periods import Calendar
from tasks.extraction.review import Account, read_text
from tasks.extraction.text.characters import normalise
from tasks.extraction.text.documents import document_text


@dataclass(frozen=True)
class _Head:
    chain: Chain
    language: Language
    published: datetime
    period: str


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
    one goes before a read one. `published` is an instant; a day stated in the document counts as its
    first instant in the chain's time zone. Figures have the columns of `READ_FIGURES`; `span_start`
    and `span_end` count characters of `document_text(document)`, and `evidence` is that text's sentence.

    Raises `ContractBroken` or `SourceUnavailable` where the document holds no readable text or reviews
    another chain, and `UsageError` where publication, month or chain can be found nowhere.
    """
    text = document_text(document)
    head = _read_head(text, document.name, chain, published, review_month, chains_folder)
    has_sums = names_sums(normalise(text), head.chain)
    lexicon = build_lexicon(head.chain.name, head.language, chains_folder, has_sums=has_sums)
    calendar = Calendar(head.period, last_month(head.period), date(head.published.year, head.published.month, 1))
    account = read_text(text, lexicon, calendar)
    return Reading(
        head=ReleaseHead(
            source=source,
            chain=head.chain.name,
            review_month=head.period,
            published_at=head.published,
            document=document.sha256,
            document_name=document.name,
        ),
        figures=frame_figures(merge_statements(account.stated, account.directions), text),
        unresolved=_frame_unresolved(account, text),
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
    if chain is not None and is_other_chain(text, definition):
        raise ContractBroken(
            f"{name} reviews another chain",
            where=name,
            found=f"no name of {definition.name}, which was asked for",
            effect="nothing was read",
            next="leave --chain out, or give the chain that it reviews",
        )
    instant = published or read_published(text, language, definition)
    if instant is None:
        raise _ask(name, "when it was published", "--published")
    if review_month:
        last_month(review_month)  # raises where it is no period
    period = review_month or read_review_period(text, language, instant.date())
    if period is None:
        raise _ask(name, "which month it reviews", "--month")
    return _Head(definition, language, instant, period)


def _ask(name: str, what: str, option: str) -> UsageError:
    return UsageError(
        f"{name} does not say {what}",
        where=name,
        effect="nothing was read",
        next=f"say it with {option}",
    )


def _frame_unresolved(account: Account, text: str) -> pl.DataFrame:
    seen = {
        (n.start, n.end): n for n in reversed(account.numbers) if n.status == "unresolved"
    }
    rows = [
        (f"{start}-{end}", text[start:end], text[n.sentence_start : n.sentence_end], n.reason)
        for (start, end), n in sorted(seen.items())
    ]
    return pl.DataFrame(rows, schema=UNRESOLVED.schema, orient="row")
