"""Which Prefect server a run reports to: the one that is running, else a temporary one.

Called before Prefect is imported, since Prefect reads its settings at import.
"""

import os
import sys
import time
from urllib.error import URLError
from urllib.request import urlopen

_DEFAULT_API = "http://127.0.0.1:4200/api"
# Every server and run of ours: nothing is sent to anybody, and SQLite is spared.
ALWAYS = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
    "PREFECT_LOGGING_SERVER_LEVEL": "ERROR",
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "90",
    # SQLite answers 503 while task runs are recorded one by one, and the client then sleeps two seconds. Prefect cuts
    # the interval to whole seconds: with less than one it waits for none at all, and the server keeps a core busy.
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_BATCH_SIZE": "100",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_FLUSH_INTERVAL": "1",
    "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_BATCH_SIZE": "500",
    "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_FLUSH_INTERVAL": "5",
}
_QUIET = ALWAYS | {"PREFECT_LOGGING_LEVEL": "CRITICAL"}  # what failed is told once, in our words


def choose_server(ours: str = "") -> str:
    """Point Prefect at a running server and return its address; empty where a temporary one will be started.

    `PREFECT_API_URL` comes first, then `ours` (the server of `trona up` on the same lake), then a server on this
    machine at Prefect's usual address. Settings in the environment are left as they are.
    """
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    address = os.environ.get("PREFECT_API_URL", "")
    if address:
        return address
    for known in filter(None, (ours, _DEFAULT_API)):
        if is_running(known):
            os.environ["PREFECT_API_URL"] = known
            return known
    os.environ.setdefault("PREFECT_SERVER_ALLOW_EPHEMERAL_MODE", "true")
    return ""


def is_running(address: str, *, timeout: float = 0.5) -> bool:
    """Whether a Prefect server answers at this address."""
    try:
        with urlopen(f"{address}/health", timeout=timeout) as answer:  # noqa: S310 - http addresses only
            return bool(answer.status == 200)
    except (URLError, OSError, ValueError):
        return False


def announce(address: str) -> float:
    """Say on stderr what the person is waiting for; returns the time, for `say_ready`."""
    if address:
        sys.stderr.write(f"Prefect   {address.removesuffix('/api')}\n")
    else:
        sys.stderr.write(
            "Prefect   no server is running: starting a temporary one, about 10 s (the first time 20 s).\n"
            "          Keep one running with `trona up`, and a month takes about a second.\n"
        )
    sys.stderr.flush()
    return time.monotonic()
