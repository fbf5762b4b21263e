"""Which Prefect server a run reports to: the one that is running, else a temporary one.

Called before Prefect is imported, since Prefect reads its settings at import.
"""

import json
import os
import sys
from dataclasses import dataclass
from http.client import HTTPException
from urllib.request import urlopen

from contracts.errors import SourceUnavailable
from contracts.settings import Settings
from flows.service.access import use_password
from flows.service.lake_lock import find_up
from flows.service.prefect_profile import NamedServer, find_named_server

_VARIABLE = "PREFECT_API_URL"
_HOSTED = "prefect.cloud"
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
_QUIET = ALWAYS | {
    "PREFECT_LOGGING_LEVEL": "CRITICAL",
    "PREFECT_LOGGING_INTERNAL_LEVEL": "CRITICAL",
}  # what failed is told once, in our words


@dataclass(frozen=True)
class ChosenServer:
    """The server that a run reports to: its address (empty = a temporary one is started) and who named it."""

    address: str = ""
    by: str = ""


def choose_server(ours: str = "") -> ChosenServer:
    """Point Prefect at a running server; empty where a temporary one will be started.

    `PREFECT_API_URL` comes first, then `ours` (the server of `trona up` on the lake), then what else Prefect is set to
    use (see `prefect_profile`), then a server on this machine at Prefect's usual address. Settings in the
    environment are left as they are. Raises `SourceUnavailable` where a server is named and does not answer.
    """
    keep_this_machine_direct()
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    named = find_named_server()
    if named is not None and named.by != _VARIABLE and ours and is_running(ours, timeout=5):
        named = NamedServer(ours, "trona up")
    if named is None:
        named = next((NamedServer(a, "") for a in (ours, _DEFAULT_API) if a and is_running(a)), None)
    if named is None:
        os.environ.setdefault("PREFECT_SERVER_ALLOW_EPHEMERAL_MODE", "true")
        os.environ["PREFECT_LOGGING_SERVER_LEVEL"] = "CRITICAL"  # its own troubles are none of the person's
        return ChosenServer()
    if named.by and not is_running(named.address, timeout=5):
        raise SourceUnavailable(
            "the Prefect server does not answer",
            where=named.address,
            found=f"named by {named.by}",
            effect="nothing was read or recorded",
            next=f"start it, or take the address out of {named.by}: `trona up`, or a temporary server, is used then",
        )
    os.environ[_VARIABLE] = named.address
    return ChosenServer(named.address, named.by)


def choose_server_for(settings: Settings) -> ChosenServer:
    """The server for a command with these settings, and its password where `trona up` on the same lake has made one."""
    up = find_up(settings)
    server = choose_server(up.get("api", ""))
    if server.address == up.get("api"):
        use_password(up)
    return server


def keep_this_machine_direct() -> None:
    """Let no proxy of the environment stand between programs on this machine: a company's answers 503 or nothing."""
    if not {"http_proxy", "all_proxy"} & {name.lower() for name in os.environ}:
        return
    direct = os.environ.get("no_proxy") or os.environ.get("NO_PROXY") or ""
    hosts = dict.fromkeys([*filter(None, direct.split(",")), "127.0.0.1", "localhost", "::1"])
    os.environ["no_proxy"] = os.environ["NO_PROXY"] = ",".join(hosts)


def is_running(address: str, *, timeout: float = 0.5) -> bool:
    """Whether a Prefect server answers at this address; another program that answers there is none."""
    try:
        with urlopen(f"{address}/health", timeout=timeout) as answer:  # noqa: S310 - http addresses only
            return answer.status == 200 and (json.loads(answer.read(1000)) is True or _HOSTED in address)
    except (OSError, HTTPException, ValueError):
        return False


def announce(server: ChosenServer) -> None:
    """Say on stderr which server is used, and what the person is waiting for."""
    if server.address:
        by = f" ({server.by})" if server.by not in {"", _VARIABLE} else ""
        sys.stderr.write(f"Prefect   {server.address.removesuffix('/api')}{by}\n")
    else:
        sys.stderr.write(
            "Prefect   no server is running: starting a temporary one, about 10 s (the first time 20 s).\n"
            "          Keep one running with `trona up`, and a month takes about a second.\n"
        )
    sys.stderr.flush()
