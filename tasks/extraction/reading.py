"""A document of prose read to a release: its head, its figures with evidence, and what became of every other number."""

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from contracts.chain import Chain, load_chain
from contracts.errors import ContractBroken, UsageError
from contracts.local_time import place_instant
from contracts.period import last_month
from contracts.readings import Document, Reading, ReleaseHead
from tasks.extraction.accounts import complete, frame_numbers, frame_unresolved
from tasks.extraction.dating import read_published, read_review_period
from tasks.extraction.doubts import part_doubtful
from tasks.extraction.figures import frame_doubtful, frame_figures, merge_statements
from tasks.extraction.head import find_other_chain, read_chain
from tasks.extraction.language import Language, detect_language
from tasks.extraction.mentions.lexicon import build_lexicon, names_sums
from tasks.extraction.mentions.periods import Calendar
from tasks.extraction.review import read_text
from tasks.extraction.text.characters import normalise
from tasks.extraction.text.documents import document_text
from tasks.extraction.text.page_dates import read_page_published


@dataclass(frozen=True)
class _Head:
    chain: Chain
    language: Language
    published: datetime
    period: str

    @property
    def calendar(self) -> Calendar:
        """The months by which the text's relative periods are told."""
        local = self.published.astimezone(ZoneInfo(self.chain.calendar.time_zone))
        return Calendar(self.period, last_month(self.period), date(local.year, local.month, 1))


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
    first instant in the chain's time zone. `review_month` may also be a quarter or a half-year.
    `figures` has the columns of `READ_FIGURES`; `span_start` and `span_end` count characters of
    `document_text(document)`, and `evidence` is that text's sentence. What is less sure, or contradicts
    another number, is in `doubtful`; every other number is in `numbers` with what became of it.

    Raises `ContractBroken` or `SourceUnavailable` where the document holds no readable text or reviews
    another chain, and `UsageError` where publication, month or chain can be found nowhere.
    """
    text = document_text(document)
    head = _read_head(text, document, chain, published, review_month, chains_folder)
    plain = normalise(text)
    lexicon = build_lexicon(head.chain.name, head.language, chains_folder, has_sums=names_sums(plain, head.chain))
    account = complete(read_text(text, lexicon, head.calendar), text)
    sure, doubtful = part_doubtful(account.stated, lexicon.parents)
    figures = merge_statements(sure, account.directions)
    doubted = frame_doubtful(doubtful, figures, text)
    shown = {(item.statement.start, item.statement.end) for item in figures}
    shown |= set(zip(doubted["span_start"], doubted["span_end"], strict=True))
    return Reading(
        head=ReleaseHead(
            source=source,
            chain=head.chain.name,
            review_month=head.period,
            published_at=head.published,
            document=document.sha256,
            document_name=document.name,
        ),
        figures=frame_figures(figures, text),
        confidence=tuple(item.statement.confidence for item in figures),
        doubtful=doubted,
        unresolved=frame_unresolved(account, text),
        numbers=frame_numbers(account, text, shown),
    )


def _read_head(
    text: str,
    document: Document,
    chain: str | None,
    published: datetime | None,
    review_month: str | None,
    folder: Path | None,
) -> _Head:
    language = detect_language(text)
    found_chain = chain or read_chain(text, folder)
    if found_chain is None:
        raise _ask(document.name, "which chain it reviews", "--chain")
    definition = load_chain(found_chain, folder)
    _refuse_other_chain(text, document.name, definition, is_given=chain is not None)
    zone = definition.calendar.time_zone
    stated = published or read_page_published(document)
    instant = place_instant(stated, zone) if stated else read_published(text, language, definition)
    if instant is None:
        raise _ask(document.name, "when it was published", "--published")
    if review_month:
        last_month(review_month)  # raises where it is no period
    day = instant.astimezone(ZoneInfo(zone)).date()
    period = review_month or read_review_period(text, language, day)
    if period is None:
        raise _ask(document.name, "which month it reviews", "--month")
    return _Head(definition, language, instant, period)


def _ask(name: str, what: str, option: str) -> UsageError:
    return UsageError(
        f"{name} does not say {what}",
        where=name,
        effect="nothing was read",
        next=f"say it with {option}",
    )


def _refuse_other_chain(text: str, name: str, chain: Chain, *, is_given: bool) -> None:
    """Refuse a document given for one chain that clearly reviews another."""
    other = find_other_chain(text, chain) if is_given else ""
    if other:
        raise ContractBroken(
            f"{name} reviews another chain",
            where=name,
            found=f"{other}, where {chain.name} was asked for",
            effect="nothing was read",
            next="leave --chain out, or give the chain that it reviews",
        )
