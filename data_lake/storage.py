"""Files of the lake, on a local disk or in an object store, under one address.

A local file is complete and flushed to disk before it has its name; an object store gives the same by
itself. Files are never changed: a name that exists already holds the same bytes.
"""

import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from contracts.errors import SourceUnavailable

if TYPE_CHECKING:
    from obstore.store import ObjectStore


@dataclass(frozen=True)
class Storage:
    """A root folder or object-store prefix. `options` are passed to the store as they are (keys, endpoint …)."""

    uri: str
    options: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def local(self) -> Path | None:
        """The root as a path, or None where it is an object store."""
        if urlsplit(self.uri).scheme in {"", "file"}:
            return Path(self.uri.removeprefix("file://"))
        return None

    def address(self, name: str) -> str:
        """Address of a file or folder below the root, for polars and deltalake."""
        return str(self.local / name) if self.local else f"{self.uri.rstrip('/')}/{name}"

    def put(self, name: str, content: bytes) -> None:
        """Write a file whole, or leave nothing. Raises `SourceUnavailable` where it cannot be written."""
        try:
            if self.local:
                _put_local(self.local / name, content)
            else:
                self._objects().put(name, content)
        except store_errors() as error:
            raise _cannot("written", self.address(name), error) from error

    def get(self, name: str) -> bytes:
        """Read a file whole. Raises `SourceUnavailable` where it cannot be read."""
        try:
            if self.local:
                return (self.local / name).read_bytes()
            return bytes(self._objects().get(name).bytes())
        except store_errors() as error:
            raise _cannot("read", self.address(name), error) from error

    def has(self, name: str) -> bool:
        """Whether the file is there. Raises `SourceUnavailable` where the store does not say."""
        if self.local:
            return (self.local / name).is_file()
        try:
            self._objects().head(name)
        except FileNotFoundError:
            return False
        except store_errors() as error:
            raise _cannot("found", self.address(name), error) from error
        return True

    def _objects(self) -> "ObjectStore":
        return open_objects(self.uri, self.options)


def open_objects(address: str, options: Mapping[str, str] | None = None) -> "ObjectStore":
    """The objects below an address such as `s3://bucket/prefix`.

    Credentials and endpoint come from `options`, else from the environment; `AWS_ALLOW_HTTP=true` allows an endpoint
    without encryption, as it does for deltalake and polars (obstore alone does not read it there).
    """
    from obstore.store import from_url  # noqa: PLC0415 - only object stores pay for the import

    config = {name.lower(): value for name, value in (options or {}).items()}
    plain = config.pop("aws_allow_http", os.environ.get("AWS_ALLOW_HTTP", "")).lower() == "true"
    store: ObjectStore = from_url(address, config=config, client_options={"allow_http": plain})  # type: ignore[call-overload]
    return store


def store_errors() -> tuple[type[Exception], ...]:
    """What a disk or an object store raises: its own errors are no `OSError`."""
    from obstore.exceptions import BaseError  # noqa: PLC0415 - only where something is wrong

    return OSError, BaseError


def flush(*paths: Path) -> None:
    """Flush files or folders to disk, so that they survive a power cut; those that are gone are passed over."""
    for path in paths:
        try:
            descriptor = os.open(path, os.O_RDONLY)
        except FileNotFoundError:
            continue
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _put_local(path: Path, content: bytes) -> None:
    made = [folder for folder in path.parents if not folder.exists()]
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=".writing-")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    flush(path.parent, *(folder.parent for folder in made))


def _cannot(verb: str, address: str, error: Exception) -> SourceUnavailable:
    return SourceUnavailable(
        f"a file of the lake cannot be {verb}",
        where=address,
        found=str(getattr(error, "strerror", None) or str(error).partition("\n")[0]),
        effect="nothing was recorded by this step; what was recorded before is whole",
        next="check permissions, free space and the address of the lake, then run the same command again",
    )
