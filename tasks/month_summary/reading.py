"""The month of a chain as tables: a row per segment, gaps across links, findings, and what is in doubt."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import polars as pl

from contracts.chain import Chain
from contracts.errors import UsageError
from contracts.figures import FIGURES
from contracts.period import add_months, format_month
from contracts.releases import QUARANTINE
from contracts.scores import SCORES
from data_lake.figures import newest_vintage, read_vintages
from data_lake.lake import Lake
from data_lake.selection import Selection
from tasks.comparing.comparisons import compare_months, compare_with_forecasts
from tasks.comparing.refresh import derive_months
from tasks.month_summary.share_structure import list_shares, measure_concentration
from tasks.reconciling.findings import list_found
from tasks.reconciling.found import Found, Stated, sort_findings
from tasks.reconciling.implied import reconcile, select_known
from tasks.reconciling.lead_lag import find_leads
from tasks.reconciling.link_gaps import (
    SegmentChanges,
    Span,
    find_gaps,
    find_persistence,
    list_months,
    list_segments,
)

METRIC = "production"
STOCK_MONTHS = (3, 6)
"""Over so many months gaps are added up."""
_REACH_MONTHS = 14
MEMORY_YEARS = 6
"""A single month is read with the figures since January so many years before it."""


@dataclass(frozen=True)
class MonthReading:
    """What is known about one month of a chain from one source, as of an instant.

    `segments` has a row per segment that something is known of: `segment`, `product`, `mom_per_day_pct`,
    `level_surprise_pct`, `verdict`, `rank`, `n_history`, `jan_feb_yoy_pct` with its ends and basis, and the ids of its
    figures `mom_id`, `yoy_id`, `next_mom_id`, `next_yoy_id` in `stated`. `gaps`, `next_gaps` and `net_gaps` are the
    month's gap across links, the next month's where forecasts make it, and both together; `stock_gaps` those added up
    over three and six months. `leads` says which end of a link moves first, `shares` and `concentration` what the
    products of a segment make of it; `doubts` counts by kind.
    """

    chain: Chain
    month: date
    source: str
    as_of: datetime
    segments: pl.DataFrame
    gaps: pl.DataFrame
    next_gaps: pl.DataFrame
    net_gaps: pl.DataFrame
    stock_gaps: pl.DataFrame
    persistence: pl.DataFrame
    leads: pl.DataFrame
    shares: pl.DataFrame
    concentration: pl.DataFrame
    holiday: pl.DataFrame
    findings: list[Found]
    stated: Stated
    doubts: Mapping[str, int]


@dataclass(frozen=True)
class KnownChain:
    """What is known of a chain from one source as of an instant: the part of a month's reading that all months share.

    `newest` has one row per figure; `pending` the actuals and the forecasts that have none yet; `proved` and
    `expected` what actuals alone, and with those forecasts, say about growth; `refused` review month and row.
    """

    chain: Chain
    source: str
    as_of: datetime
    newest: pl.DataFrame
    pending: pl.DataFrame
    proved: Sequence[SegmentChanges]
    expected: Sequence[SegmentChanges]
    found: Sequence[Found]
    stated: Stated
    refused: pl.DataFrame


def read_month(
    lake: Lake,
    chain: Chain,
    month: date | None,
    *,
    as_of: datetime,
    source: str = "",
    as_recorded: datetime | None = None,
) -> MonthReading:
    """The month as known at `as_of`; the newest month with actuals where None is asked for.

    Raises `UsageError` where nothing is known of the chain by then, or several sources are and none is named.
    """
    only = Selection(chain=chain.name, source=source)
    vintages = read_vintages(lake, only, as_of=as_of, as_recorded=as_recorded).collect()
    month, vintages = _limit_memory(vintages, chain, month, as_of)
    known = learn_chain(lake, chain, vintages, as_of=as_of, as_recorded=as_recorded)
    chains, shown = {chain.name: chain}, (month, add_months(month, 1))
    derived = derive_months(lake, chains, months=shown, as_of=as_of, as_recorded=as_recorded, only=only)
    together = compare_with_forecasts(known.pending, chains=chains, months=shown)
    return describe_month(known, pl.concat([derived.comparisons, together]), derived.scores, month)


def read_growth(lake: Lake, chain: Chain, month: date, *, as_of: datetime, source: str) -> MonthReading:
    """As `read_month` without findings: enough for the sentences about the chain, and cheaper where series are many."""
    only = Selection(chain=chain.name, source=source)
    vintages = read_vintages(lake, only, as_of=as_of).collect()
    month, vintages = _limit_memory(vintages, chain, month, as_of)
    known = learn_chain(lake, chain, vintages, as_of=as_of, with_findings=False)
    chains, shown = {chain.name: chain}, (month, add_months(month, 1))
    newest = known.newest.filter(pl.col("month") >= add_months(month, -_REACH_MONTHS))
    compared = compare_months(newest, chains=chains, months=shown)
    together = compare_with_forecasts(known.pending, chains=chains, months=shown)
    return describe_month(known, pl.concat([compared, together]), SCORES.empty(), month)


def _limit_memory(
    vintages: pl.DataFrame, chain: Chain, month: date | None, as_of: datetime
) -> tuple[date, pl.DataFrame]:
    """The month, where None the newest with actuals, and the vintages that it is read with."""
    _check_source(vintages, chain, as_of)
    newest = find_newest_month(vintages)
    month = month or newest
    first = date(max(min(month, newest).year - MEMORY_YEARS, 1), 1, 1)
    return month, vintages.filter(pl.col("month") >= first)


def find_newest_month(newest: pl.DataFrame) -> date:
    """The newest month with actuals; of figures without any, the newest month. There must be a figure."""
    months = newest.filter(pl.col("kind") == "actual", pl.col("is_monthly"))["month"]
    month = months.max() or newest["month"].max()
    assert isinstance(month, date)  # noqa: S101 - there are figures, and each has a month
    return month


def learn_chain(
    lake: Lake,
    chain: Chain,
    vintages: pl.DataFrame,
    *,
    as_of: datetime,
    as_recorded: datetime | None = None,
    with_findings: bool = True,
) -> KnownChain:
    """What the vintages of one source say about a chain, before a month is looked at.

    Only segments at the end of a link are reconciled: gaps are theirs, and no segment bounds another.
    """
    chains = {chain.name: chain}
    newest = newest_vintage(vintages)
    pending = select_known(newest, with_forecasts=True)
    found, stated = list_found(vintages, chains) if with_findings else ([], {})
    ends = {segment for link in chain.links for segment in (link.upstream, link.downstream)}
    linked = pending.filter(pl.col("segment").is_in(list(ends)), metric=METRIC)
    return KnownChain(
        chain=chain,
        source=vintages["source"][0],
        as_of=as_of,
        newest=newest,
        pending=pending,
        proved=list_segments(reconcile(linked.filter(kind="actual"), chains), chain),
        expected=list_segments(reconcile(linked, chains), chain),
        found=found,
        stated=stated,
        refused=_list_refused(lake, chain, as_recorded),
    )


def prepare_months(known: KnownChain, months: Sequence[date]) -> None:
    """Work out at once the changes that readings of these months ask for: they are remembered, and many cost as one."""
    proved = {span for month in months for span in (*list_months(month), *_span_back(month))}
    expected = {span for m in months for span in ((m, add_months(m, 1)), (add_months(m, -1), add_months(m, 1)))}
    ends = sorted({end for link in known.chain.links for end in (link.upstream, link.downstream)})
    for all_segments, spans in ((known.proved, proved), (known.expected, expected)):
        for segments in all_segments:
            for segment in ends:
                segments.changes(segment, sorted(spans))


def _span_back(month: date) -> list[Span]:
    return [(add_months(month, -back), month) for back in STOCK_MONTHS]


def describe_month(known: KnownChain, comparisons: pl.DataFrame, scores: pl.DataFrame, month: date) -> MonthReading:
    """The reading of a month from what is known of its chain, the comparisons and scores of it and the next month."""
    chain, following, before = known.chain, add_months(month, 1), add_months(month, -1)
    near = known.newest.filter(pl.col("month").is_in([month, following]))
    forecasts = known.pending.filter(kind="forecast", month=following)["figure_id"].to_list()
    next_gaps = find_gaps(known.expected, chain, [(month, following)])
    shares = list_shares(comparisons, month, METRIC)
    return MonthReading(
        chain=chain,
        month=month,
        source=known.source,
        as_of=known.as_of,
        segments=_list_segments(near, comparisons, scores, chain, month),
        gaps=find_gaps(known.proved, chain, [(before, month)]),
        next_gaps=next_gaps.filter(_rests_on(forecasts)),
        net_gaps=find_gaps(known.expected, chain, [(before, following)]),
        stock_gaps=find_gaps(known.proved, chain, _span_back(month)),
        persistence=find_persistence(known.proved, chain, month),
        leads=find_leads(known.proved, chain, month),
        shares=shares,
        concentration=measure_concentration(shares, chain),
        holiday=_list_holidays(comparisons),
        findings=sort_findings([one for one in known.found if month <= one.month <= following]),
        stated=dict(known.stated) | {row["figure_id"]: row for row in near.to_dicts()},
        doubts=_count_doubts(known, near, month) | {"waiting": len(forecasts)},
    )


def _rests_on(figure_ids: list[str]) -> pl.Expr:
    return pl.col("figure_ids").str.split(" ").list.eval(pl.element().is_in(figure_ids)).list.any()


def _check_source(vintages: pl.DataFrame, chain: Chain, as_of: datetime) -> None:
    sources = vintages["source"].unique().sort().to_list()
    if not sources:
        raise UsageError(f"nothing is known of chain {chain.name} as of {as_of:%Y-%m-%d}", next="see trona releases")
    if len(sources) > 1:
        raise UsageError(f"several sources review {chain.name}", next=f"name one: --source {' or '.join(sources)}")


def _list_segments(
    near: pl.DataFrame, comparisons: pl.DataFrame, scores: pl.DataFrame, chain: Chain, month: date
) -> pl.DataFrame:
    following = add_months(month, 1)
    tables = _MonthRows(
        own=_group(near.filter(kind="actual", month=month)),
        later=_group(near.filter(kind="forecast", month=following)),
        compared=_group(comparisons.filter(month=month)),
        scored=_group(
            scores.filter(month=month, measure="mom_pct", status="scored").sort("forecast_at", descending=True)
        ),
        together=_group(
            comparisons.filter(pl.col("month").is_in([month, following]), measure="jan_feb_yoy_pct").sort("basis")
        ),
    )
    heads = near.filter(metric=METRIC).filter(pl.col("measure").is_in(["mom_pct", "yoy_pct"]))
    known = set(heads.select("segment", "product").rows())
    nodes = [next(((s.name, p) for p in ("", s.default_product) if (s.name, p) in known), None) for s in chain.segments]
    return pl.DataFrame([tables.describe(*node) for node in nodes if node], schema=_SEGMENT_SCHEMA, orient="row")


_Rows = Mapping[tuple[str, str], Sequence[Mapping[str, Any]]]


def _group(rows: pl.DataFrame) -> _Rows:
    """Rows of output by segment and product."""
    grouped: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for row in rows.filter(metric=METRIC).to_dicts():
        grouped.setdefault((row["segment"], row["product"]), []).append(row)
    return grouped


_SEGMENT_SCHEMA = {
    **dict.fromkeys(("segment", "product", "mom_id", "yoy_id", "next_mom_id", "next_yoy_id"), pl.String()),
    **dict.fromkeys(("mom_pct", "yoy_pct", "mom_per_day_pct", "level_surprise_pct"), pl.Float64()),
    "verdict": pl.String(),
    **dict.fromkeys(("next_mom_pct", "next_yoy_pct"), pl.Float64()),
    **dict.fromkeys(("jan_feb_yoy_pct", "jan_feb_lower", "jan_feb_upper"), pl.Float64()),
    "jan_feb_basis": pl.String(),
    "rank": pl.Int32(),
    "n_history": pl.Int32(),
    "flags": pl.String(),
}


@dataclass(frozen=True)
class _MonthRows:
    """The rows of a month and the next by segment and product: actuals, forecasts, comparisons, scores, both months."""

    own: _Rows
    later: _Rows
    compared: _Rows
    scored: _Rows
    together: _Rows

    def describe(self, segment: str, product: str) -> dict[str, Any]:
        node = segment, product
        compared = self.compared.get(node, ())
        mom = [row for row in compared if row["measure"] == "mom_pct"]
        reported = _first(row for row in mom if row["basis"] == "reported")
        per_day = _first(sorted(mom, key=lambda row: row["basis"], reverse=True))
        scored, together = _first(self.scored.get(node, ())), _first(self.together.get(node, ()))
        said = {
            f"{name}{measure}": _first(row for row in rows.get(node, ()) if row["measure"] == f"{measure}_pct")
            for name, rows in (("", self.own), ("next_", self.later))
            for measure in ("mom", "yoy")
        }
        return {
            "segment": segment,
            "product": product,
            **{f"{name}_id": row.get("figure_id") for name, row in said.items()},
            **{f"{name}_pct": row.get("value") for name, row in said.items()},
            "mom_per_day_pct": per_day.get("per_day_pct"),
            "level_surprise_pct": scored.get("level_surprise_pct"),
            "verdict": scored.get("verdict"),
            "jan_feb_yoy_pct": together.get("value"),
            "jan_feb_lower": together.get("lower"),
            "jan_feb_upper": together.get("upper"),
            "jan_feb_basis": together.get("basis"),
            "rank": reported.get("rank"),
            "n_history": reported.get("n_history"),
            "flags": reported.get("flags"),
        }


def _first(rows: Iterable[Mapping[str, Any]]) -> Mapping[str, Any]:
    return next(iter(rows), {})


def _list_holidays(comparisons: pl.DataFrame) -> pl.DataFrame:
    """The months, and those that they are compared with, that the new-year window touches, with its share in them."""
    rows = comparisons.filter(pl.col("holiday_weight").is_not_null())
    back = pl.when(pl.col("measure").str.starts_with("mom")).then(pl.lit("-1mo")).otherwise(pl.lit("-12mo"))
    own = rows.select("month", weight="holiday_weight")
    bases = rows.select(pl.col("month").dt.offset_by(back), weight="base_holiday_weight")
    return pl.concat([own, bases]).filter(pl.col("weight") > 0).unique().sort("month")


def _list_refused(lake: Lake, chain: Chain, as_recorded: datetime | None) -> pl.DataFrame:
    """Review month, release and row of what was refused of the chain's reviews."""
    refused = lake.table(QUARANTINE).scan().filter(chain=chain.name)
    if as_recorded:
        refused = refused.filter(pl.col("recorded_at") <= as_recorded)
    return refused.select("review_month", "release_id", "row").unique().collect()


