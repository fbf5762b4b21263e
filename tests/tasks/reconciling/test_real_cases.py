"""What follows from real reviews, each number derived by hand."""

from datetime import date

import polars as pl
import pytest

from contracts.period import parse_month
from tasks.reconciling.implied import imply_changes, reconcile, select_known
from tests.tasks.reconciling.published import CHAINS, figures, real_figures


def imply(rows: pl.DataFrame, segment: str, first: str, last: str, product: str = "") -> tuple[float | None, ...]:
    """(value, lower, upper) in %, forecasts included where the rows have them."""
    known = reconcile(select_known(rows.filter(segment=segment), with_forecasts=True), CHAINS)
    found = imply_changes(known, [product], first=parse_month(first), last=parse_month(last))
    return found.filter(metric="production").select("value", "lower", "upper").row(0)


def near(*numbers: float, to: float = 0.005):
    return pytest.approx(numbers, abs=to)


@pytest.mark.parametrize(
    ("segment", "product", "expected"),
    [
        # B = (1 + m_Feb)(1 + y_Jan) / (1 + y_Feb), each ±0.5 pp; ends take the ends of all three.
        # .30·2.92/.77 = 1.13766; .295·2.915/.775 = 1.10958; .305·2.925/.765 = 1.16618
        ("cathode", "", (13.77, 10.96, 16.62)),
        # .60·2.32/1.08 = 1.28889; .595·2.315/1.085 = 1.26952; .605·2.325/1.075 = 1.30849
        ("cell", "", (28.89, 26.95, 30.85)),
        # .53·1.59/1.10 = .76609; .525·1.585/1.105 = .75305; .535·1.595/1.095 = .77929
        ("anode", "hard_carbon", (-23.39, -24.69, -22.07)),
        # .57·2.19/1.26 = .99071; .565·2.185/1.265 = .97591; .575·2.195/1.255 = 1.00568
        ("electrolyte", "", (-0.93, -2.41, 0.57)),
    ],
)
def test_january_2026_implies_february_2025_against_january(segment, product, expected):
    rows = real_figures("sodium_ion", reviews=("2026-01",))
    assert imply(rows, segment, "2025-01", "2025-02", product) == near(*expected)


def test_nothing_of_it_follows_without_forecasts():
    rows = real_figures("sodium_ion", reviews=("2026-01",), kind="actual")
    known = reconcile(select_known(rows.filter(segment="cathode"), with_forecasts=False), CHAINS)
    found = imply_changes(known, [""], first=date(2025, 1, 1), last=date(2025, 2, 1))
    assert found["value"].item() is None
    assert found["reason"].item() == "no figures link 2025-01 and 2025-02"


def test_ternary_cathode_2025_implies_a_leap_and_a_fall_in_2024():
    first = real_figures("lithium_ion", reviews=("2025-07_ternary_cathode", "2025-08_ternary_cathode"), kind="actual")
    both = pl.concat([first, real_figures("lithium_ion", reviews=("2025-09_ternary_cathode",), kind="actual")])
    # August 2024: 1.0699 · 1.1665 / 0.9493 = 1.314690
    #   ends 1.06985·1.16645/.94935 = 1.314503 and 1.06995·1.16655/.94925 = 1.314877
    assert imply(both, "ternary_cathode", "2024-07", "2024-08") == near(31.469, 31.450, 31.488, to=0.001)
    # September 2024: 1.0261 · 0.9493 / 1.3152 = 0.740640; ends 1.02605·.94925/1.31525 = .740527 and 1.02615·.94935/1.31515 = .740733
    assert imply(both, "ternary_cathode", "2024-08", "2024-09") == near(-25.937, -25.947, -25.927, to=0.001)


def test_sodium_cathode_august_2025():
    rows = real_figures("sodium_ion", reviews=("2025-07", "2025-08"), kind="actual")
    # August 2024 against July 2024: .94·2.11/2.27 = .87374; .935·2.105/2.275 = .86513; .945·2.115/2.265 = .88242
    assert imply(rows, "cathode", "2024-07", "2024-08") == near(-12.63, -13.49, -11.76)
    # NFPP: (67/69)·.94 = .91275; (66.5/69.5)·.935 = .89464; (67.5/68.5)·.945 = .93120
    assert imply(rows, "cathode", "2025-07", "2025-08", "nfpp") == near(-8.72, -10.54, -6.88)


