"""Slack: an incoming webhook, or a bot that keeps one message per month up to date and tells changes in its thread."""

import json
import urllib.error
from collections.abc import Mapping
from dataclasses import replace
from http.client import HTTPException
from typing import Any

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.webhook import WebhookClient

from tasks.delivery.senders import (
    Refused,
    SendOutcome,
    SendRequest,
    Sent,
    Unavailable,
    classify_status,
    read_retry_after,
)
from tasks.messages.neutral import Message
from tasks.messages.slack_blocks import EVENT_TYPE, render_slack

# Errors of the Web API that pass by themselves; every other needs somebody to change something.
_PASSING = {
    *("ratelimited", "rate_limited", "internal_error", "fatal_error", "service_unavailable", "request_timeout"),
    *("team_added_to_org", "accesslimited", "message_limit_exceeded"),
}
_GONE = {"message_not_found", "cant_update_message", "edit_window_closed", "thread_not_found"}
_BLIND = {"missing_scope", "not_allowed_token_type"}
_HISTORY = 200


def send_slack(request: SendRequest) -> SendOutcome:
    """Post through the bot where there is a token, else through the incoming webhook."""
    try:
        return _send_as_bot(request) if "token" in request.secrets else _send_to_webhook(request)
    except SlackApiError as error:
        return _judge_api(error)
    except (SlackClientError, HTTPException, urllib.error.URLError, OSError) as error:
        return Unavailable(f"Slack cannot be reached: {type(error).__name__}: {error}")


def _send_to_webhook(request: SendRequest) -> SendOutcome:
    """A webhook can neither edit nor look back: a message that may be there already is said to be a repeat."""
    client = WebhookClient(
        request.secrets["url"], timeout=_seconds(request), retry_handlers=[], user_agent_prefix="trona"
    )
    message = request.message
    if request.is_repeat:
        message = replace(message, notes=(*message.notes, "Sent again: the first attempt ended without an answer."))
    body = render_slack(message)
    body.pop("metadata")
    answer = client.send(**body)
    headers = {str(k).lower(): _first(v) for k, v in dict(answer.headers or {}).items()}
    outcome = classify_status(answer.status_code, str(answer.body), headers.get("retry-after"))
    return Sent("webhook") if isinstance(outcome, Sent) else outcome


def _send_as_bot(request: SendRequest) -> SendOutcome:
    client = WebClient(
        request.secrets["token"], base_url=request.receiver.api_url, timeout=_seconds(request), retry_handlers=[]
    )
    channel, root = _read_reference(request.root, request.receiver.channel)
    if root:
        return _update_and_reply(client, request, channel, root)
    there = _find_marker(client, request.message.marker, channel, "") if request.is_repeat else ""
    if there:
        return Sent(f"{channel}:{there}")
    answer = client.chat_postMessage(channel=channel, **render_slack(request.message))
    return Sent(f"{answer['channel']}:{answer['ts']}")


def _update_and_reply(client: WebClient, request: SendRequest, channel: str, root: str) -> SendOutcome:
    """The month's message becomes the whole digest; its thread says what is new. Where it is gone, a new one."""
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


def _find_marker(client: WebClient, marker: str, channel: str, root: str) -> str:
    """Time stamp of the message with this marker in its metadata or text, empty if there is none.

    A bot that may post and not read cannot look: then the message is sent, at worst for the second time.
    """
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


def _judge_api(error: SlackApiError) -> SendOutcome:
    response = error.response
    status = int(getattr(response, "status_code", 0) or 0)
    code = str(response.get("error", "")) if hasattr(response, "get") else ""
    headers = {str(k).lower(): _first(v) for k, v in dict(getattr(response, "headers", {}) or {}).items()}
    reason = f"Slack answered {status} {code}".strip()[:300]
    # An error of the API is one word; a sentence is the client saying that the answer was none.
    is_passing = code in _PASSING or " " in code
    if status in {408, 425, 429} or status >= 500 or is_passing:
        return Unavailable(reason, read_retry_after(headers.get("retry-after")))
    return Refused(reason)


def _read_reference(reference: str, channel: str) -> tuple[str, str]:
    """Channel and time stamp of a bot's message; the receiver's channel where there is none."""
    place, colon, stamp = reference.partition(":")
    return (place, stamp) if colon and stamp.replace(".", "").isdigit() else (channel, "")


def _seconds(request: SendRequest) -> int:
    return max(1, round(request.receiver.timeout_seconds))


def _first(value: object) -> str:
    return str(value[0]) if isinstance(value, list) and value else str(value)


def preview_slack(message: Message) -> str:
    """What would be posted, as JSON."""
    return json.dumps(render_slack(message), ensure_ascii=False, indent=1)
