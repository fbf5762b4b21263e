"""`make attack`: kills, full disks, a faulty store, a crowd; then the count of what was lost, doubled or told wrongly."""

import argparse
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from tests.attack.crowd import attack_together
from tests.attack.faulty_store import attack_store
from tests.attack.full_disk import fill_disks
from tests.attack.kills import attack
from tests.attack.site import Outcome


def main() -> None:
    """Attack, print the counts, leave with 1 where any harm was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=300)
    parser.add_argument("--minutes", type=float, default=10, help="of writers and readers at once")
    parser.add_argument("--rounds", type=int, default=12, help="commands through each mix of faults of the store")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", choices=("kills", "disk", "store", "crowd"), action="append")
    asked = parser.parse_args()
    attacks: dict[str, Callable[..., Outcome]] = {
        "kills": partial(attack, kills=asked.kills, seed=asked.seed),
        "disk": fill_disks,
        "store": partial(attack_store, rounds=asked.rounds, seed=asked.seed),
        "crowd": partial(attack_together, minutes=asked.minutes, seed=asked.seed),
    }
    outcomes = []
    for name in asked.only or attacks:
        with tempfile.TemporaryDirectory(prefix="trona-attack-") as folder:
            outcomes.append(attacks[name](Path(folder), say=_say))
    _say("\n".join(["", *(outcome.describe() for outcome in outcomes)]))
    sys.exit(1 if any(outcome.verdict.counts for outcome in outcomes) else 0)


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
