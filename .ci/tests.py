"""All tests but the soak, in two processes: those that share the one Prefect server, and all others beside them.

Much of the first is waiting, so that two cores are busy. What the first prints comes after what the second prints.
"""

import subprocess
import sys
import tempfile

PYTEST = [sys.executable, "-m", "pytest", "-m"]


def main() -> int:
    """Run both; 0 where both passed."""
    with tempfile.TemporaryFile("w+") as kept:
        beside = subprocess.Popen([*PYTEST, "not soak and server"], stdout=kept, stderr=subprocess.STDOUT)
        others = subprocess.run([*PYTEST, "not soak and not server"], check=False)
        code = beside.wait()
        kept.seek(0)
        sys.stdout.write(f"\nThe tests that share a Prefect server:\n{kept.read()}")
    return others.returncode or code


if __name__ == "__main__":
    sys.exit(main())
