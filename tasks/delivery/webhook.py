"""A generic webhook: the message as JSON, with its marker as Idempotency-Key."""

import httpx

from tasks.delivery.senders import Refused, SendOutcome, SendRequest, Sent, Unavailable, classify_status
from tasks.messages.json_message import render_json


def send_webhook(request: SendRequest) -> SendOutcome:
    """POST the message. The header is the same at each attempt, so that the other side can drop a second one."""
    headers = {"Idempotency-Key": request.message.marker, "User-Agent": "trona"}
    try:
        with httpx.Client(timeout=request.receiver.timeout_seconds) as client:
            answer = client.post(request.secrets["url"], json=render_json(request.message), headers=headers)
    except httpx.InvalidURL:
        return Refused("the webhook URL is not valid")
    except httpx.UnsupportedProtocol:
        return Refused("the address of the webhook begins with neither http:// nor https://")
    except httpx.HTTPError as error:
        return Unavailable(f"the webhook cannot be reached: {type(error).__name__}: {error}")
    outcome = classify_status(answer.status_code, answer.text, answer.headers.get("retry-after"))
    return Sent(f"webhook {request.message.marker}") if isinstance(outcome, Sent) else outcome