def test_a_share_change_bounds_last_months_share():
    rows = real_figures("sodium_ion", reviews=("2025-08",), kind="actual")
    # July's share from 67 ± .5 and −2 ± .5: 68 … 70. (66.5/70)·.935 = .88825; (67.5/68)·.945 = .93805
    assert imply(rows, "cathode", "2025-07", "2025-08", "nfpp") == near(-8.72, -11.18, -6.195)


def test_november_2025_on_december_2024():
    rows = real_figures("sodium_ion", reviews=("2025-11",))
    # 1.03·1.54/2.39 = .66368; 1.025·1.535/2.395 = .65694; 1.035·1.545/2.385 = .67047
    assert imply(rows, "cathode", "2024-11", "2024-12") == near(-33.63, -34.31, -32.95)


def test_lfp_december_2023_from_levels_and_growth():
    rows = real_figures("lithium_ion", reviews=("2023-11_lfp", "2023-12_lfp"), kind="actual")
    # Levels 114,000 and 95,010 t (±0.5): −16.6579 %; ends 95009.5/114000.5 = .833413 and 95010.5/113999.5 = .833429
    assert imply(rows, "lfp", "2023-11", "2023-12") == near(-16.658, -16.659, -16.657, to=0.0006)
    # December 2022: the levels tell it better than −17 % MoM: .833421·.95/.94 = .842287 by the published numbers;
    # ends .833413·.945/.945 = .833413 and .833429·.955/.935 = .851256
    assert imply(rows, "lfp", "2022-11", "2022-12")[1:] == near(-16.659, -14.874, to=0.001)
    # Its level: 95,010 t / .94, so 95009.5/.945 = 100,539 … 95010.5/.935 = 101,615 t; all figures can be true.
    assert reconcile(rows, CHAINS).contradictions.is_empty()


def test_forecast_and_outcome_of_one_month_do_not_join():
    rows = real_figures("lithium_ion", reviews=("2023-11_lfp", "2023-12_lfp"))
    known = select_known(rows, with_forecasts=True)
    assert known.filter(kind="forecast")["period"].unique().to_list() == ["2024-01"]


def test_all_real_figures_can_be_true():
    sodium = real_figures("sodium_ion", reviews=("2025-H1", "2025-07", "2025-08", "2025-11", "2026-01"))
    assert reconcile(sodium.filter(kind="actual"), CHAINS).contradictions.is_empty()


@pytest.mark.parametrize(
    ("row", "lower", "upper"),
    [
        # Printed to whole percent, −100 leaves up to 0.5 % of the base: no lower end.
        ({"value": -100.0}, None, -99.5),
        # Exactly −100 % has no logarithm: it says nothing here.
        ({"value": -100.0, "half_width": 0.0}, None, None),
        ({"measure": "direction", "value": 0.0, "unit": "sign"}, None, None),
        ({"lower": 25.0, "qualifier": "bound"}, 25.0, None),
        ({"lower": 1.0, "upper": 2.0, "qualifier": "range"}, 1.0, 2.0),
        # About 20: the zero is not meant, half of ten either way. About 43: one whole unit either way.
        ({"value": 20.0, "qualifier": "about"}, 15.0, 25.0),
        ({"value": 43.0, "qualifier": "about"}, 42.0, 44.0),
        ({"value": 100.0, "qualifier": "about"}, 50.0, 150.0),
        ({"value": -11.6, "qualifier": "about", "half_width": 0.05}, -11.7, -11.5),
        ({"value": 7.0, "half_width": 0.0}, 7.0, 7.0),
    ],
)
def test_what_one_figure_says(row, lower, upper):
    rows = figures({"period": "2026-01"} | row)
    found = imply_changes(reconcile(rows, CHAINS), [""], first=date(2025, 12, 1), last=date(2026, 1, 1))
    nothing = lower is None and upper is None
    assert found.select("lower", "upper").rows() == ([] if nothing else [pytest.approx((lower, upper))])


