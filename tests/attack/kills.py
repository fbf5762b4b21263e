"""Commands of a real lake, killed with SIGKILL at seeded moments, and the lake looked at after each kill.

Half of the kills wait for a random share of the time that the command usually takes; the others for a random number of
files that are new, since most of what can break lies between two writes.
"""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.attack.checker import COUNTED, Checker, Verdict, check_site, check_workbook
from tests.attack.documents import Stated, write_documents
from tests.flows.conftest import ROOT, free_port

MONTHS = 4
KILLS_PER_LAKE = 15
WEIGHTS = {"ingest": 6, "run": 4, "backfill": 4, "export": 4, "page": 4, "repair": 3}
_REFUSED = 3
"""Exit code of a command that went well and refused a row; each document here has one."""
_LONGEST = 300


@dataclass
class Outcome:
    """What an attack did and found."""

    kills: Counter[str] = field(default_factory=Counter)
    ended_first: int = 0
    lakes: int = 0
    verdict: Verdict = field(default_factory=Verdict)

    def describe(self) -> str:
        each = ", ".join(f"{name} {count}" for name, count in sorted(self.kills.items()))
        found = ", ".join(f"{self.verdict.counts[kind]} {kind}" for kind in COUNTED)
        lines = [f"{self.kills.total()} kills ({each}) on {self.lakes} lakes: {found}"]
        return "\n".join([*lines, *self.verdict.told[:20]])


def attack(folder: Path, *, kills: int, seed: int, say: Callable[[str], object] = lambda _: None) -> Outcome:
    """Kill commands until so many were killed; the same seed draws the same commands and moments."""
    draw, outcome = random.Random(seed), Outcome()
    documents = folder / "documents"
    stated = write_documents(documents, MONTHS)
    with serve_prefect(folder / "prefect") as server:
        usual, digest = _measure(Site(folder / "control", documents, server))
        say(f"usual seconds: {', '.join(f'{name} {seconds:.1f}' for name, seconds in usual.items())}")
        while outcome.kills.total() < kills:
            site = Site(folder / f"lake-{outcome.lakes}", documents, server)
            outcome.lakes += 1
            most = min(kills, outcome.kills.total() + KILLS_PER_LAKE)
            while outcome.kills.total() < most:
                _attack_once(site, draw, usual, outcome)
                say(outcome.describe())
            _finish(site, stated, digest, outcome)
            shutil.rmtree(site.folder)
    return outcome


@dataclass
class Site:
    """A lake, its documents, and what export and page write."""

    folder: Path
    documents: Path
    server: dict[str, str]
    recorded: set[str] = field(default_factory=set)
    """Documents that were seen recorded, or acknowledged: they must stay."""

    @property
    def lake(self) -> Path:
        return self.folder / "lake"

    def words(self, name: str, document: str = "") -> list[str]:
        """The command as a person types it; `ingest` takes one document, `run` and `backfill` all."""
        words = {
            "ingest": ["ingest", str(self.documents / document) if document else str(self.documents)],
            "run": ["run", str(self.documents)],
            "backfill": ["backfill", "--documents", str(self.documents)],
            "export": ["export", str(self.folder / "book.xlsx"), "--overwrite"],
            "page": ["page", "--out", str(self.folder / "page")],
            "repair": ["repair"],
        }
        return [*words[name], "--lake", str(self.lake)]

    def start(self, words: list[str]) -> "subprocess.Popen[bytes]":
        self.folder.mkdir(exist_ok=True)
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("PREFECT_", "TRONA_"))}
        environment = clean | {"PYTHONPATH": str(ROOT), "TRONA_HOME": str(self.folder / "home")} | self.server
        with (self.folder / "log.txt").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-c", "from flows.cli import main; main()", *words],
                env=environment,
                cwd=self.folder,
                stdout=subprocess.DEVNULL,
                stderr=log,
                start_new_session=True,
            )

    def call(self, name: str) -> float:
        """Let it finish; its seconds. Raises where it did not go well."""
        begun = time.monotonic()
        code = self.start(self.words(name)).wait(_LONGEST)
        if code not in (0, _REFUSED):
            raise RuntimeError(f"{name} left with {code}:\n{(self.folder / 'log.txt').read_text()[-3000:]}")
        return time.monotonic() - begun

    def files(self) -> int:
        return sum(len(names) for _, _, names in os.walk(self.folder))


