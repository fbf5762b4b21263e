"""What `trona doctor` looks at: one finding per thing, with the next command where something is wrong."""

import importlib.metadata
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.request import urlopen
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import polars as pl

from contracts.chain import chain_paths, load_chain, read_definition
from contracts.chain_check import check_chain
from contracts.errors import TronaError
from contracts.releases import RELEASES
from contracts.runs import RUNS
from contracts.settings import USUAL_RECEIVERS, Settings, settings_path
from data_lake.audit import audit_lake, glance_at
from data_lake.lake import open_lake
from data_lake.tables import LAKE_TABLES
from flows.inbox.stores import REASON_SUFFIX, REFUSED, FolderInbox, open_inbox
from flows.run.events import ask_server
from flows.service.access import use_password
from flows.service.lake_lock import find_up
from flows.service.prefect_profile import find_named_server
from flows.service.prefect_server import is_running
from tasks.alerts.registry import read_rules
from tasks.delivery import Receiver, choose_receivers, resolve_environment

_PYTHON = ((3, 11), (3, 14))
# What a later version breaks, and what it breaks.
_BELOW = {
    "fastapi": ((0, 151), "the Prefect server does not start with it"),
    "sqlalchemy": ((2, 1), "the Prefect server schedules no runs with it"),
}
_SHOWN = ("prefect", "polars", "deltalake", "pandera")
_LITTLE_SPACE = 1 << 30
_CLOCK_SLACK = timedelta(seconds=60)
_WAITING_TOO_LONG = timedelta(hours=1)


@dataclass(frozen=True)
class HealthFinding:
    """One thing looked at. `state`: ok, note (nothing to do, good to know), or wrong."""

    about: str
    state: str
    found: str
    next: str = ""

    def to_dict(self) -> dict[str, str]:
        """For JSON."""
        return asdict(self)


def check_all(settings: Settings, *, is_deep: bool = False) -> list[HealthFinding]:
    """Every check; one that fails to run is itself a finding, and the others go on."""
    api = find_api(settings)
    checks: tuple[Callable[[], Iterator[HealthFinding]], ...] = (
        check_versions,
        lambda: check_settings(settings),
        lambda: check_lake(settings),
        lambda: check_tables(settings, is_deep=is_deep),
        lambda: check_inbox(settings),
        lambda: check_page(settings),
        lambda: check_receivers(settings),
        lambda: check_server(settings, api),
        lambda: check_clock(settings, api),
        lambda: check_disk(settings),
    )
    findings: list[HealthFinding] = []
    for check in checks:
        try:
            findings += check()
        except TronaError as error:
            where = f" ({error.where})" if error.where else ""
            found = f": {error.found}" if error.found else ""
            findings.append(HealthFinding(_name(check), "wrong", f"{error.what}{where}{found}", error.next))
    return findings


def find_api(settings: Settings) -> str:
    """Address of the server that a run would use: of the environment, of `trona up`, or the usual one; else empty."""
    usual = f"http://127.0.0.1:{settings.port}/api"
    up = find_up(settings)
    named = find_named_server()
    api = up.get("api", "")
    if named is not None and (named.by == "PREFECT_API_URL" or not api):
        api = named.address
    if api and api == up.get("api"):
        use_password(up)
    return api or (usual if is_running(usual) else "")


def check_versions() -> Iterator[HealthFinding]:
    """Python, and the libraries whose version matters."""
    version = ".".join(str(part) for part in sys.version_info[:3])
    if _PYTHON[0] <= sys.version_info[:2] < _PYTHON[1]:
        yield HealthFinding("python", "ok", version)
    else:
        yield HealthFinding("python", "wrong", version, "install Trona with Python 3.11, 3.12 or 3.13")
    yield HealthFinding("packages", "ok", ", ".join(f"{name} {importlib.metadata.version(name)}" for name in _SHOWN))
    for name, (limit, effect) in _BELOW.items():
        installed = importlib.metadata.version(name)
        numbers = tuple(int(part) for part in installed.split(".")[:2] if part.isdigit())
        if numbers >= limit:
            wanted = ".".join(str(part) for part in limit)
            yield HealthFinding("packages", "wrong", f"{name} {installed}: {effect}", f'pip install "{name}<{wanted}"')