def _count_doubts(known: KnownChain, near: pl.DataFrame, month: date) -> dict[str, int]:
    own = near.filter(month=month)
    return {
        "refused": known.refused.filter(review_month=format_month(month)).height,
        "assumed": int(own["is_published_assumed"].sum()),
        "vague": own.filter(pl.col("qualifier") != "exact").height,
    }


def list_rows(reading: MonthReading, name: str) -> pl.DataFrame:
    """A table of the reading by its name in `trona month --rows`; gaps are those of all spans, told apart by months."""
    gaps = [reading.gaps, reading.stock_gaps, reading.next_gaps, reading.net_gaps]
    tables = {
        "segments": reading.segments,
        "gaps": pl.concat(gaps),
        "spreads": reading.persistence,
        "leads": reading.leads,
        "shares": reading.shares,
    }
    return tables[name]


def newest_chain(lake: Lake) -> str:
    """The chain whose newest month with actuals is the newest of all; by name where several are."""
    months = lake.table(FIGURES).scan().filter(kind="actual").group_by("chain").agg(pl.col("month").max())
    rows = months.collect().sort("month", "chain", descending=[True, False])
    if rows.is_empty():
        raise UsageError("the lake holds no figures yet", next="ingest documents with `trona ingest PATH`")
    return str(rows["chain"][0])
