"""A lake made from a fixed seed: series × months × vintages, actuals and forecasts, one release a month."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import numpy as np
import polars as pl

from contracts.figures import READ_FIGURES
from contracts.period import add_months, format_month
from contracts.readings import ReleaseHead
from contracts.releases import QUARANTINE
from contracts.text import fill_text
from data_lake.lake import Lake
from data_lake.releases import record_release
from tasks.intake.figure_rows import build_figures, build_release

SEED = 20260205
START = date(2006, 1, 1)


def make_releases(*, series: int, months: int) -> Iterator[tuple[ReleaseHead, pl.DataFrame]]:
    """One release a month: the month's actual, restatements of the two before, forecasts of the three after.

    So every month has three vintages of its actual and three forecasts, apart from both ends.
    """
    random = np.random.default_rng(SEED)
    names = [f"s{index:05}" for index in range(series)]
    for number in range(months):
        month = add_months(START, number)
        parts = []
        for shift, kind in ((-2, "actual"), (-1, "actual"), (0, "actual"), *((n, "forecast") for n in (1, 2, 3))):
            about = add_months(month, shift)
            if about < START:
                continue
            parts.append(
                pl.DataFrame(
                    {
                        "segment": names,
                        "value": random.normal(2, 6, series).round(1).clip(-90, None),
                        "period": format_month(about),
                        "kind": kind,
                    }
                )
            )
        yield head_made(month, document=f"{number:064x}"), dress_rows(pl.concat(parts))


def dress_rows(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows of `READ_FIGURES` from segment, value, period and kind: growth of output on the month, to one decimal."""
    dressed = rows.with_columns(
        product=pl.lit(""),
        metric=pl.lit("production"),
        measure=pl.lit("mom_pct"),
        unit=pl.lit("%"),
        qualifier=pl.lit("exact"),
        half_width=pl.lit(0.05),
        place=fill_text("row {}", pl.int_range(pl.len())),
        evidence=pl.col("value").cast(pl.String),
        rule=pl.lit("long_table"),
        note=pl.lit(""),
        source_url=pl.lit(""),
    )
    return READ_FIGURES.conform(dressed)


def head_made(month: date, *, document: str, chain: str = "made") -> ReleaseHead:
    """The review of a month, published on the fifth of the next."""
    following = add_months(month, 1)
    return ReleaseHead(
        source="made",
        chain=chain,
        review_month=format_month(month),
        published_at=datetime(following.year, following.month, 5, tzinfo=UTC),
        document=document,
        document_name=f"{month}.csv",
    )


def record_made(lake: Lake, head: ReleaseHead, rows: pl.DataFrame) -> int:
    """Record one made release; how many figures it has."""
    at = head.published_at + timedelta(hours=1)
    figures = build_figures(rows, head, recorded_at=at)
    record_release(lake, build_release(head, at=at, figures=figures.height), figures, QUARANTINE.empty())
    return figures.height
