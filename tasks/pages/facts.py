"""What a page rests on: the tables of one chain with the knowledge of one instant, with labels in words."""

from dataclasses import dataclass
from datetime import date, datetime

import polars as pl

from contracts.chain import Chain
from contracts.releases import RELEASES
from data_lake.lake import Lake
from data_lake.ledger import read_alerts
from data_lake.releases import visible_releases
from data_lake.selection import Selection
from tasks.comparing.refresh import derive_months, known_span
from tasks.messages.figure_words import add_series_label, write_stated
from tasks.pages.dumbbells import order_labels


@dataclass(frozen=True)
class ChainFacts:
    """The tables of a chain as of an instant; comparisons, scores and figures have the columns `series` and `text`."""

    chain: Chain
    as_of: datetime
    comparisons: pl.DataFrame
    scores: pl.DataFrame
    figures: pl.DataFrame
    alerts: pl.DataFrame
    releases: pl.DataFrame

    @property
    def months(self) -> list[date]:
        """Months with a reported figure, newest first."""
        return self.reported()["month"].unique().sort(descending=True).to_list()

    def reported(self) -> pl.DataFrame:
        """Comparisons as the source printed them."""
        return self.comparisons.filter(pl.col("basis") == "reported", pl.col("value").is_not_null())

    @property
    def order(self) -> dict[str, int]:
        """Place of each series' label: the order of the chain's definition."""
        return order_labels(self.chain)


def read_facts(lake: Lake, chain: Chain, as_of: datetime) -> ChainFacts:
    """Read and derive what the pages of a chain show; the same lake and instant give the same tables."""
    span = known_span(lake) or (as_of.date(), as_of.date())
    only = Selection(chain=chain.name)
    derived = derive_months(lake, {chain.name: chain}, months=span, as_of=as_of, only=only)
    chains = {chain.name: chain}
    key = ["month", "segment", "product", "metric", "measure"]
    alerts = read_alerts(lake, as_of=as_of, full=True).filter(pl.col("chain") == chain.name)
    releases = visible_releases(lake, as_of=as_of).filter(pl.col("chain") == chain.name).collect()
    return ChainFacts(
        chain=chain,
        as_of=as_of,
        comparisons=_add_words(derived.comparisons, chains, "value", "lower", "upper").sort(*key, "basis"),
        scores=_add_words(derived.scores, chains, "forecast", "forecast_lower", "forecast_upper").sort(
            *key, "forecast_at"
        ),
        figures=_add_words(derived.vintages, chains, "value", "lower", "upper").sort(*key, "published_at"),
        alerts=alerts.sort("month", "alert_id"),
        releases=RELEASES.conform(releases).sort("published_at", "release_id"),
    )


def _add_words(frame: pl.DataFrame, chains: dict[str, Chain], value: str, lower: str, upper: str) -> pl.DataFrame:
    return add_series_label(frame, chains).with_columns(write_stated(value, lower, upper).alias("text"))
