"""The command line called in this process: its exit code, what it printed, what it said."""

import sys
from dataclasses import dataclass

import pytest

from flows.cli import main


@dataclass(frozen=True)
class Called:
    """What a command did."""

    code: int
    out: str
    err: str


class Command:
    """`trona(...)` as a person types it, with a lake of its own."""

    def __init__(self, capfdbinary, monkeypatch, lake):
        self._capture, self._monkeypatch, self.lake = capfdbinary, monkeypatch, lake

    def __call__(self, *words: object, code: int | None = 0, on_lake: bool = True) -> Called:
        argv = ["trona", *map(str, words), *(["--lake", str(self.lake)] if on_lake else [])]
        self._monkeypatch.setattr(sys, "argv", argv)
        self._capture.readouterr()
        with pytest.raises(SystemExit) as left:
            main()
        out, err = self._capture.readouterr()
        called = Called(int(left.value.code or 0), out.decode("utf-8", "replace"), err.decode("utf-8", "replace"))
        if code is not None:
            assert called.code == code, f"exit {called.code}\n{called.out}\n{called.err}"
        return called
