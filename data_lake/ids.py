"""Ids as people type them: their beginning, where that is one thing's."""

import polars as pl

from contracts.errors import UsageError

_SHORTEST = 4
_NAMED = 3


def find_by_prefix(text: str, ids: pl.Series, what: str, listed: str) -> str:
    """The one id that `text` begins, or whose last part (after the last `-`) it begins; an id itself is always found.

    Raises `UsageError` where there is none or more than one, or `text` is too short to mean one.
    """
    distinct = ids.unique().sort()
    if text in distinct:
        return text
    if len(text) < _SHORTEST:
        raise UsageError(f"{text!r} is too short for a {what}", next=f"give at least {_SHORTEST} characters; {listed}")
    found = distinct.filter(distinct.str.starts_with(text) | distinct.str.split("-").list.last().str.starts_with(text))
    if found.len() == 1:
        return str(found[0])
    if found.is_empty():
        raise UsageError(f"unknown {what} {text!r}", next=listed)
    named = ", ".join(found.head(_NAMED)) + (" …" if found.len() > _NAMED else "")
    raise UsageError(f"{found.len()} {what}s begin with {text!r}", found=named, next="give more of its characters")
