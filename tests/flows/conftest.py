"""A real `trona up` for the tests of flows: server, runner and watcher, started once, with a receiver on loopback."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import psutil
import pytest

from tests.tasks.delivery.servers import HttpServer

ROOT = Path(__file__).parents[2]


@dataclass
class Receiver(HttpServer):
    """A webhook on loopback and the messages it took; those that `answers` turns away are not among them."""

    got: list[dict[str, Any]] = field(default_factory=list)

    def answer(self, handler: BaseHTTPRequestHandler, body: bytes) -> None:
        if not self.answers:
            self.got.append(json.loads(body))
        super().answer(handler, body)


@dataclass
class Up:
    """A running `trona up` and what it works on."""

    folder: Path
    port: int
    receiver: Receiver
    process: "subprocess.Popen[str] | None" = None

    @property
    def inbox(self) -> Path:
        return self.folder / "inbox"

    @property
    def lake(self) -> Path:
        return self.folder / "lake"

    @property
    def api(self) -> str:
        return f"http://127.0.0.1:{self.port}/api"

    @property
    def environment(self) -> dict[str, str]:
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("PREFECT_", "TRONA_"))}
        return clean | {
            "PYTHONPATH": str(ROOT),
            "TRONA_CONFIG": str(self.folder),
            "TRONA_HOME": str(self.folder / "home"),
            "TRONA_LAKE": str(self.lake),
            "TRONA_INBOX": str(self.inbox),
            "TRONA_PORT": str(self.port),
            "TRONA_RECEIVERS": str(self.folder / "receivers.toml"),
            "TEST_WEBHOOK": self.receiver.url,
        }

    @property
    def access(self) -> dict[str, str]:
        """What a process needs in its environment to talk to the server, once it has started."""
        path = self.folder / "home" / "password"
        return {"PREFECT_API_AUTH_STRING": path.read_text().strip()} if path.exists() else {}

    @property
    def headers(self) -> dict[str, str]:
        """The same for a request."""
        password = self.access.get("PREFECT_API_AUTH_STRING", "")
        return {"Authorization": f"Basic {b64encode(password.encode()).decode()}"} if password else {}

    @property
    def log(self) -> str:
        return (self.folder / "log.txt").read_text()

    def start(self, **environment: str) -> None:
        with (self.folder / "log.txt").open("a") as log, (self.folder / "out.txt").open("w") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-c", "from flows.cli import main; main()", "up"],
                env=self.environment | environment,
                cwd=self.folder,
                stdout=out,
                stderr=log,
                text=True,
            )
        self.wait_for(lambda: "ready" in (self.folder / "out.txt").read_text(), 150, "ready")

    def stop(self, number: int = signal.SIGTERM) -> tuple[int, float]:
        """Exit code and seconds."""
        assert self.process is not None
        begun = time.monotonic()
        self.process.send_signal(number)
        code = self.process.wait(30)
        return code, time.monotonic() - begun

    def wait_for(self, is_so: Callable[[], Any], seconds: float, what: str) -> Any:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            found = is_so()
            if found:
                return found
            if self.process is not None and self.process.poll() is not None:
                pytest.fail(f"trona up ended with {self.process.returncode}:\n{self.log[-3000:]}")
            time.sleep(0.1)
        pytest.fail(f"{what}: not within {seconds:g} s\n{self.log[-3000:]}")

    def ask(self, path: str, body: object) -> Any:
        """Post JSON; SQLite that is locked for a moment (503) is asked again, as Prefect's client does."""
        request = Request(
            f"{self.api}{path}", json.dumps(body).encode(), {"Content-Type": "application/json"} | self.headers
        )
        for pause in (0.5, 1.0, 2.0, 4.0):
            try:
                return self._post(request)
            except HTTPError as error:
                if error.code != 503:
                    raise
                error.close()
                time.sleep(pause)
        return self._post(request)

    def _post(self, request: Request) -> Any:
        with urlopen(request, timeout=30) as answer:
            return json.loads(answer.read())

    def deployment(self, name: str) -> dict[str, Any]:
        (found,) = self.ask("/deployments/filter", {"deployments": {"name": {"any_": [name]}}})
        return found

    def run(self, name: str, parameters: dict[str, Any]) -> dict[str, Any]:
        """Run a deployment through the server, as its page does, and wait for the end."""
        made = self.ask(f"/deployments/{self.deployment(name)['id']}/create_flow_run", {"parameters": parameters})
        return self.wait_for(lambda: self.final(made["id"]), 90, f"run of {name}")

    def final(self, run_id: str) -> dict[str, Any] | None:
        with urlopen(Request(f"{self.api}/flow_runs/{run_id}", headers=self.headers), timeout=30) as answer:
            run = json.loads(answer.read())
        return run if run["state_type"] in {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"} else None

    def drop(self, name: str, content: str) -> None:
        """Into the inbox, whole at once."""
        hidden = self.inbox / f".{name}"
        hidden.write_text(content)
        hidden.rename(self.inbox / name)

    def dealt_with(self, name: str) -> Path | None:
        places = [self.inbox / folder / name for folder in ("done", "refused")]
        return next((place for place in places if place.exists()), None)

    def processes(self, role: str = "") -> list[psutil.Process]:
        """What runs of it: the children, or one of them."""
        found = []
        for process in psutil.process_iter():
            try:
                if process.environ().get("TRONA_HOME") == str(self.folder / "home") and role in " ".join(
                    process.cmdline()
                ):
                    found.append(process)
            except (psutil.NoSuchProcess, psutil.AccessDenied):
                continue
        return [p for p in found if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.fixture(scope="session")
def receiver() -> Iterator[Receiver]:
    server = Receiver()
    yield server
    server.close()


@pytest.fixture(scope="session")
def up(tmp_path_factory, receiver) -> Iterator[Up]:
    folder = tmp_path_factory.mktemp("up")
    (folder / "receivers.toml").write_text(
        '[[receiver]]\nname = "hook"\nkind = "webhook"\nurl = { env = "TEST_WEBHOOK" }\n'
    )
    made = Up(folder, free_port(), receiver)
    made.start()
    yield made
    if made.process is not None and made.process.poll() is None:
        made.stop()
    for process in made.processes():
        process.kill()


@pytest.fixture(scope="session")
def prefect_api(up, tmp_path_factory) -> Iterator[str]:
    """The API of that server, for flows that are called in this process."""
    from flows.service.prefect_server import choose_server

    os.environ |= {"PREFECT_API_URL": up.api, "PREFECT_HOME": str(tmp_path_factory.mktemp("prefect")), **up.access}
    choose_server()
    from prefect.settings import (
        PREFECT_API_AUTH_STRING,
        PREFECT_API_URL,
        PREFECT_FLOWS_HEARTBEAT_FREQUENCY,
        temporary_settings,
    )

    password = up.access["PREFECT_API_AUTH_STRING"]
    ours = {PREFECT_API_URL: up.api, PREFECT_API_AUTH_STRING: password, PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}
    with temporary_settings(ours):
        yield up.api


HEAD = (
    "source,chain,review_month,published,segment,product,metric,period,kind,measure,value,lower,upper,unit,qualifier\n"
)


@pytest.fixture(scope="session")
def review() -> Callable[..., str]:
    """A review as a table: one figure of cathode production, and a forecast for the month after."""

    def write(month: str, published: str, actual: float, forecast: float | None = None, after: str = "") -> str:
        row = "test,sodium_ion,{m},{p},cathode,,production,{period},{kind},mom_pct,{v},,,%,exact\n"
        text = HEAD + row.format(m=month, p=published, period=month, kind="actual", v=actual)
        if forecast is not None:
            text += row.format(m=month, p=published, period=after, kind="forecast", v=forecast)
        return text

    return write
