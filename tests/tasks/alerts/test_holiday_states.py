"""A holiday is about output: what a state says about publishing is as severe in February as in May."""

from datetime import date

import pytest

from contracts.period import add_months
from tests.tasks.alerts.rows import find, instant, quarantine, refused, release, releases

FEBRUARY = date(2026, 2, 1)  # 17 of the 26 days of the window of 2026


@pytest.mark.parametrize("month", [FEBRUARY, date(2026, 5, 1)])
def test_a_missing_review_is_critical_in_a_holiday_month_too(month):
    before = releases(release(add_months(month, -1)))
    after = f"{add_months(month, 1):%Y-%m}-28"
    found = find(releases=before, as_of=instant(after), months=(month, month)).filter(rule="release_missing")
    assert found["severity"].to_list() == ["critical"]
    assert '"holiday"' not in found["detail"].item()


@pytest.mark.parametrize("month", [FEBRUARY, date(2026, 5, 1)])
def test_a_broken_contract_is_as_severe_in_a_holiday_month(month):
    one = release(month, figures=10, quarantined=2)
    rows = quarantine(*(refused(month, row) for row in (1, 2)))
    found = find(releases=releases(one), quarantine=rows, as_of=instant("2026-12-01"), months=(month, month))
    assert found.filter(rule="contract_broken")["severity"].to_list() == ["error"]
