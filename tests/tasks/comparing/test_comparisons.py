"""Comparisons against numbers worked out by hand, and the interval against the truth that was rounded."""

from datetime import UTC, date, datetime

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.chain import load_chain
from contracts.checks import check_table
from contracts.comparisons import COMPARISONS
from contracts.figures import FIGURES
from tasks.comparing.comparisons import compare_months

CHAINS = {name: load_chain(name) for name in ("sodium_ion", "lithium_ion")}
UNITS = {"level": "t", "share_mom_pp": "pp", "share_yoy_pp": "pp", "mom_pp": "pp", "direction": "sign", "mom_abs": "t"}


def figure(segment, measure, month, value, **more):
    row = {
        "source": "smm",
        "chain": "sodium_ion",
        "segment": segment,
        "product": "",
        "metric": "production",
        "measure": measure,
        "period": month,
        "kind": "actual",
        "value": None if value is None else float(value),
        "lower": None,
        "upper": None,
        "unit": UNITS.get(measure, "%"),
        "qualifier": "exact",
        "published_at": datetime(2026, 2, 5, tzinfo=UTC),
        "half_width": 0.5,
        "is_monthly": len(month) == 7 and month[5] not in "QH",
        "month": date(int(month[:4]), int(month[5:]) if month[5:].isdigit() else 1, 1),
        **more,
    }
    return row | {"figure_id": f"{segment}-{row['product']}-{measure}-{month}"}


def compare(*rows, months=None):
    result = compare_months(FIGURES.conform(pl.DataFrame(rows, infer_schema_length=None)), chains=CHAINS, months=months)
    check_table(COMPARISONS, result)
    return result


def only(frame, **where):
    found = frame.filter(**where)
    assert found.height == 1, found
    return found.row(0, named=True)


def near(row, value, lower, upper, digits=1):
    assert (round(row["value"], digits), round(row["lower"], digits), round(row["upper"], digits)) == (
        value,
        lower,
        upper,
    )


def test_reported_change_carries_its_rounding():
    row = only(compare(figure("cathode", "mom_pct", "2026-01", 2)))
    assert row["basis"] == "reported"
    near(row, 2.0, 1.5, 2.5)
    assert (row["unit"], row["figure_ids"], row["reason"], row["spread_pp"]) == (
        "%",
        "cathode--mom_pct-2026-01",
        "",
        None,
    )


@pytest.mark.parametrize(
    ("row", "value", "lower", "upper", "reason"),
    [
        (figure("cell", "mom_pct", "2026-01", None, lower=1.0, upper=2.0, qualifier="range"), None, 1.0, 2.0, "range"),
        (figure("cell", "yoy_pct", "2026-01", None, upper=-25.0, qualifier="bound"), None, None, -25.0, "bound"),
        (figure("cell", "mom_pct", "2026-01", -100), -100.0, -100.0, -99.5, ""),
        (figure("cell", "share_pct", "2026-01", 0, product="nfpp"), 0.0, 0.0, 0.5, ""),
        (figure("cell", "share_pct", "2026-01", 100, product="nfpp"), 100.0, 99.5, 100.0, ""),
    ],
)
def test_reported_intervals(row, value, lower, upper, reason):
    found = only(compare(row))
    assert (found["value"], found["lower"], found["upper"]) == (value, lower, upper)
    assert found["reason"] == (f"published as a {reason}" if reason else "")


def test_only_actuals_of_single_months_are_compared():
    rows = (
        figure("cell", "mom_pct", "2026-02", -40, kind="forecast"),
        figure("cell", "yoy_pct", "2025-H1", 14),
        figure("cell", "yoy_pct", "2025", 14),
        figure("cell", "direction", "2026-01", 1),
    )
    assert compare(*rows).is_empty()


