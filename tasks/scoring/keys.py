"""Series as integers: six words a row become one code, so that joins and groups are cheap."""

from collections.abc import Mapping, Sequence

import polars as pl

from contracts.chain import Chain
from contracts.errors import ContractBroken
from contracts.figures import SERIES
from contracts.vocabulary import MEASURES

_ROOM = 2**40
_FAMILIES = {name: measure.family for name, measure in MEASURES.items()}
_IN_POINTS = ("growth", "share", "points")


def code_words(frame: pl.DataFrame, columns: Sequence[str]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Add `code`, one integer per combination of the words in `columns`, and give the table that decodes it.

    Codes sort as the words do, first column first. The table has `code` and the columns. Raises
    `ContractBroken` where a word is null, or where the words are so many that a code has no room.
    """
    code = pl.lit(0, pl.Int64)
    sizes: list[tuple[str, int, pl.Series]] = []
    for column in columns:
        words = frame[column].unique().sort()
        if words.null_count():
            raise ContractBroken(f"key column {column} is null", next="write the segment's total as an empty product")
        words = words.cast(pl.String).sort()
        code = code * max(len(words), 1) + pl.col(column).cast(pl.Enum(words)).to_physical().cast(pl.Int64)
        sizes.append((column, max(len(words), 1), words))
    _check_room(sizes)
    coded = frame.with_columns(code=code)
    return coded, _decode(coded["code"].unique().sort(), sizes)


def _check_room(sizes: Sequence[tuple[str, int, pl.Series]]) -> None:
    product = 1
    for _, size, _ in sizes:
        product *= size
    if product >= _ROOM:
        raise ContractBroken(
            "too many different words in the key columns to score them in one go",
            found=", ".join(f"{name}: {size}" for name, size, _ in sizes),
            next="score by chain",
        )


def _decode(codes: pl.Series, sizes: Sequence[tuple[str, int, pl.Series]]) -> pl.DataFrame:
    rest, words = codes, {}
    for column, size, names in reversed(sizes):
        words[column] = names.gather((rest % size).cast(pl.UInt32)) if len(codes) else names.head(0)
        rest = rest // size
    return pl.DataFrame({"code": codes, **{c: words[c] for c, _, _ in sizes}})


def describe_series(table: pl.DataFrame, chains: Mapping[str, Chain]) -> pl.DataFrame:
    """One row per series: dense `series`, `base` (the series without its measure), `family`, `tolerance_pp`.

    `tolerance_pp` is the static one: of the segment where its thresholds have one, else of the chain;
    null where the chain or measure has none.
    """
    described = table.sort("code").with_row_index("series")
    base = described.select(SERIES[:-1]).unique().sort(SERIES[:-1]).with_row_index("base")
    described = described.join(base, on=SERIES[:-1], how="left", nulls_equal=True).sort("series")
    tolerances = [
        _find_tolerance(chains.get(row["chain"]), row["segment"], row["metric"], row["measure"])
        for row in described.select("chain", "segment", "metric", "measure").iter_rows(named=True)
    ]
    return described.with_columns(
        find_family(),
        pl.Series("tolerance_pp", tolerances, pl.Float64),
    )


def _find_tolerance(chain: Chain | None, segment: str, metric: str, measure: str) -> float | None:
    """Tolerance of a measure; a rate's level goes by the metric's name, since `level` has many units."""
    if chain is None:
        return None
    name = metric if measure == "level" else measure
    own: Mapping[str, float] = next(
        (s.thresholds.get("tolerance_pp", {}) for s in chain.segments if s.name == segment), {}
    )
    value = own.get(name, chain.tolerance_pp.get(name))
    return None if value is None else float(value)


def find_family() -> pl.Expr:
    """The arithmetic of a measure: growth, share, points, level, change or direction, as `family`."""
    return pl.col("measure").replace_strict(_FAMILIES, default="unknown", return_dtype=pl.String).alias("family")


def is_in_points() -> pl.Expr:
    """Whether the measure's numbers are percent or percentage points, by `family` and `unit`."""
    return pl.col("family").is_in(_IN_POINTS) | ((pl.col("family") == "level") & (pl.col("unit") == "%"))
