"""A run from top to bottom: ingest, evaluate, compare and score, notify, draw the page.

The month, the deadline and the backfill are this function with different requests.
"""

from datetime import UTC, datetime

from contracts.settings import load_settings
from data_lake.damage import tell_damage
from data_lake.lake import open_lake
from data_lake.runs import compare_figures, see_figures
from flows.inbox.pickup import take_from_inbox
from flows.run.evaluating import evaluate_steps, meet_history
from flows.run.events import emit
from flows.run.finish import notify, raise_failures, record_summary, show_results
from flows.run.ingesting import ingest_documents
from flows.run.page import refresh_page
from flows.run.pinned import refuse_other_places
from flows.run.prefect_tasks import (
    finish_evaluation,
    is_table_behind,
    list_lost_chains,
    plan_evaluation,
    refresh_tables,
)
from flows.run.progress import start_progress
from flows.run.request import RunRequest, RunResult
from flows.run.retries import retry_what_may_pass
from flows.run.run_events import build_events, build_refusals
from tasks.delivery import choose_receivers


def run_pipeline(request: RunRequest) -> str:
    """Take documents in and draw the consequences of everything new, oldest first. Returns the run's id.

    Runs inside a flow. Documents are read at the same time; steps are evaluated at the same time, since each sees only
    what was public at its instant; what they found enters the ledger one after another. Documents leave the inbox
    last, and what could not be done is raised last, after everything else is done.
    """
    with retry_what_may_pass():  # before anything is moved or recorded
        refuse_other_places(request)
        choose_receivers(request.receivers)
    started_at, progress = datetime.now(UTC), start_progress(request)
    with retry_what_may_pass(), tell_damage(), take_from_inbox(request.inbox, request.landed, progress.say) as pickup:
        emit(build_refusals(request, pickup.refused))
        lake = open_lake(request.lake)
        if load_settings().lake_must_exist:
            lake.require()
        before = see_figures(lake)

        ingested = ingest_documents(request, (*request.documents, *pickup.paths), progress)
        for line in list_lost_chains(request):
            progress.say(f"  {line}")
        plan = plan_evaluation(request)
        request = meet_history(request, lake, plan)
        alerts = evaluate_steps(request, plan, progress)
        if plan.steps or is_table_behind(request):
            progress.wait("comparing and scoring")
            refresh_tables(request)
        if plan.pending:
            finish_evaluation(request, plan.pending)

        figures = compare_figures(lake, before)
        kept = ingested.without(pickup.list_gone())
        result = RunResult(request, started_at, kept, tuple(plan.steps), alerts, figures)
        emit(build_events(result))  # before people are told, so that a run that is tried again from here has sent them
        with pickup.settle_afterwards(result.ingested.settled):
            delivered = notify(request, progress)
            record_summary(result, progress)
            show_results(result, progress)
        refresh_page(result, progress)
        raise_failures(result, delivered)
    return request.run_id