def test_levels_give_growth_with_its_interval():
    # LFP cathode, November and December 2023: 95,010 / 114,000 - 1 = -16.658 %; published: -17 %
    lfp = {"chain": "lithium_ion"}
    rows = (figure("lfp", "level", "2023-11", 114000, **lfp), figure("lfp", "level", "2023-12", 95010, **lfp))
    found = compare(*rows)
    row = only(found, measure="mom_pct")
    # 95,009.5 / 114,000.5 - 1 = -16.65870 %; 95,010.5 / 113,999.5 - 1 = -16.65709 %
    near(row, -16.65789, -16.65870, -16.65709, digits=5)
    assert row["basis"] == "derived"
    assert row["figure_ids"] == "lfp--level-2023-12 lfp--level-2023-11"
    near(only(found, measure="mom_abs"), -18990.0, -18991.0, -18989.0)
    assert only(found, measure="mom_abs")["unit"] == "t"


def test_levels_a_year_apart():
    rows = (figure("cell", "level", "2025-01", 200, unit="MWh"), figure("cell", "level", "2026-01", 464, unit="MWh"))
    found = compare(*rows)
    # 464 / 200 = 2.32; 463.5 / 200.5 = 2.31172; 464.5 / 199.5 = 2.32832
    near(only(found, measure="yoy_pct"), 132.0, 131.17, 132.83, digits=2)
    near(only(found, measure="yoy_abs"), 264.0, 263.0, 265.0)
    assert set(found["measure"]) == {"yoy_pct", "yoy_abs"}


def test_base_is_found_by_the_calendar_not_by_the_row_before():
    rows = [figure("cell", "level", month, value, unit="MWh") for month, value in (("2025-10", 100), ("2025-12", 150))]
    assert compare(*rows).is_empty()


def test_levels_in_different_units_are_not_compared():
    rows = (figure("cell", "level", "2025-12", 100, unit="MWh"), figure("cell", "level", "2026-01", 1, unit="GWh"))
    assert compare(*rows).is_empty()


def test_zero_base_has_no_growth_and_says_why():
    rows = (figure("cell", "level", "2025-12", 0, unit="MWh"), figure("cell", "level", "2026-01", 5, unit="MWh"))
    found = compare(*rows)
    row = only(found, measure="mom_pct")
    assert (row["value"], row["upper"], row["reason"]) == (None, None, "the base is zero")
    assert only(found, measure="mom_abs")["value"] == 5.0


def test_rate_changes_in_points():
    rate = {"metric": "operating_rate", "unit": "%"}
    rows = (figure("cathode", "level", "2025-07", 45, **rate), figure("cathode", "level", "2025-08", 48, **rate))
    row = only(compare(*rows))
    assert (row["measure"], row["unit"]) == ("mom_pp", "pp")
    near(row, 3.0, 2.0, 4.0)


def test_levels_give_shares_of_the_segment():
    rows = (
        figure("cathode", "level", "2026-01", 1000),
        figure("cathode", "level", "2026-01", 910, product="polyanion"),
    )
    # 909.5 / 1000.5 = 90.905 %; 910.5 / 999.5 = 91.096 %
    row = only(compare(*rows), measure="share_pct")
    near(row, 91.0, 90.9, 91.1)
    assert (row["product"], row["basis"]) == ("polyanion", "derived")


def test_prices_have_no_shares():
    price = {"metric": "price", "unit": "CNY/t"}
    rows = (
        figure("cathode", "level", "2026-01", 1000, **price),
        figure("cathode", "level", "2026-01", 910, product="polyanion", **price),
    )
    assert compare(*rows).is_empty()


def test_shares_of_two_months_give_their_change():
    rows = (
        figure("cathode", "share_pct", "2025-07", 69, product="nfpp"),
        figure("cathode", "share_pct", "2025-08", 67, product="nfpp"),
    )
    near(only(compare(*rows), measure="share_mom_pp"), -2.0, -3.0, -1.0)


