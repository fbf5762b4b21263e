"""Concentration by hand and against brute force; shares with their contributions."""

from datetime import date

import numpy as np
import polars as pl
import pytest

from tasks.comparing.comparisons import compare_months
from tasks.month_summary.share_structure import SHARE_SCHEMA, list_shares, measure_concentration
from tests.tasks.reconciling.published import CHAINS, figures

AUGUST = date(2025, 8, 1)
CHAIN = CHAINS["sodium_ion"]


def shares(**products: tuple[float, float]) -> pl.DataFrame:
    rows = [
        {
            "segment": "cathode",
            "product": name,
            "share_pct": sum(ends) / 2,
            "share_lower": ends[0],
            "share_upper": ends[1],
        }
        for name, ends in products.items()
    ]
    return pl.DataFrame(rows, schema=SHARE_SCHEMA)


def test_nfpp_in_august_2025():
    rows = [
        {"period": "2025-08", "product": "nfpp", "measure": "share_pct", "value": 67.0},
        {"period": "2025-08", "product": "nfpp", "measure": "share_mom_pp", "value": -2.0},
        {"period": "2025-07", "product": "nfpp", "measure": "share_pct", "value": 69.0},
        {"period": "2025-08", "value": -6.0},
    ]
    (row,) = list_shares(compare_months(figures(*rows), chains=CHAINS), AUGUST, "production").to_dicts()
    assert (row["product"], row["share_pct"], row["change_pp"]) == ("nfpp", 67.0, -2.0)
    # 67·.94 − 69 = −6.02; 66.5·.935 − 69.5 = −7.3225; 67.5·.945 − 68.5 = −4.7125
    assert [row[f"contribution_{end}"] for end in ("pp", "lower", "upper")] == pytest.approx([-6.02, -7.3225, -4.7125])


def test_concentration_by_hand_and_of_outer_products_only():
    found = measure_concentration(shares(polyanion=(90.5, 91.5), layered_oxide=(5.5, 6.5), nfpp=(60.0, 61.0)), CHAIN)
    # nfpp is part of polyanion: .905² + .055² = .82205; .915² + .065² + (1 − .96)² = .84305
    assert found.row(0) == ("cathode", pytest.approx(0.82205), pytest.approx(0.84305), 2)
    assert measure_concentration(shares(polyanion=(90.5, 91.5)), CHAIN).is_empty()


def test_every_split_of_the_rest_lies_within():
    rng = np.random.default_rng(7)
    for _ in range(200):
        true = rng.dirichlet(np.ones(5)) * 100
        printed = np.round(true[:2])
        ends = {n: (max(p - 0.5, 0.0), p + 0.5) for n, p in zip(("polyanion", "layered_oxide"), printed, strict=True)}
        _, lower, upper, _ = measure_concentration(shares(**ends), CHAIN).row(0)
        assert lower - 1e-12 <= ((true / 100) ** 2).sum() <= upper + 1e-12
