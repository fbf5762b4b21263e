"""The summary of a run, and the proof that it took nothing away."""

from contextlib import suppress
from dataclasses import dataclass

import polars as pl

from contracts.checks import check_table
from contracts.figures import FIGURES
from contracts.runs import RUNS
from data_lake.delta import ClaimTaken
from data_lake.lake import Lake


@dataclass(frozen=True)
class FiguresSeen:
    """The figures' data files at an instant. A file's name is the hash of its bytes, so equal names are equal rows."""

    files: frozenset[str]


def see_figures(lake: Lake) -> FiguresSeen:
    """Note which data files hold the figures now."""
    return FiguresSeen(frozenset(lake.table(FIGURES).files()))


def count_lost_rows(lake: Lake, before: FiguresSeen) -> int:
    """Rows of figures that were there before and are not now; 0 unless somebody tampered with the lake."""
    gone = before.files - set(lake.table(FIGURES).files())
    if not gone:
        return 0
    names = [lake.storage.address(f"{FIGURES.name}/{name}") for name in gone]
    options = dict(lake.storage.options) or None
    return int(pl.scan_parquet(names, storage_options=options).select(pl.len()).collect().item())


def record_run(lake: Lake, summary: dict[str, object]) -> None:
    """Keep a run's summary: values of `RUNS` by column name. A run that is tried again after that keeps the first."""
    row = pl.DataFrame([summary], schema=RUNS.schema)
    check_table(RUNS, row)
    with suppress(ClaimTaken):
        lake.table(RUNS).append(row, claim=f"run:{summary['run_id']}")
