"""The inbox: a folder, or a prefix of an object store, in which documents land.

A document lies in it until it is dealt with, and then goes to `done/`, or to `refused/` with a file that says
why. Nothing else remembers what has landed: whatever still lies there is still to be done.
"""

import glob
import hashlib
import math
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Protocol

from contracts.errors import SourceUnavailable, TronaError
from contracts.text import fit_name, is_left_by_programs, print_name
from data_lake.files import write_file
from data_lake.storage import open_objects, store_errors

if TYPE_CHECKING:
    from obstore.store import ObjectStore

DONE, REFUSED = "done", "refused"
REASON_SUFFIX = ".reason.txt"
STILL_ALTHOUGH_OPEN_SECONDS = 60.0
"""A share may call a file open that nobody writes: untouched for so long, it counts as whole."""
# What copying programs call a file they have not finished.
_UNFINISHED = (".part", ".partial", ".tmp", ".temp", ".crdownload", ".download", ".filepart", ".swp")
_BESIDE = ".mapping.toml"


@dataclass(frozen=True)
class Landed:
    """A document in the inbox; `stamp` changes whenever its bytes may have changed."""

    name: str
    size: int
    stamp: str


class Inbox(Protocol):
    """What can be done with an inbox, wherever it is. Names are relative to it, with forward slashes."""

    @property
    def address(self) -> str:
        """Its folder or object-store prefix."""

    def list(self) -> list[Landed]:
        """Documents that lie in it, by name; those being written may be among them."""

    def is_still_written(self, name: str) -> bool:
        """Whether somebody has the document open for writing, as far as that can be known."""

    def is_whole(self, name: str) -> bool:
        """Whether it is known that nobody is writing it: then it need not lie still for long."""

    def find_age(self, name: str) -> float:
        """Seconds since it was touched; infinite for what does not change where it lies."""

    def find_taken(self, document: Landed) -> Landed | None:
        """The document where it went when it was taken; None where it is not found, or cannot change there."""

    def take_back(self, taken: Landed, name: str) -> str:
        """Move a taken document into the inbox again, under this name where it is free; its name there, or empty."""

    def fetch(self, name: str, folder: Path) -> Path:
        """The document as a local file; a copy in `folder` where it is not one already."""

    def accept(self, document: Landed) -> None:
        """Move to `done/`, unless it changed meanwhile or is gone."""

    def refuse(self, document: Landed, reason: str) -> None:
        """Move to `refused/`, with the reason beside it, unless it changed meanwhile or is gone."""


def open_inbox(address: str) -> Inbox:
    """The inbox at a folder or object-store address; a folder is made where there is none."""
    if "://" in address and not address.startswith("file://"):
        return ObjectInbox(address.rstrip("/"))
    inbox = FolderInbox(str(Path(address.removeprefix("file://")).expanduser().absolute()))
    inbox.make()
    return inbox


def is_document_name(name: str) -> bool:
    """Whether a name in the inbox is a document's: not hidden, not unfinished, not dealt with."""
    parts = PurePosixPath(name).parts
    return not (
        not parts
        or parts[0] in {DONE, REFUSED}
        or any(is_left_by_programs(part) for part in parts)
        or name.lower().endswith(_UNFINISHED)
        or name.endswith((_BESIDE, REASON_SUFFIX))
    )


def write_reason(name: str, error: TronaError) -> str:
    """Why a document was refused, for the file beside it."""
    return f"{name} was refused.\n\n{error}\n\nCorrected, it can be dropped into the inbox again.\n"


