"""The contract of a run: one summary, from which people are told what happened."""

import polars as pl

from contracts.table import INSTANT, Column, Table

OUTCOMES = ("done", "nothing_new", "contract_broken", "failed")

RUNS = Table(
    name="runs",
    meaning="One summary per run.",
    columns=(
        Column("run_id", pl.String, "short random name of the run"),
        Column("flow", pl.String, "monthly_run, backfill, ingest, retract"),
        Column("chain", pl.String, "chains it worked on, separated by spaces"),
        Column("from_month", pl.Date, "first month it worked on", nullable=True),
        Column("to_month", pl.Date, "last month it worked on", nullable=True),
        Column("as_of", INSTANT, "instant whose knowledge it used"),
        Column("started_at", INSTANT, "when it started"),
        Column("ended_at", INSTANT, "when it ended"),
        Column("outcome", pl.String, "how it ended", allowed=OUTCOMES),
        Column("documents", pl.Int64, "documents looked at"),
        Column("releases", pl.Int64, "releases newly recorded"),
        Column("figures", pl.Int64, "figures newly recorded"),
        Column("quarantined", pl.Int64, "rows refused"),
        Column("unresolved", pl.Int64, "statements seen but not placed"),
        Column("scored", pl.Int64, "forecasts scored, in the months worked on"),
        Column("pending", pl.Int64, "forecasts still open"),
        Column("alerts", pl.Int64, "alerts newly fired"),
        Column("rows_removed", pl.Int64, "rows of figures that were there before and are not now"),
        Column("rows_changed", pl.Int64, "rows of figures that read differently now"),
        Column("message", pl.String, "what happened, in a sentence"),
    ),
    key=("run_id",),
)
