"""The table at the end of a backfill."""

from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from contracts.alerts import ALERTS
from flows.run.backfill_table import format_backfill_table
from flows.run.request import Ingested, RunRequest, RunResult
from tasks.intake.ingest import IngestOutcome

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def result(*outcomes: IngestOutcome, alerts: pl.DataFrame | None = None) -> RunResult:
    request = RunRequest(lake="x", run_id="r", flow="backfill", now=NOW)
    ingested = Ingested({Path(outcome.document): (outcome,) for outcome in outcomes})
    return RunResult(request, NOW, ingested, (), ALERTS.empty() if alerts is None else alerts)


def test_months_are_counted_and_summed():
    alert = ALERTS.empty().clear(1).with_columns(month=pl.date(2026, 1, 1), state=pl.lit("fired"))
    text = format_backfill_table(
        result(
            IngestOutcome("a.csv", "recorded", review_month="2026-01", figures=22, quarantined=1),
            IngestOutcome("b.csv", "refused", review_month="2025-12"),
            IngestOutcome("c.csv", "known", review_month="2025-11"),
            alerts=alert,
        )
    )
    assert text.splitlines() == [
        "month    releases  figures  quarantined  refused  alerts",
        "2025-12         0        0            0        1       0",
        "2026-01         1       22            1        0       1",
        "total           1       22            1        1       1",
    ]


def test_nothing_new_is_no_table():
    assert format_backfill_table(result(IngestOutcome("c.csv", "known", review_month="2025-11"))) == ""
