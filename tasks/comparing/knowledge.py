"""What comparisons and scores depend on, as a number: equal numbers mean that the same rows would be computed."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from importlib.metadata import version
from pathlib import Path

import polars as pl

from contracts.chain import Chain
from data_lake.lake import Lake
from data_lake.releases import visible_releases

COMPUTING = ("contracts", "data_lake", "tasks/calendar_effects", "tasks/comparing", "tasks/scoring")
"""Folders whose code the rows depend on."""
_COMPUTED_WITH = ("polars", "chinesecalendar")
_ROOT = Path(__file__).parents[2]


def list_public(lake: Lake, *, as_of: datetime | None, as_recorded: datetime | None = None) -> pl.Series:
    """Ids of the releases that count as of two instants, sorted."""
    releases = visible_releases(lake, as_of=as_of, as_recorded=as_recorded)
    return releases.select("release_id").collect()["release_id"].sort()


def hash_knowledge(release_ids: pl.Series, chains: Mapping[str, Chain]) -> int:
    """A hash of the releases that count, of the definitions of the chains, and of the code; 63 bits."""
    parts = ["\n".join(release_ids), *(repr(chains[name]) for name in sorted(chains)), _hash_code()]
    digest = hashlib.blake2b("\0".join(parts).encode(), digest_size=8).digest()
    return int.from_bytes(digest) >> 1


@cache
def _hash_code() -> str:
    """Once a process: its code is what it was started with."""
    found = hashlib.blake2b(digest_size=16)
    for folder in COMPUTING:
        for path in sorted((_ROOT / folder).rglob("*.py")):
            found.update(path.relative_to(_ROOT).as_posix().encode() + path.read_bytes())
    return " ".join([found.hexdigest(), *(version(name) for name in _COMPUTED_WITH)])
