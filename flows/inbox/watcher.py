"""Watching an inbox: which documents are whole, and handing them over, again where that came to nothing."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from threading import Event

from contracts.errors import SourceUnavailable
from flows.inbox.stores import FolderInbox, Inbox, Landed

_TICK_SECONDS = 0.1
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 10.0, 600.0


@dataclass
class Watch:
    """What a watcher remembers of the documents in the inbox; all of it can be lost without harm.

    `look` gives the documents to hand over now: those left alone for `settle_seconds` and not open for writing,
    that were not handed over before; or were, and still lie there although nobody is at work (`is_busy` says).
    A document that keeps lying there is handed over again after 10 s, 20 s … 10 minutes.
    """

    inbox: Inbox
    settle_seconds: float
    is_busy: Callable[[], bool] = lambda: False
    _changed: dict[str, tuple[Landed, float]] = field(default_factory=dict)
    _handed: dict[str, tuple[Landed, float, float]] = field(default_factory=dict)

    def look(self, clock: float) -> list[Landed]:
        """Documents to hand over at this instant of a monotonic clock."""
        listed = {document.name: document for document in self.inbox.list()}
        self._changed = {
            name: known if (known := self._changed.get(name)) and known[0] == document else (document, clock)
            for name, document in listed.items()
        }
        self._handed = {name: known for name, known in self._handed.items() if listed.get(name) == known[0]}
        ready = [document for document in listed.values() if self._is_ready(document, clock)]
        again = [document for document in ready if document.name in self._handed]
        if again and self.is_busy():
            ready = [document for document in ready if document.name not in self._handed]
            for document in again:  # ask again after the shortest pause
                _, _, pause = self._handed[document.name]
                self._handed[document.name] = (document, clock + _FIRST_PAUSE_SECONDS, pause)
        for document in ready:
            self._remember(document, clock)
        return ready

    @property
    def is_settling(self) -> bool:
        """Whether something lies there that was not handed over yet."""
        return any(name not in self._handed for name in self._changed)

    def _is_ready(self, document: Landed, clock: float) -> bool:
        handed = self._handed.get(document.name)
        if handed:
            return clock >= handed[1]
        _, since = self._changed[document.name]
        return clock - since >= self.settle_seconds and not self.inbox.is_still_written(document.name)

    def _remember(self, document: Landed, clock: float) -> None:
        before = self._handed.get(document.name)
        pause = min(before[2] * 2, _LONGEST_PAUSE_SECONDS) if before else _FIRST_PAUSE_SECONDS
        self._handed[document.name] = (document, clock + pause, pause)


def watch_inbox(
    watch: Watch,
    hand_over: Callable[[list[Landed]], None],
    *,
    poll_seconds: float,
    stop: Event,
    say: Callable[[str], None],
) -> None:
    """Hand documents over as they become whole, until `stop` is set.

    A folder is looked at when the system says that something happened in it, and every few seconds in any case, since
    network file systems do not say; an object store is listed every `poll_seconds`. An inbox that cannot be
    reached is said once, and tried again.
    """
    is_lost = False
    for _ in _wait_for_changes(watch, poll_seconds, stop):
        try:
            ready = watch.look(time.monotonic())
        except SourceUnavailable as error:
            if not is_lost:
                say(f"{error.what}: {error.where}; trying again every {poll_seconds:g} s")
            is_lost = True
            continue
        if is_lost:
            say("inbox reachable again")
            is_lost = False
        if ready:
            hand_over(ready)


def _wait_for_changes(watch: Watch, poll_seconds: float, stop: Event) -> Iterator[None]:
    """Yield whenever it is worth looking."""
    if isinstance(watch.inbox, FolderInbox):
        from watchfiles import watch as follow_changes  # noqa: PLC0415 - only folders are watched

        watch.inbox.make()
        changes = follow_changes(
            watch.inbox.folder,
            watch_filter=None,
            step=50,
            debounce=200,
            rust_timeout=int(1000 * max(poll_seconds, _TICK_SECONDS)),
            yield_on_timeout=True,
            stop_event=stop,
            raise_interrupt=True,
            ignore_permission_denied=True,
        )
    else:
        changes = None
    while not stop.is_set():
        yield
        if watch.is_settling:
            stop.wait(_TICK_SECONDS)
        elif changes is None:
            stop.wait(poll_seconds)
        elif next(changes, None) is None:
            return
