"""Texts merged over several cells, in each of the cells where a table has something."""

import re
from bisect import bisect_left, bisect_right

import polars as pl

from contracts.errors import ContractBroken

_NUMBER = re.compile(r"[-+]?[0-9.,]+\s?%?")
_MOST_FILLED = 1_000_000


def fill_merged(cells: pl.DataFrame, merged: list[tuple[int, int, int, int]], *, where: str) -> pl.DataFrame:
    """`cells` (row, column, text) with the text of each merged range in every cell of it.

    Only in rows and columns that hold something: a range may reach over the whole sheet. A number stays in the first
    cell, where it was keyed in, because a number written over two rows is not said of each.
    Raises `ContractBroken` where the ranges overlap so much that they cannot be a table's.
    """
    if not merged:
        return cells
    texts = {(row, column): text for row, column, text in cells.rows()}
    rows, columns = (cells[name].unique().sort().to_list() for name in ("row", "column"))
    filled: dict[tuple[int, int], str] = {}
    count = 0
    for top, left, bottom, right in merged:
        text = texts.get((top, left))
        if text is None or _NUMBER.fullmatch(text):
            continue
        inside = [
            numbers[bisect_left(numbers, first) : bisect_right(numbers, last)]
            for numbers, first, last in ((rows, top, bottom), (columns, left, right))
        ]
        count += len(inside[0]) * len(inside[1])
        if count > _MOST_FILLED:
            raise _overlapping(where, len(merged))
        filled.update(dict.fromkeys(((row, column) for row in inside[0] for column in inside[1]), text))
    if not filled:
        return cells
    more = pl.DataFrame([(*place, text) for place, text in filled.items()], schema=cells.schema, orient="row")
    return pl.concat([cells, more]).unique(["row", "column"], keep="last", maintain_order=True)


def _overlapping(where: str, count: int) -> ContractBroken:
    return ContractBroken(
        "the merged cells of the sheet cover more than a table",
        where=where,
        found=f"{count:,} merged ranges over more than {_MOST_FILLED:,} cells",
        effect="no rows were loaded",
        next="unmerge them, or give the table in a sheet of its own",
    )