NFPP = (
    figure("cathode", "share_pct", "2025-08", 67, product="nfpp"),
    figure("cathode", "share_mom_pp", "2025-08", -2, product="nfpp"),
    figure("cathode", "mom_pct", "2025-08", -6),
)


def test_product_growth_from_shares_of_two_months():
    # 67 / 69 × 0.94 = 0.91275; 66.5 / 69.5 × 0.935 = 0.89464; 67.5 / 68.5 × 0.945 = 0.93120
    rows = (*NFPP, figure("cathode", "share_pct", "2025-07", 69, product="nfpp"))
    row = only(compare(*rows), measure="mom_pct", product="nfpp")
    near(row, -8.7, -10.5, -6.9)
    assert row["basis"] == "derived"


def test_product_growth_from_a_share_and_its_change():
    # 67 / (67 + 2) × 0.94; 66.5 / (66.5 + 2.5) × 0.935 = 0.90112; 67.5 / (67.5 + 1.5) × 0.945 = 0.92446
    near(only(compare(*NFPP), measure="mom_pct", product="nfpp"), -8.7, -9.9, -7.6)


def test_product_growth_where_the_share_rose():
    # 76 / 72 × 1.5 = 1.58333; least: 76.5 / (76.5 - 3.5) × 1.495 = 1.56668; most: 75.5 / (75.5 - 4.5) × 1.505 = 1.60039
    rows = (
        figure("cathode", "share_pct", "2025-11", 76, product="nfpp"),
        figure("cathode", "share_mom_pp", "2025-11", 4, product="nfpp"),
        figure("cathode", "mom_pct", "2025-11", 50),
    )
    near(only(compare(*rows), measure="mom_pct", product="nfpp"), 58.33, 56.67, 60.04, digits=2)


def test_product_that_had_no_share_has_no_growth():
    rows = (
        figure("cathode", "share_pct", "2025-12", 0, product="nfpp"),
        figure("cathode", "share_pct", "2026-01", 5, product="nfpp"),
        figure("cathode", "mom_pct", "2026-01", 2),
    )
    row = only(compare(*rows), measure="mom_pct", product="nfpp")
    assert (row["value"], row["reason"]) == (None, "the base is zero")


def test_levels_come_before_shares_where_both_give_growth():
    rows = (
        *NFPP,
        figure("cathode", "level", "2025-07", 100, product="nfpp"),
        figure("cathode", "level", "2025-08", 90, product="nfpp"),
    )
    assert only(compare(*rows), measure="mom_pct", product="nfpp")["value"] == -10.0


def test_reported_and_derived_stand_beside_one_another():
    rows = (
        figure("cathode", "level", "2025-07", 100),
        figure("cathode", "level", "2025-08", 94),
        figure("cathode", "mom_pct", "2025-08", -6),
    )
    assert compare(*rows).filter(measure="mom_pct")["basis"].to_list() == ["derived", "reported"]


JANUARY = (
    figure("cathode", "mom_pct", "2026-01", 2),
    figure("anode", "mom_pct", "2026-01", -14, product="hard_carbon"),
    figure("electrolyte", "mom_pct", "2026-01", -5),
    figure("cell", "mom_pct", "2026-01", -41, published_at=datetime(2026, 2, 6, tzinfo=UTC)),
)


def test_gaps_across_the_links_of_january_2026():
    gaps = compare(*JANUARY).filter(basis="divergence")
    assert gaps.select("segment", "product", "counterpart", "value", "lower", "upper", "spread_pp", "unit").rows() == [
        ("anode", "hard_carbon", "cell", 27.0, 26.0, 28.0, 20.0, "pp"),  # -14 + 41
        ("cathode", "", "cell", 43.0, 42.0, 44.0, 20.0, "pp"),  # 2 + 41
        ("electrolyte", "", "cell", 36.0, 35.0, 37.0, 20.0, "pp"),  # -5 + 41
    ]
    assert gaps["published_at"].unique().to_list() == [datetime(2026, 2, 6, tzinfo=UTC)]


