"""Which of two linked segments moves first: lead and lag from their monthly growth, with what is not certain of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from math import atanh, sqrt, tanh
from statistics import NormalDist

import numpy as np
import polars as pl

from contracts.chain import Chain
from contracts.holidays import CHINESE_ZONES, weigh_holiday
from contracts.period import add_months
from tasks.reconciling.link_gaps import SegmentChanges, list_months, name_link

LEAST_PAIRS = 24
"""Fewest pairs of months from which a lead is told."""
_LAGS = range(-3, 4)
# two-sided 95 % for all lags together (Bonferroni)
_Z = NormalDist().inv_cdf(1 - 0.05 / (2 * len(_LAGS)))
LEAD_SCHEMA = {
    **dict.fromkeys(("source", "chain", "upstream", "downstream", "metric"), pl.String()),
    **dict.fromkeys(("lead_months", "lead_lower", "lead_upper"), pl.Int32()),
    **dict.fromkeys(("correlation", "correlation_lower", "correlation_upper"), pl.Float64()),
    "n_pairs": pl.Int32(),
}


@dataclass(frozen=True)
class Lead:
    """By how many months x leads y (negative: follows it) with the leads that cannot be told apart, and how closely."""

    months: int
    lower: int
    upper: int
    correlation: float
    interval: tuple[float, float]
    n: int


def find_leads(known: Sequence[SegmentChanges], chain: Chain, month: date) -> pl.DataFrame:
    """The lead of upstream over downstream of every link of which one can be told: `LEAD_SCHEMA`.

    From the implied monthly growth of both up to `month`, five years back. Months that the new-year window touches, or
    whose base it touches, are left out: there all segments move together.
    """
    rows = [
        {
            **name_link(segments, chain, link),
            "lead_months": lead.months,
            "lead_lower": lead.lower,
            "lead_upper": lead.upper,
            "correlation": lead.correlation,
            "correlation_lower": lead.interval[0],
            "correlation_upper": lead.interval[1],
            "n_pairs": lead.n,
        }
        for segments in known
        for link in chain.links
        if (lead := measure_lead(*(_list_growth(segments, s, chain, month) for s in (link.upstream, link.downstream))))
    ]
    return pl.DataFrame(rows, schema=LEAD_SCHEMA, orient="row")


def _list_growth(segments: SegmentChanges, segment: str, chain: Chain, month: date) -> dict[date, float]:
    is_chinese = chain.calendar.time_zone in CHINESE_ZONES
    changes = segments.changes(segment, list_months(month))
    return {
        last: change.point
        for (first, last), change in changes.items()
        if change.point is not None and not (is_chinese and (weigh_holiday(first) or weigh_holiday(last)))
    }


def measure_lead(x: Mapping[date, float], y: Mapping[date, float]) -> Lead | None:
    """The lead k of x over y at which x_{t−k} and y_t go together most closely; None where none can be told.

    The correlation r at each lead from −3 to 3 months has the interval tanh(atanh r ± z/√(n − 3)) (Fisher), z for 95 %
    of all seven together. The lead is that of the largest r. It is told where `LEAST_PAIRS` pairs are known at every
    lead and its interval lies above zero; leads whose interval reaches its r cannot be told apart from it.
    """
    pairs = {k: [(x[add_months(t, -k)], y[t]) for t in sorted(y) if add_months(t, -k) in x] for k in _LAGS}
    if min(len(found) for found in pairs.values()) < LEAST_PAIRS:
        return None
    found = {k: _correlate(rows) for k, rows in pairs.items()}
    ends = {k: _widen(r, len(pairs[k])) for k, r in found.items()}
    best = max(found, key=lambda k: (found[k], -abs(k)))
    if not ends[best][0] > 0:
        return None
    alike = [k for k in _LAGS if ends[k][1] >= found[best]]
    return Lead(best, min(alike), max(alike), found[best], ends[best], len(pairs[best]))


def _correlate(rows: Sequence[tuple[float, float]]) -> float:
    x, y = np.array(rows).T
    if np.ptp(x) == 0 or np.ptp(y) == 0:
        return 0.0
    return float(np.clip(np.corrcoef(x, y)[0, 1], -0.999999, 0.999999))


def _widen(r: float, n: int) -> tuple[float, float]:
    half = _Z / sqrt(n - 3)
    return tanh(atanh(r) - half), tanh(atanh(r) + half)
