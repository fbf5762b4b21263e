"""Whatever passes the contracts of figures is reconciled, told and compared without an error, in both languages."""

from datetime import UTC, date, datetime

import numpy as np
import polars as pl
import pytest

from contracts.checks import check_table
from contracts.comparisons import COMPARISONS
from contracts.reconciled import FINDINGS, IMPLIED
from contracts.vocabulary import MEASURES
from data_lake.figures import newest_vintage
from tasks.comparing.comparisons import compare_months, compare_with_forecasts
from tasks.reconciling.findings import find_findings, list_found
from tasks.reconciling.found import tell_finding
from tasks.reconciling.implied import imply_changes, reconcile, select_known
from tasks.reconciling.language import load_language
from tests.tasks.reconciling.published import CHAINS, figures

PERIODS = [f"{y}-{m}" for y in (2025, 2026) for m in ("01", "02", "03", "12", "Q1", "H1")] + ["2025", "2026"]
VALUES = [-100.0, -50.0, -2.0, 0.0, 1.0, 5.0, 30.0, 99.5, 100.0, 250.0]
RANGES = {"share": (0.0, 100.0), "level": (0.0, 1e9), "direction": (-1.0, 1.0), "points": (-100.0, 100.0)}


def make_row(rng: np.random.Generator) -> dict[str, object]:
    """A row with any measure, period, precision and qualifier, within what the contracts allow."""
    measure, release = str(rng.choice(list(MEASURES))), int(rng.integers(3))
    family, unit = MEASURES[measure].family, MEASURES[measure].unit
    value = float(np.clip(rng.choice(VALUES), *RANGES.get(family, (-100.0, 1e9))))
    qualifier = "exact" if family == "direction" else str(rng.choice(["exact", "exact", "about", "bound", "range"]))
    ends = {"bound": {str(rng.choice(["lower", "upper"])): value}, "range": {"lower": value, "upper": value}}
    row = {
        "measure": measure,
        "period": str(rng.choice(PERIODS)),
        "product": str(rng.choice(["", "nfpp", "polyanion", "layered_oxide"])),
        "kind": str(rng.choice(["actual", "actual", "forecast"])),
        "unit": "t" if unit == "level" else unit,
        "value": float(np.sign(value)) if family == "direction" else value,
        "qualifier": qualifier,
        "half_width": float(rng.choice([0.0, 0.05, 0.5])),
        "release_id": f"r{release}",
        "published_at": datetime(2026, 2, 1 + release, tzinfo=UTC),
        "is_published_assumed": False,
        "review_month": "2026-01",
        "evidence": "a sentence that is copied from one month to the next",
    }
    return row | ({"value": None, **ends[qualifier]} if qualifier in ends else {})


def make_figures(seed: int) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    rows = [make_row(rng) for _ in range(rng.integers(1, 60))]
    key = ("measure", "period", "product", "kind", "release_id")
    named = {"|".join(str(row[name]) for name in key): row for row in rows}
    return figures(*(row | {"figure_id": name} for name, row in named.items()))


SOAKED = [pytest.param(seed, marks=pytest.mark.soak) for seed in range(8, 60)]


@pytest.mark.parametrize("seed", [*range(8), *SOAKED])
def test_it_is_reconciled_told_and_compared(seed):
    rows = make_figures(seed)
    check_table(FINDINGS, find_findings(rows, CHAINS))
    found, stated = list_found(rows, CHAINS)
    assert all(tell_finding(one, stated, CHAINS, load_language("zh")) for one in found)
    newest = newest_vintage(rows)
    known = select_known(newest, with_forecasts=True)
    implied = imply_changes(reconcile(known, CHAINS), [""], first=date(2025, 1, 1), last=date(2026, 1, 1))
    check_table(IMPLIED, implied)
    assert implied.filter(pl.col("lower") > pl.col("upper") + 1e-6).is_empty()
    check_table(COMPARISONS, compare_months(newest, chains=CHAINS))
    months = date(2025, 1, 1), date(2026, 3, 1)
    check_table(COMPARISONS, compare_with_forecasts(known, chains=CHAINS, months=months))
