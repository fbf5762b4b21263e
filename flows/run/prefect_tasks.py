"""Prefect tasks: thin doors to the functions in `tasks/`, with names, tags and retries.

Tasks take addresses, paths and keys, so that they run the same on threads and on Dask; the only frames
that travel are what the rules found, which is small.
"""

from datetime import date, datetime
from pathlib import Path

import polars as pl
from prefect import runtime, task
from prefect.client.schemas.objects import State, TaskRun
from prefect.tasks import Task

from contracts.errors import SourceUnavailable
from data_lake.lake import open_lake
from tasks.alerts import record_candidates
from tasks.alerts.evaluate import EvaluationPlan, Step, evaluate_months, plan_steps, record_evaluated
from tasks.comparing.refresh import load_chains, refresh_derived
from tasks.intake.ingest import DocumentHints, IngestOutcome, ingest_file


def name_step(verb: str) -> str:
    """`judge sodium_ion 2026-01 to 2026-02 as of 2026-02-05`, from the step that the task run is given."""
    step: Step = runtime.task_run.parameters["step"]
    months = f"{step.first:%Y-%m}" + (f" to {step.last:%Y-%m}" if step.last != step.first else "")
    return f"{verb} {' '.join(step.chains) or 'all chains'} {months} as of {step.as_of:%Y-%m-%d}"


def _is_worth_another_try(_: "Task[..., object]", __: TaskRun, state: State[object]) -> bool:
    """Only what may be different a moment later: a lake, folder or store that could not be reached."""
    return isinstance(state.result(raise_on_failure=False), SourceUnavailable)


@task(
    name="take in",
    task_run_name="take in {path.name}",
    tags=["trona", "ingest"],
    retries=2,
    retry_delay_seconds=[1, 5],
    retry_condition_fn=_is_worth_another_try,
)
def ingest_document(lake: str, path: Path, stated: DocumentHints, now: datetime, run_id: str) -> list[IngestOutcome]:
    """Read, check and record one document."""
    return ingest_file(open_lake(lake), path, stated, now=now, run_id=run_id)


@task(name="plan", task_run_name="plan steps", tags=["trona"])
def plan_evaluation(lake: str, chain: str, until: datetime) -> EvaluationPlan:
    """Instants of publication whose consequences are to be drawn."""
    return plan_steps(open_lake(lake), chain=chain, until=until)


@task(
    name="judge",
    task_run_name=lambda: name_step("judge"),
    tags=["trona", "judge"],
    retries=2,
    retry_delay_seconds=[1, 5],
    retry_condition_fn=_is_worth_another_try,
)
def evaluate_step(lake: str, step: Step, chains_folder: Path | None) -> pl.DataFrame:
    """What the rules find with the knowledge of the step's instant; steps are independent of one another."""
    store = open_lake(lake)
    chains = load_chains(store, chains_folder)
    return evaluate_months(store, chains, first=step.first, last=step.last, as_of=step.as_of)


@task(name="enter", task_run_name=lambda: name_step("enter"), tags=["trona", "ledger"])
def enter_candidates(
    lake: str,
    step: Step,
    candidates: pl.DataFrame,
    chains_folder: Path | None,
    now: datetime,
    run_id: str,
    quiet: bool,  # noqa: FBT001 - Prefect passes parameters by position
) -> pl.DataFrame:
    """Decide what is news and enter it; steps follow one another, oldest first."""
    store = open_lake(lake)
    return record_candidates(
        store,
        candidates,
        months=(step.first, step.last),
        as_of=step.as_of,
        recorded_at=now,
        run_id=run_id,
        chains=tuple(load_chains(store, chains_folder)),
        quiet=quiet,
    )


@task(
    name="compare and mark",
    task_run_name="compare and mark from {first:%Y-%m}",
    tags=["trona", "derive"],
    retries=2,
    retry_delay_seconds=[1, 5],
    retry_condition_fn=_is_worth_another_try,
)
def refresh_tables(lake: str, first: date, as_of: datetime, chains_folder: Path | None) -> None:
    """Rebuild the stored comparisons and scores from a month on."""
    store = open_lake(lake)
    refresh_derived(store, load_chains(store, chains_folder), first=first, as_of=as_of)


@task(name="finish", task_run_name="note what is evaluated", tags=["trona"])
def finish_evaluation(lake: str, release_ids: list[str], now: datetime, run_id: str) -> None:
    """Note that the consequences of these releases are drawn."""
    record_evaluated(open_lake(lake), release_ids, at=now, run_id=run_id)