@dataclass(frozen=True)
class FolderInbox:
    """An inbox that is a folder on this machine."""

    address: str

    @property
    def folder(self) -> Path:
        """Where it is."""
        return Path(self.address)

    def make(self) -> None:
        """Make the folder. Raises `SourceUnavailable` where that fails."""
        try:
            for name in (DONE, REFUSED):
                (self.folder / name).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise SourceUnavailable(
                "the inbox cannot be made",
                where=self.address,
                found=error.strerror or str(error),
                next="check the setting `inbox` and the permissions of the folder",
            ) from error

    def list(self) -> list[Landed]:
        """Documents that lie in it, by name."""
        found = []
        for root, folders, files in os.walk(self.folder):
            folders[:] = sorted(f for f in folders if is_document_name(self._name(root, f)))
            found += [self._look(name) for f in files if is_document_name(name := self._name(root, f))]
        return sorted((d for d in found if d), key=lambda d: d.name)

    def is_still_written(self, name: str) -> bool:
        """Whether somebody has it open for writing."""
        return is_open_for_writing(self._find(name)) is True

    def is_whole(self, name: str) -> bool:
        """Whether the system says that nobody has it open for writing."""
        return is_open_for_writing(self._find(name)) is False

    def find_age(self, name: str) -> float:
        """Seconds since it was touched; none where it is gone."""
        try:
            return max(0.0, time.time() - self._find(name).stat().st_mtime)
        except OSError:
            return 0.0

    def find_taken(self, document: Landed) -> Landed | None:
        """Where it lies in `done/`: the same file, whatever it is called there."""
        name = f"{DONE}/{document.name}"
        stem = Path(name).stem
        beside = (self.folder / name).parent.glob(f"{glob.escape(stem)}.*")
        for path in [self.folder / name, *sorted(beside)]:
            found = self._look(path.relative_to(self.folder).as_posix())
            if found and found.stamp.rpartition("-")[2] == document.stamp.rpartition("-")[2]:
                return found
        return None

    def take_back(self, taken: Landed, name: str) -> str:
        """Move it back, so that it is read again."""
        path, target = self._find(taken.name), self.folder / name
        try:
            if target.exists():
                target = target.with_name(_name_apart(target.name, path.read_bytes()))
            path.rename(target)
        except OSError:
            return ""  # gone, or another run has dealt with it
        return target.relative_to(self.folder).as_posix()

    def fetch(self, name: str, folder: Path) -> Path:
        """The document as a local file: itself, or a link where its own name cannot be printed."""
        found = self._find(name)
        if found == self.folder / name:
            return found
        link = folder / fit_name(name.replace("/", "_"))
        link.unlink(missing_ok=True)
        link.symlink_to(found)
        return link

    def accept(self, document: Landed) -> None:
        """Move to `done/`. Raises `SourceUnavailable` where it cannot be moved."""
        with _telling_what_stays(document.name):
            if target := self._choose_target(document, DONE):
                self._move(document, target)

    def refuse(self, document: Landed, reason: str) -> None:
        """Move to `refused/`, once its reason lies there. Raises `SourceUnavailable` where either cannot be."""
        with _telling_what_stays(document.name):
            if target := self._choose_target(document, REFUSED):
                name = fit_name(target.name, beside=REASON_SUFFIX) + REASON_SUFFIX
                write_file(target.with_name(name), reason.encode())
                self._move(document, target)

    def _choose_target(self, document: Landed, where: str) -> Path | None:
        """Where it is moved to, overwriting nothing; None where another run has dealt with it, or it has changed."""
        if self._look(document.name) != document:
            return None
        target = self.folder / where / document.name
        target = target.with_name(fit_name(target.name))
        if target.exists():
            target = target.with_name(_name_apart(target.name, self._find(document.name).read_bytes()))
        return target

    def _move(self, document: Landed, target: Path) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        self._find(document.name).replace(target)

    def _look(self, name: str) -> Landed | None:
        try:
            status = self._find(name).stat()
        except OSError:
            return None
        return Landed(name, status.st_size, f"{status.st_mtime_ns}-{status.st_ino}")

    def _name(self, root: str, name: str) -> str:
        return "/".join(print_name(part) for part in (Path(root) / name).relative_to(self.folder).parts)

    def _find(self, name: str) -> Path:
        """The path of a document by its name as text: of a file whose name cannot be printed, the file itself."""
        path = self.folder
        for part in name.split("/"):
            path = path / part if _is_there(path / part) else _find_unprinted(path, part)
        return path


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # the printed form of a name may be longer than a name can be
        return False


def _find_unprinted(folder: Path, name: str) -> Path:
    names = os.listdir(folder) if _is_there(folder) else []  # noqa: PTH208 - names as the system gives them
    return folder / next((own for own in names if print_name(own) == name), name)