def check_settings(settings: Settings) -> Iterator[HealthFinding]:
    """Settings file and chains."""
    path = settings_path()
    if path.exists():
        yield HealthFinding("settings", "ok", str(path.absolute()))
    else:
        yield HealthFinding("settings", "note", f"no {path}: using defaults", "trona init")
    yield from check_chains(settings)
    if not settings.source:
        yield HealthFinding(
            "source",
            "note",
            "no source is set: reviews that do not state a source are rejected",
            "set `source` in trona.toml",
        )


def check_chains(settings: Settings) -> Iterator[HealthFinding]:
    """Every definition: every mistake in it (`contracts.chain_check`), and is there one of each chain in the lake."""
    paths = chain_paths(settings.chains_folder)
    rules = {name: rule.thresholds for name, rule in read_rules().items()}
    right = []
    for name, path in sorted(paths.items()):
        faults = check_chain(read_definition(path), rules)
        for fault in faults:
            told = fault.tell(str(path))
            found = " · ".join(filter(None, (told.where, told.what, told.found)))
            yield HealthFinding("chains", "note" if fault.is_note else "wrong", found, told.next)
        if all(fault.is_note for fault in faults):
            right.append(name)
    yield HealthFinding("chains", "ok", ", ".join(right))
    lake = open_lake(settings.lake)
    events = lake.table(RELEASES).scan().select("chain").unique().collect() if lake.is_there() else RELEASES.empty()
    for name in sorted(set(events["chain"]) - set(paths)):
        found = f"the lake has releases of {name}, and there is no definition of it: it is left out"
        yield HealthFinding("chains", "wrong", found, "set `chains` to the folder that holds it")


def check_lake(settings: Settings) -> Iterator[HealthFinding]:
    """Can it be read and written, what is in it, and how the last run ended."""
    lake = open_lake(settings.lake)
    folder = lake.storage.local
    if folder and not folder.exists():
        found = f"{folder} is not there"
        if settings.lake_must_exist:
            yield HealthFinding("lake", "wrong", found, "mount the share, or correct `lake` in trona.toml")
        else:
            yield HealthFinding("lake", "note", f"{found} yet; the first run makes it")
        return
    if folder and not os.access(folder, os.W_OK | os.X_OK):
        yield HealthFinding("lake", "wrong", f"{folder} cannot be written", f"chown -R $USER {folder}")
    releases = lake.table(RELEASES).scan().filter(pl.col("event") == "recorded").select(pl.len()).collect().item()
    runs = lake.table(RUNS).scan().sort("ended_at").tail(1).collect()
    yield HealthFinding("lake", "ok", f"{lake.uri}, {releases} releases")
    if runs.height:
        last = runs.row(0, named=True)
        state = "ok" if last["outcome"] in {"done", "nothing_new"} else "note"
        said = f"{last['flow']} {last['run_id']} ended {last['ended_at']:%Y-%m-%d %H:%M} UTC: {last['outcome']}"
        yield HealthFinding(
            "last run", state, said, "" if state == "ok" else f"trona quarantine --run {last['run_id']}"
        )


def check_tables(settings: Settings, *, is_deep: bool) -> Iterator[HealthFinding]:
    """Every table: does it open, and is each data file there; deeply, are all bytes, counts, keys and ids right."""
    lake = open_lake(settings.lake)
    if lake.storage.local and not lake.storage.local.exists():
        return
    faults = [*(audit_lake(lake) if is_deep else glance_at(lake))]
    for fault in faults:
        yield HealthFinding("tables", "wrong", f"{fault.name}: {fault.found}", "trona repair")
    if not faults:
        read = "every byte read: hashes, counts, keys and lineage are right" if is_deep else "all files there"
        yield HealthFinding("tables", "ok", f"{len(LAKE_TABLES)} tables, {read}")


