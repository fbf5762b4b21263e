"""Rules on comparisons and vintages: divergence, share shift, restatement, reviews that disagree."""

import json
from datetime import date

import pytest

from contracts.period import add_months
from tests.tasks.alerts.rows import MAY, comparison, comparisons, figure, figures, find, gap, instant, published

JANUARY = date(2026, 1, 1)


def diverged(*rows, **options) -> list[dict]:
    return find(comparisons=comparisons(*rows), **options).filter(rule="chain_divergence").to_dicts()


def test_january_2026_cathode_against_cell():
    rows = [
        gap(43, month=JANUARY),
        comparison(2, month=JANUARY),
        comparison(-41, month=JANUARY, segment="cell"),
    ]
    (alert,) = diverged(*rows, months=(JANUARY, JANUARY))
    assert alert["title"] == "Cathode materials +2 % while battery cells −41 % MoM: 43 pp apart, usually within 20"
    assert alert["severity"] == "warning"  # 42 beyond rounding is more than two spreads of 20
    assert "stock building" in json.loads(alert["detail"])["note"]


@pytest.mark.parametrize(("value", "fires"), [(21.0, False), (21.1, True), (-21.1, True), (-21.0, False)])
def test_a_gap_counts_beyond_rounding_only(value, fires):
    assert bool(diverged(gap(value))) is fires  # half-width 1, spread 20


def test_a_gap_in_two_of_three_months_is_a_warning():
    april, march, february = (add_months(MAY, -i) for i in (1, 2, 3))
    (once,) = diverged(gap(25))
    (twice,) = diverged(gap(25), gap(25, month=march))
    (apart,) = diverged(gap(25), gap(25, month=february))
    assert (once["severity"], twice["severity"], apart["severity"]) == ("info", "warning", "info")
    assert not diverged(gap(5), gap(25, month=april))


def test_several_links_of_one_stage_are_one_alert_with_the_widest_first():
    (alert,) = diverged(gap(25), gap(60, counterpart="anode"))
    assert "hard carbon anode" in alert["title"].lower()
    assert json.loads(alert["detail"])["also"] == "battery cells"


@pytest.mark.parametrize(
    ("up", "down", "says"),
    [
        (2, -41, "stock building"),
        (-30, 10, "stocks drawn down"),
        (-5, -41, "fall less"),
        (-60, -5, "fall more"),
        (60, 5, "grow faster"),
        (5, 60, "grow slower"),
    ],
)
def test_what_a_gap_may_mean(up, down, says):
    (alert,) = diverged(gap(up - down), comparison(up), comparison(down, segment="cell"))
    assert says in json.loads(alert["detail"])["note"]


def test_a_gap_without_growth_at_hand_still_says_how_far():
    (alert,) = diverged(gap(25))
    assert alert["title"] == "Cathode materials and battery cells MoM: 25 pp apart, usually within 20"


def test_a_product_that_stands_for_its_segment_gives_the_growth():
    rows = [
        gap(27, segment="anode"),
        comparison(-14, segment="anode", product="hard_carbon"),
        comparison(-41, segment="cell"),
        comparison(-30, segment="cell", product="nfpp"),
    ]
    (alert,) = diverged(*rows)
    assert alert["title"].startswith("Hard carbon anode −14 % while battery cells −41 % MoM: 27 pp apart")


def shifted(*rows, **options) -> list[dict]:
    return find(comparisons=comparisons(*rows), **options).filter(rule="share_shift").to_dicts()


def share(value: float, **values):
    return comparison(value, measure="share_mom_pp", product="nfpp", unit="pp", **values)


def test_a_share_that_moved():
    (alert,) = shifted(share(10))
    assert (alert["title"], alert["severity"]) == (
        "NFPP (cathode materials) share of output gained 10 pp MoM",
        "warning",
    )
    (lost,) = shifted(share(-6))
    assert (lost["title"], lost["severity"]) == ("NFPP (cathode materials) share of output lost 6 pp MoM", "info")
    assert not shifted(share(5.5))  # 5.0 is possible


def test_reported_goes_before_derived():
    (alert,) = shifted(share(10), share(7, basis="derived"))
    assert "10 pp" in alert["title"]


def test_a_share_that_always_moves_is_no_news():
    past = [share((-1) ** i * 9, month=add_months(MAY, -i)) for i in range(1, 10)]
    assert not shifted(*past, share(9))
    assert shifted(*past, share(11))


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
