"""A POST that ends: what a receiver answers is read up to a size, and within the receiver's time as a whole."""

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tasks.delivery.senders import SendOutcome, classify_status

if TYPE_CHECKING:
    from collections.abc import Mapping

    import httpx

_MOST_BYTES = 64 * 1024


@dataclass(frozen=True)
class Answer:
    """Status, headers (their names in lower case) and the beginning of the text."""

    status: int
    headers: "Mapping[str, str]"
    text: str

    def classify(self) -> SendOutcome:
        """What the status says, see `classify_status`."""
        headers = self.headers
        return classify_status(
            self.status, self.text, headers.get("retry-after"), headers.get("location"), headers.get("date")
        )


def post_json(url: str, body: Any, *, headers: "Mapping[str, str]", seconds: float) -> Answer:
    """Post JSON, following no redirect.

    Raises `httpx.HTTPError`: no connection, no answer within `seconds`, or one that then drips in for as long again.
    """
    import httpx  # noqa: PLC0415 - only who posts pays for the client

    with (
        httpx.Client(timeout=seconds, headers=dict(headers)) as client,
        client.stream("POST", url, json=body) as answer,
    ):
        text = _read_beginning(answer, time.monotonic() + seconds)
        return Answer(answer.status_code, answer.headers, text.decode("utf-8", "replace"))


def _read_beginning(answer: "httpx.Response", end: float) -> bytes:
    import httpx  # noqa: PLC0415

    content = b""
    for piece in answer.iter_bytes():
        if content and time.monotonic() > end:  # what came in one piece is whole, however late this machine is
            raise httpx.ReadTimeout("the answer did not end in time", request=answer.request)
        content += piece
        if len(content) >= _MOST_BYTES:
            break
    return content[:_MOST_BYTES]
