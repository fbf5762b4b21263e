"""Text made of columns and numbers."""

import re
import unicodedata
from itertools import zip_longest

import polars as pl

_GAPS = re.compile(r"[\s_\-‐‑–]+")
_LONGEST_NAME = 200


def fill_text(template: str, *values: pl.Expr | str) -> pl.Expr:
    """The template with each `{}` filled by a column (its name or an expression); null where one of them is null.

    `{{` and `}}` stand for the brackets themselves. It does what `pl.format` does, which panics on some
    joined or filtered texts (pola-rs/polars#25339); the linter keeps `pl.format` out.
    """
    pieces = template.split("{}")
    if len(pieces) != len(values) + 1:
        raise ValueError(f"{template!r} has {len(pieces) - 1} places for {len(values)} values")
    parts: list[pl.Expr] = []
    for piece, value in zip_longest(pieces, values):
        if piece:
            parts.append(pl.lit(piece.replace("{{", "{").replace("}}", "}")))
        if value is not None:
            parts.append(pl.col(value) if isinstance(value, str) else value)
    return pl.concat_str(parts)


def count_noun(number: int, noun: str) -> str:
    """`1 figure`, `1,004 figures`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def fold_name(text: str) -> str:
    """A name without what people write now one way, now another: case, width, spaces, dashes, underscores."""
    return _GAPS.sub(" ", unicodedata.normalize("NFKC", text[:_LONGEST_NAME]).strip()).casefold()
