"""`python -m tests.attack.later LAKE RECEIVERS DAYS`: sends what is left to be sent, by a clock so many days on.

As `trona notify` does, with the clock that the code takes as an argument: what waits for its turn is due by then, and
whoever had a message in hand is gone.
"""

import secrets
import sys
from datetime import UTC, datetime, timedelta

from data_lake.lake import open_lake
from flows.run.secret_blocks import resolve_secret
from tasks.comparing.refresh import load_chains
from tasks.delivery import Hands, OutboxWorker, choose_receivers, deliver, start_clock


def main() -> None:
    lake, now = open_lake(sys.argv[1]), datetime.now(UTC) + timedelta(days=float(sys.argv[3]))
    hands = Hands(start_clock(now), wait=lambda _: None)
    post = OutboxWorker(
        lake, choose_receivers(sys.argv[2]), resolve_secret, secrets.token_hex(4), lambda _: None, hands
    )
    report = deliver(post, load_chains(lake, None), now)
    sys.exit(5 if report.waiting or report.failed else 0)


if __name__ == "__main__":
    main()
