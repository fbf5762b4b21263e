"""Prefect tasks: thin doors to the functions in `tasks/`, with names, tags and retries.

Tasks take the run's request, steps and keys, so that they run the same on threads and on Dask; the only frames that
travel are what the rules found, which is small.
"""

from pathlib import Path

import polars as pl
from prefect import runtime, task
from prefect.client.schemas.objects import State, TaskRun
from prefect.tasks import Task

from contracts.chain import Chain
from contracts.errors import TronaError, UsageError
from data_lake.lake import Lake, open_lake
from data_lake.releases import visible_releases
from flows.run.request import RunRequest
from tasks.alerts import Entry, Scope, record_candidates
from tasks.alerts.evaluate import evaluate_months
from tasks.alerts.registry import read_rules
from tasks.alerts.step import Step
from tasks.alerts.steps import EvaluationPlan, plan_steps, record_evaluated
from tasks.alerts.thresholds import check_thresholds
from tasks.comparing.refresh import find_chains, is_behind, load_chains, refresh_derived
from tasks.intake.ingest import IngestOutcome, ingest_file, later


def name_step(verb: str) -> str:
    """`evaluate sodium_ion 2026-01 to 2026-02 as of 2026-02-05`, from the step that the task run is given."""
    step: Step = runtime.task_run.parameters["step"]
    months = f"{step.first:%Y-%m}" + (f" to {step.last:%Y-%m}" if step.last != step.first else "")
    return f"{verb} {' '.join(step.chains) or 'all chains'} {months} as of {step.as_of:%Y-%m-%d}"


def _load_chains(request: RunRequest, lake: Lake) -> dict[str, Chain]:
    """The chains of the lake, or the one that was asked for."""
    chains, wanted = _find_chains(lake, request)[0], request.hints.chain
    return {name: chain for name, chain in chains.items() if name == wanted or not wanted}


def _is_worth_another_try(_: "Task[..., object]", __: TaskRun, state: State[object]) -> bool:
    """Only what may be different a moment later: a lake, folder or store that could not be reached."""
    error = state.result(raise_on_failure=False)
    return isinstance(error, TronaError) and error.may_pass


@task(
    name="ingest",
    task_run_name="ingest {path.name}",
    tags=["trona", "ingest"],
    retries=2,
    retry_delay_seconds=[1, 5],
    retry_condition_fn=_is_worth_another_try,
)
def ingest_document(request: RunRequest, path: Path, number: int) -> list[IngestOutcome]:
    """Read, check and record one document, the so-many-th of its run."""
    now = later(request.now, number)
    return ingest_file(open_lake(request.lake), path, request.hints, now=now, run_id=request.run_id)


@task(name="plan", task_run_name="plan steps", tags=["trona"])
def plan_evaluation(request: RunRequest) -> EvaluationPlan:
    """Instants of publication whose consequences are to be drawn."""
    hints, lake = request.hints, open_lake(request.lake)
    chains = _load_chains(request, lake)
    return plan_steps(lake, until=request.evaluated_at, chain=hints.chain, month=hints.review_month, chains=chains)


def _find_chains(lake: Lake, request: RunRequest) -> tuple[dict[str, Chain], dict[str, UsageError]]:
    """The chains of the lake that rules can evaluate; and those that have a mistake or no definition, why."""
    chains, lost = find_chains(lake, request.chains_folder)
    rules = {name: rule.thresholds for name, rule in read_rules().items()}
    for name, chain in chains.items():
        try:
            check_thresholds({name: chain}, rules)
        except UsageError as error:
            lost[name] = error
    return {name: chain for name, chain in chains.items() if name not in lost}, lost


@task(
    name="evaluate",
    task_run_name=lambda: name_step("evaluate"),
    tags=["trona", "evaluate"],
    retries=2,
    retry_delay_seconds=[1, 5],
    retry_condition_fn=_is_worth_another_try,
)
def evaluate_step(request: RunRequest, step: Step) -> pl.DataFrame:
    """What the rules find with the knowledge of the step's instant; steps are independent of one another."""
    lake = open_lake(request.lake)
    chains = step.choose(_load_chains(request, lake))
    return evaluate_months(lake, chains, first=step.first, last=step.last, as_of=step.as_of)


@task(name="enter", task_run_name=lambda: name_step("enter"), tags=["trona", "ledger"])
def enter_candidates(request: RunRequest, step: Step, candidates: pl.DataFrame) -> pl.DataFrame:
    """Decide what is news and enter it; steps follow one another, oldest first."""
    lake = open_lake(request.lake)
    return record_candidates(
        lake,
        candidates,
        Scope((step.first, step.last), tuple(step.choose(_load_chains(request, lake)))),
        Entry(step.as_of, request.now, request.run_id, quiet=request.is_quiet),
    )


@task(
    name="compare and score",
    task_run_name="compare and score",
    tags=["trona", "derive"],
    retries=2,
    retry_delay_seconds=[1, 5],
    retry_condition_fn=_is_worth_another_try,
)
def refresh_tables(request: RunRequest) -> None:
    """Bring the stored comparisons and scores to what is known now."""
    lake = open_lake(request.lake)
    refresh_derived(lake, load_chains(lake, request.chains_folder), as_of=request.now)


def is_table_behind(request: RunRequest) -> bool:
    """Whether the stored comparisons and scores are behind what is known now, also where nothing is new."""
    lake = open_lake(request.lake)
    return is_behind(lake, load_chains(lake, request.chains_folder), as_of=request.now)


@task(name="finish", task_run_name="note what is evaluated", tags=["trona"])
def finish_evaluation(request: RunRequest, release_ids: list[str]) -> None:
    """Note that the consequences of these releases are drawn; of a chain without a definition they are not."""
    lake = open_lake(request.lake)
    lost = _find_chains(lake, request)[1]
    left = visible_releases(lake).filter(pl.col("chain").is_in(list(lost))).collect()["release_id"]
    evaluated = [name for name in release_ids if name not in left]
    record_evaluated(lake, evaluated, until=request.evaluated_at, at=request.now, run_id=request.run_id)


def list_lost_chains(request: RunRequest) -> list[str]:
    """A line for each chain that the lake has releases of and whose definition cannot be found or read."""
    lost = _find_chains(open_lake(request.lake), request)[1]
    return [
        f"chain {name} is left out: {error.what}; its figures stay, nothing of it is evaluated"
        for name, error in lost.items()
    ]
