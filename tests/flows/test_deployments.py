"""Deployments: the calendar as a schedule, and prefect.yaml the same as what `trona up` serves."""

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import yaml
from dateutil.rrule import rrulestr

from contracts.chain import Calendar, chain_paths, load_chain
from contracts.settings import Settings
from flows.run.deployment_names import BY_HAND
from flows.service.deployments import plan_deployments, schedule_calendar
from flows.service.orphaned_runs import find_missed

ROOT = Path(__file__).parents[2]
CHAINS = {name: load_chain(name) for name in chain_paths()}


@pytest.fixture(scope="module")
def plans():
    return {plan.name: plan for plan in plan_deployments(Settings(), CHAINS)}


def test_the_calendar_covers_the_expected_day_and_the_deadline_on_weekdays():
    zone = ZoneInfo("Asia/Shanghai")
    schedule = schedule_calendar(Calendar("Asia/Shanghai", publication_day=5, grace_business_days=5))
    assert schedule.timezone == "Asia/Shanghai"
    rule = rrulestr(schedule.rrule, dtstart=datetime(2026, 1, 1, tzinfo=zone))
    looks = list(rule.between(datetime(2026, 3, 1, tzinfo=zone), datetime(2026, 4, 1, tzinfo=zone)))
    days = sorted({t.day for t in looks})
    # March 2026: 2 is a Monday; 26 is the last day of the window (5 + 14 + 7)
    assert days == [2, 3, 4, 5, 6, 9, 10, 11, 12, 13, 16, 17, 18, 19, 20, 23, 24, 25, 26]
    assert [t.hour for t in looks if t.day == 5] == [9, 12, 15, 18]


def test_prefect_yaml_says_the_same(plans):
    written = yaml.safe_load((ROOT / "prefect.yaml").read_text(encoding="utf-8"))["deployments"]
    assert sorted(d["name"] for d in written) == sorted(plans)
    for deployment in written:
        plan = plans[deployment["name"]]
        module, flow = deployment["entrypoint"].split(":")
        assert (module, flow) == (plan.flow.fn.__module__, plan.flow.fn.__name__)
        assert deployment["description"].casefold() == plan.description.casefold()
        said = [(s.get("rrule", s.get("cron")), s["timezone"], s["slug"]) for s in deployment.get("schedules", [])]
        assert said == [(s.rrule or s.cron, s.timezone, s.slug) for s in plan.schedules]
        assert set(deployment["parameters"]) == set(plan.parameters)
        assert deployment["concurrency_limit"]["limit"] == 1


def test_the_trigger_of_arrivals_is_the_same(plans):
    written = yaml.safe_load((ROOT / "prefect.yaml").read_text(encoding="utf-8"))["deployments"]
    (arrival,) = (d for d in written if d["name"] == "arrival")
    (trigger,) = plans["arrival"].triggers
    (said,) = arrival["triggers"]
    assert set(said["expect"]) == trigger.expect
    assert said["match"] == trigger.match.model_dump()
    assert said["parameters"] == trigger.parameters


def test_the_form_hides_nothing_that_a_person_must_know(plans):
    schema = plans[BY_HAND].flow
    assert "notify" in schema.parameters.properties
    assert all(p.get("description") for p in schema.parameters.properties.values())


def test_missed_looks_leave_the_last():
    class Run:
        def __init__(self, number, deployment, hour):
            self.id, self.deployment_id = number, deployment
            self.expected_start_time = datetime(2026, 1, 1, hour, tzinfo=UTC)

    runs = [Run(1, "a", 1), Run(2, "a", 2), Run(3, "a", 23), Run(4, "b", 3)]
    assert [run.id for run in find_missed(runs, datetime(2026, 1, 1, 12, tzinfo=UTC))] == [1]
