"""Install a hashed lock into this environment, then Trona itself, and show how far it is."""

import re
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
PIP = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input"]


def main() -> None:
    """Install the lock named as the first argument."""
    lock = ROOT / sys.argv[1]
    total = len(re.findall(r"^[A-Za-z0-9._-]+(\[.*\])?==", lock.read_text(encoding="utf-8"), flags=re.MULTILINE))
    # as a constraint too: pip would else look past the pins for packages that are asked for with extras
    install([*PIP, "install", "--require-hashes", "--constraint", str(lock), "--requirement", str(lock)], total)
    own = [*PIP, "install", "--quiet", "--no-deps", "--no-build-isolation", "--no-index", "--editable", str(ROOT)]
    subprocess.run(own, check=True)


def install(command: list[str], total: int) -> None:
    """Run pip; show a count of packages and the seconds, on one line where it is a terminal."""
    started = time.monotonic()
    kept: list[str] = []
    seen = 0
    shown = -1
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    for line in process.stdout or ():
        kept.append(line)
        seen += line.startswith(("Collecting ", "Requirement already satisfied"))
        step = "installing" if line.startswith("Installing collected") else f"fetching {min(seen, total)} of {total}"
        if sys.stdout.isatty() or step == "installing" or seen // 25 > shown:
            shown = seen // 25
            mark = "\r" if sys.stdout.isatty() else ""
            end = "" if sys.stdout.isatty() else "\n"
            sys.stdout.write(f"{mark}  {step:<24} {time.monotonic() - started:4.0f} s{end}")
            sys.stdout.flush()
    if process.wait():
        sys.stdout.write("\n" + "".join(kept[-25:]))
        sys.exit("the packages could not be installed: see the lines above; then run the same command again")
    sys.stdout.write(f"\r  ready                    {time.monotonic() - started:4.0f} s\n")


main()
