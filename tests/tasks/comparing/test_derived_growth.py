"""Growth from other growth, and contributions of products: by hand, and against what levels give."""

import numpy as np
import polars as pl
import pytest

from contracts.checks import check_table
from contracts.comparisons import COMPARISONS
from tasks.comparing.comparisons import compare_months
from tasks.reconciling.implied import imply_changes, reconcile
from tests.tasks.reconciling.published import CHAINS, figures, make_chain, make_levels, publish


def compare(*rows):
    found = compare_months(figures(*rows), chains=CHAINS)
    check_table(COMPARISONS, found)
    return found.filter(basis="derived")


def three(frame: pl.DataFrame, **where) -> tuple[float, ...]:
    found = frame.filter(**where)
    assert found.height == 1, found
    return found.select("value", "lower", "upper").row(0)


YEAR = (
    {"period": "2025-04", "measure": "yoy_pct", "value": 20.0},
    {"period": "2025-05", "measure": "yoy_pct", "value": 32.0},
    {"period": "2024-05", "value": 5.0},
)


def test_mom_where_only_yoy_was_published():
    found = compare(*YEAR)
    # 1.05·1.32/1.20 = 1.155; 1.045·1.315/1.205 = 1.140394; 1.055·1.325/1.195 = 1.169770
    expected = (15.5, 14.0394, 16.9770)
    assert three(found, measure="mom_pct", month=pl.date(2025, 5, 1)) == pytest.approx(expected, abs=1e-4)
    known = reconcile(figures(*YEAR), CHAINS)
    implied = imply_changes(known, [""], first=pl.date(2025, 4, 1).pipe(day), last=pl.date(2025, 5, 1).pipe(day))
    assert implied.select("value", "lower", "upper").row(0) == pytest.approx(expected, abs=1e-4)
    assert len(found.filter(measure="mom_pct")["figure_ids"].item().split()) == 3


def day(expression):
    return pl.select(expression).item()


def test_yoy_where_only_mom_was_published():
    # 1.20·1.155…: y = 1.20·1.10/1.05 = 1.257143; 1.195·1.095/1.055 = 1.240308; 1.205·1.105/1.045 = 1.274187
    found = compare(YEAR[0], YEAR[2], {"period": "2025-05", "value": 10.0})
    assert three(found, measure="yoy_pct") == pytest.approx((25.7143, 24.0308, 27.4187), abs=1e-4)


def test_what_was_published_is_not_derived():
    found = compare(*YEAR, {"period": "2025-05", "value": 15.0})
    assert found.filter(measure="mom_pct").is_empty()


def test_a_derived_change_makes_no_gap_and_no_alert():
    cells = {"period": "2025-05", "value": 1.0, "segment": "cell", "figure_id": "c"}
    rows = figures(*(row | {"figure_id": f"f{n}"} for n, row in enumerate(YEAR)), cells)
    assert compare_months(rows, chains=CHAINS).filter(basis="divergence").is_empty()


def test_contributions_of_products():
    share = {"measure": "share_pct", "product": "nfpp"}
    found = compare(
        {"period": "2025-08", "value": -6.0},
        share | {"period": "2025-07", "value": 69.0},
        share | {"period": "2025-08", "value": 67.0},
    )
    # 67·.94 − 69 = −6.02; 66.5·.935 − 69.5 = −7.3225; 67.5·.945 − 68.5 = −4.7125
    assert three(found, measure="contribution_mom_pp") == pytest.approx((-6.02, -7.3225, -4.7125))
    assert found.filter(measure="contribution_mom_pp")["unit"].item() == "pp"


def test_true_contributions_lie_in_their_intervals():
    rng = np.random.default_rng(11)
    levels = make_levels(rng, 40, 14)
    rows = publish(rng, levels, part=1.0, measures=("mom_pct", "share_pct"))
    rows = rows.with_columns(
        published_at=pl.lit(figures({"period": "2025-01"})["published_at"].item()).dt.cast_time_unit("us")
    )
    chain = {"made": make_chain(rows["segment"].unique().sort().to_list())}
    found = compare_months(rows, chains=chain).filter(measure="contribution_mom_pp")
    assert found.height > 1000
    for product, level in levels.items():
        own = found.filter(product=product)
        month = own["month"].dt.year().to_numpy() * 12 + own["month"].dt.month().to_numpy() - 1 - 2024 * 12
        case = own["segment"].str.slice(1).cast(pl.Int64).to_numpy()
        truth = 100 * (level[month, case] - level[month - 1, case]) / levels[""][month - 1, case]
        assert (own["lower"].to_numpy() <= truth + 1e-9).all()
        assert (truth <= own["upper"].to_numpy() + 1e-9).all()


def test_a_base_of_zero_stays_one_row():
    rows = [{"period": p, "measure": "level", "value": v, "unit": "t"} for p, v in (("2025-04", 0.0), ("2025-05", 5.0))]
    found = compare(*rows, *({**row, "half_width": 0.5} for row in YEAR))
    assert found.filter(measure="mom_pct", month=pl.date(2025, 5, 1))["reason"].to_list() == ["the base is zero"]
