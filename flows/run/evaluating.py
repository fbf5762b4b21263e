"""The steps of a run: evaluated at the same time, entered into the ledger one after another."""

from collections.abc import Sequence

import polars as pl

from contracts.alerts import ALERTS
from contracts.text import count_noun
from flows.run.prefect_tasks import enter_candidates, evaluate_step
from flows.run.progress import Progress
from flows.run.request import RunRequest
from tasks.alerts.evaluate import Step, watch_today

_FROM, _SHARE = 30.0, 60.0
"""How far a run is, in percent, before its steps, and how much of it they are."""


def evaluate_steps(request: RunRequest, steps: Sequence[Step], progress: Progress) -> pl.DataFrame:
    """Changes that the steps made to the ledger of alerts, oldest step first; a live run looks at today as well."""
    watched = [*steps, watch_today(request.evaluated_at, list(steps))] if request.is_live else list(steps)
    futures = [evaluate_step.submit(request, step) for step in watched]
    entered = [ALERTS.empty()]
    for count, (step, future) in enumerate(zip(watched, futures, strict=True), start=1):
        rows = enter_candidates(request, step, future.result())
        entered.append(rows)
        about = f"{', '.join(step.chains) or 'all chains'}, {step.first:%Y-%m} to {step.last:%Y-%m}"
        changes = count_noun(rows.height, "change")
        progress.say(f"  as of {step.as_of:%Y-%m-%d %H:%M} UTC ({about}): {changes} in the ledger")
        progress.advance(_FROM + _SHARE * count / len(watched))
    return pl.concat(entered)
