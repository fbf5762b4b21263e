"""What was computed from all rows of a table, remembered until the table's files are others.

A data file's name is the hash of its bytes, so the same names are the same rows: nothing can be out of date. For small
tables and small results that a run asks for again and again.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable

import polars as pl

_KEPT = 64
_FOUND: "OrderedDict[Hashable, tuple[Hashable, pl.DataFrame]]" = OrderedDict()
_LOCK = threading.Lock()


def remember(key: Hashable, files: Hashable, compute: Callable[[], pl.DataFrame]) -> pl.DataFrame:
    """What `compute` gives, computed where it is not known for these files."""
    with _LOCK:
        known = _FOUND.get(key)
    if known is not None and known[0] == files:
        return known[1]
    frame = compute()
    with _LOCK:
        _FOUND[key] = (files, frame)
        _FOUND.move_to_end(key)
        while len(_FOUND) > _KEPT:
            _FOUND.popitem(last=False)
    return frame


def forget() -> None:
    """Forget everything: what is asked next is read from the files."""
    with _LOCK:
        _FOUND.clear()
