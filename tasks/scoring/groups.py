"""Groups and series of a table as integers, whatever the columns that name them."""

from collections.abc import Sequence

import polars as pl

from tasks.scoring.naive import month_number


def code_groups(frame: pl.DataFrame, keys: Sequence[str], series: Sequence[str]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Add `gid` (group), `sid` (series) and `month_no`; give the groups with their `gid`.

    `gid` follows the order of the key columns.
    """
    names = list(dict.fromkeys([*keys, *series]))
    cells = frame.select(names).unique()
    cells = cells.join(_number(cells, keys, "gid"), on=list(keys), how="left", nulls_equal=True)
    cells = cells.join(_number(cells, series, "sid"), on=list(series), how="left", nulls_equal=True)
    coded = frame.join(cells, on=names, how="left", nulls_equal=True, maintain_order="left")
    return coded.with_columns(month_number(pl.col("month")).alias("month_no")), _number(cells, keys, "gid")


def _number(cells: pl.DataFrame, columns: Sequence[str], name: str) -> pl.DataFrame:
    return cells.select(columns).unique().sort(*columns).with_row_index(name).with_columns(pl.col(name).cast(pl.Int64))
