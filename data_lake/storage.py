"""Files of the lake, on a local disk or in an object store, under one address.

A local file is complete and flushed to disk before it has its name; an object store gives the same by
itself. Files are never changed: a name that exists already holds the same bytes. Who may read a local file
is what the umask of the writer says, for files of Trona and of the Delta library alike.
"""

import os
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING
from urllib.parse import quote

from contracts.errors import SourceUnavailable

if TYPE_CHECKING:
    from obstore.store import ObjectStore

_LITERAL = "/:@!$&'()*+,;=~"


@dataclass(frozen=True)
class Storage:
    """A root folder or object-store prefix. `options` are passed to the store as they are (keys, endpoint …)."""

    uri: str
    options: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def local(self) -> Path | None:
        """The root as a path, or None where it is an object store."""
        is_local = "://" not in self.uri or self.uri.startswith("file://")
        return Path(self.uri.removeprefix("file://")) if is_local else None

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

    def size(self, name: str) -> int | None:
        """Bytes of a file, None where it is not there. Raises `SourceUnavailable` where that cannot be known."""
        try:
            if self.local:
                return (self.local / name).stat().st_size
            return int(self._objects().head(name)["size"])
        except FileNotFoundError:
            return None
        except store_errors() as error:
            raise _cannot("found", self.address(name), error) from error

    def list(self, folder: str) -> dict[str, int]:
        """Files below a folder, by name relative to the root, with their bytes; empty where there is no folder."""
        return {name: size for name, (size, _) in self.list_times(folder).items()}

    def list_times(self, folder: str) -> dict[str, tuple[int, datetime]]:
        """Files below a folder, by name relative to the root, with their bytes and when they were written (UTC)."""
        try:
            if self.local:
                return dict(sorted(_walk(self.local, self.local / folder)))
            objects = (item for batch in self._objects().list(f"{folder}/" if folder else None) for item in batch)
            return dict(sorted((item["path"], (item["size"], item["last_modified"])) for item in objects))
        except store_errors() as error:
            raise _cannot("listed", self.address(folder), error) from error

    def renew(self, name: str, size: int) -> bool:
        """Make a local file of this size count as written now; False where there is none, and on an object store.

        An object is written again as cheaply as it is looked for.
        """
        if not self.local or self.size(name) != size:
            return False
        try:
            os.utime(self.local / name)
        except OSError:  # gone by now, or another account's: written again
            return False
        return True

    def remove(self, name: str, before: datetime) -> bool:
        """Remove a file that was written before this instant; False where it is gone, or was written again since.

        Raises `SourceUnavailable` where it cannot be removed.
        """
        try:
            if self.local:
                return _remove_local(self.local / name, before)
            if self._objects().head(name)["last_modified"] >= before:
                return False
            self._objects().delete(name)
        except FileNotFoundError:
            return False
        except store_errors() as error:
            raise _cannot("removed", self.address(name), error) from error
        return True

    def has_any(self, folder: str) -> bool:
        """Whether there is a file below a folder. Raises `SourceUnavailable` where that cannot be known."""
        try:
            if self.local:
                return any(True for _ in _walk(self.local, self.local / folder))
            return any(len(batch) > 0 for batch in self._objects().list(f"{folder}/", chunk_size=1))
        except store_errors() as error:
            raise _cannot("listed", self.address(folder), error) from error

    def copy(self, name: str, target: str) -> None:
        """Give a file's bytes to another name, whole or not at all. Raises `SourceUnavailable` where that fails."""
        if self.local:
            self.put(target, self.get(name))
            return
        try:
            self._objects().copy(name, target)
        except store_errors() as error:
            raise _cannot("written", self.address(target), error) from error

    def set_aside(self, name: str, suffix: str) -> None:
        """Rename a file so that no reader takes it for what it was. Raises `SourceUnavailable` where that fails."""
        try:
            if self.local:
                path = self.local / name
                path.replace(path.with_name(path.name + suffix))
                flush(path.parent)
            else:
                self._objects().rename(name, name + suffix)
        except store_errors() as error:
            raise _cannot("set aside", self.address(name), error) from error

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
    store: ObjectStore = from_url(encode_address(address), config=config, client_options={"allow_http": plain})  # type: ignore[call-overload]
    return store


def encode_address(address: str) -> str:
    """An object-store address as libraries want it: percent-encoded, so that `#`, `?` and `%` stand for themselves."""
    scheme, _, rest = address.partition("://")
    return f"{scheme}://{quote(rest, safe=_LITERAL)}"


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


def write_whole(path: Path, write: Callable[[IO[bytes]], object]) -> None:
    """Write a file so that its name always holds all of it: what was there before, or what `write` puts into it."""
    temporary = path.parent / f".writing-{secrets.token_hex(8)}"
    descriptor = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666)  # less the umask, like the log's files
    try:
        with os.fdopen(descriptor, "w+b") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


@contextmanager
def hold(folder: Path, *, alone: bool) -> Iterator[bool]:
    """Hold a local folder together with others, or alone; yields whether it could be had at once.

    Held by the process, and let go by the system when it dies. Where the system or the file system has no such
    locks, nobody is alone: False, and holding together is granted.
    """
    try:
        import fcntl  # noqa: PLC0415 - not on every system
    except ImportError:
        yield not alone
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, (fcntl.LOCK_EX | fcntl.LOCK_NB) if alone else fcntl.LOCK_SH)
            is_held = True
        except OSError:
            is_held = not alone
        yield is_held
    finally:
        os.close(descriptor)


def _remove_local(path: Path, before: datetime) -> bool:
    """Out of the way first, then looked at again: a writer that counted on the file has made it new in between."""
    aside = path.with_name(f"{path.name}.removed")
    path.rename(aside)
    if datetime.fromtimestamp(aside.stat().st_mtime, UTC) >= before:
        aside.rename(path)
        return False
    aside.unlink()
    return True


def _walk(root: Path, folder: Path) -> Iterator[tuple[str, tuple[int, datetime]]]:
    for place, folders, names in os.walk(folder, onerror=_raise_unless_missing):
        folders.sort()
        for name in names:
            path = Path(place) / name
            with suppress(FileNotFoundError):
                found = path.stat()
                yield (
                    path.relative_to(root).as_posix(),
                    (found.st_size, datetime.fromtimestamp(found.st_mtime, UTC)),
                )


def _raise_unless_missing(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError):
        raise error


def _put_local(path: Path, content: bytes) -> None:
    made = [folder for folder in path.parents if not folder.exists()]
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, lambda file: file.write(content))
    flush(path.parent, *(folder.parent for folder in made))


def _cannot(verb: str, address: str, error: Exception) -> SourceUnavailable:
    return SourceUnavailable(
        f"a file of the lake cannot be {verb}",
        where=address,
        found=str(getattr(error, "strerror", None) or str(error).partition("\n")[0]),
        effect="nothing was recorded by this step; what was recorded before is whole",
        next="check permissions, free space and the address of the lake, then run the same command again",
    )
