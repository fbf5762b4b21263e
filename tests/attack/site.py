"""A lake, its documents, what commands write beside it, and the commands themselves."""

import os
import signal
import subprocess
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Union

from tests.attack.checker import COUNTED, Checker, Verdict, check_site, check_workbook
from tests.attack.receivers import Receivers
from tests.attack.ways import NOBODY, Machine, Way
from tests.attack.zygote import Command, Zygote

REFUSED, USAGE, SOURCE, DELIVERY = 3, 2, 4, 5
"""Exit codes: each document here has a row that is refused; no lake yet; a place that gives no answer; nobody told."""
LONGEST = 900
Started = Union["subprocess.Popen[bytes]", Command]
_CLI = ["-c", "from flows.cli import main; main()"]


def wait_for(process: Started) -> int:
    """Its exit code; what takes too long is ended, and 124, which is none of ours."""
    try:
        return process.wait(LONGEST)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(60)
        return 124


@dataclass
class Outcome:
    """What an attack did and found."""

    what: str = "kills"
    done: Counter[str] = field(default_factory=Counter)
    ended_first: int = 0
    lakes: int = 0
    verdict: Verdict = field(default_factory=Verdict)
    skipped: tuple[str, ...] = ()
    messages: int = 0
    """That the receivers got."""

    def take(self, found: Verdict) -> None:
        self.verdict.counts += found.counts
        self.verdict.told += found.told

    def describe(self) -> str:
        each = ", ".join(f"{name} {count}" for name, count in sorted(self.done.items()))
        found = ", ".join(f"{self.verdict.counts[kind]} {kind}" for kind in COUNTED)
        lines = [f"{self.done.total()} {self.what} ({each}) on {self.lakes} lakes: {found}"]
        lines += [f"{self.ended_first} commands ended before"] if self.ended_first else []
        lines += [f"{self.messages} messages arrived"] if self.messages else []
        return "\n".join([*lines, *(f"skipped: {what}" for what in self.skipped), *self.verdict.told[:20]])


