"""Slack: an incoming webhook, or a bot that keeps one message per month up to date and tells changes in its thread."""

import json
import urllib.error
from collections.abc import Mapping
from dataclasses import dataclass, replace
from http.client import HTTPException
from typing import TYPE_CHECKING, Any, ClassVar

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
    read_retry_after,
    shorten,
)
from tasks.messages.neutral import Message
from tasks.messages.slack_blocks import EVENT_TYPE, render_slack

if TYPE_CHECKING:
    from slack_sdk import WebClient
    from slack_sdk.errors import SlackApiError

# Errors of the Web API that pass by themselves; every other needs somebody to change something.
_PASSING = {
    *("ratelimited", "rate_limited", "internal_error", "fatal_error", "service_unavailable", "request_timeout"),
    *("team_added_to_org", "accesslimited", "message_limit_exceeded"),
}
_GONE = {"message_not_found", "cant_update_message", "edit_window_closed", "thread_not_found"}
_BLIND = {"missing_scope", "not_allowed_token_type"}
_HISTORY = 200


@dataclass(frozen=True, kw_only=True)
class SlackReceiver(Receiver):
    """`url` of an incoming webhook; or `token` and `channel` of a bot, which updates in place and uses threads."""

    kind: ClassVar[str] = "slack"
    url: SecretName | None = None
    token: SecretName | None = None
    channel: str = ""
    api_url: str = "https://slack.com/api/"

    def find_problem(self) -> str:
        """A webhook or a bot, and all that it needs."""
        if self.token:
            return "" if self.channel else "a receiver of kind slack needs channel with its token"
        return "" if self.url else "a receiver of kind slack needs url, or token and channel"


def send_to_slack(request: SendRequest[SlackReceiver]) -> SendOutcome:
    """Post through the bot where there is a token, else through the incoming webhook."""
    return _call_bot(request) if "token" in request.secrets else _send_to_webhook(request)


def _send_to_webhook(request: SendRequest[SlackReceiver]) -> SendOutcome:
    """A webhook can neither edit nor look back: a message that may be there already is said to be a repeat.

    Posted without slack_sdk, whose client follows a redirect with an empty GET and takes what it gets for success.
    """
    import httpx  # noqa: PLC0415 - only who uses Slack pays for its clients

    message = request.message
    if request.is_repeat:
        message = replace(message, notes=(*message.notes, "Sent again: the first attempt ended without an answer."))
    body = render_slack(message)
    body.pop("metadata")
    try:
        url, headers = request.secrets["url"].reveal(), {"User-Agent": "trona"}
        answer = post_json(url, body, headers=headers, seconds=_seconds(request))
    except (httpx.InvalidURL, httpx.UnsupportedProtocol, UnicodeError):
        return Refused("the webhook URL is not valid: it begins with neither http:// nor https://, or has no host")
    except httpx.HTTPError as error:
        is_unanswered = not isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.ProxyError)
        return Unavailable(f"Slack cannot be reached: {type(error).__name__}: {error}", is_unanswered=is_unanswered)
    return _judge_webhook(answer)


def _judge_webhook(answer: Answer) -> SendOutcome:
    """Slack answers `ok` and nothing else; whatever else says 200 is a login page, a proxy or no Slack at all."""
    outcome = answer.classify()
    if not isinstance(outcome, Sent):
        return outcome
    if answer.text.strip() == "ok":
        return Sent("webhook")
    return Unavailable(f"HTTP {answer.status} without Slack's `ok`: {shorten(answer.text) or 'an empty answer'}")


def _call_bot(request: SendRequest[SlackReceiver]) -> SendOutcome:
    from slack_sdk.errors import SlackApiError, SlackClientError  # noqa: PLC0415

    try:
        return _send_as_bot(request)
    except SlackApiError as error:
        return _judge_api(error)
    except (SlackClientError, HTTPException, urllib.error.URLError, OSError) as error:
        is_unanswered = not isinstance(getattr(error, "reason", None), ConnectionRefusedError)
        return Unavailable(f"Slack cannot be reached: {type(error).__name__}: {error}", is_unanswered=is_unanswered)


