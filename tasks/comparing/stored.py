"""Comparisons and scores for readers: the stored ones where they are what would be computed, else computed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property

import polars as pl

from contracts.chain import Chain
from contracts.comparisons import COMPARISONS
from contracts.scores import SCORES
from contracts.table import Table
from data_lake.derived import read_basis
from data_lake.lake import Lake
from data_lake.selection import Selection
from tasks.comparing.knowledge import hash_knowledge, list_public
from tasks.comparing.refresh import Derived, derive_months

ORDER: Mapping[str, tuple[str, ...]] = {
    COMPARISONS.name: COMPARISONS.key,
    SCORES.name: (
        *("source", "chain", "segment", "product", "metric", "measure", "span_months", "lead_months", "month"),
        *("forecast_at", "forecast_id"),
    ),
}
"""The order in which rows are read, by table: that of the series, then of the months."""


@dataclass(frozen=True)
class DerivedTables:
    """Comparisons and scores of `months` as of an instant, of the selected rows; the same whether stored or computed.

    Stored rows are taken where they follow from just what counts as of the instant (releases, definitions, code):
    only files of the months asked for are opened, and of them only what the filters and the chosen columns need.
    """

    lake: Lake
    chains: Mapping[str, Chain]
    months: tuple[date, date]
    as_of: datetime | None
    as_recorded: datetime | None = None
    only: Selection = Selection()  # noqa: RUF009 - frozen

    def read(self, table: Table) -> pl.LazyFrame:
        """The rows of `COMPARISONS` or `SCORES`, in `ORDER`."""
        rows = self._find_stored(table)
        if rows is None:
            rows = getattr(self._derived, table.name).lazy()
        wanted = self.only.apply(rows.filter(pl.col("month").is_between(*self.months)))
        return wanted.sort(ORDER[table.name])

    def is_stored(self, table: Table) -> bool:
        """Whether the stored rows are what would be computed."""
        return self._find_stored(table) is not None

    def _find_stored(self, table: Table) -> pl.LazyFrame | None:
        rows, basis = read_basis(self.lake, table)
        if basis is None or basis.knowledge != self._knowledge:
            return None
        return rows.filter(pl.col("chain").is_in(list(self.chains)))

    @cached_property
    def _knowledge(self) -> int:
        return hash_knowledge(list_public(self.lake, as_of=self.as_of, as_recorded=self.as_recorded), self.chains)

    @cached_property
    def _derived(self) -> Derived:
        return derive_months(
            self.lake,
            self.chains,
            months=self.months,
            as_of=self.as_of,
            as_recorded=self.as_recorded,
            only=Selection(source=self.only.source, chain=self.only.chain),
        )
