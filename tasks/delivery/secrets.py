"""Secrets of receivers: named in settings, resolved at the last moment, and taken out of everything that is written."""

import logging
import os
import threading
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from contracts.errors import UsageError
from contracts.secret import HIDDEN, Secret

# Words of an address that say nothing; a part of it shorter than this is no secret.
_SHORTEST = 6


@dataclass(frozen=True)
class SecretName:
    """Where a secret is: an environment variable, or a Prefect block `type/name` (and which field of it)."""

    env: str = ""
    block: str = ""
    field: str = ""

    def __str__(self) -> str:
        return f"environment variable {self.env}" if self.env else f"Prefect block {self.block}"


Resolver = Callable[[SecretName], Secret]


def resolve_environment(name: SecretName) -> Secret:
    """The secret from the environment. Raises `UsageError`, naming the variable, where it is not set."""
    if name.block:
        raise UsageError(f"the {name} can only be read by a command that loads Prefect", next="use { env = … } instead")
    value = os.environ.get(name.env, "")
    if not value:
        raise UsageError(f"the {name} is not set", next=f"set {name.env}, or change receivers.toml")
    return Secret(value)


def hide_secrets(text: str, secrets: Iterable[Secret]) -> str:
    """`text` with every secret, and every telling part of a secret address, replaced by `(hidden)`."""
    return _hide_parts(text, _tell_tale_parts(secret.reveal() for secret in secrets))


@contextmanager
def hide_in_logs(secrets: Mapping[str, Secret]) -> Iterator[None]:
    """While inside, no log record of this process, whoever writes it, holds one of these secrets.

    A record is cleaned when it is made: message, arguments and traceback. Filters of single loggers would miss the
    next library's own.
    """
    parts = _tell_tale_parts(secret.reveal() for secret in secrets.values())
    with _LOCK:
        _watch_records()
        _ACTIVE.update(parts)
    try:
        yield
    finally:
        with _LOCK:
            _ACTIVE.subtract(parts)
            for part in parts:
                if _ACTIVE[part] <= 0:
                    del _ACTIVE[part]


_LOCK = threading.Lock()
_ACTIVE: Counter[str] = Counter()


def _watch_records() -> None:
    """Put the cleaning before whatever makes log records, once."""
    make = logging.getLogRecordFactory()
    if getattr(make, "hides_secrets", False):
        return

    def make_clean(*args: Any, **kwargs: Any) -> logging.LogRecord:
        record = make(*args, **kwargs)
        return _clean(record, list(_ACTIVE)) if _ACTIVE else record

    make_clean.hides_secrets = True  # type: ignore[attr-defined]
    logging.setLogRecordFactory(make_clean)


def _clean(record: logging.LogRecord, parts: list[str]) -> logging.LogRecord:
    record.msg, record.args = _hide_parts(record.getMessage(), parts), ()
    if record.exc_info and record.exc_info[1] is not None:
        told = "".join(traceback.format_exception(record.exc_info[1]))
        record.exc_info, record.exc_text = None, _hide_parts(told.rstrip("\n"), parts)
    return record


def _hide_parts(text: str, parts: Iterable[str]) -> str:
    for part in sorted(parts, key=len, reverse=True):
        text = text.replace(part, HIDDEN)
    return text


def _tell_tale_parts(values: Iterable[str]) -> set[str]:
    parts: set[str] = set()
    whole = {value for value in values if value}
    for value in whole:
        parts |= {
            value,
            quote(value, errors="surrogateescape"),
            unquote(value),
            value.encode("unicode_escape").decode(),
        }
        try:
            address = urlsplit(value)
        except ValueError:
            continue
        if address.scheme in {"http", "https"}:
            parts |= {address.path, address.query, f"{address.path}?{address.query}"}
            parts |= {p for p in address.path.split("/") if len(p) >= 2 * _SHORTEST}
            parts |= {address.password or "", address.username or ""}
    return {part for part in parts if len(part) >= _SHORTEST} | whole
