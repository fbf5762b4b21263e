"""Webhook: the message as JSON, with its marker as Idempotency-Key."""

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from tasks.delivery.channel import Channel, register_channel
from tasks.delivery.http_post import Answer, post_json
from tasks.delivery.receiver import Receiver
from tasks.delivery.secrets import SecretName
from tasks.delivery.senders import (
    Refused,
    SendOutcome,
    SendRequest,
    Sent,
    Unavailable,
    shorten,
)
from tasks.messages.json_message import preview_json, render_json

if TYPE_CHECKING:
    import httpx


@dataclass(frozen=True, kw_only=True)
class WebhookReceiver(Receiver):
    """`url` is where the JSON is posted."""

    kind: ClassVar[str] = "webhook"
    url: SecretName


def send_to_webhook(request: SendRequest[WebhookReceiver]) -> SendOutcome:
    """POST the message. The header is the same at each attempt, so that the other side can drop a second one.

    A redirect is not followed. An answer 2xx that is a page, as of a login, or JSON with `"ok": false` or
    `"success": false` is no success.
    """
    import httpx  # noqa: PLC0415 - only who uses a webhook pays for its client

    headers = {"Idempotency-Key": request.message.marker, "User-Agent": "trona"}
    url = request.secrets["url"].reveal()
    try:
        answer = post_json(url, render_json(request.message), headers=headers, seconds=request.receiver.timeout_seconds)
    except (httpx.InvalidURL, httpx.UnsupportedProtocol, UnicodeError):
        return Refused("the webhook URL is not valid: it begins with neither http:// nor https://, or has no host")
    except httpx.HTTPError as error:
        reason = f"the webhook cannot be reached: {type(error).__name__}: {error}"
        return Unavailable(reason, is_unanswered=may_have_arrived(error))
    return _judge(answer, request.message.marker)


def may_have_arrived(error: "httpx.HTTPError") -> bool:
    """Whether the other side may have the request although no answer came: not where no connection was made."""
    import httpx  # noqa: PLC0415

    return not isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout | httpx.ProxyError)


def _judge(answer: Answer, marker: str) -> SendOutcome:
    outcome = answer.classify()
    if not isinstance(outcome, Sent):
        return outcome
    if answer.headers.get("content-type", "").startswith(("text/html", "application/xhtml")):
        return Unavailable(f"HTTP {answer.status} with a page instead of an answer, as a login gives")
    if _says_no(answer.text):
        return Unavailable(f"HTTP {answer.status}: {shorten(answer.text)}")
    return Sent(f"webhook {marker}")


def _says_no(body: str) -> bool:
    try:
        said = json.loads(body)
    except ValueError:
        return False
    return isinstance(said, dict) and (said.get("ok") is False or said.get("success") is False)


register_channel(Channel(WebhookReceiver, send_to_webhook, preview_json, ".json"))