def test_total_represents_a_segment_before_its_default_product():
    gaps = compare(*JANUARY, figure("anode", "mom_pct", "2026-01", -10)).filter(basis="divergence", segment="anode")
    assert gaps.select("product", "value").rows() == [("", 31.0)]


def test_gap_to_a_bound_is_open():
    cell = figure("cell", "mom_pct", "2026-01", None, upper=-25.0, qualifier="bound")
    row = only(compare(JANUARY[0], cell), basis="divergence")
    # at least 1.5 + 25
    assert (row["value"], row["lower"], row["upper"], row["reason"]) == (None, 26.5, None, "published as a bound")


def test_gap_between_levels():
    rows = (
        figure("cathode", "level", "2025-12", 100),
        figure("cathode", "level", "2026-01", 102),
        JANUARY[3],
    )
    assert only(compare(*rows), basis="divergence")["value"] == 43.0


def test_sources_and_chains_are_never_mixed():
    other = figure("cell", "mom_pct", "2026-01", -41, source="other")
    assert compare(JANUARY[0], other).filter(basis="divergence").is_empty()


def test_months_limit_the_result_not_the_bases():
    rows = (
        figure("cell", "level", "2025-01", 200, unit="MWh"),
        figure("cell", "level", "2025-12", 500, unit="MWh"),
        figure("cell", "level", "2026-01", 464, unit="MWh"),
        figure("cell", "mom_pct", "2025-12", 1),
    )
    found = compare(*rows, months=(date(2026, 1, 1), date(2026, 1, 1)))
    assert found.equals(compare(*rows).filter(month=date(2026, 1, 1)))
    assert found["measure"].to_list() == ["mom_abs", "mom_pct", "yoy_abs", "yoy_pct"]


def test_order_of_the_figures_is_irrelevant():
    rows = [*JANUARY, *NFPP, figure("cathode", "share_pct", "2025-07", 69, product="nfpp")]
    assert compare(*rows).equals(compare(*reversed(rows)))


def test_no_figures_give_no_comparisons():
    assert compare_months(FIGURES.empty(), chains=CHAINS).equals(COMPARISONS.empty())


@given(
    before=st.floats(0.6, 5000),
    after=st.floats(0.6, 5000),
    digits=st.integers(0, 2),
)
def test_true_growth_lies_within_the_interval_of_rounded_levels(before, after, digits):
    half = 0.5 / 10**digits
    rows = (
        figure("cathode", "level", "2025-12", round(before, digits), half_width=half),
        figure("cathode", "level", "2026-01", round(after, digits), half_width=half),
    )
    row = only(compare(*rows), measure="mom_pct")
    truth = 100 * (after / before - 1)
    assert row["lower"] is None or row["lower"] <= truth + 1e-6 * abs(truth) + 1e-9
    assert row["upper"] is None or truth <= row["upper"] + 1e-6 * abs(truth) + 1e-9


@given(base=st.floats(5, 95), change=st.floats(-40, 40), growth=st.floats(-90, 300), is_base_published=st.booleans())
def test_true_product_growth_lies_within_the_interval_of_rounded_shares(base, change, growth, is_base_published):
    share = min(max(base + change, 1.0), 99.0)
    rows = [
        figure("cathode", "share_pct", "2026-01", round(share), product="nfpp"),
        figure("cathode", "mom_pct", "2026-01", round(growth)),
        figure("cathode", "share_mom_pp", "2026-01", round(share - base), product="nfpp"),
    ]
    if is_base_published:
        rows.append(figure("cathode", "share_pct", "2025-12", round(base), product="nfpp"))
    row = only(compare(*rows), measure="mom_pct", product="nfpp")
    truth = 100 * (share / base * (1 + growth / 100) - 1)
    assert row["lower"] is None or row["lower"] <= truth + 1e-6
    assert row["upper"] is None or truth <= row["upper"] + 1e-6
