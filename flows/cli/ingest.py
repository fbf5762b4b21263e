"""Commands that take documents in and show what would be read."""

import secrets
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import polars as pl
from cyclopts import Parameter

from contracts.chain import load_chain
from contracts.errors import Exit, SourceUnavailable, TronaError, UsageError
from contracts.figures import READ_FIGURES
from contracts.local_time import write_instant
from contracts.period import add_months, format_month, parse_period
from contracts.readings import Document, Reading, ReleaseHead
from contracts.settings import Settings, load_settings
from contracts.terminal_text import escape_terminal
from data_lake.lake import open_lake
from flows.cli.options import Format, LakeOption, Shape, parse_published
from flows.cli.output import print_frame, print_message
from flows.cli.query import open_to_write
from flows.cli.review_sheets import UNSTATED, write_extracted_sheet

if TYPE_CHECKING:
    from tasks.intake.ingest import IngestOutcome

_DEFAULT_LAKE = LakeOption()
_EXTRACTED = ("segment", "product", "metric", "period", "kind", "measure")
EXTRACT_COLUMNS = (*_EXTRACTED, "value", "lower", "upper", "unit", "qualifier", "evidence")


def ingest(
    *paths: Path,
    source: str = "",
    published: str = "",
    chain: str = "",
    month: str = "",
    mapping: Path | None = None,
    accept_doubtful: bool = False,
    by: str = "",
    dry_run: bool = False,
    lake: LakeOption = _DEFAULT_LAKE,
) -> int:
    """Ingest documents into the lake: figures out of tables and reviews, through the contracts.

    Evaluating and notifying is what `trona run` does.

    Parameters
    ----------
    paths
        Files and folders: .csv .xlsx .parquet tables, .txt .md .html .pdf .docx reviews, review sheets.
    source
        Who published them, where they do not say it.
    published
        When: a date (in the chain's time zone) or an instant, where they do not say it.
    chain
        Which chain, where they do not say it.
    month
        Which month they review, `2026-01`, `Jan-26`, `2026年1月` …, where they do not say it.
    mapping
        How a wide table is laid out; else NAME.mapping.toml beside it.
    accept_doubtful
        Record doubtful readings of reviews as figures too.
    by
        Who settled the review sheets among them, where their cell does not say it.
    dry_run
        Read and check, write nothing.
    """
    from tasks.intake.reading_process import warm_reader  # noqa: PLC0415 - not for --help

    warm_reader()
    from contracts.readings import DocumentHints  # noqa: PLC0415
    from tasks.intake.documents import find_documents  # noqa: PLC0415
    from tasks.intake.ingest import ingest_file, later  # noqa: PLC0415 - not for --help

    if not paths:
        raise UsageError("nothing to ingest", next="trona ingest PATH…")
    settings = load_settings(lake=lake.lake)
    print_message(f"lake      {settings.lake}" + (" (dry run: nothing is written)" if dry_run else ""))
    store = open_lake(settings.lake) if dry_run else open_to_write(settings)
    stated = DocumentHints(
        source=source,
        usual_source=settings.source,
        chain=chain,
        published=parse_published(published) if published else None,
        review_month=parse_period(month) if month else "",
        mapping=mapping,
        chains_folder=settings.chains_folder,
        accept_doubtful=accept_doubtful,
        settled_by=by,
    )
    run_id, now = secrets.token_hex(4), datetime.now(UTC)
    documents = find_documents(list(paths))
    rows: list[dict[str, object]] = []
    errors: list[TronaError] = []
    for number, path in enumerate(documents, start=1):
        try:
            outcomes = ingest_file(store, path, stated, now=later(now, number), run_id=run_id, dry_run=dry_run)
        except SourceUnavailable as error:
            errors.append(error)
            print_message(f"  [{number}/{len(documents)}] {escape_terminal(path.name)}: {error.what}")
            rows.append({"document": path.name, "status": "refused", "refused": 1})
            continue
        errors += [outcome.error for outcome in outcomes if outcome.error]
        rows += map(_tabulate, outcomes)
        if len(documents) > 1:
            print_message(f"  [{number}/{len(documents)}] {escape_terminal(path.name)}")
        for line in _list_remarks(outcomes):
            print_message(f"  {escape_terminal(line)}")
    schema = {"document": pl.String, "release": pl.String, "status": pl.String}
    schema |= {"figures": pl.Int64, "doubtful": pl.Int64, "unresolved": pl.Int64, "refused": pl.Int64}  # type: ignore[dict-item]
    print_frame(pl.DataFrame(rows, schema=schema), nothing="no documents found")
    _tell_end(rows, run_id, dry_run=dry_run)
    for other in errors[1:]:
        print_message("\n".join(escape_terminal(line) for line in str(other).splitlines()))
    if errors:
        raise errors[0]
    return Exit.CONTRACT if any(row.get("refused") for row in rows) else Exit.DONE


