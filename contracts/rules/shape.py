"""Rules that follow from a table's own contract: what is given, what words are known, how a text is formed."""

from collections.abc import Iterator

import polars as pl

from contracts.rules.rule import Rule, suggest_names
from contracts.table import Column, Table


def list_shape_rules(table: Table) -> list[Rule]:
    """`given`, `known_…`, `…_form` and `finite` for the columns of the table, as its contract states them."""
    return [rule for column in table.columns for rule in _rules_of(column)]


def _rules_of(column: Column) -> Iterator[Rule]:
    cell = pl.col(column.name)
    if not column.nullable:
        yield Rule("given", column.name, cell.is_not_null(), f"{column.name} is always given")
    if column.allowed:
        allowed = column.allowed
        yield Rule(
            f"known_{column.name}",
            column.name,
            cell.is_in(allowed),
            f"{column.name} is one of {', '.join(filter(None, allowed))}",
            explain=lambda found: f"no such {column.name}; {suggest_names(found, allowed)}",
        )
    if column.pattern:
        yield Rule(
            f"{column.name}_form",
            column.name,
            cell.str.contains(column.pattern),
            f"{column.name} is a month 2026-01 (01 to 12), a quarter 2025-Q3, a half-year 2025-H1 or a year 2025",
        )
    if column.dtype.is_float():
        yield Rule("finite", column.name, cell.is_finite(), f"{column.name} is a finite number")
