"""An object store on loopback, in a process of its own: a store's client holds Python's lock while it waits."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO
from urllib.error import URLError
from urllib.request import Request, urlopen

_KEY = "AWS4-HMAC-SHA256 Credential=k/20260101/us-east-1/s3/aws4_request"


@contextmanager
def serve_objects(log: int | IO[str] = subprocess.DEVNULL) -> Iterator[dict[str, str]]:
    """Start it with an empty `s3://bucket`; yields the environment of whoever uses it. Its requests go to `log`."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    endpoint = f"http://127.0.0.1:{port}"
    server = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=log,
    )
    try:
        _create_bucket(endpoint)
        yield {
            "AWS_ENDPOINT_URL": endpoint,
            "AWS_ACCESS_KEY_ID": "k",
            "AWS_SECRET_ACCESS_KEY": "s",
            "AWS_REGION": "us-east-1",
            "AWS_ALLOW_HTTP": "true",
        }
    finally:
        server.terminate()
        server.wait()


def _create_bucket(endpoint: str) -> None:
    for _ in range(300):
        try:
            urlopen(Request(f"{endpoint}/bucket", method="PUT", headers={"Authorization": _KEY})).close()
        except URLError:
            time.sleep(0.1)
        else:
            return
    raise TimeoutError("the object store did not start")
