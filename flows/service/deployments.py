"""What the Prefect server knows of Trona: deployments, schedules and automations, the same after every start."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from contracts.chain import Calendar, Chain
from contracts.settings import Settings
from flows.run.deployment_names import ARRIVAL, BY_HAND, DEADLINE

if TYPE_CHECKING:
    from uuid import UUID

    from prefect.automations import Automation
    from prefect.flows import Flow
    from prefect.runner import Runner

SECOND_LINE = "trona: second look at a deadline"
WATCHDOG_WATCH = "trona: the watchdog itself"
_TAGS = ["trona"]
# Four looks a day: a deadline is the end of a day, so half past midnight tells of it within the hour.
_WATCHDOG_CRON = "30 0,6,12,18 * * *"
_WATCHDOG_WITHIN = timedelta(hours=13)  # two looks in a row did not end well


@dataclass(frozen=True)
class DeploymentPlan:
    """One deployment: a flow under a name, with its parameters, schedules and triggers."""

    flow: "Flow[..., Any]"
    name: str
    description: str
    parameters: Mapping[str, Any]
    schedules: Sequence[Any] = ()
    triggers: Sequence[Any] = ()


def plan_deployments(settings: Settings, chains: Mapping[str, Chain]) -> list[DeploymentPlan]:
    """Deployments for a lake: documents that arrive, each chain's calendar, the deadlines, and the backfill by hand."""
    from prefect.schedules import Cron  # noqa: PLC0415 - only who deploys loads Prefect

    from flows.backfill_form import backfill_by_hand  # noqa: PLC0415
    from flows.deadline import poll_release, watchdog  # noqa: PLC0415
    from flows.monthly import monthly_run  # noqa: PLC0415

    common = {
        "lake": settings.lake_address,
        "chains_folder": str(settings.chains_folder.absolute()) if settings.chains_folder else None,
        "receivers": settings.receivers_address,
    }
    inbox = {"inbox": settings.inbox_address, "usual_source": settings.source}
    zone = next(iter(chains.values())).calendar.time_zone if chains else "UTC"
    return [
        DeploymentPlan(
            monthly_run,
            ARRIVAL,
            "Ingests the documents that have just landed in the inbox, compares, scores and notifies.",
            common | inbox,
            triggers=[_hear_arrivals()],
        ),
        *(
            DeploymentPlan(
                poll_release,
                name,
                f"Looks on the days on which the review of {chain.title} is expected; does nothing once it is there.",
                common | inbox | {"chain": name},
                schedules=[schedule_calendar(chain.calendar)],
            )
            for name, chain in sorted(chains.items())
        ),
        DeploymentPlan(
            watchdog,
            DEADLINE,
            "Tells of a month whose review has not come by its deadline, and when it has.",
            common,
            schedules=[Cron(_WATCHDOG_CRON, timezone=zone, slug="deadline")],
        ),
        DeploymentPlan(
            backfill_by_hand, BY_HAND, "Many months by hand, each evaluated with only the knowledge of its time.", {}
        ),
    ]


