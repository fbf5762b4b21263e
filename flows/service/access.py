"""Who may talk to the Prefect server of `trona up`: who has its password, from its own page.

The password is made once, at `trona init` or the first `trona up`, and kept in a file that its owner alone can read.
Whoever works beside the server (commands on the same lake) finds the file through the lake's lock.
"""

import os
import secrets
import socket
from collections.abc import Mapping
from contextlib import suppress
from ipaddress import ip_address
from pathlib import Path

from contracts.errors import SourceUnavailable
from contracts.secret import Secret

SERVER_PASSWORD, CLIENT_PASSWORD = "PREFECT_SERVER_API_AUTH_STRING", "PREFECT_API_AUTH_STRING"
_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
_EVERYWHERE = ("0.0.0.0", "::", "")  # noqa: S104 - recognised, not bound


def make_password(home: Path) -> Path:
    """The file of the password in `home`; made where there is none, readable by its owner alone."""
    path = home / "password"
    if path.exists():
        return path
    part = home / f".password-{secrets.token_hex(8)}"
    try:
        home.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(f"trona:{secrets.token_urlsafe(24)}\n")
            file.flush()
            os.fsync(file.fileno())
        _give_name(part, path)
    except OSError as error:
        raise SourceUnavailable(
            "the password of the Prefect server cannot be written",
            where=str(path),
            found=error.strerror or type(error).__name__,
            next="make room there, or name another place with the setting `home`",
        ) from error
    finally:
        with suppress(OSError):
            part.unlink()
    return path


def _give_name(part: Path, path: Path) -> None:
    """The file gets its name whole or not at all: half a password, or an empty one, would let others in."""
    try:
        os.link(part, path)
    except FileExistsError:
        pass  # somebody else was faster; theirs holds
    except OSError:
        part.replace(path)  # a disk without such links


def read_password(path: Path) -> Secret:
    """The password as Prefect takes it, `name:word`. Raises `SourceUnavailable` where it cannot be read."""
    try:
        written = path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise SourceUnavailable(
            "the password of the Prefect server cannot be read",
            where=str(path),
            found=error.strerror or type(error).__name__,
            next=f"work as the account that runs `trona up`, or set {CLIENT_PASSWORD}",
        ) from error
    if not written:
        raise SourceUnavailable(
            "the password file of the Prefect server is empty",
            where=str(path),
            effect="no server is started, since it would let everybody in",
            next="remove the file: `trona up` makes a new one",
        )
    return Secret(written)


def use_password(up: Mapping[str, object]) -> None:
    """Let this process talk to the server of the `trona up` that says this of itself, unless a password is set."""
    path = str(up.get("password", ""))
    if path and CLIENT_PASSWORD not in os.environ:
        os.environ[CLIENT_PASSWORD] = read_password(Path(path)).reveal()


def list_addresses(host: str, port: int, names: str = "") -> tuple[str, ...]:
    """`name:port` of every address under which the server is meant to be reached; `names` are further ones."""
    own: tuple[str, ...] = _LOOPBACK if host in {"127.0.0.1", "localhost", "::1"} else (host, *_LOOPBACK)
    if host in _EVERYWHERE:
        own = (*_LOOPBACK, socket.gethostname(), socket.getfqdn())
    further = [name.strip() for name in names.split(",") if name.strip()]
    at_port = [f"{name}:{port}" for name in (*own, *further)]
    return tuple(dict.fromkeys([*at_port, *further]))  # a proxy's name comes without the port


def is_own_address(address: str, own: tuple[str, ...], *, is_open: bool) -> bool:
    """Whether a Host header names this server. An open one is reached by number too, which no foreign name can be."""
    if address.lower() in {known.lower() for known in own}:
        return True
    if not is_open:
        return False
    number = address.rpartition(":")[0] if address.count(":") == 1 else address
    try:
        ip_address(number.strip("[]").partition("]")[0])
    except ValueError:
        return False
    return True
