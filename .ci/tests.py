"""All tests but the soak, in three processes: those that share the one Prefect server, those of `tasks/`, the others.

The first wait most of the time, the second compute and the third start commands, so that two cores are busy. What the
first two print comes after what the third prints.
"""

import subprocess
import sys
import tempfile
from typing import IO

PYTEST = [sys.executable, "-m", "pytest"]
BESIDE = {
    "The tests that share a Prefect server:": ["-m", "not soak and server"],
    "The tests of tasks:": ["tests/tasks", "-m", "not soak and not server"],
}
OTHERS = ["--ignore=tests/tasks", "-m", "not soak and not server"]


def start(words: list[str]) -> tuple["subprocess.Popen[bytes]", IO[str]]:
    """A run of pytest, and the file that keeps what it prints."""
    kept = tempfile.TemporaryFile("w+")  # noqa: SIM115 - read and closed at the end of main
    return subprocess.Popen([*PYTEST, *words], stdout=kept, stderr=subprocess.STDOUT), kept


def main() -> int:
    """Run all; 0 where all passed."""
    beside = {title: start(words) for title, words in BESIDE.items()}
    codes = [subprocess.run([*PYTEST, *OTHERS], check=False).returncode]
    for title, (process, kept) in beside.items():
        codes.append(process.wait())
        kept.seek(0)
        sys.stdout.write(f"\n{title}\n{kept.read()}")
        kept.close()
    return max(codes)


if __name__ == "__main__":
    sys.exit(main())
