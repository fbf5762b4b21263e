"""What a run leaves in the Prefect UI: the month's figures, forecasts, alerts and refused rows as tables."""

from datetime import date
from pathlib import Path

import polars as pl
from prefect.artifacts import create_table_artifact

from contracts.period import format_month
from contracts.releases import QUARANTINE
from data_lake.lake import Lake, open_lake
from data_lake.ledger import read_alerts
from tasks.derive import derive_months, load_chains

_MOST_ROWS = 200
_SERIES = ("segment", "product", "metric", "measure")


def show_month(lake: str, month: date, *, run_id: str, chains_folder: Path | None = None) -> None:
    """Create the tables of a month; a table longer than `_MOST_ROWS` is cut, and says so."""
    store = open_lake(lake)
    derived = derive_months(store, load_chains(store, chains_folder), first=month, last=month, as_of=None)
    name = format_month(month)
    comparisons = derived.comparisons.select("chain", *_SERIES, "basis", "value", "lower", "upper", "unit")
    scores = derived.scores.select(
        "chain", *_SERIES, "forecast", "actual", "surprise_pp", "level_surprise_pct", "verdict", "status"
    )
    _show("month", f"Comparisons of {name}", comparisons)
    _show("scores", f"Forecasts for {name}", scores)
    alerts = read_alerts(store).filter(pl.col("month") == month)
    _show("alerts", f"Alerts of {name}", alerts.select("severity", "state", "rule", "chain", "segment", "title"))
    _show("quarantine", f"Rows refused by run {run_id}", _refused(store, run_id))


def _refused(store: Lake, run_id: str) -> pl.DataFrame:
    rows = store.table(QUARANTINE).scan().filter(run_id=run_id).collect()
    return rows.select("document_name", "row", "rule", "column", "value", "message")


def _show(key: str, title: str, frame: pl.DataFrame) -> None:
    cut = f" (the first {_MOST_ROWS} of {frame.height})" if frame.height > _MOST_ROWS else ""
    rows = frame.head(_MOST_ROWS).with_columns(pl.col(pl.Float64).round(4)).to_dicts()
    create_table_artifact(rows, key=f"trona-{key}", description=f"{title}{cut}")