def test_a_circle_of_width_zero_that_closes_is_no_contradiction():
    # 1.1 · 1.2 = 1.32 exactly, all without rounding: November to December to January, and the level's route
    rows = figures(
        {"period": "2025-12", "value": 10.0, "half_width": 0.0},
        {"period": "2026-01", "value": 20.0, "half_width": 0.0},
        {"period": "2025-11", "measure": "level", "value": 100.0, "unit": "t", "half_width": 0.0},
        {"period": "2026-01", "measure": "level", "value": 132.0, "unit": "t", "half_width": 0.0},
    )
    known = reconcile(rows, CHAINS)
    assert known.contradictions.is_empty()
    found = imply_changes(known, [""], first=date(2025, 11, 1), last=date(2026, 1, 1))
    assert found.select("value", "lower", "upper").row(0) == near(32.0, 32.0, 32.0, to=1e-9)


def test_a_quarter_lies_between_its_months():
    months = [
        {"period": f"2025-{m:02}", "measure": "yoy_pct", "value": v} for m, v in ((1, 10.0), (2, 14.0), (3, 12.0))
    ]
    fits = figures(*months, {"period": "2025-Q1", "measure": "yoy_pct", "value": 14.0})
    assert reconcile(fits, CHAINS).contradictions.is_empty()
    # months give at most 14.5 %, the quarter at least 15.5 %: ratio 1.155/1.145 misses by 0.873 %
    wrong = figures(*months, {"period": "2025-Q1", "measure": "yoy_pct", "value": 16.0})
    found = reconcile(wrong, CHAINS).contradictions
    assert found["miss_pct"].item() == pytest.approx(0.87336, abs=1e-4)
    assert len(found["figure_ids"].item().split()) == 4
    without_one = figures(*months[:2], {"period": "2025-Q1", "measure": "yoy_pct", "value": 16.0})
    assert reconcile(without_one, CHAINS).contradictions.is_empty()


def test_levels_of_a_quarter_are_the_sum_of_its_months():
    months = [
        {"period": f"2025-{m:02}", "measure": "level", "value": v, "unit": "t"}
        for m, v in ((1, 100.0), (2, 80.0), (3, 120.0))
    ]
    fits = figures(*months, {"period": "2025-Q1", "measure": "level", "value": 301.0, "unit": "t"})
    assert reconcile(fits, CHAINS).contradictions.is_empty()
    # the months sum to at most 301.5, the quarter is at least 302.5
    wrong = figures(*months, {"period": "2025-Q1", "measure": "level", "value": 303.0, "unit": "t"})
    assert len(reconcile(wrong, CHAINS).contradictions["figure_ids"].item().split()) == 4


def test_what_contradicts_is_left_out_and_said():
    rows = figures(
        {"period": "2025-01", "measure": "yoy_pct", "value": 10.0},
        {"period": "2025-02", "measure": "yoy_pct", "value": 10.0},
        {"period": "2024-02", "value": 5.0},
        {"period": "2025-02", "value": 25.0},
        {"period": "2025-03", "value": 1.0},
    )
    known = reconcile(rows, CHAINS)
    # 2024-02 at most 1.055·1.105/1.095 = 1.06463 in 2025-02, which says at least 1.245: misses by 1.245/1.06463 − 1
    assert known.contradictions["miss_pct"].item() == pytest.approx(16.94, abs=0.01)
    assert len(known.contradictions["figure_ids"].item().split()) == 4
    found = imply_changes(known, [""], first=date(2025, 1, 1), last=date(2025, 2, 1))
    assert "left out because they contradict one another" in found["reason"].item()


def test_a_forecast_that_contradicts_leaves_the_actuals_alone():
    rows = figures(
        {"period": "2025-01", "measure": "yoy_pct", "value": 10.0},
        {"period": "2025-02", "measure": "yoy_pct", "value": 10.0, "kind": "forecast", "figure_id": "f1"},
        {"period": "2024-02", "value": 5.0},
        {"period": "2025-02", "value": 25.0, "kind": "forecast", "figure_id": "f2"},
    )
    known = reconcile(
        rows.with_columns(figure_id=pl.col("figure_id").fill_null("a") + pl.col("period") + pl.col("measure")), CHAINS
    )
    left = " ".join(known.constraints["figure_ids"])
    assert "2025-01yoy_pct" in left
    assert "2024-02mom_pct" in left
    assert "2025-02" not in left
