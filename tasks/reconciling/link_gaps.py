"""Gaps across the links of a chain: how much more the upstream segment grew than the one it feeds.

    gap = ln(upstream_t / upstream_s) − ln(downstream_t / downstream_s)

as a percent ratio with its interval. Over several months it is an implied change of stocks between the two, in relative
terms. Growth in percent adds up on the log scale only; that is why the gap is no difference of percentages.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from math import isfinite

import numpy as np
import polars as pl

from contracts.chain import Chain, Link
from contracts.period import add_months, format_month
from tasks.reconciling.difference_system import LinkedSeries, link_series
from tasks.reconciling.implied import Interval, Reconciled, bound_changes, to_percent

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
    **dict.fromkeys(("reversed_pct", "reversed_lower_pct", "reversed_upper_pct"), pl.Float64()),
    "spread": pl.Float64(),
    "spread_from": pl.String(),
    "n_spread": pl.Int32(),
}
_PERSISTENCE = 6
_MEMORY = 60
"""Months of a link's history that are looked at."""
Span = tuple[date, date]


@dataclass(frozen=True)
class SegmentChanges:
    """The linked series of one source's segments: by segment, its group, column and products.

    A change that was asked for once is remembered, since neighbouring months ask for the same ones.
    """

    source: str
    metric: str
    found: Mapping[str, tuple[LinkedSeries, int, tuple[str, ...]]]
    _asked: dict[tuple[str, Span], Interval | None] = field(default_factory=dict, compare=False, repr=False)

    def changes(self, segment: str, spans: Iterable[Span]) -> dict[Span, Interval]:
        """The implied changes of a segment on the log scale, by span; a span that nothing links is absent."""
        spans = list(spans)
        self._find_changes(segment, [span for span in spans if (segment, span) not in self._asked])
        found = {span: self._asked[segment, span] for span in spans}
        return {span: interval for span, interval in found.items() if interval is not None}

    def gaps(self, link: Link, spans: Iterable[Span]) -> dict[Span, Interval]:
        """The gaps of a link on the log scale, by span; a span of which one side is open is absent."""
        spans = list(spans)
        up, down = self.changes(link.upstream, spans), self.changes(link.downstream, spans)
        return {span: _subtract(up[span], down[span]) for span in spans if span in up and span in down}

    def _find_changes(self, segment: str, spans: Sequence[Span]) -> None:
        """All spans in one solve, a column each."""
        self._asked.update(dict.fromkeys(((segment, span) for span in spans), None))
        if segment not in self.found:
            return
        linked, series, products = self.found[segment]
        for product in reversed(products):  # the first of them counts
            ends = {span: [linked.node_numbers.get((product, format_month(month))) for month in span] for span in spans}
            pairs = {span: (tail, head) for span, (tail, head) in ends.items() if tail is not None and head is not None}
            found = zip(pairs, bound_changes(linked, series, list(pairs.values())), strict=True)
            self._asked.update({(segment, span): one for span, one in found if one.point is not None})


def _subtract(up: Interval, down: Interval) -> Interval:
    assert up.point is not None and down.point is not None  # noqa: S101, PT018 - `changes` leaves open ones out
    ids = tuple(dict.fromkeys([*up.figure_ids, *down.figure_ids]))
    return Interval(up.lower - down.upper, up.upper - down.lower, up.point - down.point, ids)


def list_months(month: date, count: int = _MEMORY) -> list[Span]:
    """The last months up to this one, newest first, each as the span from the month before it."""
    return [(add_months(month, -back - 1), add_months(month, -back)) for back in range(count)]


def find_gaps(known: Sequence[SegmentChanges], chain: Chain, spans: Sequence[Span]) -> pl.DataFrame:
    """The gap of every link over every span of months: `GAP_SCHEMA`; links with an open side are absent.

    `value_pct` is 100 (e^gap − 1): how far the ratio of upstream to downstream moved.
    """
    rows = [
        {**name_link(segments, chain, link), **_describe(span, gap)}
        for segments in known
        for link in chain.links
        for span, gap in segments.gaps(link, spans).items()
    ]
    return pl.DataFrame(rows, schema=GAP_SCHEMA, orient="row")


def find_persistence(known: Sequence[SegmentChanges], chain: Chain, month: date) -> pl.DataFrame:
    """Per link, in how many of the last months the gap went the same way, and how wide it usually is.

    `same_sign` of `n_months`: months up to six, this one included, whose gap has this month's sign beyond rounding.
    `reversed_pct` is the gap of the month before where it had the other sign beyond rounding, with its ends. `spread`
    is the standard deviation of the link's past monthly gaps (log scale, in %) once `LEAST_MONTHS` are known
    (`spread_from` measured, `n_spread` months), else the definition's limit in pp.
    """
    rows = []
    for segments in known:
        for link in chain.links:
            gaps = {span[1]: gap for span, gap in segments.gaps(link, list_months(month)).items() if _is_closed(gap)}
            if month in gaps:
                rows.append({**name_link(segments, chain, link), "month": month, **_summarise(link, month, gaps)})
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


def name_link(segments: SegmentChanges, chain: Chain, link: Link) -> dict[str, object]:
    """The columns that say whose link a row is about."""
    return {
        "source": segments.source,
        "chain": chain.name,
        "upstream": link.upstream,
        "downstream": link.downstream,
        "metric": segments.metric,
    }


def _is_closed(gap: Interval) -> bool:
    return isfinite(gap.lower) and isfinite(gap.upper)


def _describe(span: Span, gap: Interval) -> dict[str, object]:
    return {
        "from_month": span[0],
        "to_month": span[1],
        **{f"{end}_pct": value for end, value in zip(("value", "lower", "upper"), _percents(gap), strict=True)},
        "figure_ids": " ".join(gap.figure_ids),
    }


def _percents(gap: Interval) -> tuple[float | None, ...]:
    return tuple(None if end is None else to_percent(end) for end in (gap.point, gap.lower, gap.upper))


def _summarise(link: Link, month: date, gaps: Mapping[date, Interval]) -> dict[str, object]:
    now = gaps[month].point or 0.0
    recent = [gaps[m] for m in (add_months(month, -back) for back in range(_PERSISTENCE)) if m in gaps]
    same = sum(gap.lower > 0 if now > 0 else gap.upper < 0 for gap in recent)
    past = [gap.point for m, gap in gaps.items() if m != month and gap.point is not None]
    is_measured = len(past) >= LEAST_MONTHS
    before = gaps.get(add_months(month, -1))
    turned = _percents(before) if before and _is_opposite(gaps[month], before) else (None, None, None)
    return {
        "same_sign": same,
        "n_months": len(recent),
        "reversed_pct": turned[0],
        "reversed_lower_pct": turned[1],
        "reversed_upper_pct": turned[2],
        "spread": to_percent(float(np.std(past, ddof=1))) if is_measured else link.spread_pp,
        "spread_from": "measured" if is_measured else "definition",
        "n_spread": len(past) if is_measured else None,
    }


def _is_opposite(gap: Interval, before: Interval) -> bool:
    """Both beyond rounding, of different signs."""
    return (gap.lower > 0 and before.upper < 0) or (gap.upper < 0 and before.lower > 0)