def _tabulate(outcome: "IngestOutcome") -> dict[str, object]:
    return {
        "document": outcome.document,
        "release": " ".join(filter(None, (outcome.source, outcome.chain, outcome.review_month))),
        "status": "nothing new" if outcome.status == "known" else outcome.status,
        "figures": outcome.figures,
        "doubtful": outcome.doubtful,
        "unresolved": outcome.unresolved,
        "refused": outcome.quarantined,
    }


def _list_remarks(outcomes: Sequence["IngestOutcome"]) -> list[str]:
    """What a person is told of a document's releases beside their numbers."""
    from tasks.intake.ingest import describe_doubt  # noqa: PLC0415 - not for --help

    return [
        *(f"unresolved: {line}" for one in outcomes if one.status != "known" for line in one.unplaced),
        *(one.settled for one in outcomes if one.settled and one.status != "known"),
        *(one.few for one in outcomes if one.few),
        *filter(None, map(describe_doubt, outcomes)),
        *(
            f"withdrawn: `trona restore {one.release_id} --reason …` brings it back"
            for one in outcomes
            if one.status == "withdrawn"
        ),
        *(f"refused: {line}" for one in outcomes for line in one.refusals),
        *(line for one in outcomes for line in one.clashes),
    ]


def extract(
    path: Path,
    *,
    source: str = "",
    published: str = "",
    chain: str = "",
    month: str = "",
    mapping: Path | None = None,
    format: Format = "table",  # noqa: A002 - the option's name
    safe: Annotated[bool, Parameter(negative="")] = False,
    unresolved: bool = False,
    all_numbers: Annotated[bool, Parameter(name="--all")] = False,
    html: Path | None = None,
    xlsx: Path | None = None,
) -> int:
    """Show what would be recorded of a document, and what refused; writes nothing but the page asked for.

    Rows have a status, figure or doubtful, and a confidence: the estimated chance that the reading is right.

    Parameters
    ----------
    path
        One document.
    source
        Who published it.
    published
        When, where it does not say it.
    chain
        Which chain, where it does not say it.
    month
        Which month it reviews, `2026-01`, `Jan-26`, `2026年1月` …, where it does not say it.
    mapping
        How a wide table is laid out; else NAME.mapping.toml beside it.
    format
        How to print: table, csv, csv-excel, json, parquet or xlsx.
    safe
        With --format csv: ' before a text that a spreadsheet would take for a formula.
    unresolved
        Show instead what was seen but could not be placed.
    all_numbers
        Show every other number too: unresolved, or passed over, with the reason.
    html
        Write the document as one page with every number marked.
    xlsx
        Write a review sheet: every number to correct in a spreadsheet, which `trona ingest` takes as the reading.
    """
    from tasks.intake.reading_process import warm_reader  # noqa: PLC0415 - not for --help

    warm_reader()
    from contracts.readings import DocumentHints  # noqa: PLC0415
    from tasks.extraction import list_reading  # noqa: PLC0415
    from tasks.intake.documents import load_document, read_guarded  # noqa: PLC0415
    from tasks.intake.ingest import check_as_ingest, list_refusals  # noqa: PLC0415
    from tasks.tables import find_mapping, is_table  # noqa: PLC0415

    settings = load_settings()
    stated = DocumentHints(
        source=source,
        usual_source=settings.source or UNSTATED,
        chain=chain,
        published=parse_published(published) if published else None,
        review_month=parse_period(month) if month else "",
        mapping=mapping or (find_mapping(path) if is_table(path.name) else None),
        chains_folder=settings.chains_folder,
    )
    document = load_document(path)
    readings = read_guarded(document, stated)
    listed: list[pl.DataFrame] = []
    figures, errors, is_refused = [READ_FIGURES.empty()], [], False
    for reading in readings:
        good, refused, error = check_as_ingest(reading, settings.chains_folder)
        figures.append(good)
        listed.append(list_reading(reading, good, with_all=all_numbers))
        errors += [error] if error else []
        is_refused = is_refused or not refused.is_empty()
        head = reading.head
        print_message(
            f"{escape_terminal(head.document_name)}: {head.chain} {head.review_month}, published "
            f"{_write_publication(head, settings)}{' (assumed)' if head.is_published_assumed else ''}: "
            f"{good.height} figures, {reading.doubtful.height} doubtful, {reading.unresolved.height} unresolved, "
            f"{refused['row'].n_unique()} refused"
        )
        for line in list_refusals(refused):
            print_message(f"  refused: {escape_terminal(line)}")
    if html is not None:
        _write_page(document, readings, html)
    if xlsx is not None:
        write_extracted_sheet(document, readings, xlsx, settings)
    if unresolved:
        print_frame(
            pl.concat([r.unresolved for r in readings]), Shape(format, is_safe=safe), nothing="nothing is unresolved"
        )
    else:
        shown = pl.concat(listed, how="diagonal") if listed else pl.concat(figures)
        shown = shown.select(*EXTRACT_COLUMNS, pl.exclude(*EXTRACT_COLUMNS))
        if format == "table":
            columns = (*EXTRACT_COLUMNS[:-1], "status", "confidence", EXTRACT_COLUMNS[-1])
            shown = shown.select(column for column in columns if column in shown.columns)
        print_frame(shown, Shape(format, is_safe=safe), nothing="no figure was found")
    if errors:
        raise errors[0]
    return Exit.CONTRACT if is_refused else Exit.DONE


