"""A process that has every module loaded and forks commands: starting one costs milliseconds, not seconds.

`python -m tests.attack.zygote` reads a command a line (JSON: `words`, `environment`, `folder`, `log`) and writes the id
of its process, then that id again with the exit code once it has ended.
"""

import importlib
import json
import os
import pkgutil
import select
import signal
import subprocess
import sys
import threading
from pathlib import Path
from queue import Empty, Queue
from types import ModuleType

from tests.flows.conftest import ROOT

_PACKAGES = ("contracts", "data_lake", "tasks", "flows")
_LATE = {"flows.backfill_form"}
"""It reads the lake for its choices, which starts threads; a fork copies none."""
_LIBRARIES = (
    "prefect",
    "prefect.flow_engine",
    "prefect.task_engine",
    "deltalake",
    "xlsxwriter",
    "jinja2",
    "httpx",
    "slack_sdk",
)
_POLL_SECONDS = 0.005


def main() -> None:
    _load_all()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    line = b""
    while True:
        if select.select([0], [], [], _POLL_SECONDS)[0]:
            read = os.read(0, 1 << 16)
            if not read:
                return
            line += read
            while b"\n" in line:
                one, _, line = line.partition(b"\n")
                _tell(_fork(json.loads(one)))
        _reap()


def _load_all() -> None:
    for name in _PACKAGES:
        package = importlib.import_module(name)
        for found in pkgutil.walk_packages(package.__path__, f"{name}."):
            if found.name not in _LATE:
                _import(found.name)
    for name in _LIBRARIES:
        _import(name)


def _import(name: str) -> ModuleType | None:
    try:
        return importlib.import_module(name)
    except ImportError:
        return None  # loaded by whoever needs it


def _fork(command: dict) -> int:
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        code = _be(command)
    finally:
        os._exit(code)


def _be(command: dict) -> int:
    """Be the command: its session, streams, folder and environment, then its main function."""
    os.setsid()
    os.chdir(command["folder"])
    nowhere = os.open(os.devnull, os.O_RDWR)
    log = os.open(command["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
    for stream, target in ((0, nowhere), (1, nowhere), (2, log)):
        os.dup2(target, stream)
    os.environ.clear()
    os.environ.update(command["environment"])
    os.umask(0o002)
    sys.argv = ["trona", *command["words"]]
    from flows.cli import main as command_line

    try:
        command_line()
    except SystemExit as left:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        import atexit

        atexit._run_exitfuncs()
        return int(left.code or 0)
    except BaseException:  # noqa: BLE001 - as Python itself ends a command
        import traceback

        traceback.print_exc()
    return 1


def _reap() -> None:
    while True:
        try:
            child, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if not child:
            return
        _tell(child, os.waitstatus_to_exitcode(status))


def _tell(*numbers: int) -> None:
    sys.stdout.write(" ".join(map(str, numbers)) + "\n")
    sys.stdout.flush()


class Command:
    """A command that a zygote forked, as `subprocess.Popen` shows one."""

    def __init__(self, pid: int, ended: "Queue[int]") -> None:
        self.pid, self._ended, self.returncode = pid, ended, None

    def poll(self) -> int | None:
        if self.returncode is None and not self._ended.empty():
            self.returncode = self._ended.get()
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        if self.returncode is None:
            try:
                self.returncode = self._ended.get(timeout=timeout)
            except Empty:
                raise subprocess.TimeoutExpired("a forked command", timeout or 0) from None
        return self.returncode


class Zygote:
    """The other end: starts commands. Its environment is what holds while modules are loaded (the Prefect server)."""

    def __init__(self, environment: dict[str, str]) -> None:
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("PREFECT_", "TRONA_", "FAKETIME"))}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.attack.zygote"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=clean | environment | {"PYTHONPATH": str(ROOT)},
        )
        assert self._process.stdin
        assert self._process.stdout
        self._in, self._out = self._process.stdin, self._process.stdout
        assert self._out.readline() == "ready\n"
        self._started: Queue[int] = Queue()
        self._ended: dict[int, Queue[int]] = {}
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def _listen(self) -> None:
        for line in self._out:
            pid, *code = (int(word) for word in line.split())
            ended = self._ended.setdefault(pid, Queue())
            if code:
                ended.put(code[0])
            else:
                self._started.put(pid)

    def start(self, words: list[str], environment: dict[str, str], folder: Path, log: Path) -> Command:
        told = {"words": words, "environment": environment, "folder": str(folder), "log": str(log)}
        self._in.write(json.dumps(told) + "\n")
        self._in.flush()
        pid = self._started.get(timeout=60)
        return Command(pid, self._ended[pid])

    def close(self) -> None:
        self._in.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
        self._listener.join(10)
        self._out.close()


if __name__ == "__main__":
    main()
