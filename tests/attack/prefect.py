"""A Prefect server on loopback, as the commands under attack need one."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.flows.conftest import free_port


@contextmanager
def serve_prefect(home: Path) -> Iterator[dict[str, str]]:
    """A Prefect server on loopback; yields the environment of whoever uses it."""
    home.mkdir(parents=True)
    port = free_port()
    ours = {"PREFECT_HOME": str(home), "PREFECT_SERVER_ANALYTICS_ENABLED": "false"}
    clean = {k: v for k, v in os.environ.items() if not k.startswith("PREFECT_")}
    with (home / "log.txt").open("wb") as log:
        server = subprocess.Popen(
            [
                *(sys.executable, "-m", "uvicorn", "--factory", "prefect.server.api.server:create_app"),
                *("--host", "127.0.0.1", "--port", str(port), "--log-level", "error"),
            ],
            env=clean | ours,
            stdout=log,
            stderr=log,
        )
    try:
        _wait_for(server, port)
        yield {"PREFECT_API_URL": f"http://127.0.0.1:{port}/api", "PREFECT_HOME": str(home)}
    finally:
        server.terminate()
        server.wait(30)


def _wait_for(server: "subprocess.Popen[bytes]", port: int) -> None:
    from urllib.error import URLError
    from urllib.request import urlopen

    for _ in range(1200):
        if server.poll() is not None:
            raise RuntimeError("the Prefect server did not start")
        try:
            urlopen(f"http://127.0.0.1:{port}/api/health", timeout=5).close()
        except (URLError, OSError):
            time.sleep(0.1)
        else:
            return
    raise TimeoutError("the Prefect server did not start")
