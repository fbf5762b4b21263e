"""The steps of a run: evaluated at the same time, entered into the ledger one after another."""

import logging
import os
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import polars as pl

from contracts.alerts import ALERTS
from contracts.settings import load_settings
from contracts.text import count_noun
from data_lake.lake import Lake, open_lake
from flows.run.prefect_tasks import enter_candidates, evaluate_step
from flows.run.progress import Progress
from flows.run.request import RunRequest
from tasks.alerts.step import Step
from tasks.alerts.steps import EvaluationPlan, list_changes, pending_changes

_FROM, _SHARE = 30.0, 60.0
"""How far a run is, in percent, before its steps, and how much of it they are."""
_ON_A_CLUSTER = 256
"""Steps that a cluster is given at the same time; a process of its own as many as it has cores, since each step has the
figures of years in memory."""


def evaluate_steps(request: RunRequest, plan: EvaluationPlan, progress: Progress) -> pl.DataFrame:
    """Changes that the steps made to the ledger of alerts, oldest step first; a live run looks at today as well.

    All of them are one line for a person; each is a record of the log.
    """
    _say_waiting(request, plan, progress)
    watched: list[Step] = [*plan.steps, *([plan.today] if request.is_live and plan.today else [])]
    entered = [ALERTS.empty()]
    for count, (step, future) in enumerate(_evaluate_ahead(request, watched), start=1):
        progress.wait(f"evaluating step {count} of {len(watched)}, as of {step.as_of:%Y-%m-%d}")
        rows = enter_candidates(request, step, future.result())
        entered.append(rows)
        told = {"chains": list(step.chains), "from_month": step.first, "to_month": step.last, "as_of": step.as_of}
        ids = {"run_id": request.run_id, "changes": rows.height, "alert_ids": rows["alert_id"].to_list()}
        logging.getLogger("trona.step").info("step evaluated", extra={"trona": told | ids})
        progress.advance(_FROM + _SHARE * count / len(watched))
    if watched:
        progress.say(f"  {describe_steps(watched, entered[1:])}")
    return pl.concat(entered)


def _evaluate_ahead(request: RunRequest, steps: Iterable[Step]) -> Iterator[tuple[Step, Any]]:
    """Each step, in order, with what the rules will find; as many at the same time as there is room for."""
    room = _ON_A_CLUSTER if load_settings().dask else max(2, os.cpu_count() or 1)
    ahead: deque[tuple[Step, Any]] = deque()
    for step in steps:
        ahead.append((step, evaluate_step.submit(request, step)))
        if len(ahead) >= room:
            yield ahead.popleft()
    yield from ahead


def describe_steps(steps: Sequence[Step], entered: Sequence[pl.DataFrame]) -> str:
    """`25 steps as of 2023-12-04 to 2026-02-10: 28 changes in the ledger, made by 12 of them`."""
    first, last = (f"{step.as_of:%Y-%m-%d}" for step in (steps[0], steps[-1]))
    span = first if first == last else f"{first} to {last}"
    changes = count_noun(sum(rows.height for rows in entered), "change")
    made = sum(rows.height > 0 for rows in entered)
    some = f", made by {made} of them" if 0 < made < len(steps) else ""
    return f"{count_noun(len(steps), 'step')} evaluated, as of {span}: {changes} in the ledger of alerts{some}"


def _say_waiting(request: RunRequest, plan: EvaluationPlan, progress: Progress) -> None:
    """Changes that a run limited to a month or chain leaves to another run."""
    pending = pending_changes(open_lake(request.lake), until=request.evaluated_at)
    left = pending.filter(~pl.col("release_id").is_in(plan.pending))
    if left.height:
        progress.say(f"  {count_noun(left.height, 'release')} of other months or chains left to another run")


def meet_history(request: RunRequest, lake: Lake, plan: EvaluationPlan) -> RunRequest:
    """The request, told as one digest where a live run meets a chain or source for the first time, with its history.

    Otherwise years of old reviews would be a message for each of their months.
    """
    changes = list_changes(lake).filter(pl.col("event") == "recorded")
    pending = changes.filter(pl.col("release_id").is_in(plan.pending), ~pl.col("is_evaluated"))
    known = changes.filter("is_evaluated").select("source", "chain").unique()
    is_new = pending.join(known, on=["source", "chain"], how="semi").is_empty()
    is_history = is_new and pending["review_month"].n_unique() > 1
    return replace(request, notify="digest") if is_history and request.notify == "live" else request
