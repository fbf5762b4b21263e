"""A command whose Prefect server goes away: told within half a minute, in our words, never by a foreign traceback."""

import asyncio
import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from traceback import walk_tb
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

from contracts.errors import Exit, SourceUnavailable, TronaError
from flows.service.access import CLIENT_PASSWORD
from flows.service.prefect_server import ChosenServer

# Prefect's client repeats each of its requests for a minute, and an engine makes several: that is minutes of silence.
_LOOK_SECONDS, _TIMEOUT_SECONDS = 1.0, 8.0
_PREFECT, _OURS = {"prefect", "httpx", "httpcore"}, {"flows", "tasks", "data_lake", "contracts"}
GONE_SECONDS, HUNG_SECONDS = 12.0, 25.0
_EFFECT = "the run was stopped; what it recorded is whole, and documents of the inbox still lie there"


@contextmanager
def watch_server(server: ChosenServer) -> Iterator[None]:
    """While a command's flow runs inside: end it with exit code 4 where its server has gone.

    A server that refuses connections is gone after `GONE_SECONDS`, one that takes them and is silent after
    `HUNG_SECONDS`. What Prefect itself raises comes out as `SourceUnavailable`.
    """
    stop = threading.Event()
    if server.address:
        threading.Thread(target=_look_after, args=(server, stop), name="server", daemon=True).start()
    try:
        yield
    except BaseException as error:
        if is_of_prefect(error):
            raise _explain(error, server) from None
        raise
    finally:
        stop.set()


def is_of_prefect(error: BaseException) -> bool:
    """Whether an error is Prefect's own or its client's: by its kind, or because Prefect's code was at work last."""
    import httpx  # noqa: PLC0415 - not for --help
    from prefect.exceptions import PrefectException  # noqa: PLC0415

    if isinstance(error, PrefectException | httpx.HTTPError | asyncio.CancelledError):
        return True
    if isinstance(error, TronaError) or not isinstance(error, Exception):
        return False
    names = (str(frame.f_globals.get("__name__", "")) for frame, _ in walk_tb(error.__traceback__))
    told = [top for top in (name.partition(".")[0] for name in names) if top in _PREFECT | _OURS]
    return bool(told) and told[-1] in _PREFECT


def _explain(error: BaseException, server: ChosenServer) -> SourceUnavailable:
    status = getattr(getattr(error, "response", None), "status_code", 0)
    told = " ".join(str(error).split())[:200]
    asks = status in {401, 403}
    return SourceUnavailable(
        "the Prefect server asks for a password" if asks else "the Prefect server failed",
        where=server.address or "the temporary server of this command",
        found=f"{type(error).__name__}{f': {told}' if told else ''}",
        effect=_EFFECT,
        next=f"set {CLIENT_PASSWORD}" if asks else "run the command again; where it stays so: trona doctor",
    )


def _look_after(server: ChosenServer, stop: threading.Event) -> None:
    heard = time.monotonic()
    while not stop.wait(_LOOK_SECONDS):
        state = _knock(server.address)
        if state == "there":
            heard = time.monotonic()
        elif time.monotonic() - heard > (GONE_SECONDS if state == "gone" else HUNG_SECONDS) and not stop.is_set():
            _leave(server)


def _knock(address: str) -> str:
    """`there`, `gone` (nobody takes connections) or `hung`."""
    try:
        with urlopen(f"{address}/health", timeout=_TIMEOUT_SECONDS):  # noqa: S310 - http addresses only
            return "there"
    except HTTPError:
        return "there"
    except URLError as error:
        return "gone" if isinstance(error.reason, ConnectionError) else "hung"
    except ConnectionError:
        return "gone"
    except OSError:
        return "hung"


def _leave(server: ChosenServer) -> None:
    """End the process at once: its main thread is inside Prefect's client, which waits on. The lake stands any kill."""
    error = SourceUnavailable(
        "the Prefect server has gone away",
        where=server.address,
        found="it does not answer any more",
        effect=_EFFECT,
        next="start it again (`trona up`) and run the command again; without it a temporary server is used",
    )
    sys.stdout.flush()
    sys.stderr.write(f"{error}\n")
    sys.stderr.flush()
    os._exit(Exit.SOURCE)
