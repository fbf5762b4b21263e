"""The lake: one address under which documents and tables are kept."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from contracts.errors import SourceUnavailable, UsageError
from contracts.table import Table
from data_lake.delta import DeltaLog
from data_lake.opening import check_address
from data_lake.storage import Storage

_STORES = {"s3", "s3a", "gs", "az", "abfs", "abfss"}

_MARK = "LAKE"


@dataclass(frozen=True)
class Lake:
    """A lake. Tables come into being with their first row; opening a lake writes nothing."""

    storage: Storage

    @property
    def uri(self) -> str:
        """The address, as printed on the first line of each run."""
        return self.storage.uri

    def is_there(self) -> bool:
        """Whether there is a lake at this address: one that was made, or has a document or a release."""
        if self.storage.has(_MARK):
            return True
        return any(self.storage.has_any(folder) for folder in ("documents", "releases", "quarantine"))

    def make(self) -> None:
        """Leave a mark that here is a lake, so that an empty one can be told from none."""
        if not self.storage.has(_MARK):
            self.storage.put(_MARK, b"A lake of Trona: documents by hash, and tables in folders of their names.\n")

    def require(self) -> None:
        """Raise `SourceUnavailable` where there is no lake."""
        if not self.is_there():
            raise SourceUnavailable(
                "there is no lake here, and none may be made",
                where=self.uri,
                effect="nothing was read or written",
                next="mount the share or correct the address; to make a new lake here: "
                "TRONA_LAKE_MUST_EXIST=false for one command",
            )

    def table(self, table: Table) -> DeltaLog:
        """The table of this name."""
        return DeltaLog(self.storage, table)

    def keep_document(self, sha256: str, content: bytes) -> None:
        """Keep a document's bytes under their hash; a document that is kept already is left alone."""
        name = document_name(sha256)
        if self.storage.size(name) != len(content):
            self.storage.put(name, content)

    def read_document(self, sha256: str) -> bytes:
        """Bytes of a kept document. Raises `SourceUnavailable` where it is not there."""
        return self.storage.get(document_name(sha256))


def open_lake(uri: str | Path, options: Mapping[str, str] | None = None) -> Lake:
    """The lake at a folder or object-store address (`s3://bucket/lake`).

    For an object store, credentials and endpoint come from the environment (`AWS_ACCESS_KEY_ID`,
    `AWS_ENDPOINT_URL` …) or from `options`. The address is taken as it is written, nothing in it is
    percent-encoded. Raises `UsageError` for an address of an unknown kind or with a name that tables cannot have, and
    `SourceUnavailable` where a local path is a file.
    """
    text = str(uri)
    scheme = text.partition("://")[0] if "://" in text else ""
    if scheme in _STORES:
        return _checked(Lake(Storage(text.rstrip("/"), dict(options or {}))))
    if scheme not in {"", "file"}:
        raise UsageError(
            f"the lake's address has an unknown scheme: {scheme}",
            where=text,
            next="give a folder, or an address that begins with " + ", ".join(f"{s}://" for s in sorted(_STORES)),
        )
    folder = Path(text.removeprefix("file://")).expanduser()
    if folder.exists() and not folder.is_dir():
        raise SourceUnavailable("the lake's address is a file, not a folder", where=str(folder))
    if folder.exists() and not os.access(folder, os.R_OK | os.X_OK):
        raise SourceUnavailable("the lake's folder cannot be read", where=str(folder), next="check its permissions")
    return _checked(Lake(Storage(str(folder.absolute()))))


def _checked(lake: Lake) -> Lake:
    check_address(lake.storage)
    return lake


def document_name(sha256: str) -> str:
    """Where a document is kept, relative to the lake."""
    return f"documents/{sha256[:2]}/{sha256}"
