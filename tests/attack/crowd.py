"""Writers and readers at once on one lake, for minutes, while a checker that shares no code with Trona looks on."""

import random
import threading
import time
from collections.abc import Callable
from pathlib import Path

from tests.attack.checker import Checker
from tests.attack.documents import HEAD, Stated, write_documents
from tests.attack.prefect import serve_prefect
from tests.attack.receivers import Receivers
from tests.attack.site import DELIVERY, REFUSED, SOURCE, USAGE, Outcome, Site, wait_for
from tests.attack.ways import Machine
from tests.attack.zygote import Zygote

WRITERS, READERS = 4, 2
_WRITES = ("ingest", "ingest", "ingest", "run", "notify", "retract", "restore", "silence")
_READS = ("figures", "releases", "export")


def attack_together(
    folder: Path, *, minutes: float, seed: int, say: Callable[[str], object] = lambda _: None
) -> Outcome:
    """Every writer ingests documents of its own and those of the others; readers read; nothing may be lost or doubled."""
    outcome, receivers = Outcome("commands at once", lakes=1), Receivers(folder / "receivers")
    stated = write_documents(folder / "documents", 4)
    lock = threading.Lock()
    try:
        with serve_prefect(folder / "prefect") as server:
            zygote = Zygote(server)
            site = Site(folder / "site", folder / "documents", server, Machine(), receivers, zygote=zygote).make()
            site.call("run", "2021-01.csv")
            until = time.monotonic() + 60 * minutes

            def work(number: int, names: tuple[str, ...]) -> None:
                draw = random.Random(seed * 1000 + number)
                while time.monotonic() < until:
                    _work_once(site, draw.choice(names), draw, lock, outcome, stated)

            threads = [threading.Thread(target=work, args=(n, _WRITES)) for n in range(WRITERS)]
            threads += [threading.Thread(target=work, args=(WRITERS + n, _READS)) for n in range(READERS)]
            for thread in threads:
                thread.start()
            while any(thread.is_alive() for thread in threads):
                with lock:
                    site.look(outcome)
                time.sleep(1)
            say(outcome.describe())
            _end(site, stated, outcome)
            zygote.close()
    finally:
        receivers.close()
    return outcome


def _work_once(
    site: Site, name: str, draw: random.Random, lock: threading.Lock, outcome: Outcome, stated: list[Stated]
) -> None:
    with lock:
        if name == "ingest" and draw.random() < 0.5:
            stated += _write_another(site.documents, len(stated))
        documents = sorted(path.name for path in site.documents.iterdir())
        document = draw.choice(documents)
        words = site.words(name, document)
        process = site.start(words)
    code = wait_for(process)
    with lock:
        outcome.done[name] += 1
        if code in (0, REFUSED) and name in {"ingest", "run"}:
            site.recorded.add(document)
        if code not in (0, REFUSED, USAGE, SOURCE, DELIVERY):
            outcome.verdict.add("broke", f"{name} left with {code}: {site.tail()}")


def _write_another(folder: Path, number: int) -> list[Stated]:
    """A document of a source of its own: one figure and the row that is refused."""
    name, month = f"other-{number}.csv", "2021-01"
    head = f"house{number},sodium_ion,{month},2021-02-05"
    lines = [f"{head},{row},mom_pct,{value},%,exact\n" for row, value in ((f"cell,,production,{month},actual", 3.0),)]
    lines.append(f"{head},electrolyte,,production,{month},actual,mom_pct,-140.0,%,exact\n")
    part = folder / f".{name}"
    part.write_text(HEAD + "".join(lines), encoding="utf-8")
    part.replace(folder / name)
    return [Stated(name, "cell", month, "actual", 3.0)]


def _end(site: Site, stated: list[Stated], outcome: Outcome) -> None:
    for document, event in sorted(site.turned):
        if event == "retracted":
            site.call("restore", document, (0, USAGE, REFUSED))
    site.call("ingest")
    site.call("run")
    site.tell_rest()
    outcome.take(Checker(site.lake).check_end(stated))
    outcome.take(Checker(site.lake).check_told(got := site.receivers.got()))
    outcome.messages += sum(map(len, got.values()))
