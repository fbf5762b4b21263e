"""The command that checks a chain's definition before it is used."""

import json as json_format
import sys
from pathlib import Path
from typing import Literal

from contracts.errors import Exit
from contracts.text import count_noun
from flows.cli.output import print_message


def chain(action: Literal["check"], file: Path, /, *, json: bool = False) -> int:  # noqa: ARG001 - the one there is
    """Check a chain's definition: each mistake with its place and the right word. Exit code 3 where there is one.

    Parameters
    ----------
    action
        check
    file
        The definition, a TOML file (docs/chains.md).
    json
        Print the mistakes as JSON.
    """
    from contracts.chain import read_definition  # noqa: PLC0415 - not for --help
    from contracts.chain_check import check_chain  # noqa: PLC0415
    from contracts.terminal_text import escape_terminal  # noqa: PLC0415
    from tasks.alerts.registry import read_rules  # noqa: PLC0415

    faults = check_chain(read_definition(file), {name: rule.thresholds for name, rule in read_rules().items()})
    told = [(fault.tell(str(file)), fault.is_note) for fault in faults]
    if json:
        names = ("what", "where", "found", "effect", "next")
        rows = [{"is_note": is_note} | {name: getattr(error, name) for name in names} for error, is_note in told]
        sys.stdout.write(json_format.dumps(rows, ensure_ascii=False, indent=1) + "\n")
    else:
        for error, _ in told:
            sys.stdout.write("\n".join(escape_terminal(line) for line in str(error).splitlines()) + "\n")
    wrong = sum(not fault.is_note for fault in faults)
    notes = len(faults) - wrong
    print_message(
        f"{count_noun(wrong, 'mistake')} in {file}"
        + (f", {count_noun(notes, 'note')}" if notes else "")
        + ("" if wrong else ": the chain can be used")
    )
    return Exit.CONTRACT if wrong else Exit.DONE
