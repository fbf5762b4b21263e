"""`receivers.toml`: who is told what, through which channel. One file, without secrets in it."""

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from contracts.alerts import SEVERITIES
from contracts.errors import UsageError
from contracts.toml_text import TomlBroken, read_toml
from tasks.delivery.channel import find_channels
from tasks.delivery.channels.console import ConsoleReceiver
from tasks.delivery.channels.file import FileReceiver
from tasks.delivery.receiver import Receiver, list_settings
from tasks.delivery.secrets import SecretName
from tasks.reconciling.language import list_languages

DEFAULT_RECEIVERS: tuple[Receiver, ...] = (ConsoleReceiver(name="console"), FileReceiver(name="file"))
_SECRET_TYPES = (SecretName, SecretName | None)


def choose_receivers(address: str) -> Sequence[Receiver]:
    """Who is told: the receivers of the file at this address; the console and the lake where it is empty.

    Raises `UsageError` as `load_receivers`: a file that is named and not there is an error, never silence.
    """
    return load_receivers(Path(address)) if address else DEFAULT_RECEIVERS


def load_receivers(path: Path) -> list[Receiver]:
    """The receivers of a file, each of the type of its channel.

    Raises `UsageError`, naming the receiver and never printing a value that may be a secret, where there is no file,
    for unknown or missing settings, a secret written into the file, settings that do not fit together, or two
    receivers of one name.
    """
    try:
        data = read_toml(path)
    except OSError as error:
        raise UsageError(
            "the receivers cannot be read",
            where=str(path),
            found=error.strerror or type(error).__name__,
            effect="nobody would be told; nothing was done",
            next="correct the setting `receivers` (TRONA_RECEIVERS, trona.toml), or write the file with `trona init`",
        ) from error
    except TomlBroken as error:
        raise UsageError(
            "the receivers are not TOML",
            where=str(path),
            found=str(error).rsplit("(", 1)[-1].rstrip(")"),  # the place alone: a key may be a secret
            effect="nobody would be told; nothing was done",
            next="correct that line: every setting is in the file that `trona init` writes",
        ) from None
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
    channels = find_channels()
    _one_of("kind", item.get("kind", ""), tuple(channels), where)
    kind = channels[item["kind"]].receiver
    values: dict[str, Any] = {
        key: _read_setting(kind, key, value, where) for key, value in item.items() if key != "kind"
    }
    missing = [f.name for f in fields(kind) if f.default is MISSING and not values.get(f.name)]
    if missing:
        raise UsageError(f"a receiver of kind {kind.kind} needs {' and '.join(missing)}", where=where)
    receiver = kind(**values)
    _one_of("severity", receiver.severity, SEVERITIES, where)
    _one_of("language", receiver.language, list_languages(), where)
    problem = receiver.find_problem()
    if problem:
        raise UsageError(problem, where=where)
    return receiver


def _read_setting(kind: type[Receiver], key: str, value: object, where: str) -> object:
    """A setting as its type asks."""
    known = list_settings(kind)
    if key not in known:
        near = get_close_matches(key, known, n=1)
        hint = f"did you mean {near[0]}?" if near else f"settings are: kind, {', '.join(known)}"
        raise UsageError(f"unknown setting {key!r} of a receiver of kind {kind.kind}", where=where, next=hint)
    wanted = known[key]
    if wanted in _SECRET_TYPES:
        return _read_secret(key, value, where)
    if wanted == tuple[str, ...]:
        texts = [value] if isinstance(value, str) else value
        if isinstance(texts, list) and all(isinstance(text, str) for text in texts):
            return tuple(texts)
    elif wanted is float and isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    elif type(value) is wanted:
        return value
    raise UsageError(f"the setting {key} has the wrong type: {type(value).__name__}", where=where)


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


def _one_of(key: str, value: object, known: tuple[str, ...], where: str) -> None:
    if value not in known:
        near = get_close_matches(str(value), known, n=1)
        hint = f"did you mean {near[0]}?" if near else f"known: {', '.join(known)}"
        raise UsageError(f"unknown {key} {value!r}", where=where, next=hint)
