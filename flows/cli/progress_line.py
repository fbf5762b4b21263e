"""The last line of a terminal, which says what a running command waits for; nothing of it stays or goes to a file."""

import os
import shutil
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_ERASE = "\r\x1b[2K"
_TICK_SECONDS = 1.0
_PATIENCE_SECONDS = 2.0
"""What takes no longer says nothing of its time."""


class ProgressLine:
    """One line on stderr, drawn anew each second with the time it stands there, erased while anything is printed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._text, self._since, self._is_drawn = "", 0.0, False
        self._ticker: threading.Thread | None = None

    def show(self, text: str) -> None:
        """Say what is waited for, in the place of what was said before."""
        if not _is_wanted():
            return
        with self._lock:
            self._text, self._since = text, time.monotonic()
            self._draw()
        if self._ticker is None:
            self._ticker = threading.Thread(target=self._tick, name="progress line", daemon=True)
            self._ticker.start()

    def hide(self) -> None:
        """Erase the line; it comes back with the next `show`."""
        with self._lock:
            self._text = ""
            self._erase()

    @contextmanager
    def printing(self) -> Iterator[None]:
        """Erase the line while something is printed, and draw it again below."""
        with self._lock:
            self._erase()
            yield
            if self._text:
                sys.stdout.flush()
                self._draw()

    def _tick(self) -> None:
        while True:
            time.sleep(_TICK_SECONDS)
            with self._lock:
                if self._text:
                    self._draw()

    def _draw(self) -> None:
        seconds = time.monotonic() - self._since
        took = f" {seconds:.0f} s" if seconds >= _PATIENCE_SECONDS else ""
        width, text = shutil.get_terminal_size().columns - len(took) - 1, f"{self._text} …"
        shown = text if len(text) <= width else f"{text[: width - 1].rstrip()}…"
        self._is_drawn = _write(f"{_ERASE}{shown}{took}")

    def _erase(self) -> None:
        if self._is_drawn:
            self._is_drawn = False
            _write(_ERASE)


def _is_wanted() -> bool:
    return sys.stderr.isatty() and os.environ.get("TERM", "") != "dumb"


def _write(text: str) -> bool:
    with suppress(OSError):  # a terminal that is gone
        sys.stderr.write(text)
        sys.stderr.flush()
        return True
    return False


LINE = ProgressLine()
"""The one of this process: a terminal has one last line."""


@contextmanager
def waiting_for(text: str) -> Iterator[None]:
    """Say what is waited for inside."""
    LINE.show(text)
    try:
        yield
    finally:
        LINE.hide()
