"""An object store behind a proxy that fails: resets, errors, delays, silence, answers lost after the write was done."""

import http.client
import random
import shutil
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlparse

from tests.attack.checker import Checker
from tests.attack.documents import write_documents
from tests.attack.prefect import serve_prefect
from tests.attack.receivers import Receivers
from tests.attack.site import DELIVERY, REFUSED, SOURCE, USAGE, Outcome, Site, wait_for
from tests.attack.ways import Machine
from tests.attack.zygote import Zygote
from tests.object_store import serve_objects

MIXES = {
    "resets": {"reset": 0.1},
    "errors": {"500": 0.1, "503": 0.1},
    "slow": {"slow": 0.3},
    "silence": {"silent": 0.01, "slow": 0.05},
    "lost-answers": {"lost": 0.15},
    "half-answers": {"half": 0.1, "reset": 0.03},
    "all": {"reset": 0.03, "500": 0.03, "503": 0.03, "slow": 0.03, "lost": 0.05, "half": 0.03},
}
COMMANDS = ("ingest", "ingest", "ingest", "run", "notify", "silence", "repair")
SILENT_SECONDS = 35
_BUCKET = "s3://bucket/lake"
_HOP = {"connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade"}


class FaultyProxy:
    """Stands before a store; `chances` says how probable each fault is for a request, `seen` how often it was."""

    def __init__(self, target: str, draw: random.Random) -> None:
        self.chances: dict[str, float] = {}
        self.seen: Counter[str] = Counter()
        self._lock, self._draw = threading.Lock(), draw
        outer, place = self, urlparse(target)

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _pass(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                outer._serve(self, str(place.hostname), int(place.port or 80), body)

            do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = _pass

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign]
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _choose(self) -> str:
        with self._lock:
            drawn = self._draw.random()
            for fault, chance in self.chances.items():
                drawn -= chance
                if drawn < 0:
                    self.seen[fault] += 1
                    return fault
        return ""

    def _serve(self, handler: BaseHTTPRequestHandler, host: str, port: int, body: bytes) -> None:
        fault = self._choose()
        if fault == "reset":
            return _reset(handler)
        if fault == "silent":
            time.sleep(SILENT_SECONDS)
            return _reset(handler)
        if fault in {"500", "503"}:
            return _answer(handler, int(fault), [], b"<Error><Code>SlowDown</Code></Error>")
        if fault == "slow":
            time.sleep(self._draw.uniform(0.2, 2.0))
        status, headers, content = _forward(handler, host, port, body)
        if fault == "lost":
            return _reset(handler)
        return _answer(handler, status, headers, content, most=len(content) // 2 if fault == "half" else None)


def _forward(handler: BaseHTTPRequestHandler, host: str, port: int, body: bytes) -> tuple[int, list, bytes]:
    there = http.client.HTTPConnection(host, port, timeout=60)
    try:
        there.request(handler.command, handler.path, body, dict(handler.headers.items()))
        answer = there.getresponse()
        return answer.status, answer.getheaders(), answer.read()
    finally:
        there.close()


def _answer(
    handler: BaseHTTPRequestHandler, status: int, headers: list, body: bytes, *, most: int | None = None
) -> None:
    handler.send_response_only(status)
    length = next((value for name, value in headers if name.lower() == "content-length"), str(len(body)))
    for name, value in headers:
        if name.lower() not in _HOP | {"content-length"}:
            handler.send_header(name, value)
    handler.send_header("Content-Length", length)
    handler.end_headers()
    if handler.command != "HEAD":
        handler.wfile.write(body if most is None else body[:most])
    if most is not None:
        _reset(handler)


def _reset(handler: BaseHTTPRequestHandler) -> None:
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.close_connection = True
    handler.connection.close()


def attack_store(folder: Path, *, rounds: int, seed: int, say: Callable[[str], object] = lambda _: None) -> Outcome:
    """So many commands through each mix of faults, a lake for each mix, and a look at the store after each command."""
    draw, outcome, receivers = (
        random.Random(seed),
        Outcome("commands on a faulty store"),
        Receivers(folder / "receivers"),
    )
    stated = write_documents(folder / "documents", 4)
    try:
        with serve_objects() as store, serve_prefect(folder / "prefect") as server:
            zygote, proxy = Zygote(server | _client(store)), FaultyProxy(store["AWS_ENDPOINT_URL"], draw)
            for name, chances in MIXES.items():
                receivers.forget()
                site = Site(folder / name, folder / "documents", server, Machine(), receivers, zygote=zygote).make()
                site.address = f"{_BUCKET}-{name}"
                site.more = store | {"AWS_ENDPOINT_URL": proxy.url}
                outcome.lakes += 1
                for _ in range(rounds):
                    proxy.chances = chances
                    _try(site, draw, outcome)
                    proxy.chances = {}
                    _look(site, store, outcome)
                site.call("backfill")
                site.tell_rest()
                with _copied(site, store) as copy:
                    outcome.take(Checker(copy).check_end(stated))
                    outcome.take(Checker(copy).check_told(got := receivers.got()))
                    outcome.messages += sum(map(len, got.values()))
                say(f"{name}: {dict(proxy.seen)}\n{outcome.describe()}")
            proxy.close()
            zygote.close()
    finally:
        receivers.close()
    return outcome


def _client(store: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in store.items() if name != "AWS_ENDPOINT_URL"}


def _try(site: Site, draw: random.Random, outcome: Outcome) -> None:
    name = draw.choice(COMMANDS)
    document = draw.choice(sorted(path.name for path in site.documents.iterdir()))
    code = wait_for(site.start(site.words(name, document)))
    outcome.done[name] += 1
    if code in (0, REFUSED) and name == "ingest":
        site.recorded.add(document)
    if code not in (0, REFUSED, USAGE, SOURCE, DELIVERY):
        outcome.verdict.add("broke", f"{name} left with {code}: {site.tail()}")


def _look(site: Site, store: dict[str, str], outcome: Outcome) -> None:
    with _copied(site, store) as copy:
        checker = Checker(copy)
        outcome.take(checker.check(site.recorded))
        site.recorded |= checker.recorded()


@contextmanager
def _copied(site: Site, store: dict[str, str]) -> Iterator[Path]:
    """The objects of the lake as files, fetched from the store itself with a client that Trona does not use."""
    import boto3

    client = boto3.client(
        "s3",
        endpoint_url=store["AWS_ENDPOINT_URL"],
        aws_access_key_id=store["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=store["AWS_SECRET_ACCESS_KEY"],
        region_name=store["AWS_REGION"],
    )
    folder, prefix = site.folder / "copy", urlparse(site.address).path.lstrip("/") + "/"
    for page in client.get_paginator("list_objects_v2").paginate(Bucket="bucket", Prefix=prefix):
        for item in page.get("Contents", ()):
            path = folder / item["Key"].removeprefix(prefix)
            path.parent.mkdir(parents=True, exist_ok=True)
            client.download_file("bucket", item["Key"], str(path))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
