"""The deadline: a scheduled look at the lake that tells of a month that has not come, and when it has."""

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from prefect import flow

from contracts.period import format_month
from data_lake.lake import open_lake
from flows.again import MONTH_SECONDS, PAUSE_SECONDS, RETRIES, retry_what_may_pass
from flows.awaiting import Awaited, find_awaited
from flows.concluding import Notify, conclude, raise_failures
from flows.events import Event, emit
from flows.following import Order, follow
from flows.monthly import monthly_run, name_run
from flows.voice import current_voice
from tasks.derive import load_chains
from tasks.ingest import Stated


@flow(
    name="watchdog",
    flow_run_name="deadlines of all chains",
    retries=RETRIES,
    retry_delay_seconds=PAUSE_SECONDS,
    timeout_seconds=MONTH_SECONDS,
)
def watchdog(
    lake: str,
    chains_folder: Path | None = None,
    receivers: str = "",
    notify: Notify = "live",
    now: datetime | None = None,
) -> str:
    """Read the lake, judge today's states (a release missing, a contract broken, a receiver unreachable), and tell.

    What was recorded by a run that was killed before it judged is judged now. Returns the run's id.

    Args:
        lake: folder or object-store address of the lake
        chains_folder: folder with own chain definitions
        receivers: file that names the receivers
        notify: live = whom it concerns, digest = one summary, none = nobody
        now: the clock; empty = now
    """
    clock = now or datetime.now(UTC)
    voice = current_voice()
    with retry_what_may_pass():
        store = open_lake(lake)
        awaited = find_awaited(store, load_chains(store, chains_folder), clock)
        for one in awaited:
            voice.say(f"  {one.say()}")
        order = Order(lake, name_run(), "watchdog", clock, stated=Stated(chains_folder=chains_folder))
        followed = follow(order, voice)
        emit(_announce_awaited(awaited, lake, clock, chains_folder))
        raise_failures(followed, conclude(followed, receivers=receivers, notify=notify, voice=voice))
    return order.run_id


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
    chains_folder: Path | None = None,
    receivers: str = "",
    now: datetime | None = None,
) -> str:
    """Look whether the month's review is here; take in what lies in the inbox where it is not, and say so.

    Returns what was found, in a sentence.

    Args:
        lake: folder or object-store address of the lake
        chain: the chain whose calendar is followed
        inbox: where its reviews land
        usual_source: who published documents of which nothing says it
        chains_folder: folder with own chain definitions
        receivers: file that names the receivers
        now: the clock; empty = now
    """
    clock = now or datetime.now(UTC)
    voice = current_voice()
    with retry_what_may_pass():
        before = _find_of_chain(lake, chain, chains_folder, clock)
        if before and all(one.is_here for one in before):
            found = "; ".join(one.say() for one in before) + ": nothing to do"
            voice.say(found)
            return found
        take_in = monthly_run.with_options(retries=0)  # this run is tried again as a whole
        take_in(
            lake=lake,
            inbox=inbox,
            usual_source=usual_source,
            chains_folder=chains_folder,
            receivers=receivers,
            now=clock,
        )
        after = _find_of_chain(lake, chain, chains_folder, clock)
        found = "; ".join(one.say() for one in after) or f"no source of {chain} is followed yet: nothing is expected"
        voice.say(found)
    return found


def _find_of_chain(lake: str, chain: str, chains_folder: Path | None, now: datetime) -> list[Awaited]:
    store = open_lake(lake)
    return [one for one in find_awaited(store, load_chains(store, chains_folder), now) if one.chain == chain]


def _announce_awaited(awaited: list[Awaited], lake: str, now: datetime, chains_folder: Path | None) -> list[Event]:
    """An event for each review that is expected from today on and not here; said once, whoever asks."""
    chains = load_chains(open_lake(lake), chains_folder)
    events = []
    for one in awaited:
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
