"""Settings: `trona.toml` in the working directory or in `TRONA_CONFIG`, each value also by environment."""

import os
import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from contracts.errors import UsageError


@dataclass(frozen=True)
class Settings:
    """Where things are, and what is assumed where a document does not say it."""

    lake: str = "./lake"
    inbox: str = "./inbox"
    source: str = ""
    chains: str = ""
    receivers: str = "./receivers.toml"

    @property
    def chains_folder(self) -> Path | None:
        """Folder of the user's own chain definitions, if any."""
        return Path(self.chains) if self.chains else None


def load_settings(*, lake: str = "") -> Settings:
    """Settings from file and environment; an option of the command line comes before both.

    Raises `UsageError` where the file cannot be read or has a name that is not a setting.
    """
    folder = Path(os.environ.get("TRONA_CONFIG") or ".")
    path = folder if folder.suffix == ".toml" else folder / "trona.toml"
    values = _read(path) if path.exists() else {}
    names = [f.name for f in fields(Settings)]
    unknown = sorted(values.keys() - set(names))
    if unknown:
        raise UsageError(f"unknown setting {unknown[0]!r}", where=str(path), next=f"settings are: {', '.join(names)}")
    values |= {name: os.environ[f"TRONA_{name.upper()}"] for name in names if os.environ.get(f"TRONA_{name.upper()}")}
    if lake:
        values["lake"] = lake
    return Settings(**values)


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise UsageError("the settings cannot be read", where=str(path), found=str(error)) from error
