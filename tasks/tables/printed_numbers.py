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
_NUMBER = (
    r"^(?P<sign>[+-]?)\s?(?P<whole>[0-9]{1,3}(?:GROUP[0-9]{3})+|[0-9]+|)(?:\.(?P<decimals>[0-9]+))?"
    r"(?:[eE](?P<exponent>[+-]?[0-9]{1,3}))?\s*(?P<suffix>%|pp|)$"
)
_NOT_FINITE = r"(?i)^[+-]?(nan|inf|infinity)$"


def parse_number(text: pl.Expr, *, is_comma_grouping: bool = True) -> pl.Expr:
    """Struct of `value`, `half_width` and `suffix` (`%`, `pp` or empty) of each text; value null where it is no number.

    `half_width` is half a unit of the last printed digit: 48.67 → 0.005, 6 → 0.5, 6.0 → 0.05.
    NaN and inf are read as such, for the contract to refuse. With `is_comma_grouping` false a comma is no part
    of a number: in tables separated by semicolons `1,234` may mean 1.234.
    """
    plain = text.str.replace_many(_PLAIN).str.strip_chars()
    parts = plain.str.extract_groups(_NUMBER.replace("GROUP", "[, ]" if is_comma_grouping else " "))
    whole, decimals = parts.struct["whole"].str.replace_all("[, ]", ""), parts.struct["decimals"].fill_null("")
    exponent = parts.struct["exponent"].fill_null("0")
    spelled = pl.concat_str(
        parts.struct["sign"], pl.when(whole == "").then(pl.lit("0")).otherwise(whole), pl.lit("."), decimals,
        pl.lit("0e"), exponent,
    )  # fmt: skip
    digits = decimals.str.len_bytes().cast(pl.Int32) - exponent.cast(pl.Int32, strict=False).fill_null(0)
    is_number = plain.str.contains(r"[0-9]") & parts.struct["suffix"].is_not_null()
    return pl.struct(
        value=pl.when(is_number)
        .then(spelled.cast(pl.Float64, strict=False))
        .when(plain.str.contains(_NOT_FINITE))
        .then(plain.str.to_lowercase().str.strip_prefix("+").cast(pl.Float64, strict=False)),
        half_width=pl.when(is_number).then(0.5 / pl.lit(10.0).pow(digits)),
        suffix=parts.struct["suffix"].fill_null(""),
    )
