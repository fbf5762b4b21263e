"""Receivers: who is told what, through which channel. One TOML file, without secrets in it."""

import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from difflib import get_close_matches
from email.errors import HeaderParseError
from email.headerregistry import Address
from pathlib import Path
from typing import Any

from contracts.alerts import SEVERITIES
from contracts.errors import UsageError
from tasks.delivery.secrets import SecretName

KINDS = ("slack", "email", "webhook", "console", "file")
SECURITIES = ("starttls", "tls", "none")
_SECRET = ("url", "token", "username", "password")


@dataclass(frozen=True)
class Receiver:
    """One receiver as written in `receivers.toml`.

    It hears of alerts that are at least `severity` and whose chain, segment and source are listed; an empty list
    means all. Slack: `url` (incoming webhook), or `token` and `channel` (bot: updates in place, threads). E-mail:
    `host`, `port`, `security`, `username`, `password`, `sender`, `to`. Webhook: `url`. File: `path`, else the folder
    `messages` of the lake.
    """

    name: str
    kind: str
    severity: str = "info"
    chains: tuple[str, ...] = ()
    segments: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    url: SecretName | None = None
    token: SecretName | None = None
    channel: str = ""
    api_url: str = "https://slack.com/api/"
    host: str = ""
    port: int = 587
    security: str = "starttls"
    ca_file: str = ""
    username: SecretName | None = None
    password: SecretName | None = None
    sender: str = ""
    to: tuple[str, ...] = ()
    path: str = ""
    timeout_seconds: float = 10.0
    page_url: str = ""

    @property
    def secret_names(self) -> dict[str, SecretName]:
        """The secrets it needs, by setting."""
        return {name: value for name in _SECRET if (value := getattr(self, name)) is not None}


DEFAULT_RECEIVERS = (Receiver(name="console", kind="console"), Receiver(name="file", kind="file"))


def load_receivers(path: Path) -> list[Receiver]:
    """The receivers of a file; console and file where there is none.

    Raises `UsageError`, naming the receiver and never printing a value that may be a secret, for unknown or missing
    settings, a secret written into the file, an address that is none, or two receivers of one name.
    """
    if not path.exists():
        return list(DEFAULT_RECEIVERS)
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError("the receivers cannot be read", where=str(path), found=type(error).__name__) from error
    except tomllib.TOMLDecodeError as error:
        where = str(error).rsplit("(", 1)[-1].rstrip(")")
        raise UsageError("the receivers are not TOML", where=f"{path}, {where}") from None
    unknown = sorted(data.keys() - {"receiver"})
    if unknown or not isinstance(data.get("receiver", []), list):
        raise UsageError("receivers are tables named [[receiver]]", where=str(path), found=", ".join(unknown))
    receivers = [_read_receiver(item, str(path)) for item in data.get("receiver", [])]
    names = [receiver.name for receiver in receivers]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise UsageError(f"two receivers are named {twice[0]!r}", where=str(path))
    return receivers


def _read_receiver(item: Mapping[str, Any], path: str) -> Receiver:
    name = item.get("name")
    if not isinstance(name, str) or not name.strip():
        raise UsageError("a receiver has no name", where=path, next='write name = "desk"')
    where = f"{path}, receiver {name}"
    known = {f.name: f for f in fields(Receiver)}
    values: dict[str, Any] = {}
    for key, value in item.items():
        if key not in known:
            near = get_close_matches(key, known, n=1)
            hint = f"did you mean {near[0]}?" if near else f"settings are: {', '.join(known)}"
            raise UsageError(f"unknown setting {key!r}", where=where, next=hint)
        values[key] = _read_secret(key, value, where) if key in _SECRET else _read_plain(known[key], value, where)
    receiver = Receiver(**({"kind": ""} | values))
    _check(receiver, where)
    return receiver


def _read_secret(key: str, value: object, where: str) -> SecretName:
    """`{ env = "NAME" }`, or `{ block = "type/name" }` where wanted with a field.

    Anything else may be the secret itself and is not repeated.
    """
    if isinstance(value, Mapping) and all(isinstance(text, str) and text for text in value.values()):
        is_block = "block" in value and value.keys() <= {"block", "field"} and "/" in value["block"]
        if is_block or value.keys() == {"env"}:
            return SecretName(**value)
    raise UsageError(
        f"{key} must name where the secret is, not hold it",
        where=where,
        next=f'write {key} = {{ env = "NAME_OF_A_VARIABLE" }} or {{ block = "type/name" }}',
    )


def _read_plain(item: Any, value: object, where: str) -> object:
    default = item.default if item.default is not MISSING else ""
    if isinstance(default, tuple):
        texts = [value] if isinstance(value, str) else value
        if isinstance(texts, list) and all(isinstance(text, str) for text in texts):
            return tuple(texts)
    elif isinstance(default, float) and isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    elif type(value) is type(default):
        return value
    raise UsageError(f"the setting {item.name} has the wrong type: {type(value).__name__}", where=where)


def _check(receiver: Receiver, where: str) -> None:
    _one_of("kind", receiver.kind, KINDS, where)
    _one_of("severity", receiver.severity, SEVERITIES, where)
    _one_of("security", receiver.security, SECURITIES, where)
    needs: dict[str, tuple[str, ...]] = {"email": ("host", "sender", "to"), "webhook": ("url",)}
    if receiver.kind == "slack":
        needs["slack"] = ("token", "channel") if receiver.token else ("url",)
    missing = [name for name in needs.get(receiver.kind, ()) if not getattr(receiver, name)]
    if missing:
        raise UsageError(f"a receiver of kind {receiver.kind} needs {' and '.join(missing)}", where=where)
    if bool(receiver.username) != bool(receiver.password):
        raise UsageError("username and password belong together", where=where)
    if receiver.username and receiver.security == "none":
        raise UsageError("refusing to send a password over an unencrypted connection", where=where)
    for address in (*receiver.to, *([receiver.sender] if receiver.sender else [])):
        _check_address(address, where)


def _one_of(key: str, value: str, known: tuple[str, ...], where: str) -> None:
    if value not in known:
        near = get_close_matches(value, known, n=1)
        hint = f"did you mean {near[0]}?" if near else f"known: {', '.join(known)}"
        raise UsageError(f"unknown {key} {value!r}", where=where, next=hint)


def _check_address(text: str, where: str) -> None:
    try:
        address = Address(addr_spec=text)
    except (HeaderParseError, ValueError, IndexError):
        address = None
    if address is None or not address.domain or not address.username or set(text) & set("\r\n"):
        raise UsageError(f"not an e-mail address: {text!r}", where=where)
