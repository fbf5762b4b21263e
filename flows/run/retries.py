"""What is done again by itself: a run that failed for a passing reason, and messages that did not get through."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime

from httpx import HTTPError
from prefect import runtime
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterName
from prefect.client.schemas.objects import FlowRunPolicy
from prefect.exceptions import PrefectException
from prefect.states import Scheduled

from contracts.errors import TronaError
from flows.run.deployment_names import DEADLINE

RETRIES, PAUSE_SECONDS = 2, 30
MONTH_SECONDS, MANY_MONTHS_SECONDS = 3600, 12 * 3600


@contextmanager
def retry_what_may_pass() -> Iterator[None]:
    """Inside a flow with retries: let it run again after what a moment may mend, never after what stays wrong.

    A document that breaks a contract is as broken half a minute later, and its second run would end well only because
    the document lies in `refused/` by then. A lake or store that could not be reached is tried again, as is what
    nobody foresaw. Prefect's flows have retries without a condition, so the run's own policy is changed.
    """
    try:
        yield
    except TronaError as error:
        if not error.may_pass:
            forbid_retries()
        raise


def forbid_retries() -> None:
    """Let the run end as it ends now: what it did is done, and a second try would find nothing left to do."""
    run_id = runtime.flow_run.id
    with suppress(HTTPError, PrefectException), get_client(sync_client=True) as client:  # what is raised matters more
        client.update_flow_run(run_id, empirical_policy=FlowRunPolicy(retries=0))


def schedule_notification(lake: str, again_at: datetime, start: datetime) -> str:
    """Have the watchdog of this lake run at `start`, since a message that did not get through is due at `again_at`.

    Runs for the same message and instant are one, whoever asks for them. Returns the name of the run; empty where
    the server has no such deployment (a command without `trona up`) or does not answer: there the next run tells.
    """
    with suppress(HTTPError, PrefectException), get_client(sync_client=True) as client:
        named = DeploymentFilter(name=DeploymentFilterName(any_=[DEADLINE]))
        for deployment in client.read_deployments(deployment_filter=named):
            if deployment.parameters.get("lake") == lake:
                run = client.create_flow_run_from_deployment(
                    deployment.id,
                    state=Scheduled(scheduled_time=start),
                    name=f"retry notification at {start:%H:%M:%S}",
                    idempotency_key=f"tell {lake} {again_at.isoformat()}",
                )
                return run.name
    return ""
