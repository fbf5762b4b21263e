"""Delta tables of the lake: Parquet files that exist and are on disk before the log names them.

Data files are written first, under a name that is the hash of their bytes, and flushed to disk; only
then does one transaction of the Delta log add (and remove) them, and the log is flushed too. A reader
therefore sees all of a commit or nothing, and a commit that has returned survives a power cut.
A commit may carry a `claim`: of two commits with the same claim, one is refused.
"""

import hashlib
import io
import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import polars as pl
from deltalake import DeltaTable, Schema
from deltalake.exceptions import CommitFailedError, DeltaError, TableNotFoundError
from deltalake.transaction import AddAction, CommitProperties, RemoveAction, Transaction

from contracts.errors import SourceUnavailable
from contracts.table import Table

_CONFIGURATION: dict[str, str | None] = {
    "delta.checkpointInterval": "10",
    "delta.enableExpiredLogCleanup": "false",
    "delta.deletedFileRetentionDuration": "interval 3650 days",
}
_ATTEMPTS = 30


class ClaimTaken(Exception):
    """Another commit holds this claim: what was to be written is there, or was decided by another writer."""
