"""Numbers as people print them: `1,234`, `+6%`, `6 %`, `−5`, with the rounding that their digits show."""

from collections.abc import Iterable

import polars as pl

NOT_STATED = ("-", "–", "—", "--", "/", ":", "..", "…", "...", "n/a", "#n/a", "na", "n.a.", "n.a", "nil", "x")
"""What stands where a number is not stated, in small letters."""

_PLAIN = {
    "−": "-",
    "–": "-",
    "﹣": "-",
    "－": "-",
    "＋": "+",
    "％": "%",
    "，": ",",
    "．": ".",
    "吨": "t",
    "’": "'",
    "\u00a0": " ",
    "\u202f": " ",
}
_PLAIN |= {"\u2009": " ", "\u3000": " "}
_PLAIN |= {chr(0xFF10 + digit): str(digit) for digit in range(10)}
_UNITS = "%|pp|t|MWh|GWh"
_NUMBER = (
    r"^[+-]?\s?(?:[0-9]{1,3}(?:GROUP[0-9]{3})+|[0-9]+)?(?:DECIMAL[0-9]+)?(?:[eE][+-]?[0-9]{1,3})?\s*(?:UNITS)?$"
).replace("UNITS", _UNITS)
_NOT_FINITE = r"(?i)^[+-]?(nan|inf|infinity)$"
_MARK = r"(?i)^(.*[0-9%]) ?(?:\((p|r)\)|(p|r))$"
_AMBIGUOUS = rf"^[+-]?\s?[1-9][0-9]{{0,2}}[.,][0-9]{{3}}\s*(?:{_UNITS})?$"
_SURE = {
    mark: rf"^[+-]?\s?(?:[0-9]*{point}(?:[0-9]{{1,2}}|[0-9]{{4,}})|0{point}[0-9]{{3}}"
    rf"|[0-9]{{1,3}}(?:{group}[0-9]{{3}})+(?:{group}[0-9]{{3}}|{point}[0-9]+))\D*$"
    for mark, point, group in ((".", r"\.", ","), (",", ",", r"\."))
}


def parse_number(text: pl.Expr, *, decimal: str = ".") -> pl.Expr:
    """Struct of `value`, `half_width`, `suffix` and `mark` of each text; value null where it is no number.

    `half_width` is half a unit of the last printed digit: 48.67 → 0.005, 6 → 0.5, 6.0 → 0.05. `suffix` is the unit
    printed behind it (`%`, `pp`, `t` …) or empty; `mark` is `p` or `r` where one stands behind it (preliminary,
    revised).
    NaN and inf are read as such, for the contract to refuse. `decimal` is the decimal mark of the table: with `.` a
    comma groups digits and the other way round; where it is empty nothing tells which is which, and one mark followed
    by three digits (`1,234`, `1.234`) is no number.
    """
    plain = text.str.replace_many(_PLAIN).str.strip_chars()
    marks = plain.str.extract_groups(_MARK)
    plain = pl.when(marks.struct["1"].is_not_null()).then(marks.struct["1"]).otherwise(plain)
    suffix = plain.str.extract(f"({_UNITS})$").fill_null("")
    number = plain.str.strip_chars_end("%ptMGWh ")
    point, comma = ("\\.", ",") if decimal != "," else (",", "\\.")
    # Parts by short patterns of their own: one pattern with a group for each part takes ten times as long.
    decimals = number.str.extract(f"{point}([0-9]+)").str.len_bytes().fill_null(0).cast(pl.Int32)
    exponent = number.str.extract("[eE]([+-]?[0-9]+)$").str.strip_prefix("+").cast(pl.Int32).fill_null(0)
    pattern = _NUMBER.replace("GROUP", f"[{comma} ']" if decimal else "[ ']").replace("DECIMAL", point)
    is_number = plain.str.contains(pattern) & number.str.contains("[0-9]")
    if not decimal:
        is_number &= ~plain.str.contains(_AMBIGUOUS)
    bare = number.str.strip_prefix("+").str.replace_all(f"[{comma} ']", "")
    value = (bare.str.replace(",", ".", literal=True) if decimal == "," else bare).cast(pl.Float64, strict=False)
    not_finite = plain.str.to_lowercase().str.strip_prefix("+").cast(pl.Float64, strict=False)
    return pl.struct(
        value=pl.when(is_number).then(value).when(plain.str.contains(_NOT_FINITE)).then(not_finite),
        half_width=pl.when(is_number).then(0.5 / pl.lit(10.0).pow(decimals - exponent)),
        suffix=suffix,
        mark=pl.coalesce(marks.struct["2"], marks.struct["3"]).str.to_lowercase().fill_null(""),
    )


def find_decimal_mark(texts: Iterable[pl.Series], *, usual: str) -> str:
    """The decimal mark of the numbers of a text table: `.` or `,`, or empty where nothing tells.

    A mark followed by one, two or four digits, or by three behind a bare 0, is a decimal mark; one that stands twice,
    or before the other, groups digits. Where that tells nothing, or both at once, it is the `usual` one.
    """
    found = {mark for series in texts for mark in list_decimal_marks(series)}
    return found.pop() if len(found) == 1 else usual


def list_decimal_marks(texts: pl.Series) -> list[str]:
    """The decimal marks that some of the texts can only have."""
    plain = texts.str.replace_many(_PLAIN)
    return [mark for mark, sure in _SURE.items() if plain.str.contains(sure).any()]


def is_ambiguous(text: pl.Expr) -> pl.Expr:
    """Whether a text is a number with one mark followed by three digits."""
    return text.str.contains(_AMBIGUOUS)
