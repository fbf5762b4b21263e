"""What is tried again: runs that failed for a passing reason, messages that did not get through."""

from datetime import UTC, datetime, timedelta

import pytest

from contracts.errors import ContractBroken, DocumentUnavailable, SourceUnavailable, UsageError
from contracts.runs import RUNS
from data_lake.lake import open_lake


@pytest.mark.parametrize(
    ("error", "tries"),
    [(SourceUnavailable, 3), (ValueError, 3), (ContractBroken, 1), (UsageError, 1)],
)
def test_only_what_may_pass_is_tried_again(prefect_api, error, tries):
    from prefect import flow

    from flows.run.retries import RETRIES, retry_what_may_pass

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

    from flows.run.retries import retry_what_may_pass

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
    from flows.deadline import poll_release, watchdog
    from flows.monthly import monthly_run

    for flow in (monthly_run, backfill, poll_release, watchdog):
        assert flow.retries == 2
        assert flow.retry_delay_seconds == 30
        assert 3600 <= flow.timeout_seconds <= 12 * 3600


def test_a_message_that_waits_is_a_run_of_the_watchdog_once(prefect_api, up):
    from flows.run.retries import schedule_notification

    due = datetime.now(UTC) + timedelta(days=2)
    start = due + timedelta(seconds=1)
    names = {schedule_notification(str(up.lake), due, start + timedelta(seconds=late)) for late in range(3)}
    assert names == {f"retry notification at {start:%H:%M:%S}"}
    wanted = {"flow_runs": {"name": {"any_": list(names)}}}
    (run,) = up.ask("/flow_runs/filter", wanted)
    assert run["deployment_id"] == up.deployment("deadline")["id"]
    assert datetime.fromisoformat(run["expected_start_time"]) == start
    assert schedule_notification("/another/lake", due, start) == ""


@pytest.fixture
def landed(tmp_path, review):
    """An inbox with one document, and what a run of it is called with."""
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    (inbox / "2020-01.csv").write_text(review("2020-01", "2020-02-05", 10))
    return inbox, {"lake": str(tmp_path / "lake"), "inbox": str(inbox), "notify": "none"}


def test_a_document_that_cannot_be_read_fails_its_run_and_is_not_hidden_by_a_second_try(
    prefect_api, landed, monkeypatch
):
    from flows.monthly import monthly_run

    inbox, asked = landed

    def fail(path):
        raise DocumentUnavailable("the document cannot be read", where=str(path))

    monkeypatch.setattr("tasks.intake.ingest.load_document", fail)
    state = monthly_run.with_options(retry_delay_seconds=0)(**asked, return_state=True)
    assert state.is_failed()
    assert [p.name for p in (inbox / "refused").iterdir()] == ["2020-01.csv", "2020-01.csv.reason.txt"]


def test_a_run_that_stumbles_at_its_end_leaves_its_documents_and_is_tried_again(prefect_api, landed, monkeypatch):
    from flows.monthly import monthly_run
    from flows.run import finish

    inbox, asked = landed
    tries, real = [], finish.show_month

    def stumble(*args, **options):
        tries.append(sorted(p.name for p in inbox.iterdir()))
        if len(tries) == 1:
            raise SourceUnavailable("the lake is away for a moment")
        real(*args, **options)

    monkeypatch.setattr(finish, "show_month", stumble)
    run_id = monthly_run.with_options(retry_delay_seconds=0)(**asked)
    assert len(tries) == 2
    assert all("2020-01.csv" in there for there in tries)
    assert (inbox / "done" / "2020-01.csv").exists()
    runs = open_lake(asked["lake"]).table(RUNS).scan().collect()
    assert runs["run_id"].to_list() == [run_id]
    # What the first try recorded is what the run recorded; nothing was new to the second.
    (run,) = runs.to_dicts()
    assert (run["releases"], run["outcome"]) == (1, "done")
    assert "1 new release" in run["message"]