def schedule_calendar(calendar: Calendar) -> Any:
    """When to look for a month's review: on weekdays from three days before it is expected until it is late.

    Four times a day in the chain's time zone. Business days after the expected one are counted generously, holidays
    of a week included; afterwards arrivals and the watchdog are enough.
    """
    from prefect.schedules import RRule  # noqa: PLC0415

    first = max(1, calendar.publication_day - 3)
    last = min(31, calendar.publication_day + 7 * (calendar.grace_business_days // 5 + 1) + 7)
    days = ",".join(str(day) for day in range(first, last + 1))
    rule = f"FREQ=DAILY;BYMONTHDAY={days};BYDAY=MO,TU,WE,TH,FR;BYHOUR=9,12,15,18;BYMINUTE=10;BYSECOND=0"
    return RRule(rule, timezone=calendar.time_zone, slug="calendar")


def _hear_arrivals() -> Any:
    """One run for all documents that landed together: the first of them leads."""
    from prefect.events import DeploymentEventTrigger  # noqa: PLC0415

    return DeploymentEventTrigger(
        name="trona: documents have landed",
        expect={"trona.document.landed"},
        match={"prefect.resource.id": "trona.document.*", "trona.leads": "yes"},
        parameters={
            "landed": {
                "__prefect_kind": "json",
                "value": {"__prefect_kind": "jinja", "template": "{{ event.payload.landed | tojson }}"},
            }
        },
    )


async def deploy(runner: "Runner", settings: Settings, chains: Mapping[str, Chain]) -> None:
    """Make or renew every deployment and automation, and let the runner work on them."""
    ids: dict[str, UUID] = {}
    for plan in plan_deployments(settings, chains):
        ids[plan.name] = await runner.aadd_flow(
            plan.flow,
            name=plan.name,
            description=plan.description,
            parameters=dict(plan.parameters),
            schedules=list(plan.schedules),
            triggers=list(plan.triggers),
            tags=_TAGS,
        )
    await renew_automations(ids[DEADLINE], chains)


async def renew_automations(watchdog_id: "UUID", chains: Mapping[str, Chain]) -> None:
    """Make or renew the second line: it runs the watchdog, which decides from the lake, so nothing is told twice."""
    grace = max((chain.calendar.grace_business_days for chain in chains.values()), default=5)
    within = timedelta(days=7 * (grace // 5 + 1) + 1)
    for automation in (look_again(watchdog_id, within), watch_the_watchdog(watchdog_id)):
        await _renew(automation)


def look_again(watchdog_id: "UUID", within: timedelta) -> "Automation":
    """Run the watchdog where a review was awaited and was not recorded within this time (10 s or longer)."""
    from prefect.automations import Automation, EventTrigger  # noqa: PLC0415
    from prefect.events import Posture  # noqa: PLC0415

    return Automation(
        name=SECOND_LINE,
        description="A review was awaited and was not recorded within its days of grace: look at the lake again.",
        trigger=EventTrigger(
            after={"trona.release.awaited"},
            expect={"trona.release.recorded"},
            match={"prefect.resource.id": "trona.release.*"},
            for_each={"prefect.resource.id"},
            posture=Posture.Proactive,
            threshold=1,
            within=within,
        ),
        actions=[_run(watchdog_id)],
    )


def watch_the_watchdog(watchdog_id: "UUID") -> "Automation":
    """Run the watchdog where it has not ended well for half a day."""
    from prefect.automations import Automation, EventTrigger  # noqa: PLC0415
    from prefect.events import Posture  # noqa: PLC0415

    return Automation(
        name=WATCHDOG_WATCH,
        description="The watchdog has not ended well for half a day: start it again.",
        trigger=EventTrigger(
            expect={"prefect.flow-run.Completed"},
            match={"prefect.resource.id": "prefect.flow-run.*"},
            match_related={
                "prefect.resource.role": "deployment",
                "prefect.resource.id": f"prefect.deployment.{watchdog_id}",
            },
            posture=Posture.Proactive,
            threshold=1,
            within=_WATCHDOG_WITHIN,
        ),
        actions=[_run(watchdog_id)],
    )


def _run(deployment_id: "UUID") -> Any:
    from prefect.events.actions import RunDeployment  # noqa: PLC0415

    return RunDeployment(source="selected", deployment_id=deployment_id, parameters={}, job_variables=None)


async def _renew(automation: Any) -> None:
    """`create` would make a second automation of the same name; one that says the same is left as it is."""
    from prefect.client.orchestration import get_client  # noqa: PLC0415
    from prefect.events.schemas.automations import AutomationCore  # noqa: PLC0415

    core = AutomationCore(**automation.model_dump(include=set(AutomationCore.model_fields)))
    async with get_client() as client:
        known = await client.read_automations_by_name(automation.name)
        same = [found for found in known if _describe(found) == _describe(core)]
        for other in known:
            if other not in same[:1]:
                await client.delete_automation(other.id)
        if not same:
            await client.create_automation(core)


def _describe(automation: Any) -> Any:
    """What an automation does, without the ids that the server gives to its triggers."""
    said = automation.model_dump(mode="json", include={"name", "description", "trigger", "actions"})
    said["trigger"].pop("id", None)
    for name in ("after", "expect", "for_each"):
        said["trigger"][name] = sorted(said["trigger"].get(name, []))
    return said
