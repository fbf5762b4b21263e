"""`trona export`: what the lake knows, as a workbook."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from contracts.alerts import ALERTS
from contracts.comparisons import COMPARISONS
from contracts.errors import Exit, UsageError
from contracts.figures import FIGURES
from contracts.reconciled import FINDINGS
from contracts.releases import RELEASES, SOURCES
from contracts.scores import SCORES
from contracts.settings import Settings
from contracts.track_record import RECORD
from data_lake.selection import Selection
from flows.cli.options import Filters, LakeOption
from flows.cli.output import print_message
from flows.cli.progress_line import waiting_for
from flows.cli.query import find_instants, open_derived, open_store

if TYPE_CHECKING:
    from data_lake.lake import Lake
    from tasks.workbooks.workbook import Sheet

FIGURE_COLUMNS = ("month", *FIGURES.public, "half_width", "document", "place", "evidence", "note", "source_url")
"""Columns of the figures in a workbook: what was stated, and where it stands."""
_NO_FILTERS = Filters()
_DEFAULT_LAKE = LakeOption()


def export(
    file: Path, *, filters: Filters = _NO_FILTERS, overwrite: bool = False, lake: LakeOption = _DEFAULT_LAKE
) -> int:
    """A workbook for Excel: the month, figures, comparisons, scores, record, findings, alerts, sources, releases.

    Parameters
    ----------
    file
        The workbook to write, NAME.xlsx.
    overwrite
        Replace a file that is there.
    """
    from tasks.workbooks import write_workbook  # noqa: PLC0415 - not needed for --help

    if file.suffix.lower() != ".xlsx":
        raise UsageError(
            "a workbook is a file that ends in .xlsx", where=str(file), next=f"trona export {file.stem}.xlsx"
        )
    if file.exists() and not overwrite:
        raise UsageError("the file is there already", where=str(file), next="use --overwrite, or another name")
    settings, store = open_store(lake)
    now = datetime.now(UTC)
    as_of, as_recorded = find_instants(store, settings, filters, now)
    sheets, told = _gather(store, settings, filters, as_of, as_recorded)
    about = [
        ("lake", settings.lake),
        ("as of", f"{as_of:%Y-%m-%d %H:%M} UTC: only what was public then"),
        *([("as recorded", f"{as_recorded:%Y-%m-%d %H:%M} UTC: only what this lake knew then")] if as_recorded else []),
        ("written", f"{now:%Y-%m-%d %H:%M} UTC"),
        ("rows", _describe_filters(filters)),
        ("instants", "in UTC; months are shown as the first day of theirs"),
        *told,
    ]
    with waiting_for(f"writing {file}"):
        write_workbook(file, about, sheets)
    rows = ", ".join(f"{sheet.frame.height:,} {sheet.name.lower()}" for sheet in sheets)
    print_message(f"wrote {file}: {rows}")
    return Exit.DONE


def _gather(
    store: "Lake", settings: Settings, filters: Filters, as_of: datetime, as_recorded: datetime | None
) -> "tuple[list[Sheet], Sequence[tuple[str, str]]]":
    """The sheets in their order, and what the months say in sentences."""
    from data_lake.figures import newest_vintage, read_vintages  # noqa: PLC0415 - not needed for --help
    from data_lake.ledger import read_alerts  # noqa: PLC0415
    from data_lake.releases import standing_releases, superseded_among  # noqa: PLC0415
    from tasks.comparing.refresh import find_chains  # noqa: PLC0415
    from tasks.exports.month_sheet import EVIDENCE, MEANINGS, list_months  # noqa: PLC0415
    from tasks.exports.sources_sheet import summarise_sources  # noqa: PLC0415
    from tasks.reconciling.findings import find_findings  # noqa: PLC0415
    from tasks.scoring import build_record  # noqa: PLC0415
    from tasks.workbooks.workbook import Sheet  # noqa: PLC0415

    wanted, chains = filters.selection(), find_chains(store, settings.chains_folder)[0]
    near = Selection(source=wanted.source, chain=wanted.chain)
    vintages = read_vintages(store, near, as_of=as_of, as_recorded=as_recorded).collect()
    figures = wanted.apply(newest_vintage(vintages).lazy()).collect()
    derived = open_derived(store, settings, filters, COMPARISONS, SCORES)
    comparisons, scores = derived.read(COMPARISONS).collect(), derived.read(SCORES).collect()
    alerts = wanted.apply(read_alerts(store, as_of=as_of, as_recorded=as_recorded, full=True).lazy()).collect()
    stands = near.apply(standing_releases(store, as_of=as_of, as_recorded=as_recorded)).collect()
    sources = summarise_sources(stands, superseded_among(stands.lazy()).collect(), chains)
    events = near.apply(store.table(RELEASES).scan()).filter(pl.col("published_at") <= as_of).collect()
    findings = wanted.apply(find_findings(vintages, chains).lazy()).collect()
    actuals = figures.filter(pl.col("kind") == "actual", pl.col("chain").is_in(list(chains)))
    reviewed = actuals.select("chain", "source").unique().sort("chain", "source").rows()
    months = list_months(store, chains, reviewed, wanted.last, as_of=as_of, as_recorded=as_recorded)
    return [
        Sheet("Month", months.rows, MEANINGS, EVIDENCE),
        Sheet.of_table("Figures", _newest_first(figures.select(FIGURE_COLUMNS)), FIGURES, {"value": "evidence"}),
        Sheet.of_table("Comparisons", _newest_first(comparisons), COMPARISONS),
        Sheet.of_table("Scores", scores.sort("month", "chain", "segment", descending=[True, False, False]), SCORES),
        Sheet.of_table("Record", build_record(scores, min_n=1), RECORD),
        Sheet.of_table("Findings", findings.sort("month", "finding_id", descending=True), FINDINGS),
        Sheet.of_table("Alerts", alerts.sort("month", "severity", descending=True), ALERTS, {"title": "detail"}),
        Sheet.of_table("Sources", sources, SOURCES),
        Sheet.of_table("Releases", events.sort("published_at", "at", descending=True), RELEASES),
    ], months.told


def _newest_first(frame: pl.DataFrame) -> pl.DataFrame:
    series = ("chain", "segment", "product", "metric", "measure")
    return frame.sort("month", *series, descending=[True, *[False] * len(series)])


def _describe_filters(filters: Filters) -> str:
    named = ("source", "chain", "segment", "product", "metric", "measure", "kind", "from_month", "to_month")
    said = [f"{name.removesuffix('_month')} {value}" for name in named if (value := getattr(filters, name))]
    return ", ".join(said) or "all"
