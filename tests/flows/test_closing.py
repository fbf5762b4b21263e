"""The table at the end of a backfill."""

from datetime import UTC, datetime

import polars as pl

from contracts.alerts import ALERTS
from flows.closing import write_closing
from flows.following import Followed, Order
from tasks.ingest import Outcome

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def followed(*outcomes: Outcome, alerts: pl.DataFrame | None = None) -> Followed:
    order = Order(lake="x", run_id="r", flow="backfill", now=NOW)
    return Followed(order, NOW, outcomes, (), (), ALERTS.empty() if alerts is None else alerts, 0)


def test_months_are_counted_and_summed():
    alert = ALERTS.empty().clear(1).with_columns(month=pl.date(2026, 1, 1), state=pl.lit("fired"))
    text = write_closing(
        followed(
            Outcome("a.csv", "recorded", review_month="2026-01", figures=22, quarantined=1),
            Outcome("b.csv", "refused", review_month="2025-12"),
            Outcome("c.csv", "known", review_month="2025-11"),
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
    assert write_closing(followed(Outcome("c.csv", "known", review_month="2025-11"))) == ""