@dataclass(frozen=True)
class ObjectInbox:
    """An inbox that is a prefix of an object store; an object appears whole, so none is half-copied."""

    address: str

    def list(self) -> list[Landed]:
        """Documents that lie in it, by name."""
        return [landed for name, landed in sorted(self._list_all().items()) if is_document_name(name)]

    def is_still_written(self, name: str) -> bool:  # noqa: ARG002 - see the class
        """Whether somebody has it open for writing."""
        return False

    def is_whole(self, name: str) -> bool:  # noqa: ARG002 - see the class
        """An object is there when it is whole."""
        return True

    def find_age(self, name: str) -> float:  # noqa: ARG002 - see the class
        """An object does not change where it lies."""
        return math.inf

    def find_taken(self, document: Landed) -> Landed | None:  # noqa: ARG002 - see the class
        """An object that was moved does not change any more."""
        return None

    def take_back(self, taken: Landed, name: str) -> str:  # noqa: ARG002 - see the class
        """None is taken back."""
        return ""

    def fetch(self, name: str, folder: Path) -> Path:
        """The document as a local file."""
        path = folder.joinpath(*(fit_name(print_name(part)) for part in name.split("/")))
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            path.write_bytes(bytes(self._store().get(name).bytes()))
        except store_errors() as error:
            raise SourceUnavailable(
                "a document in the inbox cannot be fetched",
                where=f"{self.address}/{name}",
                found=type(error).__name__,
                effect="it stays in the inbox and is tried again",
                next="check the credentials and the network",
            ) from error
        return path

    def accept(self, document: Landed) -> None:
        """Move to `done/`."""
        self._move(document, DONE)

    def refuse(self, document: Landed, reason: str) -> None:
        """Move to `refused/`, with the reason."""
        moved = self._move(document, REFUSED)
        if moved:
            self._store().put(moved + REASON_SUFFIX, reason.encode())

    def _move(self, document: Landed, where: str) -> str:
        names = self._list_all()
        if names.get(document.name) != document:
            return ""
        store = self._store()
        target = f"{where}/{document.name}"
        if target in names:
            parent, _, last = target.rpartition("/")
            target = f"{parent}/{_name_apart(last, bytes(store.get(document.name).bytes()))}"
        try:
            store.rename(document.name, target)
        except FileNotFoundError:
            return ""  # another run has dealt with it
        return target

    def _list_all(self) -> dict[str, Landed]:
        try:
            listed = [item for batch in self._store().list() for item in batch]
        except Exception as error:
            raise SourceUnavailable(
                "the inbox cannot be listed",
                where=self.address,
                found=type(error).__name__,
                next="check the address, the credentials in the environment, and the network",
            ) from error
        return {
            item["path"]: Landed(item["path"], item["size"], item["e_tag"] or f"{item['last_modified']}")
            for item in listed
        }

    def _store(self) -> "ObjectStore":
        """The store; credentials and endpoint come from the environment only."""
        return open_objects(self.address)


@contextmanager
def _telling_what_stays(name: str) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        return  # another run has dealt with it
    except OSError as error:
        raise SourceUnavailable(
            "a document cannot be moved out of the inbox",
            where=print_name(name),
            found=error.strerror or str(error),
            effect="it lies there still and is looked at again; what was recorded of it is nothing new then",
            next="check the permissions of the inbox, of `done/` and of `refused/`, and free space",
        ) from error


def is_open_for_writing(path: Path) -> bool | None:
    """Whether any process has the file open for writing; None where the system does not say.

    Linux grants a read lease only on a file that nobody is writing, and only to its owner: of a file that another
    account uploads, on other systems and on file systems without leases it is not known.
    """
    if not sys.platform.startswith("linux"):
        return None
    import fcntl  # noqa: PLC0415 - not on every system

    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    except OSError:
        return None
    try:
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except BlockingIOError:
        return True
    except OSError:
        return None  # not ours, or no leases here
    finally:
        os.close(descriptor)
    return False


def _name_apart(name: str, content: bytes) -> str:
    """`2026-01.csv` → `2026-01.1f3a5b7c.csv`: the same bytes always get the same name."""
    digest = hashlib.sha256(content).hexdigest()[:8]
    stem, dot, suffix = fit_name(name, beside=f".{digest}").rpartition(".")
    return f"{stem}.{digest}.{suffix}" if dot else f"{suffix}.{digest}"
