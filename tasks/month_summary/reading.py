"""The month of a chain as tables: a row per segment, gaps across links, findings, and what is in doubt."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import polars as pl

from contracts.chain import Chain
from contracts.errors import UsageError
from contracts.figures import FIGURES
from contracts.period import add_months, format_month
from contracts.releases import QUARANTINE
from data_lake.figures import newest_vintage, read_vintages
from data_lake.lake import Lake
from data_lake.selection import Selection
from tasks.comparing.comparisons import compare_with_forecasts
from tasks.comparing.refresh import derive_months
from tasks.month_summary.share_structure import list_shares, measure_concentration
from tasks.reconciling.findings import list_found
from tasks.reconciling.found import Found, Stated, sort_findings
from tasks.reconciling.implied import reconcile, select_known
from tasks.reconciling.lead_lag import find_leads
from tasks.reconciling.link_gaps import measure_gaps, measure_persistence

METRIC = "production"
STOCK_MONTHS = (3, 6)
"""Over so many months gaps are added up."""
MEMORY_YEARS = 6
"""A month is read with the figures since January so many years before it."""


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
    only_source = _find_source(vintages, chain, as_of)
    month = month or _find_newest_month(vintages)
    vintages = vintages.filter(pl.col("month") >= date(max(month.year - MEMORY_YEARS, 1), 1, 1))
    newest = newest_vintage(vintages)
    chains = {chain.name: chain}
    following, before = add_months(month, 1), add_months(month, -1)
    shown = (month, following)
    derived = derive_months(lake, chains, months=shown, as_of=as_of, as_recorded=as_recorded, only=only)
    known = select_known(newest, with_forecasts=True)
    expected, proved = reconcile(known, chains), reconcile(select_known(newest, with_forecasts=False), chains)
    found, stated = list_found(vintages, chains)
    of_month = [one for one in found if month <= one.month <= following]
    forecasts = known.filter(kind="forecast", month=following)["figure_id"].to_list()
    next_gaps = measure_gaps(expected, chain, [shown])
    shares = list_shares(derived.comparisons, month, METRIC)
    together = compare_with_forecasts(known, chains=chains, months=shown)
    return MonthReading(
        chain=chain,
        month=month,
        source=only_source,
        as_of=as_of,
        segments=_list_segments(newest, pl.concat([derived.comparisons, together]), derived.scores, chain, month),
        gaps=measure_gaps(proved, chain, [(before, month)]),
        next_gaps=next_gaps.filter(_rests_on(forecasts)),
        net_gaps=measure_gaps(expected, chain, [(before, following)]),
        stock_gaps=measure_gaps(proved, chain, [(add_months(month, -n), month) for n in STOCK_MONTHS]),
        persistence=measure_persistence(proved, chain, month),
        leads=find_leads(proved, chain, month),
        shares=shares,
        concentration=measure_concentration(shares, chain),
        holiday=_list_holidays(pl.concat([derived.comparisons, together])),
        findings=sort_findings(of_month),
        stated=dict(stated) | {row["figure_id"]: row for row in _near(newest, month).to_dicts()},
        doubts=_count_doubts(lake, newest, chain, month, as_recorded) | {"waiting": len(forecasts)},
    )


def _rests_on(figure_ids: list[str]) -> pl.Expr:
    return pl.col("figure_ids").str.split(" ").list.eval(pl.element().is_in(figure_ids)).list.any()


def _find_newest_month(vintages: pl.DataFrame) -> date:
    """The newest month with actuals; of forecasts where there are none."""
    actuals = vintages.filter(pl.col("kind") == "actual", pl.col("is_monthly"))
    month = actuals["month"].max() or vintages["month"].max()
    assert isinstance(month, date)  # noqa: S101 - there are figures, and each has a month
    return month


def _find_source(vintages: pl.DataFrame, chain: Chain, as_of: datetime) -> str:
    sources = vintages["source"].unique().sort().to_list()
    if not sources:
        raise UsageError(f"nothing is known of chain {chain.name} as of {as_of:%Y-%m-%d}", next="see trona releases")
    if len(sources) > 1:
        raise UsageError(f"several sources review {chain.name}", next=f"name one: --source {' or '.join(sources)}")
    return str(sources[0])


def _near(newest: pl.DataFrame, month: date) -> pl.DataFrame:
    return newest.filter(pl.col("month").is_in([month, add_months(month, 1)]))


def _list_segments(
    newest: pl.DataFrame, comparisons: pl.DataFrame, scores: pl.DataFrame, chain: Chain, month: date
) -> pl.DataFrame:
    rows = [
        _describe(newest, comparisons, scores, segment.name, product, month)
        for segment in chain.segments
        for product in _heads(newest, segment.name, segment.default_product, month)
    ]
    return pl.DataFrame(rows, schema=_SEGMENT_SCHEMA, orient="row")


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


def _heads(newest: pl.DataFrame, segment: str, default: str, month: date) -> list[str]:
    """The segment's total, else what its figures are filed under: the first that this or the next month knows."""
    near = _near(newest, month).filter(pl.col("segment") == segment, pl.col("metric") == METRIC)
    growth = near.filter(pl.col("measure").is_in(["mom_pct", "yoy_pct"]))["product"].to_list()
    return [product for product in dict.fromkeys(("", default)) if product in growth][:1]


