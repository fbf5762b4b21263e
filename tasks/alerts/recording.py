"""Findings entered into the ledger of a lake, once, whoever else is writing."""

import polars as pl

from contracts.alerts import ALERTS
from contracts.checks import check_table
from data_lake.lake import Lake
from data_lake.ledger import read_silences, record_alerts
from tasks.alerts.decisions import Entry, Scope, decide


def record_candidates(lake: Lake, candidates: pl.DataFrame, scope: Scope, entry: Entry) -> pl.DataFrame:
    """Decide on what `find_alerts` found for `scope` and append it; the rows appended.

    The scope must be what the rules were run for: what is in the ledger inside it and was not found again is
    retracted or resolved. A quiet entry records and tells nobody (backfill, replay). See `decide`.
    """
    silences = read_silences(lake)

    def decide_again(ledger: pl.DataFrame) -> pl.DataFrame:
        rows = decide(candidates, ledger, silences, entry, scope)
        check_table(ALERTS, ALERTS.conform(rows))
        return rows

    return record_alerts(lake, decide_again, months=scope.months)
