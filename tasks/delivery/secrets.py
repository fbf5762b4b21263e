"""Secrets: named in settings, resolved at the last moment, and taken out of everything that is written."""

import logging
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import quote, unquote, urlsplit

from contracts.errors import UsageError

_LIBRARIES = (
    *("httpx", "httpcore", "httpcore.connection", "httpcore.http11", "httpcore.http2", "httpcore.proxy"),
    *("slack_sdk", "slack_sdk.webhook.client", "slack_sdk.web.base_client", "slack_sdk.web.client"),
    *("urllib3", "urllib3.connectionpool", "mail.log"),
)
_HIDDEN = "(hidden)"
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


Resolver = Callable[[SecretName], str]


def resolve_environment(name: SecretName) -> str:
    """The secret from the environment. Raises `UsageError`, naming the variable, where it is not set."""
    if name.block:
        raise UsageError(f"the {name} can only be read by a command that loads Prefect", next="use { env = … } instead")
    value = os.environ.get(name.env, "")
    if not value:
        raise UsageError(f"the {name} is not set", next=f"set {name.env}, or change receivers.toml")
    return value


def hide_secrets(text: str, secrets: Mapping[str, str]) -> str:
    """`text` with every secret, and every telling part of a secret address, replaced by `(hidden)`."""
    for part in sorted(_tell_tale_parts(secrets.values()), key=len, reverse=True):
        text = text.replace(part, _HIDDEN)
    return text


@contextmanager
def quiet_libraries(secrets: Mapping[str, str]) -> Iterator[None]:
    """While inside, the log records of the client libraries are written without these secrets."""
    hider = _Hider(secrets)
    for name in _LIBRARIES:
        logging.getLogger(name).addFilter(hider)
    try:
        yield
    finally:
        for name in _LIBRARIES:
            logging.getLogger(name).removeFilter(hider)


class _Hider(logging.Filter):
    """Rewrites a record so that it holds no secret, whatever its arguments are."""

    def __init__(self, secrets: Mapping[str, str]) -> None:
        super().__init__()
        self._secrets = secrets

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = hide_secrets(record.getMessage(), self._secrets), ()
        record.exc_info, record.exc_text = None, None
        return True


def _tell_tale_parts(values: Iterable[str]) -> set[str]:
    parts: set[str] = set()
    for value in values:
        parts |= {value, quote(value), unquote(value)}
        address = urlsplit(value)
        if address.scheme in {"http", "https"}:
            parts |= {address.path, address.query, f"{address.path}?{address.query}"}
            parts |= {p for p in address.path.split("/") if len(p) >= 2 * _SHORTEST}
            parts |= {address.password or "", address.username or ""}
    return {part for part in parts if len(part) >= _SHORTEST} | {v for v in values if v}
