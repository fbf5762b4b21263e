"""The deadline: a scheduled look at the lake that tells of a month that has not come, and when it has."""

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from prefect import flow

from contracts.period import format_month
from contracts.readings import DocumentHints
from data_lake.lake import open_lake
from flows.monthly import monthly_run
from flows.run.events import Event, emit
from flows.run.pinned import refuse_other_places
from flows.run.pipeline import run_pipeline
from flows.run.progress import current_reporter
from flows.run.request import Folder, Notify, RunRequest
from flows.run.retries import MONTH_SECONDS, PAUSE_SECONDS, RETRIES, retry_what_may_pass
from tasks.alerts.expected_releases import ExpectedRelease, find_expected_releases
from tasks.comparing.refresh import load_chains


@flow(
    name="watchdog",
    flow_run_name="deadlines of all chains",
    retries=RETRIES,
    retry_delay_seconds=PAUSE_SECONDS,
    timeout_seconds=MONTH_SECONDS,
)
def watchdog(
    lake: str,
    chains_folder: Folder = None,
    receivers: str = "",
    notify: Notify = "live",
    now: datetime | None = None,
) -> str:
    """Read the lake, evaluate today's states (release missing, contract broken, receiver unreachable), and notify.

    What was recorded by a run that was killed before it evaluated is evaluated now. Returns the run's id.

    Args:
        lake: folder or object-store address of the lake
        chains_folder: folder with own chain definitions
        receivers: file that names the receivers
        notify: live = notify matching receivers, digest = one summary, none = nobody
        now: the clock; empty = now
    """
    clock = now or datetime.now(UTC)
    reporter = current_reporter()
    hints = DocumentHints(chains_folder=chains_folder)
    request = RunRequest(lake, "watchdog", clock, hints=hints, receivers=receivers, notify=notify)
    with retry_what_may_pass():
        refuse_other_places(request)
        lake_now = open_lake(lake)
        expected = find_expected_releases(lake_now, load_chains(lake_now, chains_folder), clock)
        for one in expected:
            reporter.say(f"  {one.describe()}")
        emit(_announce_expected(expected, lake, clock, chains_folder))
    return run_pipeline(request)


@flow(
    name="poll-release",
    flow_run_name="{chain}: has the month come?",
    retries=RETRIES,
    retry_delay_seconds=PAUSE_SECONDS,
    timeout_seconds=MONTH_SECONDS,
)
def poll_release(
    lake: str,
    chain: str,
    inbox: str = "",
    usual_source: str = "",
    chains_folder: Folder = None,
    receivers: str = "",
    now: datetime | None = None,
) -> str:
    """Look whether the month's review is here; ingest what lies in the inbox where it is not, and say so.

    Returns what was found, in a sentence.

    Args:
        lake: folder or object-store address of the lake
        chain: the chain whose calendar is result
        inbox: where its reviews land
        usual_source: default source, used when the document names none
        chains_folder: folder with own chain definitions
        receivers: file that names the receivers
        now: the clock; empty = now
    """
    clock = now or datetime.now(UTC)
    reporter = current_reporter()
    with retry_what_may_pass():
        hints = DocumentHints(chains_folder=chains_folder)
        refuse_other_places(RunRequest(lake, "poll_release", clock, hints=hints, receivers=receivers, inbox=inbox))
        before = _find_of_chain(lake, chain, chains_folder, clock)
        if before and all(one.is_here for one in before):
            found = "; ".join(one.describe() for one in before) + ": nothing to do"
            reporter.say(found)
            return found
        run_month = monthly_run.with_options(retries=0)  # this run is tried again as a whole
        run_month(
            lake=lake,
            inbox=inbox,
            usual_source=usual_source,
            chains_folder=chains_folder,
            receivers=receivers,
            now=clock,
        )
        after = _find_of_chain(lake, chain, chains_folder, clock)
        found = "; ".join(one.describe() for one in after) or f"no source of {chain} is result yet: nothing is expected"
        reporter.say(found)
    return found


def _find_of_chain(lake: str, chain: str, chains_folder: Path | None, now: datetime) -> list[ExpectedRelease]:
    store = open_lake(lake)
    return [one for one in find_expected_releases(store, load_chains(store, chains_folder), now) if one.chain == chain]


def _announce_expected(
    expected: list[ExpectedRelease], lake: str, now: datetime, chains_folder: Path | None
) -> list[Event]:
    """An event for each review that is expected from today on and not here; said once, whoever asks."""
    chains = load_chains(open_lake(lake), chains_folder)
    events = []
    for one in expected:
        today = now.astimezone(ZoneInfo(chains[one.chain].calendar.time_zone)).date()
        if not one.is_here and one.expected <= today <= one.deadline:
            month = format_month(one.month)
            payload = {
                "lake": lake,
                "source": one.source,
                "chain": one.chain,
                "month": month,
                "deadline": one.deadline.isoformat(),
            }
            resource = f"trona.release.{one.source}.{one.chain}.{month}"
            events.append(Event("trona.release.awaited", resource, payload, once=f"{lake} {today}"))
    return events
