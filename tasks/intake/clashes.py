"""Another value for the same figure, published on the same day: said when it comes in, and put in an order.

A correction of the same day has the same instant of publication where only days are stated. Of two vintages of
one instant the one recorded last is the later, so a release that contradicts another is recorded after it.
"""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import polars as pl

from contracts.figures import FIGURES
from contracts.readings import ReleaseHead
from data_lake.lake import Lake

_KEY = ("segment", "product", "metric", "measure", "period", "kind")
_STATED = ("value", "lower", "upper", "unit")
_MOST = 10


def find_rivals(lake: Lake, known: pl.DataFrame, head: ReleaseHead, good: pl.DataFrame, *, zone: str) -> pl.DataFrame:
    """Figures of releases of that source, chain and day that state another value than `good` does.

    `known` are the releases that stand (`recorded_documents`); one whose place a settlement took states nothing.
    Columns: those of the figure as recorded, and what the new release states, with the suffix `_new`.
    """
    day = head.published_at.astimezone(ZoneInfo(zone)).date()
    same_day = known.filter(
        pl.col("source") == head.source,
        pl.col("chain") == head.chain,
        ~pl.col("is_settled"),
        pl.col("published_at").dt.convert_time_zone(zone).dt.date() == day,
    )
    kept = ("published_at", "recorded_at", "release_id")
    if same_day.is_empty():
        return FIGURES.empty().select(*_KEY, *_STATED, *kept)
    recorded = (
        lake.table(FIGURES)
        .scan()
        .filter(pl.col("release_id").is_in(same_day["release_id"].to_list()))
        .select(*_KEY, *_STATED, *kept)
        .collect()
    )
    both = recorded.join(good.select(*_KEY, *_STATED), on=_KEY, suffix="_new")
    differs = pl.any_horizontal(pl.col(c).ne_missing(pl.col(f"{c}_new")) for c in _STATED)
    return both.filter(differs).sort(*kept, *_KEY)


def record_after(rivals: pl.DataFrame, now: datetime) -> datetime:
    """`now`, or just after the last rival where the clock says that it was recorded later."""
    last = rivals["recorded_at"].max()
    return max(now, last + timedelta(microseconds=1)) if isinstance(last, datetime) else now


def describe_clashes(rivals: pl.DataFrame) -> tuple[str, ...]:
    """A line for each of the first ten figures, with both values, and one that counts the rest."""
    lines = [
        f"another value for {' '.join(filter(None, (row[c] for c in _KEY)))} is recorded for the same day: "
        f"{_write(row, '')}, now {_write(row, '_new')} (release {row['release_id']})"
        for row in rivals.head(_MOST).to_dicts()
    ]
    return (*lines, *([f"and {rivals.height - _MOST} more"] if rivals.height > _MOST else []))


def _write(row: dict[str, object], suffix: str) -> str:
    value, low, high, unit = (row[f"{name}{suffix}"] for name in _STATED)
    number = value if value is not None else f"{low if low is not None else ''}…{high if high is not None else ''}"
    return f"{number:g} {unit}" if isinstance(number, float) else f"{number} {unit}"
