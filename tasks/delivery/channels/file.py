"""File: each message as a text file, in the lake or in a folder."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from tasks.delivery.channel import Channel, register_channel
from tasks.delivery.receiver import Receiver
from tasks.delivery.senders import Refused, SendOutcome, SendRequest, Sent
from tasks.messages.plain_text import render_text


@dataclass(frozen=True, kw_only=True)
class FileReceiver(Receiver):
    """`path` is the folder of the files; empty = the folder `messages` of the lake."""

    kind: ClassVar[str] = "file"
    path: str = ""


def send_to_file(request: SendRequest[FileReceiver]) -> SendOutcome:
    """Write the file whole or not at all. It is named after its marker: the same message again is the same file."""
    content = render_text(request.message).encode()
    if not request.receiver.path:
        if request.keep is None:
            return Refused("there is no lake to keep it in: set `path`")
        return Sent(request.keep(f"messages/{request.message.marker}.txt", content))
    path = Path(request.receiver.path) / f"{request.message.marker}.txt"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        part.write_bytes(content)
        part.replace(path)
    except OSError as error:
        return Refused(f"{error.strerror or type(error).__name__}: {path}")
    return Sent(str(path))


register_channel(Channel(FileReceiver, send_to_file, render_text, ".txt"))
