"""Rules on comparisons and vintages: divergence, share shift, restatement, reviews that disagree."""

import json
from datetime import date

import pytest

from contracts.period import add_months
from tasks.alerts.identity import add_alert_ids
from tasks.alerts.inhibition import find_inhibited
from tests.tasks.alerts.rows import (
    MAY,
    comparison,
    comparisons,
    figure,
    figures,
    find,
    gap,
    instant,
    published,
    score,
    scores,
)

JANUARY = date(2026, 1, 1)


def diverged(*rows, **options) -> list[dict]:
    return find(comparisons=comparisons(*rows), **options).filter(rule="chain_divergence").to_dicts()


def test_january_2026_cells_against_their_materials():
    """Cells −41 % while cathode +2 %, electrolyte −5 %, hard carbon −14 %: one finding about the stage that moved.

    102/59 = 1.73, 95/59 = 1.61, 86/59 = 1.46: 46 to 73 % apart, 27 to 43 points. Beyond rounding 101.5/59.5 = 1.71 is
    more than two limits of 20 % (1.44), and January's base December holds no holiday.
    """
    rows = [
        comparison(-41, month=JANUARY, segment="cell"),
        *(
            row
            for segment, growth in (("cathode", 2), ("electrolyte", -5), ("anode", -14))
            for row in (
                gap(growth + 41, down=-41, month=JANUARY, segment=segment),
                comparison(growth, month=JANUARY, segment=segment),
            )
        ),
    ]
    (alert,) = diverged(*rows, months=(JANUARY, JANUARY))
    assert alert["title"] == (
        "Battery cells −41 % while cathode materials +2 %, electrolyte −5 %, hard carbon anode −14 % MoM: "
        "46 to 73 % apart (27 to 43 pp), limit 20 %"
    )
    assert (alert["segment"], alert["severity"]) == ("cell", "warning")
    assert "stock building" in json.loads(alert["detail"])["note"]


def test_gaps_far_from_zero_are_judged_by_levels():
    # 285/250 = 1.14, inside 20 %; 15/30 is half, 69 log points
    assert not diverged(gap(35, down=150), comparison(185), comparison(150, segment="cell"))
    (alert,) = diverged(gap(-15, down=-70), comparison(-85), comparison(-70, segment="cell"))
    assert alert["title"].endswith("100 % apart (15 pp), limit 20 %")


@pytest.mark.parametrize(("value", "fires"), [(21.1, False), (21.2, True), (-17.6, True), (-17.5, False)])
def test_a_gap_counts_beyond_rounding_only(value, fires):
    # (100 + v − .5)/100.5 = 1.2 at 21.1, (100 + v + .5)/99.5 = 1/1.2 at −17.58
    assert bool(diverged(gap(value))) is fires


def test_a_gap_in_two_of_three_months_is_a_warning():
    april, march, february = (add_months(MAY, -i) for i in (1, 2, 3))
    (once,) = diverged(gap(25))
    (twice,) = diverged(gap(25), gap(25, month=march))
    (apart,) = diverged(gap(25), gap(25, month=february))
    assert (once["severity"], twice["severity"], apart["severity"]) == ("info", "warning", "info")
    assert not diverged(gap(5), gap(25, month=april))


def test_several_links_of_one_stage_are_one_alert_with_the_widest_first():
    (alert,) = diverged(gap(25), gap(60, counterpart="anode"))
    assert alert["title"] == (
        "Cathode materials and hard carbon anode, battery cells MoM: 25 to 60 % apart (25 to 60 pp), limit 20 %"
    )


def test_a_gap_is_filed_under_the_stage_that_moved():
    up = [comparison(60), comparison(5, segment="cell"), gap(55, down=5)]
    down = [comparison(-3, segment="anode"), comparison(-50, segment="cell"), gap(47, down=-50, segment="anode")]
    assert [row["segment"] for row in diverged(*up)] == ["cathode"]
    assert [row["segment"] for row in diverged(*down)] == ["cell"]


@pytest.mark.parametrize(
    ("above", "below", "says"),
    [
        (2, -41, "stock building"),
        (-30, 10, "stocks drawn down"),
        (-5, -41, "fall less"),
        (-60, -5, "fall more"),
        (60, 5, "grow faster"),
        (5, 60, "grow slower"),
    ],
)
def test_what_a_gap_may_mean(above, below, says):
    (alert,) = diverged(gap(above - below, down=below), comparison(above), comparison(below, segment="cell"))
    assert says in json.loads(alert["detail"])["note"]


def test_a_gap_without_growth_at_hand_still_says_how_far():
    (alert,) = diverged(gap(25))
    assert alert["title"] == "Cathode materials and battery cells MoM: 25 % apart (25 pp), limit 20 %"


def test_a_product_that_stands_for_its_segment_gives_the_growth():
    rows = [
        gap(27, down=-41, segment="anode"),
        comparison(-14, segment="anode", product="hard_carbon"),
        comparison(-41, segment="cell"),
        comparison(-30, segment="cell", product="nfpp"),
    ]
    (alert,) = diverged(*rows)
    assert alert["title"].startswith("Battery cells −41 % while hard carbon anode −14 % MoM: 46 % apart (27 pp)")


