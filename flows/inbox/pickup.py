"""Documents of the inbox on their way through a run: taken out of it at the end, so that a crash loses none."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from contracts.errors import TronaError
from flows.inbox.stores import Inbox, Landed, open_inbox, write_reason
from flows.run.pipeline import RunResult
from flows.run.progress import Reporter
from tasks.intake.ingest import find_documents


@dataclass
class Arrival:
    """What a run takes from the inbox: documents by the local path under which they are read.

    `refused` are those of a kind that no reader knows, by name; they are moved at once.
    """

    inbox: Inbox | None = None
    documents: dict[Path, Landed] = field(default_factory=dict)
    refused: dict[str, TronaError] = field(default_factory=dict)

    @property
    def paths(self) -> tuple[Path, ...]:
        """What is to be read."""
        return tuple(self.documents)

    def overlook_gone(self, result: RunResult) -> RunResult:
        """The run without the errors of documents that another run dealt with in the meantime."""
        if self.inbox is None:
            return result
        there = {document.name for document in self.inbox.list()}
        gone = {str(path) for path, document in self.documents.items() if document.name not in there}
        return replace(result, errors=tuple(e for e in result.errors if e.where not in gone))

    def settle(self, result: RunResult, reporter: Reporter) -> None:
        """Move every document that was dealt with to `done/`, or to `refused/` with the reason.

        A document whose run failed for a reason outside it (the lake could not be written) stays where it is.
        """
        if self.inbox is None:
            return
        faults = {error.where: error for error in result.errors}
        for path, document in self.documents.items():
            error = faults.get(str(path)) or _find_refusal(result, path)
            if error:
                self.inbox.refuse(document, write_reason(document.name, error))
                reporter.say(f"  {document.name} → refused: {error.what}")
            elif path in result.by_document:
                self.inbox.accept(document)


@contextmanager
def take_from_inbox(address: str, names: Sequence[str] | None, reporter: Reporter) -> Iterator[Arrival]:
    """The named documents of the inbox, or all that are whole; an empty address takes nothing.

    Documents that no reader knows are refused here. Names that are not there (any more) are passed over.
    """
    if not address:
        yield Arrival()
        return
    inbox = open_inbox(address)
    wanted = [d for d in inbox.list() if (names is None or d.name in names) and not inbox.is_still_written(d.name)]
    with TemporaryDirectory(prefix="trona-inbox-") as folder:
        arrival = Arrival(inbox)
        fetched = [(document, inbox.fetch(document.name, Path(folder))) for document in wanted]
        for document, path in fetched:
            try:
                find_documents([path])
            except TronaError as error:
                if path.exists():
                    arrival.refused[document.name] = error
                    inbox.refuse(document, write_reason(document.name, error))
                    reporter.say(f"  {document.name} → refused: {error.what}")
                continue
            arrival.documents[path] = document
        yield arrival


def _find_refusal(result: RunResult, path: Path) -> TronaError | None:
    refused = [o for o in result.by_document.get(path, ()) if o.status == "refused"]
    if not refused:
        return None
    first = next((o.error for o in refused if o.error), None)
    return first or TronaError("a release in it was refused", where=path.name)
