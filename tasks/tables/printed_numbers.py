"""Numbers as people print them: `1,234`, `+6%`, `6 %`, `−5`, with the rounding that their digits show."""

import polars as pl

_PLAIN = {
    "−": "-",
    "–": "-",
    "﹣": "-",
    "－": "-",
    "＋": "+",
    "％": "%",
    "，": ",",
    "．": ".",
    "\u00a0": " ",
    "\u202f": " ",
}
_PLAIN |= {"\u2009": " ", "\u3000": " "}
_NUMBER = r"^[+-]?\s?(?:[0-9]{1,3}(?:GROUP[0-9]{3})+|[0-9]+)?(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,3})?\s*(?:%|pp)?$"
_NOT_FINITE = r"(?i)^[+-]?(nan|inf|infinity)$"


def parse_number(text: pl.Expr, *, is_comma_grouping: bool = True) -> pl.Expr:
    """Struct of `value`, `half_width` and `suffix` (`%`, `pp` or empty) of each text; value null where it is no number.

    `half_width` is half a unit of the last printed digit: 48.67 → 0.005, 6 → 0.5, 6.0 → 0.05.
    NaN and inf are read as such, for the contract to refuse. With `is_comma_grouping` false a comma is no part
    of a number: in tables separated by semicolons `1,234` may mean 1.234.
    """
    plain = text.str.replace_many(_PLAIN).str.strip_chars()
    suffix = plain.str.extract("(%|pp)$").fill_null("")
    number = plain.str.strip_chars_end("%p ")
    # Parts by short patterns of their own: one pattern with a group for each part takes ten times as long.
    decimals = number.str.extract(r"\.([0-9]+)").str.len_bytes().fill_null(0).cast(pl.Int32)
    exponent = number.str.extract("[eE]([+-]?[0-9]+)$").str.strip_prefix("+").cast(pl.Int32).fill_null(0)
    pattern = _NUMBER.replace("GROUP", "[, ]" if is_comma_grouping else " ")
    is_number = plain.str.contains(pattern) & number.str.contains("[0-9]")
    value = number.str.strip_prefix("+").str.replace_all("[, ]", "").cast(pl.Float64, strict=False)
    not_finite = plain.str.to_lowercase().str.strip_prefix("+").cast(pl.Float64, strict=False)
    return pl.struct(
        value=pl.when(is_number).then(value).when(plain.str.contains(_NOT_FINITE)).then(not_finite),
        half_width=pl.when(is_number).then(0.5 / pl.lit(10.0).pow(decimals - exponent)),
        suffix=suffix,
    )
