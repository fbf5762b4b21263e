"""Rule figures_contradict and what it holds back; rule implausible_base."""

import json
from datetime import date

import pytest

from contracts.period import add_months
from tasks.alerts.identity import add_alert_ids
from tasks.alerts.inhibition import find_inhibited
from tests.tasks.alerts.rows import MAY, candidate, candidates, comparison, comparisons, figure, figures, find, gap

APRIL = add_months(MAY, -1)
YEAR = 12


def level(value: float, month: date, **values: object) -> dict[str, object]:
    return figure(value, month=month, measure="level", unit="t", figure_id=f"l{month:%Y%m}", **values)


def mom(value: float, month: date = MAY, **values: object) -> dict[str, object]:
    return figure(value, month=month, **{"figure_id": f"m{month:%Y%m}", **values})


def yoy(value: float, month: date, **values: object) -> dict[str, object]:
    return figure(value, month=month, measure="yoy_pct", figure_id=f"y{month:%Y%m}", **values)


def contradicting(*rows: dict[str, object], rule: str = "figures_contradict", **options) -> list[dict]:
    return find(figures=figures(*rows), **options).filter(rule=rule).to_dicts()


def test_levels_and_a_change_that_cannot_all_be_true_are_an_error():
    # 120.5/99.5 = 1.2111 at most; 1.295/1.2111 = 1.0693: 6.9 % beyond rounding
    (alert,) = contradicting(level(100, APRIL), level(120, MAY), mom(30))
    assert (alert["severity"], alert["kind"], alert["month"]) == ("error", "state", MAY)
    assert alert["figure_ids"].split() == ["l202604", "l202605", "m202605"]
    assert alert["title"].startswith(
        "Cathode materials: 100 t for April 2026, 120 t for May 2026 and +30 % MoM for May"
    )
    detail = json.loads(alert["detail"])
    assert detail["size_pct"] == pytest.approx(6.93, abs=0.01)
    assert (detail["finding"], detail["sets"]) == ("levels_do_not_reconcile", 1)


def test_rounding_alone_is_no_contradiction():
    # 120.5/99.5 − 1 = +21.1 %, from +20.6 on
    assert not contradicting(level(100, APRIL), level(120, MAY), mom(21))


def test_below_one_percent_it_is_a_warning():
    # 1.215/1.2111 = 1.0033
    (alert,) = contradicting(level(100, APRIL), level(120, MAY), mom(22))
    assert alert["severity"] == "warning"


def test_forecasts_and_other_segments_prove_nothing():
    rows = [level(100, APRIL), level(120, MAY)]
    assert not contradicting(*rows, mom(30, kind="forecast"))
    assert not contradicting(*rows, mom(30, segment="cell"))
    assert not contradicting(*rows, mom(30), months=(APRIL, APRIL))


def test_the_newest_value_counts():
    rows = [level(100, APRIL), level(120, MAY), mom(30)]
    restated = mom(20, review=add_months(MAY, 1), figure_id="later")
    assert not contradicting(*rows, restated, months=(MAY, add_months(MAY, 1)))


def test_what_is_said_of_a_month_does_not_change_with_later_months():
    """May's level and June's change and level miss one another by far more, but May's own set was there first."""
    june = add_months(MAY, 1)
    rows = [level(100, APRIL), level(120, MAY), mom(30)]
    alone = contradicting(*rows)
    more = [level(300, june), mom(0, june)]
    assert contradicting(*rows, *more, months=(MAY, june)) == alone
    assert contradicting(*rows[1:2], *more, months=(MAY, june))[0]["month"] == june


def test_a_quarter_belongs_to_its_last_month_whichever_months_are_asked_for():
    march = date(2026, 3, 1)
    parts = [level(100, add_months(march, -back)) for back in range(3)]
    quarter = level(400, date(2026, 1, 1), period="2026-Q1", is_monthly=False) | {"figure_id": "q"}
    # the parts sum to 298.5 … 301.5; 399.5 is 33 % more
    (alert,) = contradicting(*parts, quarter, months=(march, march))
    assert (alert["month"], "q" in alert["figure_ids"].split()) == (march, True)
    assert contradicting(*parts, quarter, months=(date(2026, 1, 1), MAY)) == [alert]


def test_what_rests_on_the_figures_is_held_back_and_nothing_else():
    cause = candidate(
        rule="figures_contradict", kind="state", severity="error", product="", measure="", figure_ids="a1 b1"
    )
    rests = [
        candidate(),  # on f1 and a1
        candidate(rule="share_shift", product="nfpp", measure="share_mom_pp", figure_ids="b1"),
        candidate(rule="chain_divergence", segment="cell", figure_ids="c1 a1"),
    ]
    free = [
        candidate(segment="cell", figure_ids="f2 a2"),
        candidate(month=APRIL),
        candidate(source="other"),
        candidate(rule="restatement", figure_ids="a1"),
    ]
    alerts = add_alert_ids(candidates(cause, *rests, *free))
    held = find_inhibited(alerts)
    assert set(held["alert_id"]) == set(add_alert_ids(candidates(*rests))["alert_id"])
    assert set(held["inhibited_by"]) == set(add_alert_ids(candidates(cause))["alert_id"])


def test_a_warning_does_not_hold_back_an_error():
    cause = candidate(rule="figures_contradict", kind="state", severity="warning", figure_ids="a1")
    alerts = add_alert_ids(candidates(cause, candidate(rule="repeated_miss", severity="error")))
    assert find_inhibited(alerts).is_empty()


def test_a_divergence_of_a_contradictory_figure_is_held_back_from_the_tables_on():
    tables = {
        "figures": figures(level(100, APRIL), level(120, MAY), mom(30)),
        "comparisons": comparisons(
            gap(60, down=-30, figure_ids="m202605 c1"), comparison(30), comparison(-30, segment="cell")
        ),
    }
    found = add_alert_ids(find(**tables))
    (held,) = find_inhibited(found).to_dicts()
    rules = dict(found.select("alert_id", "rule").rows())
    assert (rules[held["alert_id"]], rules[held["inhibited_by"]]) == ("chain_divergence", "figures_contradict")


def test_a_base_that_leaps_and_falls_back_is_a_warning():
    # July 2024: 1.0·1.5/1.0 = +50 %, August 2024: 1.0·1.0/1.4 = −29 %
    rows = [
        yoy(50, date(2025, 6, 1)),
        *(mom(0, date(2025, m, 1)) for m in (7, 8)),
        yoy(0, date(2025, 7, 1)),
        yoy(40, date(2025, 8, 1)),
    ]
    august = date(2025, 8, 1)
    (alert,) = contradicting(*rows, rule="implausible_base", months=(august, august))
    assert (alert["severity"], alert["kind"], alert["month"]) == ("warning", "event", august)
    assert "July 2024 +50.0 %" in alert["title"]
    july = date(2025, 7, 1)
    assert not contradicting(*rows, rule="implausible_base", months=(july, july))
    assert contradicting(*rows, rule="implausible_base", months=(date(2025, 1, 1), MAY)) == [alert]
