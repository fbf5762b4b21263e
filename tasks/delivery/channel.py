"""Channels: each is one file of the folder `channels`, which registers itself when it is imported."""

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from tasks.delivery.receiver import Receiver
from tasks.delivery.senders import SendOutcome, SendRequest
from tasks.messages.neutral import Message


@dataclass(frozen=True)
class Channel:
    """One way to reach people: the type of its receivers, its sender, and how a person looks at a message first.

    `send` raises nothing that it can tell as an outcome. `preview` writes what would be sent as text, into a file
    that ends in `preview_suffix`. Client libraries are imported inside `send`: only who uses a channel waits for them.
    """

    receiver: type[Receiver]
    send: Callable[[SendRequest[Any]], SendOutcome]
    preview: Callable[[Message], str]
    preview_suffix: str

    @property
    def kind(self) -> str:
        """Its name in `receivers.toml`."""
        return self.receiver.kind


_REGISTERED: dict[str, Channel] = {}


def register_channel(channel: Channel) -> None:
    """Make a channel known. Raises `ValueError` where another one has its name."""
    if not channel.kind or channel.kind in _REGISTERED:
        raise ValueError(f"a channel needs a kind of its own, not {channel.kind!r}")
    _REGISTERED[channel.kind] = channel


def find_channels() -> Mapping[str, Channel]:
    """Every channel by its kind, in the order of the files of the folder `channels`."""
    _import_channels()
    return dict(_REGISTERED)


@cache
def _import_channels() -> None:
    package = importlib.import_module("tasks.delivery.channels")
    for found in sorted(pkgutil.iter_modules(package.__path__), key=lambda module: module.name):
        importlib.import_module(f"{package.__name__}.{found.name}")
