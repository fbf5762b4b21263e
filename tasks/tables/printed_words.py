"""Words of a table in the form in which they are kept: periods, names of the chain, metrics, measures, units, kinds."""

import polars as pl

from contracts.chain import Chain
from contracts.names import match_names, match_product
from contracts.period import PERIOD_PATTERN
from contracts.printed_period import read_printed_period

_WORDS = ("segment", "metric", "measure", "kind", "unit")


def read_periods(texts: pl.Series) -> pl.Series:
    """Periods of a column as they are kept: `2026/1`, `Jan-26`, `2026-01-31` are 2026-01, `2025q3` is 2025-Q3.

    What is no period, or could be two, stays as it is, for the contract to refuse.
    """
    read = {text: found.period for text in _list_odd(texts) if (found := read_printed_period(text))}
    return _replace(texts, read)


def read_words(rows: pl.DataFrame, chain: Chain) -> pl.DataFrame:
    """Printed rows with `period`, `kind` and every name as they are kept; what names nothing stays as it is.

    A period marked as forecast or actual (`2026-02E`, `2026-01A`) says the kind where the row does not; where the
    row says the other kind, the period stays as printed and the contract refuses it.
    """
    named = rows.with_columns(_replace(rows[column], _match(rows[column], column, chain)) for column in _WORDS)
    return _name_products(_read_marked_periods(named), chain)


def _read_marked_periods(rows: pl.DataFrame) -> pl.DataFrame:
    read = {text: found for text in _list_odd(rows["period"]) if (found := read_printed_period(text))}
    said = _replace(rows["period"], {text: found.kind for text, found in read.items()}, default="")
    is_open = (pl.lit(said) == "").fill_null(value=True) | pl.col("kind").is_null() | (pl.col("kind") == pl.lit(said))
    period = _replace(rows["period"], {text: found.period for text, found in read.items()})
    return rows.with_columns(
        period=pl.when(is_open).then(pl.lit(period)).otherwise("period"),
        kind=pl.coalesce("kind", pl.when(pl.lit(said) != "").then(pl.lit(said))),
    )


def _name_products(rows: pl.DataFrame, chain: Chain) -> pl.DataFrame:
    segments = {segment.name: segment for segment in chain.segments}
    pairs = rows.select("segment", "product").unique().drop_nulls()
    pairs = pairs.filter(pl.col("segment").is_in(list(segments)), pl.col("product") != "")
    named = [match_product(product, segments[segment]) or product for segment, product in pairs.rows()]
    said = pairs.with_columns(pl.Series("product/named", named, pl.String))
    joined = rows.join(said, on=["segment", "product"], how="left", maintain_order="left")
    return joined.with_columns(product=pl.coalesce("product/named", "product")).drop("product/named")


def _match(texts: pl.Series, column: str, chain: Chain) -> dict[str, str]:
    return match_names(texts.unique().drop_nulls().to_list(), column, chain)


def _list_odd(texts: pl.Series) -> list[str]:
    """The different texts that are not in the kept form already."""
    different = texts.unique(maintain_order=True).drop_nulls()
    return different.filter(~different.str.contains(PERIOD_PATTERN)).to_list()


def _replace(texts: pl.Series, read: dict[str, str], default: str | None = None) -> pl.Series:
    kept = texts if default is None else pl.lit(default)
    replaced = pl.lit(texts).replace_strict(read, default=kept, return_dtype=pl.String)
    return pl.select(replaced.alias(texts.name)).to_series()
