"""Which rows of a table to read."""

from dataclasses import dataclass
from datetime import date

import polars as pl

_NAMES = ("source", "chain", "segment", "metric", "measure", "kind")


@dataclass(frozen=True)
class Selection:
    """Which rows of a table to read. Empty = all. Months are compared with the first month of the period."""

    source: str = ""
    chain: str = ""
    segment: str = ""
    product: str | None = None
    metric: str = ""
    measure: str = ""
    kind: str = ""
    first: date | None = None
    last: date | None = None

    def apply(self, frame: pl.LazyFrame) -> pl.LazyFrame:
        """Rows of the frame that are selected; conditions on columns it does not have are passed over."""
        columns = frame.collect_schema().names()
        conditions = [pl.col(name) == getattr(self, name) for name in _NAMES if getattr(self, name) and name in columns]
        if self.product is not None and "product" in columns:
            conditions.append(pl.col("product") == self.product)
        if "month" in columns:
            month = pl.col("month")
            conditions += [month >= self.first] if self.first else []
            conditions += [month <= self.last] if self.last else []
        return frame.filter(*conditions) if conditions else frame
