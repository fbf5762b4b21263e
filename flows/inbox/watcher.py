"""Watching an inbox: which documents are whole, and handing them over, again where that came to nothing."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from threading import Event

from contracts.errors import SourceUnavailable
from flows.inbox.stores import STILL_ALTHOUGH_OPEN_SECONDS, FolderInbox, Inbox, Landed

_TICK_SECONDS = 0.1
_STILL_SECONDS = 0.5
_FOLLOWED_SECONDS, _BACK_SECONDS = 3600.0, 2.0
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 10.0, 600.0


@dataclass
class Watch:
    """What a watcher remembers of the documents in the inbox; all of it can be lost without harm.

    `look` gives the documents to hand over now: whole ones that were not handed over before; or were, and still lie
    there although nobody is at work (`is_busy` says). A document that keeps lying there is handed over again after
    10 s, 20 s … 10 minutes, unless it was `leave`-d: then when it changes.

    A document is whole once the system says that nobody has it open for writing; where the system does not say (a
    file of another account, a network share), once it has been left alone for `settle_seconds`. A share may call a
    file open that nobody writes: left alone ten times as long, and a minute at least, it counts as whole too.

    For an hour after it was taken a document is watched where it lies now: one that changes or grows there was not
    whole after all, and is moved back into the inbox, to be read again.
    """

    inbox: Inbox
    settle_seconds: float
    is_busy: Callable[[], bool] = lambda: False
    say: Callable[[str], None] = lambda _: None
    _changed: dict[str, tuple[Landed, float]] = field(default_factory=dict)
    _handed: dict[str, tuple[Landed, float, float]] = field(default_factory=dict)
    _left: dict[str, Landed] = field(default_factory=dict)
    _taken: dict[str, tuple[Landed, Landed, float]] = field(default_factory=dict)

    def look(self, clock: float) -> list[Landed]:
        """Documents to hand over at this instant of a monotonic clock."""
        self._follow_taken(clock)
        listed = {document.name: document for document in self.inbox.list()}
        self._note_taken(listed, clock)
        self._left = {name: document for name, document in self._left.items() if listed.get(name) == document}
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

    def leave(self, documents: list[Landed]) -> None:
        """Hand these over again only once they have changed: what stops them is not mended by trying again."""
        self._left |= {document.name: document for document in documents}

    def _note_taken(self, listed: dict[str, Landed], clock: float) -> None:
        for name, (document, _, _) in self._handed.items():
            if name not in listed and (found := self.inbox.find_taken(document)):
                self._taken[found.name] = (document, found, clock)

    def _follow_taken(self, clock: float) -> None:
        """Move documents back that changed after they were taken; forget those that did not for an hour."""
        for place, (document, known, since) in list(self._taken.items()):
            found = self.inbox.find_taken(document)
            if found is None or clock - since > _FOLLOWED_SECONDS:
                del self._taken[place]
            elif (found.size, found.stamp) != (document.size, document.stamp):
                if (found.size, found.stamp) != (known.size, known.stamp):
                    self._taken[place] = (document, found, clock)  # it goes on changing
                elif clock - since >= _BACK_SECONDS and not self.inbox.is_still_written(place):
                    del self._taken[place]
                    back = self.inbox.take_back(found, document.name)
                    if back:
                        self.say(f"{document.name} changed after it was taken; it is read again as {back}")

    @property
    def is_settling(self) -> bool:
        """Whether something lies there that was not handed over yet."""
        return any(name not in self._handed for name in self._changed)

    def _is_ready(self, document: Landed, clock: float) -> bool:
        handed = self._handed.get(document.name)
        if handed:
            return clock >= handed[1] and document.name not in self._left
        if document.name in self._left:
            return False
        still = clock - self._changed[document.name][1]
        if still < min(_STILL_SECONDS, self.settle_seconds):
            return False
        if self.inbox.is_whole(document.name):
            return True
        patience = max(10 * self.settle_seconds, STILL_ALTHOUGH_OPEN_SECONDS)
        return still >= (patience if self.inbox.is_still_written(document.name) else self.settle_seconds)

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