def check_inbox(settings: Settings) -> Iterator[HealthFinding]:
    """Can it be listed, what waits in it, and what was refused."""
    inbox = open_inbox(settings.inbox_address)
    waiting = inbox.list()
    yield HealthFinding("inbox", "ok", f"{inbox.address}, {len(waiting)} waiting")
    if isinstance(inbox, FolderInbox):
        if not os.access(inbox.folder, os.W_OK | os.X_OK):
            yield HealthFinding("inbox", "wrong", "documents cannot be moved out of it", f"chown $USER {inbox.folder}")
        now = datetime.now(UTC).timestamp()
        old = [
            d.name for d in waiting if now - (inbox.folder / d.name).stat().st_mtime > _WAITING_TOO_LONG.total_seconds()
        ]
        if old:
            yield HealthFinding("inbox", "note", f"{old[0]} has waited for more than an hour", "trona up, or trona run")
        refused = sorted((inbox.folder / REFUSED).rglob(f"*{REASON_SUFFIX}"))
        if refused:
            yield HealthFinding("inbox", "note", f"{len(refused)} refused", f"cat {refused[-1]}")


def check_page(settings: Settings) -> Iterator[HealthFinding]:
    """The page's folder: whether one is kept, can be written, and when it was drawn."""
    folder = settings.page_folder
    if folder is None:
        yield HealthFinding("page", "note", "no page is kept", "set `page` in trona.toml, or trona page --out page")
        return
    index = folder / "index.html"
    there = next(path for path in (folder, *folder.parents) if path.exists())
    if not there.is_dir() or not os.access(there, os.W_OK):
        found = f"{there} is not a folder that can be written: the page stays as it is"
        yield HealthFinding("page", "wrong", found, "mend the folder, or set `page` to another one")
    elif not index.exists():
        yield HealthFinding("page", "note", f"nothing is drawn in {folder} yet", "trona run, or trona page")
    else:
        drawn = datetime.fromtimestamp(index.stat().st_mtime, UTC)
        where = f", at {settings.page_address}" if settings.page_address else ""
        yield HealthFinding("page", "ok", f"{folder}, drawn {drawn:%Y-%m-%d %H:%M} UTC{where}")


def check_receivers(settings: Settings) -> Iterator[HealthFinding]:
    """Is the file right, and is every secret it names there."""
    if not settings.receivers_address:
        found = f"no {USUAL_RECEIVERS}: alerts go to the console and to messages/ of the lake"
        yield HealthFinding("receivers", "note", found, "trona init")
        return
    for receiver in choose_receivers(settings.receivers_address):
        lacking = _find_lacking(receiver)
        if lacking:
            yield HealthFinding("receivers", "wrong", f"{receiver.name}: {lacking.what}", lacking.next)
        else:
            yield HealthFinding("receivers", "ok", f"{receiver.name} ({receiver.kind}), {receiver.severity} and above")


def _find_lacking(receiver: Receiver) -> TronaError | None:
    for name in receiver.secret_names.values():
        if name.env:
            try:
                resolve_environment(name)
            except TronaError as error:
                return error
    return None


def receivers_of(settings: Settings) -> list[Receiver]:
    """The receivers that a run would tell."""
    return list(choose_receivers(settings.receivers_address))