def _send_as_bot(request: SendRequest[SlackReceiver]) -> SendOutcome:
    from slack_sdk import WebClient  # noqa: PLC0415

    client = WebClient(
        request.secrets["token"].reveal(),
        base_url=request.receiver.api_url,
        timeout=_seconds(request),
        retry_handlers=[],
    )
    channel, root = _read_reference(request.root, request.receiver.channel)
    if root:
        return _update_and_reply(client, request, channel, root)
    there = _find_marker(client, request.message.marker, channel, "") if request.is_repeat else ""
    if there:
        return Sent(f"{channel}:{there}")
    answer = client.chat_postMessage(channel=channel, **render_slack(request.message))
    return Sent(f"{answer['channel']}:{answer['ts']}")


def _update_and_reply(client: "WebClient", request: SendRequest[SlackReceiver], channel: str, root: str) -> SendOutcome:
    """The month's message becomes the whole digest; its thread says what is new. Where it is gone, a new one."""
    from slack_sdk.errors import SlackApiError  # noqa: PLC0415

    whole = render_slack(request.message)
    try:
        client.chat_update(channel=channel, ts=root, **{k: whole[k] for k in ("text", "blocks", "metadata")})
    except SlackApiError as error:
        if error.response.get("error") not in _GONE:
            raise
        answer = client.chat_postMessage(channel=channel, **whole)
        return Sent(f"{answer['channel']}:{answer['ts']}")
    there = _find_marker(client, request.message.marker, channel, root) if request.is_repeat else ""
    if not there:
        reply = client.chat_postMessage(channel=channel, thread_ts=root, **render_slack(_only_news(request.message)))
        there = str(reply["ts"])
    return Sent(f"{channel}:{there}")


def _only_news(message: Message) -> Message:
    return replace(message, findings=tuple(f for f in message.findings if f.news) or message.findings, more=0)


def _find_marker(client: "WebClient", marker: str, channel: str, root: str) -> str:
    """Time stamp of the message with this marker in its metadata or text, empty if there is none.

    A bot that may post and not read cannot look: then the message is sent, at worst for the second time.
    """
    from slack_sdk.errors import SlackApiError  # noqa: PLC0415

    try:
        if root:
            answer = client.conversations_replies(channel=channel, ts=root, limit=_HISTORY, include_all_metadata=True)
        else:
            answer = client.conversations_history(channel=channel, limit=_HISTORY, include_all_metadata=True)
    except SlackApiError as error:
        if error.response.get("error") in _BLIND:
            return ""
        raise
    for message in answer.get("messages") or []:
        meta: Mapping[str, Any] = message.get("metadata") or {}
        is_marked = meta.get("event_type") == EVENT_TYPE and meta.get("event_payload", {}).get("marker") == marker
        is_ours = is_marked or f"ref {marker}" in json.dumps(message.get("blocks") or [])
        if is_ours and message.get("ts") != root:
            return str(message["ts"])
    return ""


def _judge_api(error: "SlackApiError") -> SendOutcome:
    response = error.response
    status = int(getattr(response, "status_code", 0) or 0)
    code = str(response.get("error", "")) if hasattr(response, "get") else ""
    headers = {str(k).lower(): _first(v) for k, v in dict(getattr(response, "headers", {}) or {}).items()}
    reason = f"Slack answered {status} {code}".strip()[:300]
    # An error of the API is one word; a sentence is the client saying that the answer was none.
    is_passing = code in _PASSING or " " in code
    if status in {408, 425, 429} or status >= 500 or is_passing:
        is_unanswered = status >= 500 or " " in code
        return Unavailable(
            reason, read_retry_after(headers.get("retry-after"), headers.get("date")), is_unanswered=is_unanswered
        )
    return Refused(reason)


def _read_reference(reference: str, channel: str) -> tuple[str, str]:
    """Channel and time stamp of a bot's message; the receiver's channel where there is none."""
    place, colon, stamp = reference.partition(":")
    return (place, stamp) if colon and stamp.replace(".", "").isdigit() else (channel, "")


def _seconds(request: SendRequest[Any]) -> int:
    seconds: float = request.receiver.timeout_seconds
    return max(1, round(seconds))


def _first(value: object) -> str:
    return str(value[0]) if isinstance(value, list) and value else str(value)


def preview_slack(message: Message) -> str:
    """What would be posted, as JSON."""
    return json.dumps(render_slack(message), ensure_ascii=False, indent=1)


register_channel(Channel(SlackReceiver, send_to_slack, preview_slack, ".slack.json"))
