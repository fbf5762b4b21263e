"""A disk that is full at every write: a small file system of its own, with a page more room at each try.

Needs root, who alone may mount one (a tmpfs); elsewhere it is left out and said so.
"""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.attack.checker import Checker
from tests.attack.documents import write_documents
from tests.attack.prefect import serve_prefect
from tests.attack.receivers import Receivers
from tests.attack.site import DELIVERY, REFUSED, SOURCE, USAGE, Outcome, Site, wait_for
from tests.attack.ways import Machine
from tests.attack.zygote import Zygote

COMMANDS = ("ingest", "retract", "silence", "notify", "export", "page", "run", "repair")
_MONTHS, _PAGE, _MIB = 3, 4096, 1 << 20
_WELL = (0, REFUSED)


def can_mount(folder: Path) -> bool:
    """Whether a file system can be mounted here."""
    if os.geteuid() != 0 or not shutil.which("mount"):
        return False
    folder.mkdir(parents=True, exist_ok=True)
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(folder)], check=False).returncode:
        return False
    subprocess.run(["umount", str(folder)], check=True)
    return True


def fill_disks(
    folder: Path,
    *,
    most: int = 40,
    commands: tuple[str, ...] = COMMANDS,
    say: Callable[[str], object] = lambda _: None,
) -> Outcome:
    """Each command on a disk with no room, then one page, two … until it goes well twice; at most so many tries each."""
    outcome = Outcome("full disks")
    if not can_mount(folder / "disk"):
        outcome.skipped = ("full disks: this account cannot mount a file system",)
        return outcome
    stated = write_documents(folder / "documents", _MONTHS)
    receivers = Receivers(folder / "receivers")
    try:
        with serve_prefect(folder / "prefect") as server:
            zygote = Zygote(server)
            warm = Site(folder / "warm", folder / "documents", server, Machine(), receivers, zygote=zygote).make()
            for name in sorted({s.document for s in stated})[:-1]:
                receivers.refuse_next()  # so that `notify` finds something to send
                warm.call("run", name, (0, REFUSED, DELIVERY))
            for name in commands:
                _fill(warm, folder / "disk", name, most, outcome)
                say(outcome.describe())
            zygote.close()
    finally:
        receivers.close()
    return outcome


def _fill(warm: Site, disk: Path, name: str, most: int, outcome: Outcome) -> None:
    well, room = 0, 0
    for _ in range(most):
        with _mounted(disk):
            site = Site(disk / "site", warm.documents, warm.server, warm.machine, warm.receivers, zygote=warm.zygote)
            shutil.copytree(warm.folder, site.folder, ignore=shutil.ignore_patterns("home-*", "log.txt"))
            site.more = {"TRONA_HOME": str(warm.folder / "home-None"), "TMPDIR": str(warm.folder)}
            well = well + 1 if _try(site, disk, name, room, outcome) else 0
        if well == 2:
            return
        room += max(1, room // 8)


def _try(site: Site, disk: Path, name: str, room: int, outcome: Outcome) -> bool:
    """The command with so many pages of room, a look at what is left, and the same again with room enough."""
    before = Checker(site.lake)
    site.recorded, site.turned = before.recorded(), before.turned()
    document = max(path.name for path in site.documents.iterdir())
    words = site.words(name, document if name in {"ingest", "run"} else "2021-01.csv")
    (site.folder / "log.txt").touch()
    with _filled(disk, room):
        code = wait_for(site.start(words))
    outcome.done[name] += 1
    if code in _WELL and name in {"ingest", "run"}:
        site.recorded.add(document)
    elif code not in (*_WELL, SOURCE, DELIVERY):
        outcome.verdict.add("broke", f"{name} with {room} pages of room left with {code}: {site.tail()}")
    if code == SOURCE and "Traceback" in (said := site.tail()):
        outcome.verdict.add("broke", f"{name} with {room} pages of room shows a traceback: {said}")
    site.look(outcome)
    for left in site.folder.rglob(".writing-*"):
        outcome.verdict.add("half-written", f"{name} with {room} pages of room left {left.name}")
    again = wait_for(site.start(words))
    is_withdrawn = name == "retract" and again == USAGE and Checker(site.lake).turned() > before.turned()
    if again not in _WELL and not is_withdrawn:
        outcome.verdict.add("broke", f"{name} after a full disk left with {again}: {site.tail()}")
    if name in {"ingest", "run"}:
        site.recorded.add(document)
    site.look(outcome)
    return code in _WELL


@contextmanager
def _mounted(disk: Path) -> Iterator[None]:
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m,mode=755", "none", str(disk)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


@contextmanager
def _filled(disk: Path, room: int) -> Iterator[None]:
    """All of it is taken but so many pages."""
    ballast = disk / "ballast"
    space = os.statvfs(disk)
    with ballast.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, max(space.f_bavail * space.f_frsize - room * _PAGE, 1))
    try:
        yield
    finally:
        ballast.unlink()