@pytest.mark.parametrize(
    ("month", "lowered"), [((2026, 2), True), ((2026, 3), True), ((2026, 4), True), ((2026, 5), False)]
)
def test_a_comparison_of_unlike_months_is_one_severity_lower_and_says_so(month, lowered):
    """In 2026 the window lies in February and March: those months, and April whose base March is."""
    when = date(*month, 1)
    (alert,) = diverged(gap(60, month=when), months=(when, when))
    detail = json.loads(alert["detail"])
    assert alert["severity"] == ("info" if lowered else "warning")
    assert detail.get("severity_without_holiday") == ("warning" if lowered else None)


def test_a_warning_in_a_holiday_month_is_not_held_back_by_a_miss_that_was_an_info():
    february = date(2026, 2, 1)
    small = score(120, 130, tolerance_pp=3.0, month=february)  # an info: 4.1 % of level
    rows = find(scores=scores(small), comparisons=comparisons(gap(60, month=february)), months=(february, february))
    assert rows.select("rule", "severity").rows() == [("chain_divergence", "info"), ("forecast_miss", "info")]
    assert find_inhibited(add_alert_ids(rows)).is_empty()


def shifted(*rows, **options) -> list[dict]:
    return find(comparisons=comparisons(*rows), **options).filter(rule="share_shift").to_dicts()


def share(value: float, **values):
    return comparison(value, measure="share_mom_pp", product="nfpp", unit="pp", **values)


def test_a_share_that_moved():
    (alert,) = shifted(share(10))
    assert (alert["title"], alert["severity"]) == (
        "NFPP (cathode materials) share of output gained 10 pp MoM, limit 5 pp",
        "warning",
    )
    (lost,) = shifted(share(-6))
    assert (lost["title"], lost["severity"]) == (
        "NFPP (cathode materials) share of output lost 6 pp MoM, limit 5 pp",
        "info",
    )
    assert not shifted(share(5.5))  # 5.0 is possible


def test_reported_goes_before_derived():
    (alert,) = shifted(share(10), share(7, basis="derived"))
    assert "10 pp" in alert["title"]


def test_a_share_that_always_moves_is_no_news():
    past = [share((-1) ** i * 9, month=add_months(MAY, -i)) for i in range(1, 10)]
    assert not shifted(*past, share(9))
    (alert,) = shifted(*past, share(11))
    assert alert["title"].endswith("gained 11 pp MoM, usually up to 9 (9 months)")


def restated(*rows, as_of=None, rule="restatement", months=(MAY, MAY)) -> list[dict]:
    return (
        find(figures=figures(*rows), as_of=as_of or instant("2026-12-31"), months=months).filter(rule=rule).to_dicts()
    )


JUNE = add_months(MAY, 1)


def test_a_later_review_that_changes_a_month_is_a_restatement():
    (alert,) = restated(figure(2), figure(9, review=JUNE))
    assert alert["title"] == "Cathode materials output of May 2026 restated: +2 % first, now +9 % MoM"
    assert (alert["kind"], alert["severity"], alert["month"]) == ("event", "warning", MAY)
    assert len(alert["figure_ids"].split()) == 2
    assert not restated(figure(2), figure(9, review=JUNE), rule="reviews_disagree")


def test_more_digits_are_no_restatement():
    assert not restated(figure(2), figure(2.4, half_width=0.05, review=JUNE))
    assert not restated(figure(2), figure(2, review=JUNE))


@pytest.mark.parametrize(("value", "severity"), [(3.9, None), (4.0, "info"), (7.9, "info"), (8.0, "warning")])
def test_restatement_thresholds_are_beyond_rounding(value, severity):
    found = restated(figure(2), figure(value, review=JUNE))  # rounding of both: 1 pp
    assert [f["severity"] for f in found] == ([severity] if severity else [])


def test_a_restatement_is_not_known_before_it_is_published():
    assert not restated(figure(2), figure(9, review=JUNE), as_of=published(MAY))


def test_a_restated_level_is_compared_in_percent():
    row = {"measure": "level", "unit": "t", "half_width": 0.5}
    (alert,) = restated(figure(10_000, **row), figure(10_700, review=JUNE, **row))
    assert (alert["severity"], alert["title"].split(": ")[1]) == ("warning", "10,000 t first, now 10,700 t")


def test_two_reviews_of_one_month_that_differ_are_a_contradiction():
    # Ternary cathode, September 2025: +2.61 % on 30 September, +13.55 % on 10 October.
    month = date(2025, 9, 1)
    rows = [
        figure(2.61, month=month, half_width=0.005, published_at=instant("2025-09-30")),
        figure(13.55, month=month, half_width=0.005, published_at=instant("2025-10-10")),
    ]
    (alert,) = restated(*rows, rule="reviews_disagree", months=(month, month))
    assert (alert["kind"], alert["severity"]) == ("state", "error")
    assert "differs between two reviews: +2.61 % first, now +13.55 % MoM" in alert["title"]
    assert not restated(*rows, months=(month, month))


def test_forecasts_are_never_restated():
    assert not restated(figure(2, kind="forecast"), figure(9, kind="forecast", review=JUNE))
