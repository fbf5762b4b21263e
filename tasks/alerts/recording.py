"""Findings entered into the ledger of a lake, once, whoever else is writing."""

from collections.abc import Collection
from datetime import date, datetime

import polars as pl

from contracts.alerts import ALERTS
from contracts.checks import check_table
from data_lake.lake import Lake
from data_lake.ledger import read_silences, record_alerts
from tasks.alerts.decisions import decide


def record_candidates(
    lake: Lake,
    candidates: pl.DataFrame,
    *,
    months: tuple[date, date],
    as_of: datetime,
    recorded_at: datetime,
    run_id: str,
    chains: Collection[str] | None = None,
    rules: Collection[str] | None = None,
    quiet: bool = False,
) -> pl.DataFrame:
    """Decide on what `find_alerts` found for `months` and `chains` (None = all) and append it; the rows appended.

    `months` and `chains` must be those the rules were run for: what is in the ledger inside them and was not found
    again is retracted or resolved. `quiet` records and tells nobody (backfill, replay). See `decide`.
    """
    silences = read_silences(lake)

    def decide_again(ledger: pl.DataFrame) -> pl.DataFrame:
        rows = decide(
            candidates,
            ledger,
            silences,
            as_of=as_of,
            recorded_at=recorded_at,
            run_id=run_id,
            months=months,
            chains=chains,
            rules=rules,
            quiet=quiet,
        )
        check_table(ALERTS, ALERTS.conform(rows))
        return rows

    return record_alerts(lake, decide_again, months=months)
