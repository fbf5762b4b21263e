"""After a crash: runs that nobody is working on any more, and scheduled looks that were missed."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from flows.run.deployment_names import ARRIVAL, BY_HAND

if TYPE_CHECKING:
    from prefect.client.orchestration import PrefectClient
    from prefect.client.schemas.objects import FlowRun, State


async def recover() -> None:
    """Put in order what an earlier life of the runner left behind; called before it takes any work.

    - a backfill by hand that was being worked on goes on (it knows what is recorded and evaluated)
    - any other run that was being worked on is marked crashed: its documents still lie in the inbox, and what it
      recorded is evaluated by the next run
    - of the scheduled looks that were missed, each deployment keeps the last
    """
    from prefect.client.orchestration import get_client  # noqa: PLC0415 - only the runner loads Prefect
    from prefect.states import Crashed, Scheduled  # noqa: PLC0415

    async with get_client() as client:
        names = await _name_deployments(client)
        orphans = await _read_runs(client, names, ["RUNNING", "PENDING", "CANCELLING"])
        for run in orphans:
            goes_on = names[run.deployment_id] == BY_HAND and run.state_type != "CANCELLING"
            state: State[object] = (
                Scheduled(message="Its process was stopped; it goes on.")
                if goes_on
                else Crashed(message="Its process was stopped; what it did not do, the next run does.")
            )
            await client.set_flow_run_state(run.id, state, force=True)
        for run in await _read_children(client, orphans):
            await client.set_flow_run_state(run.id, Crashed(message="Its process was stopped."), force=True)
        for run in find_missed(await _read_runs(client, names, ["SCHEDULED"]), datetime.now(UTC)):
            if names[run.deployment_id] not in {ARRIVAL, BY_HAND}:
                await client.delete_flow_run(run.id)


def find_missed(runs: "Iterable[FlowRun]", now: datetime) -> "list[FlowRun]":
    """Of the runs whose time has passed, all but the last of each deployment."""
    past = sorted(
        (run for run in runs if run.expected_start_time and run.expected_start_time < now),
        key=lambda run: run.expected_start_time or now,
    )
    last = {run.deployment_id: run.id for run in past}
    return [run for run in past if last[run.deployment_id] != run.id]


async def _name_deployments(client: "PrefectClient") -> dict[object, str]:
    from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterTags  # noqa: PLC0415

    ours = DeploymentFilter(tags=DeploymentFilterTags(all_=["trona"]))
    return {d.id: d.name for d in await client.read_deployments(deployment_filter=ours)}


async def _read_runs(client: "PrefectClient", names: dict[object, str], states: list[str]) -> "list[FlowRun]":
    from prefect.client.schemas.filters import (  # noqa: PLC0415
        DeploymentFilter,
        DeploymentFilterId,
        FlowRunFilter,
        FlowRunFilterState,
        FlowRunFilterStateType,
    )
    from prefect.client.schemas.objects import StateType  # noqa: PLC0415

    if not names:
        return []
    wanted = FlowRunFilter(state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType(s) for s in states])))
    ours = DeploymentFilter(id=DeploymentFilterId(any_=list(names)))  # type: ignore[arg-type]
    found: list[FlowRun] = []
    while page := await client.read_flow_runs(
        flow_run_filter=wanted, deployment_filter=ours, limit=200, offset=len(found)
    ):
        found += page
    return found


async def _read_children(client: "PrefectClient", parents: "list[FlowRun]") -> "list[FlowRun]":
    from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterParentFlowRunId  # noqa: PLC0415

    if not parents:
        return []
    wanted = FlowRunFilter(parent_flow_run_id=FlowRunFilterParentFlowRunId(any_=[run.id for run in parents]))
    return [
        run for run in await client.read_flow_runs(flow_run_filter=wanted) if not run.state or not run.state.is_final()
    ]
