"""What a channel says about one attempt, and what every sender is given."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any, Generic, TypeVar

from contracts.secret import Secret
from tasks.delivery.receiver import Receiver
from tasks.messages.neutral import Message

R = TypeVar("R", bound=Receiver)
Write = Callable[[str], None]
SaveFile = Callable[[str, bytes], str]


@dataclass(frozen=True)
class Sent:
    """The channel took it. `reference` is what it calls the message."""

    reference: str = ""


@dataclass(frozen=True)
class Refused:
    """The channel will not take it, now or later: a dead letter. `reached`: as in `Unavailable`."""

    reason: str
    reached: str = ""


@dataclass(frozen=True)
class Unavailable:
    """The channel cannot take it now; `after_seconds` is when it asked to be tried again, if it did.

    `is_unanswered`: everything was handed over and no answer came, so the channel may have it. `reached` names, in
    the channel's own words, those of several recipients who have it; the next attempt is given it back.
    """

    reason: str
    after_seconds: float | None = None
    is_unanswered: bool = False
    reached: str = ""


SendOutcome = Sent | Refused | Unavailable


@dataclass(frozen=True)
class SendRequest(Generic[R]):
    """One message for one receiver, with all that a channel may need to send it once.

    `at` is the instant of sending. `root` is the reference of the first message of the same thread that this receiver
    got, empty if there is none. `is_repeat`: an earlier attempt ended without a word, so the channel may have it.
    `reached` is what an earlier attempt said of those who have it. `show` writes on the terminal or into the log of
    the run; `keep` saves a file in the lake and returns its address.
    """

    message: Message
    receiver: R
    secrets: Mapping[str, Secret] = field(repr=False)
    at: datetime
    root: str = ""
    is_repeat: bool = False
    reached: str = ""
    show: Write = field(default=print, repr=False)
    keep: SaveFile | None = field(default=None, repr=False)


Sender = Callable[[SendRequest[Any]], SendOutcome]


def classify_status(
    status: int, body: str, retry_after: str | None, location: str | None = None, date: str | None = None
) -> SendOutcome:
    """The outcome of an HTTP answer: 2xx sent; 408, 425, 429 and 5xx later; the rest refused for good.

    A redirect is never followed: clients turn it into an empty GET, and the address of a receiver is its owner's to
    change. `location`, where it leads, is named. `date` is when it was answered, for a Retry-After that is a date.
    """
    if 200 <= status < 300:
        return Sent()
    if 300 <= status < 400:
        return Refused(f"HTTP {status}: it has moved to {(location or 'nowhere').partition('?')[0]}: set that address")
    reason = f"HTTP {status}: {shorten(body)}".rstrip(": ")
    if status in {408, 425, 429} or status >= 500:
        return Unavailable(reason, read_retry_after(retry_after, date))
    return Refused(reason)


def shorten(body: str) -> str:
    """The beginning of an answer, on one line."""
    return " ".join(body[:2000].split())[:200]


def read_retry_after(value: str | None, date: str | None = None) -> float | None:
    """Seconds of a Retry-After header: a number, or a date less that of the answer; None where it is neither."""
    try:
        seconds = float(value) if value else None
    except ValueError:
        seconds = _subtract_dates(value or "", date or "")
    return seconds if seconds is not None and 0 <= seconds < float("inf") else None


def _subtract_dates(later: str, earlier: str) -> float | None:
    """Seconds between two dates of HTTP headers; None where one is no date, or the later one is not later."""
    try:
        seconds = (parsedate_to_datetime(later) - parsedate_to_datetime(earlier)).total_seconds()
    except (ValueError, TypeError):
        return None
    return seconds if seconds > 0 else None
