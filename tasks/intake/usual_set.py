"""Whether a review gave as many figures as those before it: where the reader found far fewer, it has missed some."""

from datetime import timedelta

import polars as pl

from contracts.readings import ReleaseHead
from contracts.text import count_noun
from data_lake.lake import Lake
from data_lake.releases import visible_releases

_LAST = 12
_ENOUGH = 3
_STEP = timedelta(microseconds=1)


def count_usual_figures(lake: Lake, head: ReleaseHead) -> int:
    """Median number of figures of the last 12 monthly reviews of a source and chain published before this one.

    0 where there are fewer than three, or this one is not about a month.
    """
    is_monthly = pl.col("review_month").str.len_chars() == len("2026-01")
    before = visible_releases(lake, as_of=head.published_at - _STEP).filter(
        pl.col("settles").is_null(), is_monthly, source=head.source, chain=head.chain
    )
    counts = before.sort("published_at", "release_id").tail(_LAST).select("figures").collect()["figures"]
    is_asked = len(head.review_month) == len("2026-01") and len(counts) >= _ENOUGH
    return int(counts.median()) if is_asked else 0  # type: ignore[arg-type]


def describe_few(figures: int, usual: int, document: str) -> str:
    """What to do about a review with at most half its usual figures, in a line; empty where it has more."""
    if figures * 2 > usual:
        return ""
    return (
        f"{count_noun(figures, 'figure')}, usually {usual}: `trona extract {document} --all` shows what was passed over"
    )
