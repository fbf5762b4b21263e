"""At which later instants a late document is judged again, and for which chains.

Three chains review January to April 2025 on the 5th (sodium_ion), 10th (lithium_ion) and 15th (solar) of the month after.
That what is left out would say nothing new is shown by `test_any_history.py`.
"""

from datetime import date, timedelta

import pytest

from contracts.period import add_months
from data_lake.lake import open_lake
from tasks.alerts.steps import pending_changes, plan_steps, record_evaluated
from tasks.comparing.refresh import load_chains
from tests.builders import day, head, record
from tests.tasks.alerts.worlds import SEGMENTS

NOW = day("2025-06-01")
CHAINS = tuple(SEGMENTS)


@pytest.fixture
def lake(tmp_path):
    """Everything there is evaluated, and the review of January by sodium_ion has not come."""
    lake = open_lake(tmp_path)
    for back in range(4):
        for place, chain in enumerate(CHAINS):
            if back or place:
                take_in(lake, chain, add_months(date(2025, 1, 1), back), place)
    pending = pending_changes(lake)["release_id"].to_list()
    record_evaluated(lake, pending, until=NOW, at=NOW, run_id="before")
    return lake


def take_in(lake, chain: str, month: date, place: int = 0) -> None:
    published = day(f"{add_months(month, 1):%Y-%m}-05") + timedelta(days=5 * place)
    name = f"{place}{month:%Y%m}" * 9 + "a"
    release = head(chain=chain, review_month=f"{month:%Y-%m}", published_at=published, document=name)
    record(lake, release, {"segment": SEGMENTS[chain][0], "period": f"{month:%Y-%m}"})


def plan(lake, chains=None) -> list[tuple[str, tuple[str, ...]]]:
    return [(f"{step.as_of:%m-%d}", step.only) for step in plan_steps(lake, until=NOW, chains=chains).steps]


def test_a_late_document_is_judged_for_all_at_its_instant_then_for_its_chain_where_that_has_something_new(lake):
    take_in(lake, "sodium_ion", date(2025, 1, 1))
    # 5 February for all; then the instants of sodium_ion, and the first after each of its deadlines: January's is
    # 12 February (seen on the 15th), its outcomes' 31 days later, 15 March, as is February's, 12 March; and so on
    assert plan(lake, load_chains(lake)) == [
        ("02-05", ()),
        ("02-15", ("sodium_ion",)),
        ("03-05", ("sodium_ion",)),
        ("03-15", ("sodium_ion",)),
        ("04-05", ("sodium_ion",)),
        ("04-15", ("sodium_ion",)),
        ("05-05", ("sodium_ion",)),
        ("05-15", ("sodium_ion",)),
    ]


def test_where_nothing_is_known_of_deadlines_every_instant_is_judged_for_the_chain(lake):
    take_in(lake, "sodium_ion", date(2025, 1, 1))
    days = [f"{month:02}-{day_:02}" for month in range(2, 6) for day_ in (5, 10, 15)]
    assert plan(lake) == [(one, ("sodium_ion",) if one != "02-05" else ()) for one in days]


def test_figures_of_long_ago_reach_no_step_of_today(lake):
    take_in(lake, "sodium_ion", date(2019, 12, 1))  # the steps of 2025 look back to 2020: four years from 2024 on
    assert plan(lake, load_chains(lake)) == [("01-05", ())]
    take_in(lake, "lithium_ion", date(2020, 12, 1), 1)
    steps = plan_steps(lake, until=NOW, chains=load_chains(lake)).steps
    assert [step.only for step in steps[:2]] == [(), ()]
    assert {step.only for step in steps[2:]} == {("lithium_ion",)}
