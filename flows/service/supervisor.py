"""`trona up`: one process tree that runs by itself, restarted where it breaks and stopped as a whole."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from types import FrameType

from contracts.errors import Exit, SourceUnavailable, UsageError
from contracts.secret import Secret
from contracts.settings import Settings
from data_lake.lake import open_lake
from flows.inbox.stores import open_inbox
from flows.run.pinned import PINNED
from flows.service.access import (
    CLIENT_PASSWORD,
    SERVER_PASSWORD,
    list_addresses,
    make_password,
    read_password,
)
from flows.service.lake_lock import hold_lock
from flows.service.log_format import TEXT_TIME, write_line
from flows.service.prefect_server import ALWAYS, is_running, keep_this_machine_direct

_LOOK_SECONDS = 0.2
_START_SECONDS = 120.0
_STOP_SECONDS = 4.0
_HEALTHY_SECONDS = 60.0
_LONGEST_PAUSE = 30.0

Say = Callable[[str], None]


def run_up(settings: Settings, show: Say) -> int:
    """Start everything, keep it running, and stop it on SIGINT or SIGTERM. Returns the exit code.

    With `PREFECT_API_URL` set, that server is used and none is started. Raises `UsageError` where Trona is up on
    the lake already or the port is taken, `SourceUnavailable` where the server does not come up.
    """
    keep_this_machine_direct()
    external = os.environ.get("PREFECT_API_URL", "")
    page = external.removesuffix("/api") or f"http://{settings.reachable_host}:{settings.port}"
    if settings.lake_must_exist:
        open_lake(settings.lake_address).require()
    home = Path(settings.home).expanduser().absolute()
    password = "" if external or SERVER_PASSWORD in os.environ else str(make_password(home))
    settings = open_page(settings, home, password)
    told = {"page": page, "api": f"{page}/api", "inbox": settings.inbox_address, "password": password}
    with hold_lock(settings, told):
        if external:
            if not is_running(external, timeout=5):
                raise SourceUnavailable("the Prefect server does not answer", where=external, next="trona doctor")
        else:
            check_port(settings, settings.port, "TRONA_PORT")
        if settings.page:
            check_port(settings, settings.page_at, "TRONA_PAGE_PORT")
        open_inbox(settings.inbox_address)
        ready = home / "ready"
        shutil.rmtree(ready, ignore_errors=True)
        ready.mkdir(parents=True)
        environment = build_environment(settings, f"{page}/api", ready) | pass_on_password(password)
        show(f"lake      {settings.lake_address}")
        show(f"inbox     {settings.inbox_address}")
        show(f"runs      {page}")
        if settings.page:
            show(f"page      {settings.page_served}")
        if password:
            show(
                f"password  asked for by both: the line in {password}"
                if settings.page
                else f"password  the line in {password}"
            )
        roles = [*([] if external else ["server"]), "runner", "watcher", *(["page"] if settings.page else [])]
        show(f"starting  the {', the '.join(roles)}: a quarter of a minute, the first time twice that")
        tree = Tree([Child(role, environment, ready) for role in roles], f"{page}/api")
        return tree.run(lambda: show(f"ready     drop a document into {settings.inbox_address}; Ctrl-C stops"))


def open_page(settings: Settings, home: Path, password: str) -> Settings:
    """The settings with the whole path of the page and with who may read it; as they are without a page.

    Raises `UsageError` where the password is not a name and a word.
    """
    if not settings.page:
        return settings
    word = settings.page_password or read_password(Path(password or str(make_password(home))))
    if SERVER_PASSWORD in os.environ and not settings.page_password:
        word = Secret(os.environ[SERVER_PASSWORD])
    if not all(word.reveal().partition(":")):
        raise UsageError("the setting page_password is not of the form name:word", next="set TRONA_PAGE_PASSWORD")
    return replace(settings, page=str(settings.page_folder), page_password=word)


def check_port(settings: Settings, port: int, name: str) -> None:
    """Raise `UsageError` where somebody listens at the address already; the setting `name` names another port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, port))
        except OSError as error:
            api = f"http://{settings.reachable_host}:{port}/api"
            used = f"to use the Prefect server there, set PREFECT_API_URL={api}; " if is_running(api) else ""
            raise UsageError(
                f"the server cannot listen at {settings.host}:{port}",
                found=error.strerror or str(error),
                next=f"{used}to use another port, set {name}",
            ) from error


def pass_on_password(path: str) -> dict[str, str]:
    """What the server asks for and the other children show: the password of the file, or that of the environment."""
    word = read_password(Path(path)).reveal() if path else os.environ.get(SERVER_PASSWORD, "")
    return {SERVER_PASSWORD: word, CLIENT_PASSWORD: os.environ.get(CLIENT_PASSWORD, word)} if word else {}


