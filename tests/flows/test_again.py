"""What is tried again: runs that failed for a passing reason, messages that did not get through."""

from datetime import UTC, datetime, timedelta

import pytest

from contracts.errors import ContractBroken, SourceUnavailable, UsageError


@pytest.mark.parametrize(
    ("error", "tries"),
    [(SourceUnavailable, 3), (ValueError, 3), (ContractBroken, 1), (UsageError, 1)],
)
def test_only_what_may_pass_is_tried_again(prefect_api, error, tries):
    from prefect import flow

    from flows.again import RETRIES, retry_what_may_pass

    tried = []

    @flow(retries=RETRIES, retry_delay_seconds=0)
    def attempt():
        with retry_what_may_pass():
            tried.append(1)
            raise error("it did not work")

    with pytest.raises(error):
        attempt()
    assert len(tried) == tries


def test_a_run_that_works_the_second_time_ends_well(prefect_api):
    from prefect import flow

    from flows.again import retry_what_may_pass

    tried = []

    @flow(retries=1, retry_delay_seconds=0)
    def attempt():
        with retry_what_may_pass():
            tried.append(1)
            if len(tried) == 1:
                raise SourceUnavailable("the lake is away for a moment")
            return len(tried)

    assert attempt() == 2


def test_every_flow_that_runs_by_itself_ends_and_is_tried_again(prefect_api):
    from flows.backfill import backfill
    from flows.monthly import monthly_run
    from flows.watchdog import poll_release, watchdog

    for flow in (monthly_run, backfill, poll_release, watchdog):
        assert flow.retries == 2
        assert flow.retry_delay_seconds == 30
        assert 3600 <= flow.timeout_seconds <= 12 * 3600


def test_a_message_that_waits_is_a_run_of_the_watchdog_once(prefect_api, up):
    from flows.again import schedule_telling

    due = datetime.now(UTC) + timedelta(days=2)
    names = {schedule_telling(str(up.lake), due) for _ in range(3)}
    assert names == {f"tell again at {due:%H:%M:%S}"}
    wanted = {"flow_runs": {"name": {"any_": list(names)}}}
    (run,) = up.ask("/flow_runs/filter", wanted)
    assert run["deployment_id"] == up.deployment("deadline")["id"]
    assert datetime.fromisoformat(run["expected_start_time"]) == due
    assert schedule_telling("/another/lake", due) == ""
