"""`trona export`: what the lake knows, as a workbook."""

from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from contracts.alerts import ALERTS
from contracts.comparisons import COMPARISONS
from contracts.errors import Exit, UsageError
from contracts.figures import FIGURES
from contracts.releases import RELEASES
from contracts.scores import SCORES
from contracts.track_record import RECORD
from flows.cli.options import Filters, LakeOption
from flows.cli.output import print_message
from flows.cli.progress_line import waiting_for
from flows.cli.query import find_instants, open_derived, open_store

_NO_FILTERS = Filters()
_DEFAULT_LAKE = LakeOption()


def export(
    file: Path, *, filters: Filters = _NO_FILTERS, overwrite: bool = False, lake: LakeOption = _DEFAULT_LAKE
) -> int:
    """A workbook for Excel: a sheet each for figures, comparisons, scores, record, alerts and releases.

    Parameters
    ----------
    file
        The workbook to write, NAME.xlsx.
    overwrite
        Replace a file that is there.
    """
    from data_lake.figures import read_figures  # noqa: PLC0415 - not needed for --help
    from data_lake.ledger import read_alerts  # noqa: PLC0415
    from tasks.scoring import build_record  # noqa: PLC0415
    from tasks.workbooks import Sheet, write_workbook  # noqa: PLC0415

    if file.suffix.lower() != ".xlsx":
        raise UsageError(
            "a workbook is a file that ends in .xlsx", where=str(file), next=f"trona export {file.stem}.xlsx"
        )
    if file.exists() and not overwrite:
        raise UsageError("the file is there already", where=str(file), next="use --overwrite, or another name")
    settings, store = open_store(lake)
    now = datetime.now(UTC)
    as_of, as_recorded = find_instants(store, settings, filters, now)
    wanted = filters.selection()
    figures = read_figures(store, wanted, as_of=as_of, as_recorded=as_recorded)
    derived = open_derived(store, settings, filters, COMPARISONS, SCORES)
    comparisons, scores = derived.read(COMPARISONS).collect(), derived.read(SCORES).collect()
    alerts = wanted.apply(read_alerts(store, as_of=as_of, as_recorded=as_recorded, full=True).lazy()).collect()
    releases = wanted.apply(store.table(RELEASES).scan()).filter(pl.col("published_at") <= as_of).collect()
    newest = (pl.col("month"), "chain", "segment", "product", "metric", "measure")
    sheets = [
        Sheet.of_table(
            "Figures", figures.sort(*newest, descending=[True, *[False] * 5]), FIGURES, {"value": "evidence"}
        ),
        Sheet.of_table("Comparisons", comparisons.sort(*newest, descending=[True, *[False] * 5]), COMPARISONS),
        Sheet.of_table("Scores", scores.sort("month", "chain", "segment", descending=[True, False, False]), SCORES),
        Sheet.of_table("Record", build_record(scores, min_n=1), RECORD),
        Sheet.of_table("Alerts", alerts.sort("month", "severity", descending=True), ALERTS, {"title": "detail"}),
        Sheet.of_table("Releases", releases.sort("published_at", "at", descending=True), RELEASES),
    ]
    about = [
        ("lake", settings.lake),
        ("as of", f"{as_of:%Y-%m-%d %H:%M} UTC: only what was public then"),
        ("written", f"{now:%Y-%m-%d %H:%M} UTC"),
        ("rows", _describe_filters(filters)),
        ("instants", "in UTC; months are shown as the first day of theirs"),
    ]
    with waiting_for(f"writing {file}"):
        write_workbook(file, about, sheets)
    rows = ", ".join(f"{sheet.frame.height:,} {sheet.name.lower()}" for sheet in sheets)
    print_message(f"wrote {file}: {rows}")
    return Exit.DONE


def _describe_filters(filters: Filters) -> str:
    named = ("source", "chain", "segment", "product", "metric", "measure", "kind", "from_month", "to_month")
    said = [f"{name.removesuffix('_month')} {value}" for name in named if (value := getattr(filters, name))]
    return ", ".join(said) or "all"
