"""Gaps across the links of a chain: how much more the upstream segment grew than the one it feeds.

    gap = ln(upstream_t / upstream_s) − ln(downstream_t / downstream_s)

as a percent ratio with its interval. Over several months it is an implied change of stocks between the two, in relative
terms. Growth in percent adds up on the log scale only; that is why the gap is no difference of percentages.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from math import isfinite

import numpy as np
import polars as pl

from contracts.chain import Chain, Link
from contracts.period import add_months, format_month
from tasks.reconciling.difference_system import LinkedSeries, link_series
from tasks.reconciling.implied import Interval, Reconciled, bound_change, to_percent

GAP_SCHEMA = {
    **dict.fromkeys(("source", "chain", "upstream", "downstream", "metric"), pl.String()),
    "from_month": pl.Date(),
    "to_month": pl.Date(),
    **dict.fromkeys(("value_pct", "lower_pct", "upper_pct"), pl.Float64()),
    "figure_ids": pl.String(),
}
LEAST_MONTHS = 8
"""Fewest months from which a link's own spread is measured."""
_SPREAD_SCHEMA = {
    **dict.fromkeys(("source", "chain", "upstream", "downstream", "metric"), pl.String()),
    "month": pl.Date(),
    "same_sign": pl.Int32(),
    "n_months": pl.Int32(),
    "spread": pl.Float64(),
    "spread_from": pl.String(),
    "n_spread": pl.Int32(),
}
_PERSISTENCE = 6


@dataclass(frozen=True)
class SegmentChanges:
    """The linked series of one source's segments: by segment, its group, column and product.

    A change that was asked for once is remembered, since neighbouring months ask for the same ones.
    """

    source: str
    metric: str
    found: Mapping[str, tuple[LinkedSeries, int, tuple[str, ...]]]
    _asked: dict[tuple[str, date, date], Interval | None] = field(default_factory=dict, compare=False, repr=False)

    def change(self, segment: str, first: date, last: date) -> Interval | None:
        """The implied change of a segment on the log scale; None where nothing links the two months."""
        if (asked := (segment, first, last)) not in self._asked:
            self._asked[asked] = self._find_change(segment, first, last)
        return self._asked[asked]

    def _find_change(self, segment: str, first: date, last: date) -> Interval | None:
        if segment not in self.found:
            return None
        linked, series, products = self.found[segment]
        for product in products:
            ends = [linked.node_numbers.get((product, format_month(month))) for month in (first, last)]
            if ends[0] is not None and ends[1] is not None:
                interval = bound_change(linked, series, ends[0], ends[1])
                if interval.point is not None:
                    return interval
        return None


def find_gaps(known: Sequence[SegmentChanges], chain: Chain, spans: Sequence[tuple[date, date]]) -> pl.DataFrame:
    """The gap of every link over every span of months: `GAP_SCHEMA`; links with an open side are absent.

    `value_pct` is 100 (e^gap − 1): how far the ratio of upstream to downstream moved.
    """
    rows = [_describe(segments, chain, link, span) for segments in known for link in chain.links for span in spans]
    return pl.DataFrame([row for row in rows if row], schema=GAP_SCHEMA, orient="row")


def find_persistence(known: Sequence[SegmentChanges], chain: Chain, month: date) -> pl.DataFrame:
    """Per link, in how many of the last months the gap went the same way, and how wide it usually is.

    `same_sign` of `n_months`: months up to six, this one included, whose gap has this month's sign beyond rounding.
    `spread` is the standard deviation of the link's past monthly gaps (log scale, in %) once `LEAST_MONTHS` are known
    (`spread_from` measured, `n_spread` months), else the definition's limit in pp.
    """
    rows = []
    for segments in known:
        for link in chain.links:
            gaps = dict(_list_gaps(segments, link, month))
            if month in gaps:
                rows.append(_summarise(segments, chain, link, month, gaps))
    return pl.DataFrame(rows, schema=_SPREAD_SCHEMA, orient="row")


def list_segments(known: Reconciled, chain: Chain, *, metric: str = "production") -> list[SegmentChanges]:
    """What is known about the growth of a chain's segments, by source; asked for gaps of any months."""
    rows = known.constraints.filter(chain=chain.name, metric=metric)
    heads = {s.name: ("", s.default_product) if s.default_product else ("",) for s in chain.segments}
    by_source: dict[str, dict[str, tuple[LinkedSeries, int, tuple[str, ...]]]] = {}
    for linked in link_series(rows):
        for series, (source, _, segment, _) in enumerate(linked.components.rows()):
            by_source.setdefault(source, {})[segment] = linked, series, heads.get(segment, ("",))
    return [SegmentChanges(source, metric, found) for source, found in sorted(by_source.items())]


def _gap(segments: SegmentChanges, link: Link, first: date, last: date) -> Interval | None:
    up, down = segments.change(link.upstream, first, last), segments.change(link.downstream, first, last)
    if up is None or down is None or up.point is None or down.point is None:
        return None
    ids = tuple(dict.fromkeys([*up.figure_ids, *down.figure_ids]))
    return Interval(up.lower - down.upper, up.upper - down.lower, up.point - down.point, ids)


def _describe(segments: SegmentChanges, chain: Chain, link: Link, span: tuple[date, date]) -> dict[str, object] | None:
    gap = _gap(segments, link, *span)
    if gap is None or gap.point is None:
        return None
    return {
        "source": segments.source,
        "chain": chain.name,
        "upstream": link.upstream,
        "downstream": link.downstream,
        "metric": segments.metric,
        "from_month": span[0],
        "to_month": span[1],
        "value_pct": to_percent(gap.point),
        "lower_pct": to_percent(gap.lower),
        "upper_pct": to_percent(gap.upper),
        "figure_ids": " ".join(gap.figure_ids),
    }


def _list_gaps(segments: SegmentChanges, link: Link, month: date) -> Iterator[tuple[date, Interval]]:
    """Monthly gaps that are known, this month's and up to five years before it."""
    for back in range(60):
        last = add_months(month, -back)
        gap = _gap(segments, link, add_months(last, -1), last)
        if gap is not None and isfinite(gap.lower) and isfinite(gap.upper):
            yield last, gap


def _summarise(
    segments: SegmentChanges, chain: Chain, link: Link, month: date, gaps: Mapping[date, Interval]
) -> dict[str, object]:
    now = gaps[month].point or 0.0
    recent = [gaps[m] for m in (add_months(month, -back) for back in range(_PERSISTENCE)) if m in gaps]
    same = sum(gap.lower > 0 if now > 0 else gap.upper < 0 for gap in recent)
    past = [gap.point for m, gap in gaps.items() if m != month and gap.point is not None]
    is_measured = len(past) >= LEAST_MONTHS
    return {
        "source": segments.source,
        "chain": chain.name,
        "upstream": link.upstream,
        "downstream": link.downstream,
        "metric": segments.metric,
        "month": month,
        "same_sign": same,
        "n_months": len(recent),
        "spread": to_percent(float(np.std(past, ddof=1))) if is_measured else link.spread_pp,
        "spread_from": "measured" if is_measured else "definition",
        "n_spread": len(past) if is_measured else None,
    }
