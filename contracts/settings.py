"""Settings: `trona.toml` in the working directory or in `TRONA_CONFIG`, each value also by environment."""

import os
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from contracts.errors import UsageError
from contracts.secret import Secret
from contracts.toml_text import TomlBroken, read_toml

USUAL_RECEIVERS = "receivers.toml"


@dataclass(frozen=True)
class Settings:
    """Where things are, and what is assumed where a document does not say it."""

    lake: str = "./lake"
    lake_must_exist: bool = False
    "No command makes a lake where none is: an unmounted share is an error. `trona init` sets it, and makes the lake."
    inbox: str = "./inbox"
    source: str = ""
    chains: str = ""
    forecasters: str = ""
    "Sources that forecast and review nothing, each with whose actuals mark them: `house=smm, desk=smm`."
    receivers: str = ""
    "File that names who is told; empty = `receivers.toml` where there is one, else the console and the lake."
    owner: str = ""
    "Who answers for this: a name or an address, which every message names."
    page: str = ""
    "Folder in which each run keeps the page up to date, and that `trona up` serves; empty = no page."
    page_address: str = ""
    "Web address at which people find that folder, `https://…`; messages link to it. Empty = messages have no link."
    page_port: int = 0
    "Port at which `trona up` serves the page; 0 = the one after `port`."
    page_password: Secret = Secret()  # noqa: RUF009 - frozen
    "Who may read the page that `trona up` serves, `name:word`; empty = who has the server's password."
    home: str = "./.trona"
    "Folder of what `trona up` keeps for itself: its lock, and the Prefect server's database where that is SQLite."
    host: str = "127.0.0.1"
    "Address at which the Prefect server of `trona up` listens."
    port: int = 4200
    "Its port."
    page_names: str = ""
    "Other names under which its page is reached (a proxy's), separated by commas; requests to any other are refused."
    database: Secret = Secret()  # noqa: RUF009 - frozen
    "Database of the Prefect server, `postgresql+asyncpg://…`; empty = SQLite in `home`. May hold a password."
    settle_seconds: float = 10.0
    "A document in the inbox is taken once it was left alone for so long, where the system does not say who writes it."
    poll_seconds: float = 1.0
    "How often runs that wait are looked for, and an inbox in an object store is listed."
    runs_at_once: int = 2
    "Runs that `trona up` works on at the same time."
    dask: str = ""
    "Scheduler of a Dask cluster on which backfills work, `tcp://…`; empty = threads of the run's own process."
    log_format: str = "text"
    "How `trona up` and its runs write their log: text, or json for machines."

    @property
    def chains_folder(self) -> Path | None:
        """Folder of the user's own chain definitions, if any."""
        return Path(self.chains) if self.chains else None

    @property
    def receivers_address(self) -> str:
        """The file of receivers as a process with another working directory needs it; empty where none is meant.

        A file that was named is meant, whether it is there or not.
        """
        path = Path(self.receivers or USUAL_RECEIVERS).expanduser()
        return str(path.absolute()) if self.receivers or path.exists() else ""

    def __post_init__(self) -> None:
        if self.page_address and not self.page_address.startswith(("https://", "http://")):
            raise UsageError(
                "the setting page_address is not a web address",
                found=repr(self.page_address),
                next='write page_address = "https://…", or leave it out: messages then have no link',
            )

    @property
    def page_folder(self) -> Path | None:
        """The page's folder as a process with another working directory needs it; None where no page is kept."""
        return Path(self.page).expanduser().absolute() if self.page else None

    @property
    def page_at(self) -> int:
        """The port at which the page is served."""
        return self.page_port or self.port + 1

    @property
    def reachable_host(self) -> str:
        """The name under which what listens at `host` is reached from this machine."""
        return "127.0.0.1" if self.host in {"0.0.0.0", "::", ""} else self.host  # noqa: S104 - recognised, not bound

    @property
    def page_served(self) -> str:
        """Where `trona up` serves the page, seen from this machine."""
        return f"http://{self.reachable_host}:{self.page_at}"

    @property
    def marked_by(self) -> dict[str, str]:
        """The source whose actuals mark a forecaster, by forecaster. Raises `UsageError` where one is not named so."""
        pairs = [pair.partition("=") for pair in self.forecasters.split(",") if pair.strip()]
        named = {one.strip(): other.strip() for one, _, other in pairs}
        if not all(one and other and one != other for one, other in named.items()):
            raise UsageError(
                "the setting forecasters is not a list of pairs",
                found=repr(self.forecasters),
                next='write forecasters = "house=smm": house is scored by the actuals of smm',
            )
        return named

    @property
    def lake_address(self) -> str:
        """The lake's address as a process with another working directory needs it."""
        return self.lake if "://" in self.lake else str(Path(self.lake).expanduser().absolute())

    @property
    def inbox_address(self) -> str:
        """The inbox's address as a process with another working directory needs it."""
        return self.inbox if "://" in self.inbox else str(Path(self.inbox).expanduser().absolute())


def settings_path() -> Path:
    """Where the settings file is looked for, whether it is there or not."""
    folder = Path(os.environ.get("TRONA_CONFIG") or ".")
    return folder if folder.suffix == ".toml" else folder / "trona.toml"


def load_settings(*, lake: str = "", **options: object) -> Settings:
    """Settings from file and environment; options of the command line come before both, where they are given.

    Raises `UsageError` where the file cannot be read, or has a name that is not a setting or a value of another kind.
    """
    path = settings_path()
    values = _read(path) if path.exists() else {}
    names = [f.name for f in fields(Settings)]
    unknown = sorted(values.keys() - set(names))
    if unknown:
        raise UsageError(f"unknown setting {unknown[0]!r}", where=str(path), next=f"settings are: {', '.join(names)}")
    where = dict.fromkeys(values, str(path))
    for name in names:
        variable = f"TRONA_{name.upper()}"
        if os.environ.get(variable):
            values[name] = os.environ[variable]
            where[name] = variable
    given = {name: value for name, value in {"lake": lake, **options}.items() if value not in ("", None)}
    values |= given
    where |= dict.fromkeys(given, "")
    return Settings(**{name: _read_as(name, value, where.get(name, "")) for name, value in values.items()})


def _read_as(name: str, value: object, where: str) -> Any:
    kind = type(getattr(Settings, name))
    if kind is bool:
        return _read_truth(name, value, where)
    is_text = kind in {str, Secret}
    if isinstance(value, Secret):
        return value
    try:
        if isinstance(value, bool) or (is_text and not isinstance(value, str)):
            raise ValueError  # noqa: TRY301 - told below like a text that is no number
        return kind(value)
    except (TypeError, ValueError):
        found = type(value).__name__ if kind is Secret else repr(value)
        raise UsageError(
            f"the setting {name} is not a {'text' if is_text else 'number'}", where=where, found=found
        ) from None


def _read_truth(name: str, value: object, where: str) -> bool:
    if isinstance(value, bool):
        return value
    said = str(value).strip().lower()
    if said not in {"true", "false"}:
        raise UsageError(f"the setting {name} is neither true nor false", where=where, found=repr(value))
    return said == "true"


def _read(path: Path) -> dict[str, Any]:
    try:
        return read_toml(path)
    except (OSError, TomlBroken) as error:
        raise UsageError("the settings cannot be read", where=str(path), found=str(error)) from error
