"""Which Prefect server this account has set for itself, read as Prefect reads it.

Without Prefect, whose import takes a second.

In this order: the environment, `.env`, `prefect.toml` and `pyproject.toml` here, the active profile.
"""

import os
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_NAME = "PREFECT_API_URL"


@dataclass(frozen=True)
class NamedServer:
    """An address and who names it."""

    address: str
    by: str


def find_named_server() -> NamedServer | None:
    """The server that Prefect would use; None where none is set."""
    return next((found for found in _list_named() if found.address), None)


def _list_named() -> Iterator[NamedServer]:
    yield NamedServer(os.environ.get(_NAME, ""), _NAME)
    yield NamedServer(_read_dotenv(Path(".env")), ".env")
    for name, keys in (("prefect.toml", ("api", "url")), ("pyproject.toml", ("tool", "prefect", "api", "url"))):
        yield NamedServer(_read_key(_read_toml(Path(name)), keys), name)
    path = _find_profiles()
    profiles = _read_toml(path)
    active = os.environ.get("PREFECT_PROFILE") or str(profiles.get("active", ""))
    address = _read_key(profiles, ("profiles", active, _NAME))
    yield NamedServer(address, f"profile {active!r} in {path}")


def _find_profiles() -> Path:
    named = os.environ.get("PREFECT_PROFILES_PATH")
    home = os.environ.get("PREFECT_HOME") or "~/.prefect"
    return Path(named) if named else Path(home).expanduser() / "profiles.toml"


def _read_dotenv(path: Path) -> str:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return ""
    pairs = (line.removeprefix("export ").partition("=") for line in lines)
    return next((value.strip().strip("'\"") for name, _, value in pairs if name.strip() == _NAME), "")


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}  # Prefect says what is wrong with it


def _read_key(found: Any, keys: tuple[str, ...]) -> str:
    for key in keys:
        found = found.get(key) if isinstance(found, dict) else None
    return found if isinstance(found, str) else ""
