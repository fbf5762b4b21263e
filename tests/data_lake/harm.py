"""Harm done to a lake on purpose, on a disk or in an object store, through its storage alone."""

from collections.abc import Callable

from data_lake.lake import Lake
from data_lake.storage import Storage

Harm = Callable[[Storage, str], None]


def remove(storage: Storage, name: str) -> None:
    """As a person deletes a file."""
    if storage.local:
        (storage.local / name).unlink()
    else:
        storage._objects().delete(name)


def cut(storage: Storage, name: str) -> None:
    """The first half alone."""
    content = storage.get(name)
    storage.put(name, content[: len(content) // 2])


def flip(storage: Storage, name: str) -> None:
    """As many bytes as before, one of them another."""
    content = bytearray(storage.get(name))
    content[len(content) // 2] ^= 0xFF
    storage.put(name, bytes(content))


HARMS: dict[str, Harm] = {"gone": remove, "cut": cut, "one bit": flip}


def data_files(lake: Lake, table: str) -> list[str]:
    """Names of the data files of a table."""
    return [name for name in lake.storage.list(table) if name.endswith(".parquet") and "/_" not in name]


def everything(lake: Lake) -> dict[str, bytes]:
    """Every file of the lake with its bytes, but what a repair set aside."""
    names = [name for name in lake.storage.list("") if not name.endswith(".damaged")]
    return {name: lake.storage.get(name) for name in names}
