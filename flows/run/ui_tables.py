"""What a run leaves in the Prefect UI: the month's figures, forecasts, alerts and refused rows as tables."""

from collections.abc import Sequence
from datetime import date

import polars as pl
from prefect.artifacts import create_table_artifact

from contracts.comparisons import COMPARISONS
from contracts.period import format_month
from contracts.releases import QUARANTINE
from contracts.scores import SCORES
from contracts.table import Table
from data_lake.lake import Lake, open_lake
from data_lake.ledger import read_alerts

_MOST_ROWS = 200
_SERIES = ("chain", "segment", "product", "metric", "measure")
_COMPARED = (*_SERIES, "basis", "value", "lower", "upper", "unit")
_MARKED = (*_SERIES, "forecast", "actual", "surprise_pp", "level_surprise_pct", "verdict", "status")


def show_month(lake: str, month: date, *, run_id: str) -> None:
    """Create the tables of a month as the lake has them; one longer than `_MOST_ROWS` is cut, and says so."""
    store = open_lake(lake)
    name = format_month(month)
    _show("month", f"Comparisons of {name}", _read(store, COMPARISONS, month, _COMPARED))
    _show("scores", f"Forecasts for {name}", _read(store, SCORES, month, _MARKED))
    alerts = read_alerts(store).filter(pl.col("month") == month)
    _show("alerts", f"Alerts of {name}", alerts.select("severity", "state", "rule", "chain", "segment", "title"))
    _show("quarantine", f"Rows refused by run {run_id}", _refused(store, run_id))


def _read(store: Lake, table: Table, month: date, columns: Sequence[str]) -> pl.DataFrame:
    return store.table(table).scan().filter(pl.col("month") == month).select(columns).sort(_SERIES).collect()


def _refused(store: Lake, run_id: str) -> pl.DataFrame:
    rows = store.table(QUARANTINE).scan().filter(run_id=run_id).collect()
    return rows.select("document_name", "row", "rule", "column", "value", "message")


def _show(key: str, title: str, frame: pl.DataFrame) -> None:
    cut = f" (the first {_MOST_ROWS} of {frame.height})" if frame.height > _MOST_ROWS else ""
    rows = frame.head(_MOST_ROWS).with_columns(pl.col(pl.Float64).round(4)).to_dicts()
    create_table_artifact(rows, key=f"trona-{key}", description=f"{title}{cut}")
