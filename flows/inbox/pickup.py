"""Documents of the inbox on their way through a run: taken out of it at the end, so that a crash loses none."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from contracts.errors import TronaError
from contracts.settings import load_settings
from flows.inbox.stores import STILL_ALTHOUGH_OPEN_SECONDS, Inbox, Landed, open_inbox, write_reason
from tasks.intake.documents import find_documents

Say = Callable[[str], None]
Settled = Mapping[Path, TronaError | None]


@dataclass
class Pickup:
    """What a run takes from the inbox: documents by the local path under which they are read.

    `refused` are those of a kind that no reader knows, by name; they are moved at once.
    """

    say: Say
    inbox: Inbox | None = None
    documents: dict[Path, Landed] = field(default_factory=dict)
    refused: dict[str, TronaError] = field(default_factory=dict)

    @property
    def paths(self) -> tuple[Path, ...]:
        """What is to be read."""
        return tuple(self.documents)

    def list_gone(self) -> list[Path]:
        """Documents that another run dealt with in the meantime."""
        if self.inbox is None:
            return []
        there = {document.name for document in self.inbox.list()}
        return [path for path, document in self.documents.items() if document.name not in there]

    @contextmanager
    def settle_afterwards(self, settled: Settled) -> Iterator[None]:
        """Move documents once what stands inside is done.

        After an error that may pass they stay, since the run is tried again and must find them.
        """
        try:
            yield
        except TronaError as error:
            if not error.may_pass:
                self.settle(settled)
            raise
        self.settle(settled)

    def settle(self, settled: Settled) -> None:
        """Move every document that was dealt with to `done/`, or to `refused/` with the reason; the others stay."""
        for path, document in self.documents.items():
            error = settled.get(path)
            if error is not None:
                self.refuse(document, error)
            elif path in settled and self.inbox is not None:
                self.inbox.accept(document)

    def refuse(self, document: Landed, error: TronaError) -> None:
        """Move a document to `refused/` with the reason, and say so."""
        if self.inbox is not None:
            self.inbox.refuse(document, write_reason(document.name, error))
            self.say(f"  {document.name} → refused: {error.what}")


@contextmanager
def take_from_inbox(address: str, names: Sequence[str] | None, say: Say) -> Iterator[Pickup]:
    """The named documents of the inbox, or all that are whole; an empty address takes nothing.

    Documents that no reader knows are refused here. Of those that no watcher saw lie still, one that may still be
    written is left where it is, which is said. Names that are not there (any more) are passed over.
    """
    if not address:
        yield Pickup(say)
        return
    inbox = open_inbox(address)
    named = [document for document in inbox.list() if names is None or document.name in names]
    wanted = [document for document in named if _is_whole(inbox, document, say, is_watched=names is not None)]
    with TemporaryDirectory(prefix="trona-inbox-") as folder:
        pickup = Pickup(say, inbox)
        for document in wanted:
            path = inbox.fetch(document.name, Path(folder))
            try:
                find_documents([path])
            except TronaError as error:
                if path.exists():
                    pickup.refused[document.name] = error
                    pickup.refuse(document, error)
                continue
            pickup.documents[path] = document
        yield pickup


def _is_whole(inbox: Inbox, document: Landed, say: Say, *, is_watched: bool) -> bool:
    if inbox.is_whole(document.name):
        return True
    is_open, age = inbox.is_still_written(document.name), inbox.find_age(document.name)
    if age >= STILL_ALTHOUGH_OPEN_SECONDS or (not is_open and (is_watched or age >= load_settings().settle_seconds)):
        return True
    say(f"  {document.name} is left in the inbox: it was touched {age:.0f} s ago and may not be whole yet")
    return False
