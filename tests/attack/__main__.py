"""`make attack`: so many kills, then the count of what was lost, doubled, half-written or unreadable."""

import argparse
import sys
import tempfile
from pathlib import Path

from tests.attack.kills import attack


def main() -> None:
    """Attack, print the count, leave with 1 where any harm was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="trona-attack-") as folder:
        outcome = attack(Path(folder), kills=asked.kills, seed=asked.seed, say=_say)
    _say(outcome.describe())
    sys.exit(1 if outcome.verdict.counts else 0)


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
