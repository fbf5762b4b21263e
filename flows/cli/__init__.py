"""The command line, `trona`: a module for each group of commands."""

import os
import sys
from typing import NoReturn

from contracts.errors import Exit, TronaError


def main() -> NoReturn:
    """Run the command and leave with its exit code; an expected failure is told in five parts on stderr."""
    from data_lake.damage import tell_damage  # noqa: PLC0415
    from flows.cli.app import app  # noqa: PLC0415 - a failure to import is told like any other

    try:
        with tell_damage():
            code = app(sys.argv[1:], result_action="return_value")
    except TronaError as error:
        _tell(error)
        code = error.exit_code
    except KeyboardInterrupt:
        sys.stderr.write("\nInterrupted. Recorded data is intact; rerun the command to resume.\n")
        code = 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = Exit.DONE
    sys.exit(int(code) if isinstance(code, int) else Exit.DONE)


def _tell(error: TronaError) -> None:
    from contracts.terminal_text import escape_terminal  # noqa: PLC0415 - only where something failed

    sys.stderr.write("\n".join(escape_terminal(line) for line in str(error).splitlines()) + "\n")
