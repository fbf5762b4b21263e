"""Commands of a real lake, killed with SIGKILL at seeded moments, and the lake looked at after each kill.

Half of the kills wait for a random share of the time that the command usually takes; the others, at most that time, for
a random number of files that are new, since most of what can break lies between two writes. Commands are started by several accounts and
with clocks that jump, and those who are told fail now and then.
"""

import os
import random
import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path

from tests.attack.checker import Checker
from tests.attack.documents import write_documents
from tests.attack.prefect import serve_prefect
from tests.attack.receivers import Receivers
from tests.attack.site import DELIVERY, LONGEST, REFUSED, SOURCE, USAGE, Outcome, Site, Started
from tests.attack.ways import look_at_machine
from tests.attack.zygote import Zygote

MONTHS = 5
KILLS_PER_LAKE = 15
WEIGHTS = {
    "ingest": 7,
    "run": 5,
    "backfill": 3,
    "notify": 4,
    "retract": 4,
    "restore": 3,
    "silence": 3,
    "repair": 4,
    "export": 4,
    "page": 2,
}
_WELL = (0, REFUSED)
_ALLOWED = (*_WELL, USAGE, SOURCE, DELIVERY)  # no lake or release yet, what another account may not read, nobody told


def attack(folder: Path, *, kills: int, seed: int, say: Callable[[str], object] = lambda _: None) -> Outcome:
    """Kill commands until so many were killed; the same seed draws the same commands and moments."""
    draw, machine, receivers = random.Random(seed), look_at_machine(folder), Receivers(folder / "receivers")
    outcome = Outcome(skipped=machine.skipped)
    stated = write_documents(folder / "documents", MONTHS)
    try:
        with serve_prefect(folder / "prefect") as server:
            zygote = Zygote(server)

            def lay_out(name: str) -> Site:
                receivers.forget()
                return Site(folder / name, folder / "documents", server, machine, receivers, zygote=zygote).make()

            usual, digest = _measure(lay_out("control"))
            say(f"usual seconds: {', '.join(f'{name} {seconds:.1f}' for name, seconds in usual.items())}")
            while outcome.done.total() < kills:
                site = lay_out(f"lake-{outcome.lakes}")
                outcome.lakes += 1
                most = min(kills, outcome.done.total() + KILLS_PER_LAKE)
                while outcome.done.total() < most:
                    _attack_once(site, draw, usual, outcome)
                site.finish(stated, digest, outcome)
                say(outcome.describe())
                shutil.rmtree(site.folder)
            zygote.close()
    finally:
        receivers.close()
    return outcome


def _measure(site: Site) -> tuple[dict[str, float], dict[str, list[tuple]]]:
    """Seconds of each command that nobody disturbs, and what is computed from the documents then."""
    usual = {name: site.call(name) for name in ("backfill", "ingest", "run", "notify", "export", "page", "repair")}
    usual |= {name: site.call(name, "2021-01.csv") for name in ("retract", "restore", "silence")}
    site.call("backfill")
    return usual, Checker(site.lake).digest()


def _attack_once(site: Site, draw: random.Random, usual: dict[str, float], outcome: Outcome) -> None:
    """One command, killed at the moment that was drawn unless it ends before, and a look at the lake after it."""
    names = sorted(path.name for path in site.documents.iterdir())
    weights = WEIGHTS if outcome.lakes % 4 == 0 else WEIGHTS | {"backfill": 0}  # a backfill tells nobody, then or later
    name = draw.choices(list(weights), list(weights.values()))[0]
    document = names[min(len(names) - 1, len(site.recorded))] if draw.random() < 0.7 else draw.choice(names)
    share, new_files = draw.uniform(0.05, 1.4), draw.choice([0, draw.randint(1, 12)])
    way = site.machine.draw(draw, may_shift=name not in {"retract", "restore"})
    if draw.random() < 0.3:
        site.receivers.fail_next(draw)
    begun = time.monotonic()
    process = site.start(site.words(name, document), way)
    if _kill(process, site, usual[name] * max(share, 1.0 if new_files else 0), new_files):
        outcome.done[name] += 1
        if time.monotonic() - begun > usual[name]:
            usual[name] *= 1.3  # a machine is not always as idle as when it was measured
    else:
        outcome.ended_first += 1
        usual[name] = (usual[name] + time.monotonic() - begun) / 2  # nor as busy
        if process.returncode not in _ALLOWED:
            outcome.verdict.add("broke", f"{name} after kills left with {process.returncode} ({way}): {site.tail()}")
        if process.returncode in _WELL and name == "ingest":
            site.recorded.add(document)
        if process.returncode in _WELL and name in {"retract", "restore"}:
            site.turned.add((document, f"{name.removesuffix('e')}ed"))
    site.look(outcome)


def _kill(process: Started, site: Site, seconds: float, new_files: int) -> bool:
    """Kill it and its children after so many seconds, or once so many files are new; False where it ended before."""
    begun, before = time.monotonic(), site.files()
    while process.poll() is None and time.monotonic() - begun < LONGEST:
        if time.monotonic() - begun >= seconds or (new_files and site.files() - before >= new_files):
            break
        time.sleep(0.01)
    if process.poll() is not None:
        return False
    os.killpg(process.pid, signal.SIGKILL)
    return process.wait() == -signal.SIGKILL