def check_server(settings: Settings, api: str) -> Iterator[HealthFinding]:
    """Does a server answer, who works on its runs, and which blocks the receivers need."""
    up = find_up(settings)
    if up:
        yield HealthFinding("up", "ok", f"process {up.get('pid')}, {up.get('page')}")
    else:
        yield HealthFinding("up", "note", "trona up is not running on this lake: nothing runs by itself", "trona up")
    if not api:
        yield HealthFinding(
            "server", "note", "no Prefect server is running: commands start a temporary one", "trona up"
        )
        return
    if not is_running(api, timeout=3):
        named = find_named_server()
        next_step = f"start it, or take the address out of {named.by}" if named else "trona up"
        yield HealthFinding("server", "wrong", f"{api} does not answer", next_step)
        return
    yield HealthFinding("server", "ok", api)
    ours = ask_server(api, "/deployments/filter", {"deployments": {"tags": {"all_": ["trona"]}}})
    names = ", ".join(sorted(d["name"] for d in ours))
    yield HealthFinding(
        "deployments", *(("ok", names) if ours else ("note", "none", "trona up, or prefect deploy --all"))
    )
    for pool in ask_server(api, "/work_pools/filter", {}):
        state = "ok" if pool["status"] == "READY" else "wrong"
        step = "" if state == "ok" else f"prefect worker start --pool {pool['name']}"
        yield HealthFinding("work pool", state, f"{pool['name']} ({pool['type']}): {pool['status'].lower()}", step)
    yield from _check_blocks(settings, api)


def _check_blocks(settings: Settings, api: str) -> Iterator[HealthFinding]:
    needed = {name.block for r in receivers_of(settings) for name in r.secret_names.values() if name.block}
    if not needed:
        return
    found = ask_server(api, "/block_documents/filter", {})
    there = {f"{block['block_type']['slug']}/{block['name']}" for block in found}
    for name in sorted(needed):
        if name in there:
            yield HealthFinding("blocks", "ok", name)
        else:
            yield HealthFinding(
                "blocks", "wrong", f"there is no block {name}", f"prefect block create {name.split('/')[0]}"
            )


def check_clock(settings: Settings, api: str) -> Iterator[HealthFinding]:
    """The clock against the server's and the lake's, and the time zones of the chains."""
    now = datetime.now(UTC)
    yield HealthFinding("clock", "ok", f"{now:%Y-%m-%d %H:%M:%S} UTC")
    if api and is_running(api):
        with urlopen(f"{api}/health", timeout=3) as answer:  # noqa: S310 - http addresses only
            stated = answer.headers.get("Date")
        if stated and abs(parsedate_to_datetime(stated) - now) > _CLOCK_SLACK:
            yield HealthFinding("clock", "wrong", f"the server's clock says {stated}", "synchronise both with NTP")
    latest = open_lake(settings.lake).table(RUNS).scan().select(pl.col("ended_at").max()).collect().item()
    if latest and latest - now > _CLOCK_SLACK:
        yield HealthFinding(
            "clock", "wrong", f"the lake's last run ended later: {latest:%Y-%m-%d %H:%M} UTC", "timedatectl"
        )
    for name in sorted(chain_paths(settings.chains_folder)):
        zone = "UTC"
        with suppress(TronaError):  # a definition that cannot be read is told above
            zone = load_chain(name, settings.chains_folder).calendar.time_zone
        try:
            ZoneInfo(zone)
        except ZoneInfoNotFoundError:
            yield HealthFinding("clock", "wrong", f"the time zone {zone} is not known here", "pip install tzdata")


def check_disk(settings: Settings) -> Iterator[HealthFinding]:
    """Free space where the lake and the server's database are."""
    places = [settings.home] if "://" in settings.lake else [settings.lake, settings.home]
    seen: set[int] = set()
    for place in places:
        folder = next(p for p in [Path(place).expanduser().absolute(), *Path(place).absolute().parents] if p.exists())
        if folder.stat().st_dev in seen:
            continue
        seen.add(folder.stat().st_dev)
        free = shutil.disk_usage(folder).free
        state = "ok" if free >= _LITTLE_SPACE else "wrong"
        yield HealthFinding(
            "disk", state, f"{free / 1e9:,.1f} GB free at {folder}", "" if state == "ok" else "make room"
        )


def _name(check: Callable[[], Iterator[HealthFinding]]) -> str:
    names = [*check.__code__.co_names, check.__name__]
    return next(name for name in names if name.startswith("check_")).removeprefix("check_")
