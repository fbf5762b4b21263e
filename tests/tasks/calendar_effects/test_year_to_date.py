"""The year to date by hand, from levels, and its ends against every corner of what rounding allows."""

from itertools import product

import numpy as np
import polars as pl
import pytest

from contracts.checks import check_table
from contracts.comparisons import COMPARISONS
from tasks.comparing.comparisons import compare_months
from tests.tasks.reconciling.published import CHAINS, figures


def publish(mom: list[float], yoy: list[float], **more: object) -> list[dict[str, object]]:
    """MoM from February on and YoY from January on, of 2025."""
    rows = [{"period": f"2025-{n:02}", "value": float(v)} | more for n, v in enumerate(mom, 2)]
    return rows + [
        {"period": f"2025-{n:02}", "measure": "yoy_pct", "value": float(v)} | more for n, v in enumerate(yoy, 1)
    ]


def to_date(*rows: dict[str, object]) -> dict[int, tuple[float, ...]]:
    """The three numbers by month."""
    found = compare_months(figures(*rows), chains=CHAINS)
    check_table(COMPARISONS, found)
    known = found.filter(pl.col("ytd_pct").is_not_null())
    assert set(known["measure"]) <= {"yoy_pct"}
    names = ("ytd_pct", "ytd_lower_pct", "ytd_upper_pct")
    return {row["month"].month: tuple(row[name] for name in names) for row in known.to_dicts()}


def take(mom: tuple[float, ...], yoy: tuple[float, ...]) -> float:
    """The same, written down again."""
    level, levels = 1.0, [1.0]
    for change in mom:
        level *= 1 + change / 100
        levels.append(level)
    return 100 * (sum(levels) / sum(w / (1 + y / 100) for w, y in zip(levels, yoy, strict=True)) - 1)


def test_a_quarter_by_hand():
    # levels 1, .5, .75 (−50 %, +50 %); a year before 1/1.2, .5/1.0, .75/1.5 = .83333, .5, .5
    # 2.25/1.83333 = 1.22727
    found = to_date(*publish([-50, 50], [20, 0, 50]))
    assert list(found) == [3]
    assert found[3][0] == pytest.approx(22.727, abs=0.001)


def test_its_ends_are_those_of_every_corner():
    rng = np.random.default_rng(5)
    for _ in range(25):
        mom, yoy = rng.integers(-60, 90, 4), rng.integers(-60, 150, 5)
        found = to_date(*publish(list(mom), list(yoy)))
        for last in (3, 4, 5):
            inner = product(*((m - 0.5, m + 0.5) for m in mom[: last - 1]))
            ends = [
                [take(corner, tuple(yoy[:last] + shift)) for shift in (-0.5, 0.5)] for corner in inner
            ]  # it rises with YoY
            low, high = min(e[0] for e in ends), max(e[1] for e in ends)
            assert found[last] == pytest.approx((take(tuple(mom[: last - 1]), tuple(yoy[:last])), low, high), abs=1e-8)


def test_true_levels_lie_within():
    rng = np.random.default_rng(6)
    for _ in range(20):
        levels = 100 * np.exp(np.cumsum(rng.normal(0, 0.2, 24)))
        before, now = levels[:12], levels[12:]
        mom, yoy = np.round(100 * (now[1:] / now[:-1] - 1)), np.round(100 * (now / before - 1))
        found = to_date(*publish(list(mom), list(yoy)))
        assert list(found) == list(range(3, 13))
        for month, (_, low, high) in found.items():
            assert low - 1e-9 <= 100 * (now[:month].sum() / before[:month].sum() - 1) <= high + 1e-9


def test_a_month_that_is_missing_ends_it():
    rows = publish([5, 5, 5], [10, 10, 10, 10])
    assert list(to_date(*rows)) == [3, 4]
    assert list(to_date(*(r for r in rows if r["period"] != "2025-04" or "measure" not in r))) == [3]
    assert not to_date(*(r for r in rows if r["period"] != "2025-01"))
    assert not to_date(*publish([5, 5], [10, 10, 10], metric="price"))


def test_what_has_no_ratio_has_none():
    assert not to_date(*publish([5, 5], [10, -100, 10]))
    # −99.5 … 0 %: the smallest factor is zero, so the lower end is open
    ((_, low, high),) = to_date(*publish([5, 5], [10, -99.6, 10])).values()
    assert low is None
    assert high is not None


def test_it_is_the_same_whichever_months_are_asked_for():
    rows = figures(*publish([5] * 11, [10] * 12))
    whole = compare_months(rows, chains=CHAINS)
    december = whole["month"].max()
    alone = compare_months(rows, chains=CHAINS, months=(december, december))
    assert alone.equals(whole.filter(month=december))
