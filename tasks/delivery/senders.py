"""What a channel says about one attempt, and what every sender looks like."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from tasks.delivery.receivers import Receiver
from tasks.messages.neutral import Message


@dataclass(frozen=True)
class Sent:
    """The channel took it. `reference` is what it calls the message."""

    reference: str = ""


@dataclass(frozen=True)
class Refused:
    """The channel will not take it, now or later: a dead letter."""

    reason: str


@dataclass(frozen=True)
class Unavailable:
    """The channel cannot take it now; `after_seconds` is when it asked to be tried again, if it did."""

    reason: str
    after_seconds: float | None = None


SendOutcome = Sent | Refused | Unavailable


@dataclass(frozen=True)
class SendRequest:
    """One message for one receiver, with all that a channel may need to send it once.

    `at` is the instant of sending. `root` is the reference of the first message of the same thread that this receiver
    got, empty if there is none. `is_repeat`: an earlier attempt ended without a word, so the channel may have it.
    """

    message: Message
    receiver: Receiver
    secrets: Mapping[str, str] = field(repr=False)
    at: datetime
    root: str = ""
    is_repeat: bool = False


class Sender(Protocol):
    """Sends a request and says what came of it. Raises nothing that it can tell as an outcome."""

    def __call__(self, request: SendRequest) -> SendOutcome:
        """Send it."""
        ...


Write = Callable[[str], None]
SaveFile = Callable[[str, bytes], str]


def classify_status(status: int, body: str, retry_after: str | None) -> SendOutcome:
    """The outcome of an HTTP answer: 2xx sent; 408, 425, 429 and 5xx later; the rest refused for good."""
    if 200 <= status < 300:
        return Sent()
    reason = f"HTTP {status}: {' '.join(body.split())[:200]}".rstrip(": ")
    if status in {408, 425, 429} or status >= 500:
        return Unavailable(reason, read_retry_after(retry_after))
    return Refused(reason)


def read_retry_after(value: str | None) -> float | None:
    """Seconds of a Retry-After header; None where it is absent, a date or not a number."""
    try:
        seconds = float(value) if value else None
    except ValueError:
        return None
    return seconds if seconds is not None and 0 <= seconds < float("inf") else None
