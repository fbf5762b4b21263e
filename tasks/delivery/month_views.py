"""What a message shows of its month beside the findings: a picture of forecasts, its page, what needs a look."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache

import polars as pl

from contracts.chain import Chain
from contracts.comparisons import COMPARISONS
from contracts.releases import DOUBTFUL_RULE, QUARANTINE
from contracts.scores import SCORES
from data_lake.lake import Lake
from data_lake.ledger import Months
from data_lake.releases import standing_releases, superseded_among
from tasks.messages.picture import BAR_COLUMNS, Bar, Picture

MOST_BARS = 10
INDEX = "index.html"

Group = tuple[str, str, date]
"""Source, chain and month: what one message is about."""


@dataclass(frozen=True)
class MonthViews:
    """Pictures by source, chain and month; and the chains and months of which the site has a page.

    `waiting` are the releases with doubtful readings that nobody has settled, and how many each has.
    """

    pictures: Mapping[Group, Picture] = field(default_factory=dict)
    pages: frozenset[tuple[str, date]] = frozenset()
    waiting: Mapping[Group, tuple[tuple[str, int], ...]] = field(default_factory=dict)

    def name_page(self, chain: str, month: date) -> str:
        """The page about the month within the site; its first page where nothing was published for the month."""
        from tasks.pages.addresses import name_month_page  # noqa: PLC0415 - only where there is a message

        return name_month_page(chain, month) if (chain, month) in self.pages else INDEX


def read_month_views(lake: Lake, chains: Mapping[str, Chain], months: Months) -> MonthViews:
    """The views of these months, from the stored comparisons and scores; what the lake has by now."""
    is_asked = pl.col("month").is_between(*months) if months else pl.lit(True)
    reported = (
        lake.table(COMPARISONS).scan().filter(is_asked, pl.col("basis") == "reported", pl.col("value").is_not_null())
    )
    pages = reported.select("chain", "month").unique().collect().rows()
    scores = lake.table(SCORES).scan().filter(is_asked, pl.col("actual").is_not_null()).collect()
    pictures = {}
    for (source, name, month), rows in scores.group_by("source", "chain", "month"):
        picture = describe_picture(chains[name], rows, month) if name in chains else None
        if picture:
            pictures[source, name, month] = picture
    return MonthViews(pictures, frozenset(pages), _read_waiting(lake, months))


def _read_waiting(lake: Lake, months: Months) -> dict[Group, tuple[tuple[str, int], ...]]:
    """Releases with readings that wait to be settled, by what their messages are about."""
    month = pl.col("review_month").str.to_date("%Y-%m", strict=False)
    rows = lake.table(QUARANTINE).scan().filter(rule=DOUBTFUL_RULE).with_columns(month=month)
    rows = rows.filter(pl.col("month").is_between(*months) if months else pl.col("month").is_not_null())
    standing = standing_releases(lake)
    counted = (
        rows.join(standing.select("release_id"), on="release_id", how="semi")
        .join(superseded_among(standing), on="release_id", how="anti")
        .group_by("source", "chain", "month", "release_id")
        .len()
        .sort("release_id")
        .group_by("source", "chain", "month")
        .agg("release_id", "len")
        .collect()
    )
    return {
        (source, chain, at): tuple(zip(ids, counts, strict=True)) for source, chain, at, ids, counts in counted.rows()
    }


def describe_picture(chain: Chain, scores: pl.DataFrame, month: date) -> Picture | None:
    """The first picture of the page, of the series furthest from their forecasts; None where none was marked."""
    from tasks.pages.dumbbells import compare_forecasts  # noqa: PLC0415 - only where there is a message

    drawn = compare_forecasts(chain, scores, month)
    if not drawn:
        return None
    first = drawn[0].limit(MOST_BARS)
    bars = tuple(Bar(*row) for row in first.rows.select(BAR_COLUMNS).iter_rows())
    return Picture(first.heading, first.note, first.alternative, bars)


@lru_cache(maxsize=16)  # every receiver of a month gets the same one
def draw_picture(picture: Picture | None) -> bytes:
    """The PNG; empty where there is nothing to draw or what draws it is not installed."""
    from tasks.pages.charts import draw_dumbbells_png  # noqa: PLC0415 - only a mail with a picture pays for it

    if picture is None:
        return b""
    rows = pl.DataFrame(
        [[getattr(bar, name) for name in BAR_COLUMNS] for bar in picture.bars], BAR_COLUMNS, orient="row"
    )
    return draw_dumbbells_png(rows)