def build_environment(settings: Settings, api: str, ready: Path) -> dict[str, str]:
    """Environment of the children: the settings, the server's address, and nothing that leaves this machine."""
    home = Path(settings.home).expanduser().absolute()
    package = str(Path(__file__).parents[2])
    ours = {f"TRONA_{f.name.upper()}": _write_setting(getattr(settings, f.name)) for f in fields(Settings)}
    ours |= {"TRONA_LAKE": settings.lake_address, "TRONA_INBOX": settings.inbox_address, "TRONA_HOME": str(home)}
    chains = str(settings.chains_folder.absolute()) if settings.chains_folder else ""
    ours |= {"TRONA_RECEIVERS": settings.receivers_address, "TRONA_CHAINS": chains}
    ours |= {"TRONA_READY": str(ready), PINNED: "yes"}
    addresses = list_addresses(settings.host, settings.port, settings.page_names)
    server = {
        "PREFECT_API_URL": api,
        "PREFECT_SERVER_API_HOST": settings.host,
        "PREFECT_SERVER_API_PORT": str(settings.port),
        "PREFECT_SERVER_CORS_ALLOWED_ORIGINS": ",".join(f"http://{name}" for name in addresses),
        "PREFECT_SERVER_ALLOW_EPHEMERAL_MODE": "false",
    }
    if settings.database:
        server["PREFECT_SERVER_DATABASE_CONNECTION_URL"] = settings.database.reveal()
    defaults = ALWAYS | {"PREFECT_HOME": str(home / "prefect"), "PREFECT_LOGGING_LEVEL": "INFO"}
    defaults |= {"PREFECT_SERVER_UI_API_URL": api, "PREFECT_LOGGING_FORMATTERS_STANDARD_DATEFMT": TEXT_TIME}
    if settings.log_format == "json":
        defaults |= {"PREFECT_LOGGING_HANDLERS_CONSOLE_CLASS": "flows.service.log_format.JsonHandler"}
    path = os.pathsep.join(filter(None, (package, os.environ.get("PYTHONPATH", ""))))
    return defaults | os.environ | server | ours | {"PYTHONPATH": path, "PYTHONUNBUFFERED": "1"}


def _write_setting(value: object) -> str:
    return value.reveal() if isinstance(value, Secret) else str(value)


@dataclass
class Child:
    """One process of the tree, in a session of its own so that it can be ended with all that it started."""

    role: str
    environment: Mapping[str, str] = field(repr=False)
    ready_folder: Path
    process: "subprocess.Popen[bytes] | None" = None
    started_at: float = 0.0
    restart_at: float = 0.0
    pause: float = 1.0

    @property
    def is_alive(self) -> bool:
        """Whether it runs."""
        return self.process is not None and self.process.poll() is None

    @property
    def is_ready(self) -> bool:
        """Whether it said that it is at work."""
        try:
            said = (self.ready_folder / self.role).read_text()
        except OSError:
            return False
        return self.is_alive and self.process is not None and said == str(self.process.pid)

    def start(self) -> None:
        """Start it."""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "flows.service.processes", self.role],
            env=dict(self.environment),
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        self.started_at = time.monotonic()

    def signal_all(self, number: int) -> None:
        """Send a signal to it and to everything that it started and that is still in its session."""
        if self.process is not None:
            try:
                os.killpg(self.process.pid, number)
            except (ProcessLookupError, PermissionError):
                return  # all of them are gone

    def wait(self, seconds: float) -> bool:
        """Whether it ended within so many seconds."""
        try:
            if self.process is not None:
                self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True


class Tree:
    """The children in the order in which they start; they stop in the reverse one."""

    def __init__(self, children: list[Child], api: str) -> None:
        self.children = children
        self.api = api
        self.stopped_by = 0

    def run(self, report_ready: Callable[[], None]) -> int:
        """Start, watch over, and stop them."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._ask_to_stop)
        try:
            self._start_all()
            if not self.stopped_by:
                report_ready()
            while not self.stopped_by:
                self._look_after()
                time.sleep(_LOOK_SECONDS)
        finally:
            self._stop_all()
        return 130 if self.stopped_by == signal.SIGINT else Exit.DONE

    def _ask_to_stop(self, number: int, _: FrameType | None) -> None:
        self.stopped_by = number

    def _start_all(self) -> None:
        for child in self.children:
            child.start()
            if child.role == "server":
                self._wait_until(child, lambda: is_running(self.api))
        for child in self.children:
            if child.role != "server":
                self._wait_until(child, lambda child=child: child.is_ready)  # type: ignore[misc]

    def _wait_until(self, child: Child, is_there: Callable[[], bool]) -> None:
        end = time.monotonic() + _START_SECONDS
        while not self.stopped_by and not is_there():
            if not child.is_alive or time.monotonic() > end:
                code = child.process.poll() if child.process else None
                raise SourceUnavailable(
                    f"the {child.role} did not start",
                    found=f"exit code {code}" if code is not None else f"no answer in {_START_SECONDS:g} s",
                    effect="everything was stopped again",
                    next="see its log lines above, then run trona doctor",
                )
            time.sleep(_LOOK_SECONDS / 2)

    def _look_after(self) -> None:
        now = time.monotonic()
        for child in self.children:
            if child.is_alive:
                continue
            if not child.restart_at:
                child.signal_all(signal.SIGKILL)  # what it left behind
                code = child.process.returncode if child.process else None
                healthy = now - child.started_at >= _HEALTHY_SECONDS
                child.pause = 1.0 if healthy else min(child.pause * 2, _LONGEST_PAUSE)
                child.restart_at = now if healthy or child.pause <= 2 else now + child.pause
                write_line("up", f"the {child.role} stopped (exit code {code}): starting it again", level="WARNING")
            if now >= child.restart_at:
                child.restart_at = 0.0
                child.start()

    def _stop_all(self) -> None:
        self._end([child for child in self.children if child.role != "server"])  # while the server still hears them
        self._end(self.children)
        write_line("up", "stopped")

    def _end(self, children: list[Child]) -> None:
        for child in children:
            child.signal_all(signal.SIGTERM)
        end = time.monotonic() + _STOP_SECONDS
        for child in children:
            child.wait(max(0.0, end - time.monotonic()))
        for child in children:
            child.signal_all(signal.SIGKILL)
            child.wait(1.0)