def _measure(site: Site) -> tuple[dict[str, float], dict[str, list[tuple]]]:
    """Seconds of each command that nobody disturbs, and what is computed from the documents then."""
    usual = {name: site.call(name) for name in ("backfill", "ingest", "run", "export", "page", "repair")}
    return usual, Checker(site.lake).digest()


def _attack_once(site: Site, draw: random.Random, usual: dict[str, float], outcome: Outcome) -> None:
    """One command, killed at the moment that was drawn unless it ends before, and a look at the lake after it."""
    names = sorted(path.name for path in site.documents.iterdir())
    name = draw.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
    document = names[min(len(names) - 1, len(site.recorded))] if draw.random() < 0.7 else draw.choice(names)
    share, new_files = draw.uniform(0.25, 1.0), draw.choice([0, draw.randint(1, 30)])
    process = site.start(site.words(name, document))
    if _kill(process, site, usual[name] * share, new_files):
        outcome.kills[name] += 1
    else:
        outcome.ended_first += 1
        if process.returncode not in (0, _REFUSED, 2, 4):  # 2 and 4: no lake yet
            log = (site.folder / "log.txt").read_text()[-1500:]
            outcome.verdict.add("unreadable", f"{name} after kills left with {process.returncode}: {log}")
        if name == "ingest" and process.returncode in (0, _REFUSED):
            site.recorded.add(document)
    site.recorded |= _look(site, site.recorded, outcome)


def _kill(process: "subprocess.Popen[bytes]", site: Site, seconds: float, new_files: int) -> bool:
    """Kill it and its children after so many seconds, or once so many files are new; False where it ended before."""
    begun, before = time.monotonic(), site.files()
    while process.poll() is None and time.monotonic() - begun < _LONGEST:
        if new_files and site.files() - before >= new_files:
            break
        if not new_files and time.monotonic() - begun >= seconds:
            break
        time.sleep(0.002)
    if process.poll() is not None:
        return False
    os.killpg(process.pid, signal.SIGKILL)
    return process.wait() == -signal.SIGKILL


def _look(site: Site, acknowledged: set[str], outcome: Outcome) -> set[str]:
    """Judge the lake as it is left; the documents that are recorded, which must stay from now on."""
    checker = Checker(site.lake)
    _take(outcome, checker.check(acknowledged))
    outputs = Verdict()
    check_workbook(site.folder / "book.xlsx", outputs)
    check_site(site.folder / "page", outputs)
    _take(outcome, outputs)
    for broken in outputs.counts and [site.folder / "book.xlsx", site.folder / "page"]:
        shutil.rmtree(broken) if broken.is_dir() else broken.unlink(missing_ok=True)  # counted once
    return checker.recorded()


def _finish(site: Site, stated: list[Stated], digest: dict[str, list[tuple]], outcome: Outcome) -> None:
    """After the kills one run to its end: everything is there once, and computes to the same as without kills."""
    site.call("backfill")
    checker = Checker(site.lake)
    _take(outcome, checker.check_end(stated))
    for table, rows in checker.digest().items():
        lost, more = Counter(digest[table]) - Counter(rows), Counter(rows) - Counter(digest[table])
        for kind, differs in (("lost", lost), ("doubled", more)):
            for row in differs:
                outcome.verdict.add(kind, f"{table}: {row}")


def _take(outcome: Outcome, found: Verdict) -> None:
    outcome.verdict.counts += found.counts
    outcome.verdict.told += found.told


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
