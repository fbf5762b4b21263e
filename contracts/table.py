"""A table's shape, said once: its columns, key and meaning. Schema, checks and docs follow from it."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from polars.datatypes import DataType, DataTypeClass

INSTANT = pl.Datetime("us", "UTC")


@dataclass(frozen=True)
class Column:
    """One column: name (ending in its unit where it has one), type, meaning, and what it may hold."""

    name: str
    dtype: "DataType | DataTypeClass"
    meaning: str
    nullable: bool = False
    allowed: tuple[str, ...] = ()
    pattern: str = ""


@dataclass(frozen=True)
class Table:
    """A table of the lake: columns in their published order, the key, and what a row is."""

    name: str
    meaning: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    partition: str = ""
    public: tuple[str, ...] = field(default=())

    @cached_property
    def schema(self) -> pl.Schema:
        """Polars schema, columns in order."""
        return pl.Schema({c.name: c.dtype for c in self.columns})

    def empty(self) -> pl.DataFrame:
        """A frame of this table with no row."""
        return pl.DataFrame(schema=self.schema)

    def conform(self, frame: pl.DataFrame) -> pl.DataFrame:
        """The frame with this table's columns, order and types; columns it lacks become null.

        Raises `polars.exceptions.InvalidOperationError` where a value does not fit its type.
        """
        return frame.select(
            pl.col(c.name).cast(c.dtype) if c.name in frame.columns else pl.lit(None, c.dtype).alias(c.name)
            for c in self.columns
        )