def _write_page(document: Document, readings: list[Reading], html: Path) -> None:
    """Write the marked page of a review. Raises `UsageError` for a table, which has no running text."""
    from data_lake.files import write_file  # noqa: PLC0415 - not for --help
    from tasks.extraction import is_review, write_marked_page  # noqa: PLC0415

    if not is_review(document.name) or len(readings) != 1:
        raise UsageError("only a review can be shown as a page", where=document.name, next="leave --html out")
    write_file(html, write_marked_page(document, readings[0]).encode())
    print_message(f"page      {html}")


def template(
    chain: str,
    *,
    form: Literal["long", "wide"] = "long",
    format: Literal["csv", "xlsx"] = "csv",  # noqa: A002 - the option's name
    month: str = "",
    folder: Path = Path(),
    overwrite: bool = False,
) -> int:
    """Write an empty table to fill in: long (a row per figure) or wide (segments × months, with its mapping).

    Parameters
    ----------
    chain
        The chain whose segments it lists.
    form
        long or wide.
    format
        csv, or xlsx with drop-downs.
    month
        The month it is to review, YYYY-MM; else the last one.
    folder
        Where to write.
    overwrite
        Replace files that are there.
    """
    from data_lake.files import write_file  # noqa: PLC0415 - not for --help
    from tasks.tables import template as make_template  # noqa: PLC0415

    settings = load_settings()
    reviewed = month or format_month(add_months(datetime.now(UTC).date(), -1))
    files = make_template(
        chain, form, month=reviewed, source=settings.source, folder=settings.chains_folder, file_format=format
    )
    there = [name for name in files if (folder / name).exists()]
    if there and not overwrite:
        raise UsageError(f"{there[0]} is there already", where=str(folder), next="use --overwrite, or another --folder")
    for name, content in files.items():
        write_file(folder / name, content)
        sys.stdout.write(f"{folder / name}\n")
    return Exit.DONE


def _tell_end(rows: list[dict[str, object]], run_id: str, *, dry_run: bool) -> None:
    recorded = sum(row["status"] == "recorded" for row in rows)
    refused = any(row.get("refused") or row["status"] == "refused" for row in rows)
    if refused and not dry_run:
        print_message(f"refused rows: trona quarantine --run {run_id}")
    if recorded:
        print_message("next: `trona run` compares, scores forecasts and notifies")
    elif not refused and not dry_run and all(row["status"] == "nothing new" for row in rows):
        print_message("nothing new: everything was in the lake already")


def _write_publication(head: ReleaseHead, settings: Settings) -> str:
    return write_instant(head.published_at, load_chain(head.chain, settings.chains_folder).calendar.time_zone)
