"""The summary of a run, and the proof that it took nothing away."""

from collections.abc import Iterable
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


@dataclass(frozen=True)
class FiguresCompared:
    """What became of the rows of figures that stood before: how many are gone, and how many read differently."""

    removed: int = 0
    changed: int = 0


def compare_figures(lake: Lake, before: FiguresSeen) -> FiguresCompared:
    """Rows that stood in `before` and do not stand now, or read differently; none unless somebody tampered.

    A file's name is the hash of its bytes, so only rows of files that are gone are read. They are looked for by their
    key in the files that have come since: rows moved into another file unchanged count as neither.
    """
    now = set(lake.table(FIGURES).files())
    gone, come = before.files - now, now - before.files
    if not gone:
        return FiguresCompared()
    key = list(FIGURES.key)
    was, is_now = _hash_rows(lake, gone), _hash_rows(lake, come)
    found = was.join(is_now, on=key, how="left", suffix="_now", nulls_equal=True)
    removed = found["content_now"].null_count()
    return FiguresCompared(removed, found.filter(pl.col("content") != pl.col("content_now")).height)


def _hash_rows(lake: Lake, files: Iterable[str]) -> pl.DataFrame:
    """Key columns and a hash of the whole row, of every row in these data files."""
    names = [lake.storage.address(f"{FIGURES.name}/{name}") for name in sorted(files)]
    if not names:
        return FIGURES.empty().select(*FIGURES.key).with_columns(content=pl.lit(0, pl.UInt64))
    rows = pl.scan_parquet(
        names, storage_options=dict(lake.storage.options) or None, hive_partitioning=False, glob=False
    )
    content = pl.struct(pl.exclude(FIGURES.key)).hash(seed=0)
    return rows.select(*FIGURES.key, content.alias("content")).collect()


def record_run(lake: Lake, summary: dict[str, object]) -> None:
    """Keep a run's summary: values of `RUNS` by column name. A run that is tried again after that keeps the first."""
    row = pl.DataFrame([summary], schema=RUNS.schema)
    check_table(RUNS, row)
    with suppress(ClaimTaken):
        lake.table(RUNS).append(row, claim=f"run:{summary['run_id']}")
