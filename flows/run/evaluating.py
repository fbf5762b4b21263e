"""The steps of a run: evaluated at the same time, entered into the ledger one after another."""

import logging
import os
from collections import deque
from collections.abc import Iterable, Iterator
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
    """Changes that the steps made to the ledger of alerts, oldest step first; a live run looks at today as well."""
    _say_waiting(request, plan, progress)
    watched: list[Step] = [*plan.steps, *([plan.today] if request.is_live and plan.today else [])]
    entered = [ALERTS.empty()]
    for count, (step, found) in enumerate(_evaluate_ahead(request, watched), start=1):
        rows = enter_candidates(request, step, found)
        entered.append(rows)
        about = f"{', '.join(step.chains) or 'all chains'}, {step.first:%Y-%m} to {step.last:%Y-%m}"
        changes = count_noun(rows.height, "change")
        told = {"chains": list(step.chains), "from_month": step.first, "to_month": step.last, "as_of": step.as_of}
        ids = {"run_id": request.run_id, "changes": rows.height, "alert_ids": rows["alert_id"].to_list()}
        logging.getLogger("trona.step").info("step evaluated", extra={"trona": told | ids})
        progress.say(f"  as of {step.as_of:%Y-%m-%d %H:%M} UTC ({about}): {changes} in the ledger")
        progress.advance(_FROM + _SHARE * count / len(watched))
    return pl.concat(entered)


def _evaluate_ahead(request: RunRequest, steps: Iterable[Step]) -> Iterator[tuple[Step, pl.DataFrame]]:
    """What the rules find at each step, in order; so many steps are worked on at the same time as there is room for."""
    room = _ON_A_CLUSTER if load_settings().dask else max(2, os.cpu_count() or 1)
    ahead: deque[tuple[Step, Any]] = deque()
    for step in steps:
        ahead.append((step, evaluate_step.submit(request, step)))
        if len(ahead) >= room:
            first, future = ahead.popleft()
            yield first, future.result()
    yield from ((step, future.result()) for step, future in ahead)


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
