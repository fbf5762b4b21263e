"""Releases in a table: who published which review when, from the columns and from what the caller adds."""

import re
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from contracts.chain import Chain, chain_paths, load_chain
from contracts.errors import ContractBroken, UsageError
from contracts.local_time import place_instant
from contracts.period import add_months, last_month
from contracts.readings import Document, DocumentHints, ReleaseHead
from contracts.rules.rule import suggest_names

STATED = ("source", "chain", "review_month", "published")
"""Columns of a table that say which release a row belongs to."""


class UnreadableHead(ValueError):
    """A row does not say in a readable way which release it belongs to."""

    def __init__(self, column: str, value: str, message: str) -> None:
        super().__init__(message)
        self.column, self.value = column, value


def choose_chain(document: Document, named: list[str], hints: DocumentHints) -> Chain:
    """The one chain of a document. `named` are the chains that its rows name.

    Raises `UsageError` where nobody names one, `ContractBroken` where the rows name several or an unknown one.
    """
    if hints.chain:
        return load_chain(hints.chain, hints.chains_folder)
    if not named:
        raise UsageError(
            "the table does not state its chain",
            where=document.name,
            found="no column chain, or an empty one",
            effect="no rows were loaded",
            next="name it with --chain, or in a column chain",
        )
    known = chain_paths(hints.chains_folder)
    if unknown := [name for name in named if name not in known]:
        raise ContractBroken(
            f"unknown chain {unknown[0]!r}",
            where=document.name,
            found=", ".join(named),
            effect="no rows were loaded",
            next=f"{suggest_names(unknown[0], list(known))}",
        )
    if len(named) > 1:
        raise ContractBroken(
            f"the file holds {len(named)} chains; one file holds one",
            where=document.name,
            found=", ".join(named),
            effect="no rows were loaded",
            next="split it by chain, or ingest one of them with --chain",
        )
    return load_chain(named[0], hints.chains_folder)


def build_head(
    document: Document, chain: Chain, hints: DocumentHints, *, source: str, review_month: str, published: str
) -> ReleaseHead:
    """The head of one release of a document.

    `published` is as printed; blank = the chain's usual day, marked as assumed.
    Raises `UsageError` where nobody says a part, `UnreadableHead` where a part is malformed or contradicted.
    """
    source = _settle("source", source, hints.source) or hints.usual_source
    review_month = _settle("review_month", review_month, hints.review_month)
    for name, value, option in (("source", source, "--source"), ("review month", review_month, "--month 2026-01")):
        if not value:
            raise UsageError(
                f"the table does not state its {name}",
                where=document.name,
                found=f"no column {name.replace(' ', '_')}, or an empty one",
                effect="no rows were loaded",
                next=f"name it: {option}",
            )
    zone = ZoneInfo(chain.calendar.time_zone)
    try:
        last = last_month(review_month)
    except UsageError as error:
        raise UnreadableHead("review_month", review_month, f"{error.what}; {error.next}") from error
    said = _read_published(published, zone) if published else None
    given = place_instant(hints.published, zone.key) if hints.published else None
    if said is not None and given is not None and said != given:
        message = f"the file and the command ({given.astimezone(zone):%Y-%m-%d %H:%M} {zone.key}) differ"
        raise UnreadableHead("published", published, message)
    return ReleaseHead(
        source=source,
        chain=chain.name,
        review_month=review_month,
        published_at=given or said or assume_publication(chain, last),
        document=document.sha256,
        document_name=document.name,
        is_published_assumed=given is None and said is None,
    )


def _settle(column: str, said: str, stated: str) -> str:
    if stated and said and said != stated:
        raise UnreadableHead(column, said, f"the file and the command ({stated}) differ")
    return said or stated


def _read_published(text: str, zone: ZoneInfo) -> datetime:
    try:
        return read_instant(text, zone)
    except ValueError as error:
        raise UnreadableHead("published", text, str(error)) from error


def assume_publication(chain: Chain, last: date) -> datetime:
    """Start of the chain's usual publication day in the month after `last`, as UTC."""
    following = add_months(last, 1)
    end = add_months(following, 1) - timedelta(days=1)
    day = following.replace(day=min(chain.calendar.publication_day, end.day))
    return _start_of_day(day, ZoneInfo(chain.calendar.time_zone))


_DATE = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[T ]00:00(?::00(?:\.0+)?)?)?(?: as \d{4}-\d{2})?")


def read_instant(text: str, zone: ZoneInfo) -> datetime:
    """UTC instant of a date (start of that day in `zone`) or of a date and time (in `zone` unless it says otherwise).

    Raises `ValueError` for anything else.
    """
    try:
        if found := _DATE.fullmatch(text):
            return _start_of_day(date(*map(int, found.groups())), zone)
        instant = datetime.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f"not a date: {text!r}; write 2026-02-05 or 2026-02-05T09:30+08:00") from error
    return (instant if instant.tzinfo else instant.replace(tzinfo=zone)).astimezone(UTC)


def _start_of_day(day: date, zone: ZoneInfo) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
