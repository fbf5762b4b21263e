"""Settings: `trona.toml` in the working directory or in `TRONA_CONFIG`, each value also by environment."""

import os
import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from contracts.errors import UsageError

USUAL_RECEIVERS = "receivers.toml"


@dataclass(frozen=True)
class Settings:
    """Where things are, and what is assumed where a document does not say it."""

    lake: str = "./lake"
    inbox: str = "./inbox"
    source: str = ""
    chains: str = ""
    receivers: str = ""
    "File that names who is told; empty = `receivers.toml` where there is one, else the console and the lake."
    home: str = "./.trona"
    "Folder of what `trona up` keeps for itself: its lock, and the Prefect server's database where that is SQLite."
    host: str = "127.0.0.1"
    "Address at which the Prefect server of `trona up` listens."
    port: int = 4200
    "Its port."
    database: str = ""
    "Database of the Prefect server, `postgresql+asyncpg://…`; empty = SQLite in `home`. May hold a password."
    settle_seconds: float = 0.5
    "A document in the inbox is taken once it has been left alone for so long."
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
    values |= {name: value for name, value in {"lake": lake, **options}.items() if value not in ("", None)}
    return Settings(**{name: _read_as(name, value, where.get(name, "")) for name, value in values.items()})


def _read_as(name: str, value: object, where: str) -> Any:
    kind = type(getattr(Settings, name))
    try:
        if isinstance(value, bool) or (kind is str and not isinstance(value, str)):
            raise ValueError  # noqa: TRY301 - told below like a text that is no number
        return kind(value)
    except (TypeError, ValueError):
        raise UsageError(
            f"the setting {name} is not a {'number' if kind is not str else 'text'}", where=where, found=repr(value)
        ) from None


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise UsageError("the settings cannot be read", where=str(path), found=str(error)) from error
