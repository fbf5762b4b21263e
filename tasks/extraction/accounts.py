"""What became of every number of a document that is no figure: unresolved, with the open slot, or passed over."""

import re
from bisect import bisect_right
from collections.abc import Collection
from dataclasses import replace

import polars as pl

from contracts.readings import NUMBERS, UNRESOLVED
from tasks.extraction.review import Account, Number

_NUMERAL = re.compile(r"\d+(?:[.,]\d+)*+")
_UNREAD = "value"
_OUTSIDE = "a date, a heading or the number of a list"


def complete(account: Account, text: str) -> Account:
    """The account with every number in digits that nothing has accounted for: none is silent.

    One in a sentence that was read is unresolved; one in a title, a heading or the mark of a list is passed over.
    """
    covered = bytearray(len(text) + 1)
    spans = [(n.start, n.end) for n in account.numbers]
    spans += [(item.statement.start, item.statement.end) for item in account.stated]
    for start, end in spans:
        covered[start:end] = b"\x01" * (end - start)
    sentences = sorted(account.sentences)
    missed = [m.span() for m in _NUMERAL.finditer(text) if not covered[m.start()]]
    found = [_account_for(start, end, sentences) for start, end in missed]
    return replace(account, numbers=[*account.numbers, *found])


def _account_for(start: int, end: int, sentences: list[tuple[int, int]]) -> Number:
    place = bisect_right(sentences, (start, len(sentences) and sentences[-1][1] + 1)) - 1
    if place >= 0 and sentences[place][0] <= start < sentences[place][1]:
        return Number(start, end, *sentences[place], "unresolved", _UNREAD)
    return Number(start, end, start, end, "passed over", _OUTSIDE)


def frame_unresolved(account: Account, text: str) -> pl.DataFrame:
    """Numbers with an open slot, in the columns of `UNRESOLVED`."""
    numbers = [n for n in _once(account) if n.status == "unresolved"]
    rows = [
        (f"{n.start}-{n.end}", text[n.start : n.end], text[n.sentence_start : n.sentence_end], n.reason)
        for n in numbers
    ]
    return pl.DataFrame(rows, schema=UNRESOLVED.schema, orient="row")


def frame_numbers(account: Account, text: str, shown: Collection[tuple[int, int]]) -> pl.DataFrame:
    """Every number that is no figure and no doubtful reading, in the columns of `NUMBERS`.

    `shown` are the spans of figures and doubtful readings. A statement that is in neither repeats one of them, or
    gives it another value and is less sure.
    """
    numbers = _once(account) + [
        Number(s.start, s.end, item.start, item.end, "passed over", _REPEATED)
        for item in account.stated
        if ((s := item.statement).start, s.end) not in shown
    ]
    unique = {(n.start, n.end): n for n in reversed(numbers)}
    rows = [
        (f"{n.start}-{n.end}", text[n.start : n.end], n.status, n.reason, text[n.sentence_start : n.sentence_end])
        for _, n in sorted(unique.items())
    ]
    return pl.DataFrame(rows, schema=NUMBERS.schema, orient="row")


_REPEATED = "the fact is stated elsewhere, or more surely"


def _once(account: Account) -> list[Number]:
    """Each number once, in the order of the text; one that states a figure elsewhere is none of them."""
    stated = {(item.statement.start, item.statement.end) for item in account.stated}
    seen = {(n.start, n.end): n for n in reversed(account.numbers) if (n.start, n.end) not in stated}
    return [seen[span] for span in sorted(seen)]
