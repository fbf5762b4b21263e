"""Text made of columns and numbers."""

import hashlib
import re
import unicodedata
from string import Formatter

import polars as pl

_GAPS = re.compile(r"[\s_\-‐‑–]+")
_LONGEST_NAME = 200
_LEFT_BY_PROGRAMS = {"desktop.ini", "thumbs.db", "ehthumbs.db", "@eadir", "#recycle", "$recycle.bin"}
_UNPRINTED = {"Cc", "Cs", "Zl", "Zp"}
_LONGEST_FILE_NAME, _LONGEST_SUFFIX = 255, 20
"""Bytes of a file's name, on every file system in use; characters of what counts as its suffix."""
_FORMULA = r"^\s*[=+\-@＝＋－＠]|^[\t\r\n]"


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


def is_left_by_programs(name: str) -> bool:
    """Whether a file or folder of this name is no document: hidden, a lock, a backup, or notes of a system or share.

    `.DS_Store`, `._a.csv`, `~$a.xlsx`, `a.csv~`, `desktop.ini`, `Thumbs.db`, and the folders `@eaDir`, `#recycle`.
    """
    return name.startswith((".", "~")) or name.endswith("~") or name.casefold() in _LEFT_BY_PROGRAMS


def quote_formulas(text: pl.Expr) -> pl.Expr:
    """Texts that begin with `= + - @`, tab or CR, also after spaces, behind a `'`: a spreadsheet shows them as text.

    As OWASP advises against CSV injection; also for the full-width forms of these signs. Null stays null.
    """
    return pl.when(~text.str.contains(_FORMULA)).then(text).otherwise(pl.lit("'") + text)


def print_name(name: str) -> str:
    """A file's name as text that can be printed and kept: other bytes and control characters by their codes."""
    readable = name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return "".join(_escape(c) if unicodedata.category(c) in _UNPRINTED else c for c in readable)


def fit_name(name: str, *, beside: str = "") -> str:
    """A file's name that leaves room for `beside` behind it: where it is too long, its middle gives way to a hash."""
    most = _LONGEST_FILE_NAME - len(beside.encode())
    if len(name.encode()) <= most:
        return name
    stem, dot, suffix = name.rpartition(".")
    end = (
        f"~{hashlib.sha256(name.encode()).hexdigest()[:8]}{dot}{suffix}"
        if dot and len(suffix) < _LONGEST_SUFFIX
        else ""
    )
    end = end or f"~{hashlib.sha256(name.encode()).hexdigest()[:8]}"
    return (stem or name).encode()[: most - len(end.encode())].decode(errors="ignore") + end


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode()


def count_noun(number: int, noun: str) -> str:
    """`1 figure`, `1,004 figures`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def fold_name(text: str) -> str:
    """A name without what people write now one way, now another: case, width, spaces, dashes, underscores."""
    return _GAPS.sub(" ", unicodedata.normalize("NFKC", text[:_LONGEST_NAME]).strip()).casefold()
