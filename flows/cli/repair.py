"""The command that mends a lake: what is damaged is rebuilt from what was kept, and each thing is said."""

from datetime import UTC, datetime
from pathlib import Path

from contracts.errors import Exit
from contracts.text import count_noun
from flows.cli.options import LakeOption
from flows.cli.output import print_message
from flows.cli.query import open_store

_DEFAULT_LAKE = LakeOption()


def repair(*, dry_run: bool = False, accept_loss: bool = False, lake: LakeOption = _DEFAULT_LAKE) -> int:
    """Rebuild what is damaged: the log from its copies, data files from kept documents, computed tables from figures.

    Parameters
    ----------
    dry_run
        Say what is damaged, write nothing.
    accept_loss
        Go on without rows that nothing here can say again; what is lost is said.
    """
    from contracts.terminal_text import escape_terminal  # noqa: PLC0415 - not for --help
    from data_lake.audit import audit_lake  # noqa: PLC0415
    from flows.inbox.stores import DONE  # noqa: PLC0415
    from tasks.history.repair import Repair  # noqa: PLC0415

    settings, store = open_store(lake)
    print_message(f"lake      {settings.lake}" + (" (dry run: nothing is written)" if dry_run else ""))
    if dry_run:
        faults = [*audit_lake(store)]
        for fault in faults:
            print(escape_terminal(f"damaged  {fault.name}: {fault.found}"))
        print_message(f"{count_noun(len(faults), 'fault')}" if faults else "nothing is damaged")
        return Exit.SOURCE if faults else Exit.DONE
    taken = None if "://" in settings.inbox else Path(settings.inbox_address) / DONE
    found = []
    for mended in Repair(store, datetime.now(UTC), settings.chains_folder, taken, accept_loss).run():
        found.append(mended)
        state = "mended " if mended.is_mended else "damaged"
        print(escape_terminal(f"{state}  {mended.fault.name}: {mended.fault.found}"))
        print(escape_terminal(f"         {mended.did}"))
    left = [*audit_lake(store)]
    for fault in left:
        print(escape_terminal(f"left     {fault.name}: {fault.found}"))
    print_message(
        f"{count_noun(sum(m.is_mended for m in found), 'thing')} mended, {count_noun(len(left), 'fault')} left"
        if found or left
        else "nothing is damaged"
    )
    return Exit.SOURCE if left else Exit.DONE
