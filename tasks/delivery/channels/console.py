"""Console: the message as text, on the terminal or in the log of the run."""

from dataclasses import dataclass
from typing import ClassVar

from tasks.delivery.channel import Channel, register_channel
from tasks.delivery.receiver import Receiver
from tasks.delivery.senders import SendOutcome, SendRequest, Sent
from tasks.messages.plain_text import render_text


@dataclass(frozen=True, kw_only=True)
class ConsoleReceiver(Receiver):
    """Whoever reads the terminal or the log."""

    kind: ClassVar[str] = "console"


def send_to_console(request: SendRequest[ConsoleReceiver]) -> SendOutcome:
    """Write it; `show` makes it fit for a terminal."""
    request.show(render_text(request.message))
    return Sent("console")


register_channel(Channel(ConsoleReceiver, send_to_console, render_text, ".txt"))