@dataclass
class Site:
    """One lake under attack. `server` is the environment of the Prefect server."""

    folder: Path
    documents: Path
    server: dict[str, str]
    machine: Machine
    receivers: Receivers
    recorded: set[str] = field(default_factory=set)
    """Documents that were seen recorded, or acknowledged: they must stay."""
    turned: set[tuple[str, str]] = field(default_factory=set)
    """Documents that were retracted or restored, and the event: they must stay."""
    address: str = ""
    """Where the lake is, if not in the folder."""
    more: dict[str, str] = field(default_factory=dict)
    """More of the environment."""
    zygote: Zygote | None = None
    """Starts commands of our own account and clock; without it each is a new interpreter."""

    @property
    def lake(self) -> Path:
        return self.folder / "lake"

    def make(self) -> "Site":
        """The folder, open to the accounts that take part."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if self.machine.interpreter:
            os.chown(self.folder, -1, NOBODY)
            self.folder.chmod(0o2777)
        return self

    def words(self, name: str, document: str = "") -> list[str]:
        """The command as a person types it; `ingest` and `run` take one document, or all."""
        words = {
            "ingest": ["ingest", str(self.documents / document) if document else str(self.documents)],
            "run": ["run", str(self.documents / document) if document else str(self.documents)],
            "backfill": ["backfill", "--documents", str(self.documents)],
            "notify": ["notify"],
            "retract": ["retract", self._release(document), "--reason", "attack"],
            "restore": ["restore", self._release(document), "--reason", "attack"],
            "silence": ["silence", "add", "--rule", "release_missing", "--days", "1", "--reason", "attack"],
            "export": ["export", str(self.folder / "book.xlsx"), "--overwrite"],
            "page": ["page", "--out", str(self.folder / "page")],
            "repair": ["repair"],
            "figures": ["figures", "--format", "json"],
            "releases": ["releases"],
        }
        return [*words[name], "--lake", self.address or str(self.lake)]

    def _release(self, document: str) -> str:
        if self.address or not (self.lake / "releases").is_dir():
            return "none"
        found = Checker(self.lake)
        ids = (
            found.ask(f"select release_id from releases where document_name = '{document}'") if found.recorded() else []
        )
        return str(ids[0][0]) if ids else "none"

    def start(self, words: list[str], way: Way = Way()) -> "Started":  # noqa: B008 - frozen
        return self._start([*_CLI, *words], way)

    def _start(self, code: list[str], way: Way) -> "Started":
        home = self.folder / f"home-{way.account}"
        if not home.exists():
            home.mkdir()
            home.chmod(0o777)
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("PREFECT_", "TRONA_", "FAKETIME"))}
        ours = {"TRONA_HOME": str(home), "PREFECT_HOME": str(home), "PREFECT_API_URL": self.server["PREFECT_API_URL"]}
        environment = clean | ours | self.receivers.environment | self.more
        if self.zygote and way == Way() and code[: len(_CLI)] == _CLI:
            return self.zygote.start(code[len(_CLI) :], environment, self.folder, self.folder / "log.txt")
        return self.machine.start(code, way, environment=environment, folder=self.folder, log=self.folder / "log.txt")

    def call(self, name: str, document: str = "", allowed: tuple[int, ...] = (0, REFUSED)) -> float:
        """Let it finish; its seconds. Raises where it did not go well."""
        begun = time.monotonic()
        code = wait_for(self.start(self.words(name, document)))
        if code not in allowed:
            raise RuntimeError(f"{name} left with {code}:\n{self.tail()}")
        return time.monotonic() - begun

    def tell_rest(self) -> None:
        """Send what is left, by a clock that is days on, until nothing waits."""
        self.receivers.recover()
        words = ["-m", "tests.attack.later", self.address or str(self.lake), str(self.receivers.settings)]
        for days in (10, 20, 30):
            code = wait_for(self._start([*words, str(days)], Way()))
            if code not in (0, DELIVERY):
                raise RuntimeError(f"the rest could not be told ({code}):\n{self.tail()}")
            if code == 0:
                return

    def tail(self) -> str:
        return (self.folder / "log.txt").read_text(errors="replace")[-2500:]

    def files(self) -> int:
        return sum(len(names) for _, _, names in os.walk(self.folder))

    def look(self, outcome: Outcome) -> None:
        """Judge the lake as it is left; what is recorded must stay from now on."""
        checker = Checker(self.lake)
        checker.check_turned(self.turned)
        outcome.take(checker.check(self.recorded))
        self.recorded |= checker.recorded()
        self.turned |= checker.turned()
        outputs = Verdict()
        check_workbook(self.folder / "book.xlsx", outputs)
        check_site(self.folder / "page", outputs)
        outcome.take(outputs)

    def finish(self, stated: list, digest: dict[str, list[tuple]], outcome: Outcome) -> None:
        """After it a live run and a backfill to their ends: everything is there, computes the same and was told once."""
        for document, event in sorted(self.turned):
            if event == "retracted":
                self.call("restore", document, (0, USAGE, REFUSED))
        self.call("run", allowed=(0, REFUSED, DELIVERY))
        self.call("backfill")
        self.tell_rest()
        checker = Checker(self.lake)
        outcome.take(checker.check_end(stated))
        got = self.receivers.got()
        outcome.messages += sum(map(len, got.values()))
        outcome.take(Checker(self.lake).check_told(got))
        for marker in self.receivers.shown_twice():
            outcome.verdict.add("told twice", f"slack shows {marker} twice")
        for table, rows in checker.digest().items():
            lost, more = Counter(digest[table]) - Counter(rows), Counter(rows) - Counter(digest[table])
            for kind, differs in (("lost", lost), ("doubled", more)):
                for row in differs:
                    outcome.verdict.add(kind, f"{table}: {row}")
