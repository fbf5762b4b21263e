"""`trona maintain`."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

from cyclopts import Parameter, validators

from contracts.errors import Exit
from contracts.text import count_noun
from flows.cli.options import LakeOption
from flows.cli.output import print_message
from flows.cli.query import open_store

_DEFAULT_LAKE = LakeOption()


def maintain(
    *,
    keep_days: Annotated[float, Parameter(validator=validators.Number(gte=0))] = 7,
    dry_run: bool = False,
    lake: LakeOption = _DEFAULT_LAKE,
) -> int:
    """Keep a lake quick: many small files become few, files that nothing names any more go. No row changes.

    Parameters
    ----------
    keep_days
        Files that nothing names are removed when they are older than that. Whoever reads or writes meanwhile needs the
        younger ones: below an hour only where nobody does.
    dry_run
        Say what would be done, write nothing.
    """
    from data_lake.maintenance import maintain_lake  # noqa: PLC0415 - not for --help

    settings, store = open_store(lake)
    print_message(f"lake      {settings.lake}" + (" (dry run: nothing is written)" if dry_run else ""))
    done = []
    for upkeep in maintain_lake(store, before=datetime.now(UTC) - timedelta(days=keep_days), dry_run=dry_run):
        done.append(upkeep)
        removed = f", {count_noun(upkeep.removed, 'file')} removed ({upkeep.removed_bytes / 1e6:.1f} MB)"
        print(f"{upkeep.table:<16} {upkeep.files_before:>6,} → {upkeep.files_after:>6,} data files{removed}")
    before, after = sum(u.files_before for u in done), sum(u.files_after for u in done)
    print_message(
        f"{before:,} data files became {after:,}; every row is as it was" if before > after else "no row changed"
    )
    return Exit.DONE
