"""All tests but the soak, in three processes that end at about the same time on two cores.

Those that share the one Prefect server wait most of the time; the other two compute: `tests/tasks` without the alerts,
and the alerts with everything else. These have one thread for polars, since there are cores for no more; pytest alone
has as many as there are. What the first two print comes after what the third prints.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import IO

PYTEST = [sys.executable, "-m", "pytest"]
TASKS, ALERTS = "tests/tasks", "tests/tasks/alerts"
COMPUTES = ["-m", "not soak and not server"]
BESIDE = {
    "The tests that share a Prefect server:": ["-m", "not soak and server"],
    "The tests of tasks:": [TASKS, f"--ignore={ALERTS}", *COMPUTES],
}


def find_others() -> list[str]:
    """What lies in `tests/` beside the tasks, and the alerts."""
    names = (path for path in sorted(Path("tests").iterdir()) if path.is_dir() or path.match("test_*.py"))
    return [*(str(path) for path in names if path != Path(TASKS) and path.name != "__pycache__"), ALERTS]


def choose_environment(words: list[str]) -> dict[str, str]:
    """One thread for what computes; a service is started as it is anywhere."""
    return os.environ | ({"POLARS_MAX_THREADS": "1"} if COMPUTES[1] in words else {})


def start(words: list[str]) -> tuple["subprocess.Popen[bytes]", IO[str]]:
    """A run of pytest, and the file that keeps what it prints."""
    kept = tempfile.TemporaryFile("w+")  # noqa: SIM115 - read and closed at the end of main
    environment = choose_environment(words)
    return subprocess.Popen([*PYTEST, *words], stdout=kept, stderr=subprocess.STDOUT, env=environment), kept


def main() -> int:
    """Run all; 0 where all passed."""
    beside = {title: start(words) for title, words in BESIDE.items()}
    words = [*find_others(), *COMPUTES]
    codes = [subprocess.run([*PYTEST, *words], check=False, env=choose_environment(words)).returncode]
    for title, (process, kept) in beside.items():
        codes.append(process.wait())
        kept.seek(0)
        sys.stdout.write(f"\n{title}\n{kept.read()}")
        kept.close()
    return max(codes)


if __name__ == "__main__":
    sys.exit(main())
