"""What a page rests on: the tables of one chain with the knowledge of one instant, with labels in words."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cached_property
from typing import Any

import polars as pl

from contracts.chain import Chain
from contracts.period import add_months
from contracts.releases import RELEASES
from data_lake.figures import read_vintages
from data_lake.lake import Lake
from data_lake.ledger import read_alerts
from data_lake.releases import standing_releases, visible_releases
from data_lake.selection import Selection
from tasks.comparing.comparisons import compare_with_forecasts
from tasks.comparing.refresh import derive_months
from tasks.month_summary.reading import KnownChain, learn_chain
from tasks.pages.words import add_words, load_words, name_chain
from tasks.reconciling.found import Found, sort_findings
from tasks.reconciling.language import Language

_KEY = ["month", "segment", "product", "metric", "measure"]
_RECENT = 14
_ENDS = {
    "comparisons": ("value", "lower", "upper"),
    "scores": ("forecast", "forecast_lower", "forecast_upper"),
    "figures": ("value", "lower", "upper"),
}


@dataclass(frozen=True)
class ChainFacts:
    """The tables of a chain as of an instant; comparisons, scores and figures have the columns `series` and `text`.

    Figures have `day` too, that of publication by the chain's clock.

    `releases` are those that hold; `documents` are those as they were read, also where somebody settled them later.
    `known` is what each source's figures say together; `together` January with February where forecasts take part.
    """

    chain: Chain
    as_of: datetime
    words: Language
    comparisons: pl.DataFrame
    scores: pl.DataFrame
    figures: pl.DataFrame
    alerts: pl.DataFrame
    releases: pl.DataFrame
    documents: pl.DataFrame
    known: Mapping[str, KnownChain]
    together: pl.DataFrame

    @property
    def title(self) -> str:
        """The chain's title in the language of the facts."""
        return name_chain(self.chain, self.words)

    @cached_property
    def months(self) -> list[date]:
        """Months with a reported figure, newest first."""
        return self.reported["month"].unique().sort(descending=True).to_list()

    @cached_property
    def reported(self) -> pl.DataFrame:
        """Comparisons as the source printed them."""
        return self.comparisons.filter(pl.col("basis") == "reported", pl.col("value").is_not_null())

    @cached_property
    def order(self) -> dict[str, int]:
        """Place of each series' label: the order of the chain's definition, then by name."""
        place = {node: number for number, node in enumerate(self.chain.nodes())}
        rows = self.figures.select("series", "segment", "product", "metric").unique().rows()
        last = len(place)
        ranked = sorted(rows, key=lambda r: (place.get((r[1], r[2]), last), r[3] != "production", r[0]))
        return {row[0]: number for number, row in enumerate(ranked)}

    @cached_property
    def slugs(self) -> dict[str, str]:
        """File name of each series' page by its label, in the order of the chain's definition."""
        names = self.figures.select("series", "segment", "product", "metric").unique().rows()
        slugs = {label: "-".join(filter(None, rest)) for label, *rest in names}
        return {label: slugs[label] for label in sorted(slugs, key=lambda label: self.order[label])}

    @cached_property
    def findings(self) -> list[Found]:
        """Every finding of every source, the severest and newest first, the same one once."""
        found = {one.finding_id: one for known in self.known.values() for one in known.found}
        return sort_findings(list(found.values()))

    @cached_property
    def stated(self) -> dict[str, Mapping[str, object]]:
        """The figures that findings name, by id."""
        return {name: row for known in self.known.values() for name, row in known.stated.items()}

    @cached_property
    def restated(self) -> pl.DataFrame:
        """Actuals that were published again with another value: their figures, with `before`, what was said before."""
        key = ["source", "segment", "product", "metric", "measure", "period"]
        rows = self.figures.filter(kind="actual").with_columns(pl.col("text").shift(1).over(key).alias("before"))
        return rows.filter(pl.col("before") != pl.col("text"))

    @cached_property
    def _by_month(self) -> dict[str, dict[tuple[object, ...], pl.DataFrame]]:
        names = ("comparisons", "scores", "figures", "alerts", "reported", "together")
        return {
            name: getattr(self, name).partition_by("month", as_dict=True, maintain_order=True)  # cut once, not searched
            for name in names
        }

    def of_month(self, table: str, month: date) -> pl.DataFrame:
        """The rows of a table about one month, as quick for the hundredth month as for the first."""
        whole: pl.DataFrame = getattr(self, table)
        return self._by_month[table].get((month,), whole.clear())

    def in_order(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Rows in the order in which the chain's definition names its series."""
        place = pl.col("series").replace_strict(self.order, default=len(self.order), return_dtype=pl.Int64)
        return frame.sort(place, maintain_order=True)


def find_newest(frame: pl.DataFrame) -> datetime | None:
    """When the newest of these figures or releases was published."""
    newest: datetime | None = frame["published_at"].max()  # type: ignore[assignment]
    return newest


def read_facts(lake: Lake, chain: Chain, as_of: datetime, *, recent: bool = False) -> ChainFacts:
    """Read and derive what the pages of a chain show, in English; the same lake and instant give the same tables.

    `recent` derives the newest months alone, as many as the pages of the newest two of them show; what figures say
    together is worked out from all of them either way.
    """
    only = Selection(chain=chain.name)
    vintages = read_vintages(lake, only, as_of=as_of).collect()
    span = _find_span(vintages, as_of, recent=recent)
    derived = derive_months(lake, {chain.name: chain}, months=span, as_of=as_of, only=only)
    releases = visible_releases(lake, as_of=as_of).filter(pl.col("chain") == chain.name).collect()
    stands = standing_releases(lake, as_of=as_of).filter(pl.col("chain") == chain.name, pl.col("settles").is_null())
    documents = stands.collect()
    sources = vintages["source"].unique().sort().to_list()
    known = {s: learn_chain(lake, chain, vintages.filter(source=s), as_of=as_of) for s in sources}
    pending = [compare_with_forecasts(k.pending, chains={chain.name: chain}, months=span) for k in known.values()]
    plain = ChainFacts(
        chain=chain,
        as_of=as_of,
        words=load_words("en"),
        comparisons=derived.comparisons.sort(*_KEY, "basis"),
        scores=derived.scores.sort(*_KEY, "forecast_at"),
        figures=vintages.sort(*_KEY, "published_at", "figure_id"),
        alerts=read_chain_alerts(lake, chain, as_of),
        releases=RELEASES.conform(releases).sort("published_at", "release_id"),
        documents=RELEASES.conform(documents).sort("published_at", "release_id"),
        known=known,
        together=pl.concat(pending) if pending else derived.comparisons.clear(),
    )
    return translate(plain, load_words("en"))


def read_chain_alerts(lake: Lake, chain: Chain, as_of: datetime) -> pl.DataFrame:
    """The alerts of a chain as they stood at an instant, by month."""
    return read_alerts(lake, as_of=as_of, full=True).filter(pl.col("chain") == chain.name).sort("month", "alert_id")


def _find_span(vintages: pl.DataFrame, as_of: datetime, *, recent: bool) -> tuple[date, date]:
    """First and last month that figures are about; of a recent span the first is the newest outcome's year before."""
    if vintages.is_empty():
        return as_of.date().replace(day=1), as_of.date().replace(day=1)
    first, last = vintages.select(first=pl.col("month").min(), last=pl.col("month").max()).row(0)
    outcome = vintages.filter(kind="actual")["month"].max()
    return (max(first, add_months(outcome, -_RECENT)) if recent and outcome else first), last  # type: ignore[arg-type]


def translate(facts: ChainFacts, words: Language) -> ChainFacts:
    """The facts with their labels and statements in another language."""
    zone = facts.chain.calendar.time_zone
    day = pl.col("published_at").dt.convert_time_zone(zone).dt.strftime("%Y-%m-%d").alias("day")
    tables: dict[str, Any] = {
        name: add_words(getattr(facts, name).drop("series", "text", "day", strict=False), facts.chain, words, ends)
        for name, ends in _ENDS.items()
    }
    return replace(facts, words=words, **tables | {"figures": tables["figures"].with_columns(day)})
