"""What a run leaves in the Prefect UI: the month in sentences, its figures, forecasts, alerts and refused rows."""

import re
from collections.abc import Sequence
from datetime import date

import polars as pl
from prefect.artifacts import create_markdown_artifact, create_table_artifact

from contracts.chain import Chain
from contracts.comparisons import COMPARISONS
from contracts.errors import UsageError
from contracts.period import format_month
from contracts.releases import QUARANTINE
from contracts.scores import SCORES
from contracts.settings import load_settings
from contracts.table import Table
from data_lake.lake import Lake, open_lake
from data_lake.ledger import read_alerts
from flows.run.page import find_page_link
from flows.run.request import RunRequest
from tasks.comparing.refresh import load_chains
from tasks.month_summary.reading import read_month
from tasks.month_summary.writing import write_month
from tasks.pages.addresses import name_month_page
from tasks.reconciling.language import load_language

_MOST_ROWS = 200
_SERIES = ("chain", "segment", "product", "metric", "measure")
_COMPARED = (*_SERIES, "basis", "value", "lower", "upper", "unit")
_MARKED = (*_SERIES, "forecast", "actual", "surprise_pp", "level_surprise_pct", "verdict", "status")


def show_month(request: RunRequest, month: date) -> None:
    """Create the tables of a month as the lake has them; one longer than `_MOST_ROWS` is cut, and says so."""
    store, run_id = open_lake(request.lake), request.run_id
    name = format_month(month)
    summary = write_summary(store, request, month, find_page_link(load_settings()))
    create_markdown_artifact(summary, key="trona-summary", description=f"{name} in words")
    _show("month", f"Comparisons of {name}", _read(store, COMPARISONS, month, _COMPARED))
    _show("scores", f"Forecasts for {name}", _read(store, SCORES, month, _MARKED))
    alerts = read_alerts(store).filter(pl.col("month") == month)
    _show("alerts", f"Alerts of {name}", alerts.select("severity", "state", "rule", "chain", "segment", "title"))
    _show("quarantine", f"Rows refused by run {run_id}", _refused(store, run_id))


def write_summary(store: Lake, request: RunRequest, month: date, link: str) -> str:
    """The month as `trona month` tells it, for each chain with a page about it, as Markdown with its link."""
    chains = load_chains(store, request.chains_folder)
    reported = pl.col("basis") == "reported"
    known = (
        store.table(COMPARISONS).scan().filter(reported, pl.col("month") == month).select("chain").unique().collect()
    )
    told = [_write_chain(store, chains[name], month, request, link) for name in known["chain"].sort() if name in chains]
    return "\n\n".join(told) or f"Nothing was published for {format_month(month)}."


def _write_chain(store: Lake, chain: Chain, month: date, request: RunRequest, link: str) -> str:
    page = f"[The month on the page]({link}/{name_month_page(chain.name, month)})" if link else ""
    try:
        text = write_month(read_month(store, chain, month, as_of=request.instant), load_language("en"))
    except UsageError as error:  # several sources review the chain: none of them is the month
        return "\n\n".join(filter(None, (f"### {_escape(chain.title)}", _escape(error.what), page)))
    table = [text.heading, ["---", *["---:"] * (len(text.heading) - 1)]]
    rows = [*table, *([_escape(cell) for cell in row] for row in text.segments)]
    lines = "\n".join(f"| {' | '.join(row)} |" for row in rows) if text.segments else ""
    return "\n\n".join(filter(None, (f"### {_escape(text.title)}", page, *map(_escape, text.chain), lines)))


def _escape(text: str) -> str:
    """Text that is no markup, link or column of a table."""
    return re.sub(r"([\\`*_\[\]<>|#])", r"\\\1", text)


def _read(store: Lake, table: Table, month: date, columns: Sequence[str]) -> pl.DataFrame:
    return store.table(table).scan().filter(pl.col("month") == month).select(columns).sort(_SERIES).collect()


def _refused(store: Lake, run_id: str) -> pl.DataFrame:
    rows = store.table(QUARANTINE).scan().filter(run_id=run_id).collect()
    return rows.select("document_name", "row", "rule", "column", "value", "message")


def _show(key: str, title: str, frame: pl.DataFrame) -> None:
    cut = f" (the first {_MOST_ROWS} of {frame.height})" if frame.height > _MOST_ROWS else ""
    rows = frame.head(_MOST_ROWS).with_columns(pl.col(pl.Float64).round(4)).to_dicts()
    create_table_artifact(rows, key=f"trona-{key}", description=f"{title}{cut}")
