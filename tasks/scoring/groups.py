"""Groups and series of a table as integers, whatever the columns that name them."""

from collections.abc import Sequence

import polars as pl

from tasks.scoring.naive import MONTHS, month_number


def code_groups(frame: pl.DataFrame, keys: Sequence[str], series: Sequence[str]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Integers for the rows of `frame`, and the groups with their `gid`.

    The first frame has, row by row, `gid` (group), `sid` (series), `month_no` and `place`, one integer per
    group, series and month. `gid` follows the order of the key columns. Tables come ordered by series more
    often than not, so words are compared with the row before and only the heads of runs are looked up.
    """
    names = list(dict.fromkeys([*keys, *series]))
    changes = [pl.col(c).ne_missing(pl.col(c).shift()) for c in names]
    head = frame.select((pl.any_horizontal(changes) | (pl.int_range(pl.len()) == 0)).alias("head"))["head"]
    heads = frame.select(names).filter(head)
    cells = heads.unique(maintain_order=True)
    groups = _number(cells, keys, "gid")
    cells = cells.join(groups, on=list(keys), how="left", nulls_equal=True)
    cells = cells.join(_number(cells, series, "sid"), on=list(series), how="left", nulls_equal=True)
    cells = cells.sort("gid", "sid").with_row_index("cell").with_columns(pl.col("cell").cast(pl.Int64))
    found = heads.join(cells, on=names, how="left", nulls_equal=True, maintain_order="left")
    run = head.cast(pl.UInt32).cum_sum() - 1
    coded = pl.DataFrame({c: _flag_sorted(found[c].gather(run)) for c in ("gid", "sid", "cell")}).with_columns(
        frame.select(month_number(pl.col("month")).alias("month_no")).to_series()
    )
    return coded.with_columns((pl.col("cell") * MONTHS + pl.col("month_no")).alias("place")).drop("cell"), groups


def _flag_sorted(codes: pl.Series) -> pl.Series:
    """The codes, told to be sorted where they are: polars then groups without hashing."""
    return codes.set_sorted() if codes.is_sorted() else codes


def _number(cells: pl.DataFrame, columns: Sequence[str], name: str) -> pl.DataFrame:
    distinct = cells.select(columns).unique().sort(*columns)
    return distinct.with_row_index(name).with_columns(pl.col(name).cast(pl.Int64))


def find_duplicates(keys: pl.Series) -> pl.Series | None:
    """Which integers occur more than once; None, found quickly, where they rise strictly and none does."""
    if len(keys) < 2 or (keys.diff().drop_nulls() > 0).all():
        return None
    again = keys.is_duplicated()
    return again if again.any() else None
