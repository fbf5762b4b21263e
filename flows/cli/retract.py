"""Commands that withdraw a release and bring it back; nothing is erased."""

from collections.abc import Callable
from datetime import UTC, datetime

import polars as pl

from contracts.errors import Exit, UsageError
from contracts.text import count_noun
from flows.cli.options import LakeOption
from flows.cli.output import print_message
from flows.cli.query import open_store

_DEFAULT_LAKE = LakeOption()


def retract(release: str, *, reason: str, dry_run: bool = False, lake: LakeOption = _DEFAULT_LAKE) -> int:
    """Withdraw a release from now on, without erasing it: as of before, it still shows.

    Parameters
    ----------
    release
        Its id, as `trona releases` shows it, or the beginning of it.
    reason
        Why; kept beside it.
    dry_run
        Say what would be withdrawn, write nothing.
    """
    from data_lake.releases import retract_release  # noqa: PLC0415 - not for --help

    return _turn(release, reason, retract_release, dry_run=dry_run, lake=lake)


def restore(release: str, *, reason: str, dry_run: bool = False, lake: LakeOption = _DEFAULT_LAKE) -> int:
    """Bring back a release that was withdrawn; as of the time in between, it still does not show.

    Parameters
    ----------
    release
        Its id, as `trona releases` shows it, or the beginning of it.
    reason
        Why; kept beside it.
    dry_run
        Say what would be brought back, write nothing.
    """
    from data_lake.releases import restore_release  # noqa: PLC0415 - not for --help

    return _turn(release, reason, restore_release, dry_run=dry_run, lake=lake)


def _turn(release: str, reason: str, change: Callable[..., pl.DataFrame], *, dry_run: bool, lake: LakeOption) -> int:
    from data_lake.releases import find_release, find_release_id  # noqa: PLC0415 - not for --help

    is_back = change.__name__ == "restore_release"
    verb = "restore" if is_back else "retract"
    if not reason.strip():
        raise UsageError("a reason is missing", next=f'trona {verb} RELEASE --reason "…"')
    _, store = open_store(lake)
    name = find_release_id(store, release)
    if dry_run:
        row = find_release(store, name, is_withdrawn=is_back)
    else:
        row = change(store, name, reason=reason, at=datetime.now(UTC))
    done = f"{'would be' if dry_run else 'is'} {'back' if is_back else 'withdrawn'}"
    print_message(f"{name} with {count_noun(row['figures'].item(0), 'figure')} {done}; run `trona run` to re-evaluate")
    return Exit.DONE
