"""Text made of columns and numbers."""

import re
import unicodedata
from string import Formatter

import polars as pl

_GAPS = re.compile(r"[\s_\-‐‑–]+")
_LONGEST_NAME = 200


def fill_text(template: str, *values: pl.Expr | str) -> pl.Expr:
    """The template with each `{}` filled by a column (its name or an expression); null where one of them is null.

    `{{` and `}}` stand for the brackets themselves. It does what `pl.format` does, which panics on some
    joined or filtered texts (pola-rs/polars#25339); the linter keeps `pl.format` out.
    """
    pieces = [(text, place is not None) for text, place, *_ in Formatter().parse(template)]
    places = sum(is_place for _, is_place in pieces)
    if places != len(values):
        raise ValueError(f"{template!r} has {places} places for {len(values)} values")
    given = iter(values)
    parts: list[pl.Expr] = []
    for text, is_place in pieces:
        if text:
            parts.append(pl.lit(text))
        if is_place:
            value = next(given)
            parts.append(pl.col(value) if isinstance(value, str) else value)
    return pl.concat_str(parts)


def count_noun(number: int, noun: str) -> str:
    """`1 figure`, `1,004 figures`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def fold_name(text: str) -> str:
    """A name without what people write now one way, now another: case, width, spaces, dashes, underscores."""
    return _GAPS.sub(" ", unicodedata.normalize("NFKC", text[:_LONGEST_NAME]).strip()).casefold()
