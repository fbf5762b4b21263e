"""Console and file: the channels that are always there."""

from dataclasses import dataclass
from pathlib import Path

from tasks.delivery.senders import Refused, SaveFile, SendOutcome, SendRequest, Sent, Write
from tasks.messages.plain_text import render_text


@dataclass(frozen=True)
class ConsoleSender:
    """Writes the message as text. `write` makes it fit for a terminal."""

    write: Write

    def __call__(self, request: SendRequest) -> SendOutcome:
        """Write it."""
        self.write(render_text(request.message))
        return Sent("console")


@dataclass(frozen=True)
class FileSender:
    """Keeps the message as a text file named after its marker: the same message again is the same file."""

    keep: SaveFile

    def __call__(self, request: SendRequest) -> SendOutcome:
        """Write the file whole or not at all."""
        content = render_text(request.message).encode()
        if not request.receiver.path:
            return Sent(self.keep(f"messages/{request.message.marker}.txt", content))
        path = Path(request.receiver.path) / f"{request.message.marker}.txt"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            part = path.with_suffix(".part")
            part.write_bytes(content)
            part.replace(path)
        except OSError as error:
            return Refused(f"{error.strerror or type(error).__name__}: {path}")
        return Sent(str(path))