def _describe(
    newest: pl.DataFrame, comparisons: pl.DataFrame, scores: pl.DataFrame, segment: str, product: str, month: date
) -> dict[str, Any]:
    node = {"segment": segment, "product": product, "metric": METRIC}
    following = add_months(month, 1)
    own, later = (
        newest.filter(**node, month=month, kind="actual"),
        newest.filter(**node, month=following, kind="forecast"),
    )
    compared = comparisons.filter(**node, month=month)
    reported = _first(compared.filter(measure="mom_pct", basis="reported"))
    scored = _first(
        scores.filter(**node, month=month, measure="mom_pct", status="scored").sort("forecast_at", descending=True)
    )
    together = _first(comparisons.filter(**node, measure="jan_feb_yoy_pct").sort("basis"))
    said = {"mom": _first(own.filter(measure="mom_pct")), "yoy": _first(own.filter(measure="yoy_pct"))}
    said |= {"next_mom": _first(later.filter(measure="mom_pct")), "next_yoy": _first(later.filter(measure="yoy_pct"))}
    return {
        **node,
        **{f"{name}_id": row.get("figure_id") for name, row in said.items()},
        **{f"{name}_pct": row.get("value") for name, row in said.items()},
        "mom_per_day_pct": _first(compared.filter(measure="mom_pct").sort("basis", descending=True)).get("per_day_pct"),
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


def _first(rows: pl.DataFrame) -> dict[str, Any]:
    return rows.row(0, named=True) if rows.height else {}


def _list_holidays(comparisons: pl.DataFrame) -> pl.DataFrame:
    """The months, and those that they are compared with, that the new-year window touches, with its share in them."""
    rows = comparisons.filter(pl.col("holiday_weight").is_not_null())
    back = pl.when(pl.col("measure").str.starts_with("mom")).then(pl.lit("-1mo")).otherwise(pl.lit("-12mo"))
    own = rows.select("month", weight="holiday_weight")
    bases = rows.select(pl.col("month").dt.offset_by(back), weight="base_holiday_weight")
    return pl.concat([own, bases]).filter(pl.col("weight") > 0).unique().sort("month")


def _count_doubts(
    lake: Lake, newest: pl.DataFrame, chain: Chain, month: date, as_recorded: datetime | None
) -> dict[str, int]:
    review = format_month(month)
    refused = lake.table(QUARANTINE).scan().filter(chain=chain.name, review_month=review)
    if as_recorded:
        refused = refused.filter(pl.col("recorded_at") <= as_recorded)
    own = newest.filter(month=month)
    return {
        "refused": refused.select(pl.struct("release_id", "row").n_unique()).collect().item(),
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
