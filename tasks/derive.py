"""Comparisons and scores of a span of months, computed from figures as of an instant."""

from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path

import polars as pl

from contracts.chain import Chain, load_chain
from contracts.comparisons import COMPARISONS
from contracts.figures import FIGURES
from contracts.period import add_months
from contracts.releases import RELEASES
from contracts.scores import SCORES
from data_lake.derived import replace_months
from data_lake.figures import newest_vintage, read_vintages
from data_lake.lake import Lake
from data_lake.selection import Selection
from tasks.comparisons import compare_months
from tasks.scoring import MEMORY_MONTHS, mark_forecasts

HISTORY_MONTHS = MEMORY_MONTHS + 12
"""Months before a month that its scores may look back on: the memory of the track record and a year for its base."""

_CHUNK_MONTHS = 24


def load_chains(lake: Lake, folder: Path | None = None) -> dict[str, Chain]:
    """Definitions of the chains that the lake has releases of."""
    names = lake.table(RELEASES).scan().select(pl.col("chain").unique()).collect()["chain"].sort()
    return {name: load_chain(name, folder) for name in names}


def read_history(
    lake: Lake,
    *,
    first: date,
    last: date,
    as_of: datetime | None,
    as_recorded: datetime | None = None,
    only: Selection | None = None,
) -> pl.DataFrame:
    """Every vintage that the months from `first` to `last` can depend on, columns of `FIGURES`.

    Reads from `HISTORY_MONTHS` before `first` on, so that the cost of a month does not grow with the lake.
    """
    only = only or Selection()
    start = add_months(first, -HISTORY_MONTHS) if first.year > HISTORY_MONTHS // 12 + 1 else None
    window = Selection(source=only.source, chain=only.chain, first=start, last=last)
    return read_vintages(lake, window, as_of=as_of, as_recorded=as_recorded).collect()


def derive_months(
    lake: Lake,
    chains: Mapping[str, Chain],
    *,
    first: date,
    last: date,
    as_of: datetime | None,
    as_recorded: datetime | None = None,
    only: Selection | None = None,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Comparisons and scores of the months from `first` to `last` as of an instant; writes nothing."""
    vintages = read_history(lake, first=first, last=last, as_of=as_of, as_recorded=as_recorded, only=only)
    comparisons = compare_months(newest_vintage(vintages), chains=chains, months=(first, last))
    return comparisons, mark_forecasts(vintages, chains=chains, months=(first, last))


def refresh_derived(lake: Lake, chains: Mapping[str, Chain], *, first: date, as_of: datetime) -> None:
    """Rebuild the stored comparisons and scores of all months from `first` on, with the knowledge of `as_of`.

    A month may rest on a month before it, so everything from the first changed month on is rebuilt; files
    that would be the same bytes are left as they are.
    """
    end = lake.table(FIGURES).scan().select(pl.col("month").max()).collect().item()
    start = first
    while end is not None and start <= end:
        stop = add_months(start, _CHUNK_MONTHS - 1)
        comparisons, scores = derive_months(lake, chains, first=start, last=stop, as_of=as_of)
        replace_months(lake, COMPARISONS, comparisons, first=start, last=stop)
        replace_months(lake, SCORES, scores, first=start, last=stop)
        start = add_months(stop, 1)
