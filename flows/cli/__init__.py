"""The command line, `trona`: a module for each group of commands."""

import errno
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

from contracts.errors import Exit, SourceUnavailable, TronaError

_NOT_TAKEN = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO}


def main() -> NoReturn:
    """Run the command and leave with its exit code; an expected failure is told in five parts on stderr."""
    _open_closed_streams()
    from data_lake.damage import tell_damage  # noqa: PLC0415
    from flows.cli.app import app  # noqa: PLC0415 - a failure to import is told like any other

    try:
        with tell_damage():
            code = app(sys.argv[1:], result_action="return_value")
        sys.stdout.flush()
    except TronaError as error:
        _tell(error)
        code = error.exit_code
    except KeyboardInterrupt:
        sys.stderr.write("\nInterrupted. Recorded data is intact; rerun the command to resume.\n")
        code = 130
    except BrokenPipeError:
        _drop_output()
        code = Exit.DONE
    except OSError as error:  # files of the lake and files that a person named tell this themselves
        if error.errno not in _NOT_TAKEN:
            raise
        _drop_output()
        _tell(_describe_output(error))
        code = Exit.SOURCE
    sys.exit(int(code) if isinstance(code, int) else Exit.DONE)


def _tell(error: TronaError) -> None:
    from flows.cli.error_text import lay_out_error  # noqa: PLC0415 - only where something failed
    from flows.cli.progress_line import LINE  # noqa: PLC0415

    LINE.hide()

    with suppress(OSError):  # the exit code says it where stderr takes nothing
        sys.stderr.write("\n".join(lay_out_error(error)) + "\n")
        sys.stderr.flush()


def _describe_output(error: OSError) -> SourceUnavailable:
    return SourceUnavailable(
        "the output cannot be written",
        where="standard output",
        found=error.strerror or str(error),
        effect="what was printed is not whole; what was recorded in the lake is",
        next="make room where the output goes, then run the same command again",
    )


def _drop_output() -> None:
    """What is still to be written to stdout goes nowhere, so that nothing fails again on the way out."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _open_closed_streams() -> None:
    """A stream that the caller closed (`>&-`) goes nowhere; no file that is opened later takes its number."""
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass
    os.close(descriptor)
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open("w"))  # noqa: SIM115 - for the rest of the process
