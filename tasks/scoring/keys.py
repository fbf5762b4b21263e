"""Series as integers: six words a row become one code, so that joins, groups and sorts are cheap."""

from collections.abc import Mapping, Sequence

import polars as pl

from contracts.chain import Chain
from contracts.errors import ContractBroken
from contracts.figures import SERIES
from contracts.vocabulary import MEASURES

_ROOM = 2**45
_FAMILIES = {name: measure.family for name, measure in MEASURES.items()}
FAMILY = pl.Enum(["growth", "share", "points", "level", "change", "direction", "unknown"])


def code_words(frame: pl.DataFrame, columns: Sequence[str]) -> tuple[pl.Series, pl.DataFrame]:
    """A dense number per combination of the words in `columns`, row by row, and the table that decodes it.

    Numbers sort as the words do, first column first; the table has one row per number, in its order.
    Raises `ContractBroken` where a word is null, or where the words are so many that a code has no room.
    """
    sizes: list[tuple[str, pl.Series]] = []
    code: pl.Series | None = None
    room = 1
    for column in columns:
        words, numbers = code_column(frame[column])
        room *= max(len(words), 1)
        if room >= _ROOM:
            raise ContractBroken(
                "too many different words in the key columns to score them in one go",
                found=", ".join(f"{name}: {len(w)}" for name, w in sizes),
                next="score by chain",
            )
        code = numbers.cast(pl.Int64) if code is None else code * max(len(words), 1) + numbers.cast(pl.Int64)
        sizes.append((column, words))
    codes = (pl.Series([], dtype=pl.Int64) if code is None else code).rename("code")
    distinct = codes.unique().sort()
    return _rank(codes, distinct), _decode(distinct, sizes)


def code_column(words: pl.Series) -> tuple[pl.Series, pl.Series]:
    """The distinct words of a column, sorted, and the place of each row's word among them."""
    distinct = words.unique().cast(pl.String).sort()
    if distinct.null_count():
        raise ContractBroken(f"key column {words.name} is null", next="write the segment's total as an empty product")
    return distinct, words.cast(pl.Enum(distinct)).to_physical()


def _rank(codes: pl.Series, distinct: pl.Series) -> pl.Series:
    """Place of each code among the distinct ones."""
    table = pl.DataFrame({"code": distinct}).with_row_index("series")
    return codes.to_frame().join(table, on="code", how="left", maintain_order="left")["series"]


def _decode(codes: pl.Series, sizes: Sequence[tuple[str, pl.Series]]) -> pl.DataFrame:
    rest, words = codes, {}
    for column, names in reversed(sizes):
        size = max(len(names), 1)
        words[column] = names.gather((rest % size).cast(pl.UInt32)) if len(codes) else names.head(0)
        rest = rest // size
    return pl.DataFrame({c: words[c] for c, _ in sizes})


def add_marking_series(table: pl.DataFrame, chains: Mapping[str, Chain]) -> pl.DataFrame:
    """Add `marked_by`: the number of the series whose actuals mark this one's forecasts.

    It is the series itself, but of a forecaster the same series of the source that marks it; where that has no
    figures yet, the series is put below the others.
    """
    pairs = [
        {"chain": name, "source": one, "other": other}
        for name, chain in chains.items()
        for one, other in chain.forecasters.items()
    ]
    table = table.with_row_index("number")
    if not pairs:
        return table.rename({"number": "marked_by"})
    others = table.join(pl.DataFrame(pairs), on=["chain", "source"], how="inner", maintain_order="left")
    words = [*SERIES, "span"]
    wanted = others.select(pl.col("other").alias("source"), *words[1:])
    missing = wanted.unique(maintain_order=True).join(table, on=words, how="anti", maintain_order="left")
    table = pl.concat([table.drop("number"), missing.select(words)]).with_row_index("number")
    numbers = wanted.join(table, on=words, how="left", maintain_order="left")["number"]
    own = table["number"].scatter(others["number"], numbers)
    return table.drop("number").with_columns(own.alias("marked_by"))


def describe_series(table: pl.DataFrame, chains: Mapping[str, Chain]) -> pl.DataFrame:
    """Add what is the same for all figures of a series: `base`, `node`, `pool`, `family`, `is_yearly`, `tolerance`.

    `base` numbers the series without their measure, `node` without span as well, `pool` those whose residuals may
    be pooled.
    `tolerance` is the chain's (`Chain.tolerance`), null where it has none.
    """
    tolerances = [
        _find_tolerance(chains.get(row["chain"]), row["segment"], row["metric"], row["measure"])
        for row in table.select("chain", "segment", "metric", "measure").iter_rows(named=True)
    ]
    pooled = ["source", "chain", "metric", "measure", "span"]
    return table.with_columns(
        code_words(table, [*SERIES[:-1], "span"])[0].alias("base"),
        code_words(table, SERIES[:-1])[0].alias("node"),
        pl.col("span").cast(pl.Int32).alias("span_months"),
        code_words(table, pooled)[0].alias("pool"),
        find_family(),
        is_yearly(),
        pl.Series("tolerance", tolerances, pl.Float64),
    )


def is_yearly() -> pl.Expr:
    """Whether a measure compares with the year before, as `is_yearly`."""
    return pl.col("measure").is_in([name for name, m in MEASURES.items() if m.lag == 12]).alias("is_yearly")


def find_family() -> pl.Expr:
    """The arithmetic of a measure: growth, share, points, level, change or direction, as `family`."""
    return (
        pl.col("measure")
        .replace_strict(_FAMILIES, default="unknown", return_dtype=pl.String)
        .cast(FAMILY)
        .alias("family")
    )


def _find_tolerance(chain: Chain | None, segment: str, metric: str, measure: str) -> float | None:
    return None if chain is None else chain.tolerance(segment, metric, measure)


def is_family(*families: str) -> pl.Expr:
    """Whether the row's measure is of one of the families."""
    tests = [pl.col("family") == name for name in families]
    found = tests[0]
    for test in tests[1:]:
        found = found | test
    return found


def is_in_points() -> pl.Expr:
    """Whether the measure's numbers are percent or percentage points, by `family` and `unit`."""
    return is_family("growth", "share", "points") | (is_family("level") & (pl.col("unit") == "%"))
