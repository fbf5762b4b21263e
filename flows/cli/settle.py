"""Commands for what a person settles: the sheet of a review, taken back; and how often the reader was right."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from contracts.errors import Exit
from contracts.settlements import READING_RECORD, SETTLEMENTS
from flows.cli.ingest import ingest
from flows.cli.options import Filters, LakeOption
from flows.cli.query import find_instants, open_store, print_filtered
from flows.cli.review_sheets import refuse_existing, write_sheet

_NO_FILTERS = Filters()
_DEFAULT_LAKE = LakeOption()


def settle(
    release: str,
    *,
    xlsx: Path,
    write: Annotated[bool, Parameter(negative="")] = False,
    by: str = "",
    overwrite: bool = False,
    dry_run: bool = False,
    lake: LakeOption = _DEFAULT_LAKE,
) -> int:
    """Take back a corrected review sheet of a recorded release; with --write, write it first.

    Corrections are known from when they were made on: as of before, what was read still shows.

    Parameters
    ----------
    release
        The release's id, as `trona releases` shows it, or the beginning of it.
    xlsx
        The sheet, FILE.xlsx.
    write
        Write the sheet of what was read and is known, instead of taking it back.
    by
        Who settled it, where its cell does not say so.
    overwrite
        With --write: replace a file that is there.
    dry_run
        Read and check the sheet, write nothing.
    """
    from data_lake.releases import find_release_id  # noqa: PLC0415 - not for --help
    from tasks.intake.documents import load_document  # noqa: PLC0415
    from tasks.intake.read_again import list_release_numbers, refuse_other_document  # noqa: PLC0415

    settings, store = open_store(lake)
    name = find_release_id(store, release)
    if write:
        refuse_existing(xlsx, is_meant=overwrite, next_="use --overwrite, or another name")
        head, rows, text = list_release_numbers(store, name, settings.chains_folder)
        write_sheet(xlsx, head, rows, text, f"trona settle {name} --xlsx {xlsx.name}", settings)
        return Exit.DONE
    refuse_other_document(store, name, load_document(xlsx))
    return ingest(xlsx, by=by, dry_run=dry_run, lake=lake)


def reading_record(*, filters: Filters = _NO_FILTERS, lake: LakeOption = _DEFAULT_LAKE) -> int:
    """How often the reader was right, per source and chain, in the reviews that somebody settled."""
    from data_lake.releases import standing_releases  # noqa: PLC0415 - not for --help
    from tasks.settling.reading_record import build_reading_record  # noqa: PLC0415

    filters.require([name for name in READING_RECORD.schema if name in {"source", "chain"}])
    settings, store = open_store(lake)
    as_of, as_recorded = find_instants(store, settings, filters)
    stands = standing_releases(store, as_of=as_of, as_recorded=as_recorded).select("release_id")
    settled = filters.selection().apply(store.table(SETTLEMENTS).scan()).join(stands, on="release_id", how="semi")
    nothing = f"nothing is settled in {settings.lake} for these filters: trona settle RELEASE --xlsx FILE --write"
    return print_filtered(build_reading_record(settled.collect()), filters, nothing, "reading_record")
