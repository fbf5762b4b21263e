"""Events: what Trona tells the Prefect server, so that anybody can hang an automation on it.

Names and payloads are a contract: fields are added, never taken away. All texts in them may come from a document.
"""

import json
import logging
import os
import uuid
from base64 import b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.client import HTTPException
from typing import Any
from urllib.request import Request, urlopen

from contracts.errors import SourceUnavailable

_PAYLOAD_LIMIT = 300
_OURS = uuid.UUID("5b9dd1c7-1f0e-4a55-9b0c-2f6a1c1f6a11")


@dataclass(frozen=True)
class Kind:
    """A kind of event: what it means, the resource it is about, and its payload by field."""

    name: str
    meaning: str
    resource: str
    payload: Mapping[str, str]


_ABOUT = {
    "lake": "address of the lake",
    "source": "who publishes",
    "chain": "the chain",
    "month": "the reviewed month, YYYY-MM (a review of a period: YYYY-Qn, YYYY-Hn, YYYY)",
}

KINDS = {
    kind.name: kind
    for kind in (
        Kind(
            "trona.document.landed",
            "A document lies whole in the inbox.",
            "trona.document.NAME",
            {
                "lake": _ABOUT["lake"],
                "inbox": "address of the inbox",
                "name": "its name, relative to the inbox",
                "size": "its size in bytes",
                "landed": "names of all documents that landed together; given to one run",
            },
        ),
        Kind(
            "trona.release.recorded",
            "A release is in the lake, with its figures.",
            "trona.release.SOURCE.CHAIN.MONTH",
            {
                **_ABOUT,
                "release_id": "its id, as in `trona releases`",
                "document": "name of the document",
                "published_at": "when it was published, ISO 8601 in UTC",
                "figures": "figures recorded",
                "quarantined": "rows refused",
                "unresolved": "statements seen but not placed",
                "is_live": "false where a backfill recorded it",
                "run_id": "the run, as in `trona runs`",
            },
        ),
        Kind(
            "trona.contract.broken",
            "A document or a release was refused whole, or rows of it were.",
            "trona.document.NAME",
            {
                "lake": _ABOUT["lake"],
                "document": "name of the document",
                "chain": "the chain, where it is known",
                "month": "the reviewed month, where it is known",
                "what": "what is broken, in a sentence",
                "where": "sheet, row or sentence",
                "found": "what was found there",
                "rows": "rows refused; 0 where all of it was",
                "run_id": "the run",
            },
        ),
        Kind(
            "trona.forecasts.scored",
            "Forecasts were scored against what happened.",
            "trona.scores.CHAIN",
            {
                "lake": _ABOUT["lake"],
                "chain": _ABOUT["chain"],
                "from_month": "first month scored anew",
                "to_month": "last month scored anew",
                "marked": "forecasts of these months that have an outcome",
                "run_id": "the run",
            },
        ),
        Kind(
            "trona.alert.raised",
            "A live run entered a new alert into the ledger; a backfill raises none.",
            "trona.alert.ALERT_ID",
            {
                **_ABOUT,
                "alert_id": "its id, as in `trona alerts`",
                "rule": "the rule that found it",
                "severity": "info, warning, error or critical",
                "segment": "the segment, else empty",
                "product": "the product, else empty",
                "metric": "the metric, else empty",
                "measure": "the measure, else empty",
                "title": "the finding in a sentence",
                "run_id": "the run",
            },
        ),
        Kind(
            "trona.release.awaited",
            "The day on which a month's review is expected has come and it is not there.",
            "trona.release.SOURCE.CHAIN.MONTH",
            {**_ABOUT, "deadline": "last day on which it is not late, YYYY-MM-DD"},
        ),
        Kind(
            "trona.release.missing",
            "A month's review has not come by its deadline.",
            "trona.release.SOURCE.CHAIN.MONTH",
            {**_ABOUT, "alert_id": "its id, as in `trona alerts`", "title": "the finding", "run_id": "the run"},
        ),
    )
}


@dataclass(frozen=True)
class Event:
    """One event, ready to be sent; the same `once` gives the same id, which the server takes once."""

    name: str
    resource: str
    payload: Mapping[str, Any]
    labels: Mapping[str, str] = field(default_factory=dict)
    once: str = ""

    def __post_init__(self) -> None:
        kind = KINDS[self.name]
        if set(self.payload) != set(kind.payload):
            odd = sorted(set(self.payload) ^ set(kind.payload))
            raise ValueError(f"the payload of {self.name} differs from its contract: {', '.join(odd)}")

    @property
    def event_id(self) -> uuid.UUID:
        """Its id."""
        return uuid.uuid5(_OURS, f"{self.name} {self.resource} {self.once}") if self.once else uuid.uuid4()

    def clipped_payload(self) -> dict[str, Any]:
        """The payload with long texts cut, since a server refuses large events."""
        return {k: v[:_PAYLOAD_LIMIT] if isinstance(v, str) else v for k, v in self.payload.items()}


def emit(events: Iterable[Event]) -> None:
    """Send events from inside a flow run; they go out in the background, and nothing waits for them.

    Each is a line of the log for machines too, with its ids.
    """
    from prefect.events import emit_event  # noqa: PLC0415 - inside a flow run only
    from prefect.settings import PREFECT_API_URL  # noqa: PLC0415

    is_heard = bool(PREFECT_API_URL.value())  # a temporary server has no automations that could hear them
    for event in events:
        logging.getLogger("trona.events").info(event.name, extra={"trona": event.clipped_payload()})
        if not is_heard:
            continue
        emit_event(
            event.name,
            resource={"prefect.resource.id": event.resource, **event.labels},
            payload=event.clipped_payload(),
            id=event.event_id,
        )


def post_events(api: str, events: Iterable[Event], *, timeout: float = 10.0) -> None:
    """Send events from a process without Prefect and wait until the server has taken them.

    Raises `SourceUnavailable` where it has not.
    """
    body = [
        {
            "id": str(event.event_id),
            "occurred": datetime.now(UTC).isoformat(),
            "event": event.name,
            "resource": {"prefect.resource.id": event.resource, **event.labels},
            "payload": event.clipped_payload(),
        }
        for event in events
    ]
    ask_server(api, "/events", body, timeout=timeout)


def ask_server(api: str, path: str, body: object, *, timeout: float = 10.0) -> Any:
    """Post JSON to the Prefect server and return its answer. Raises `SourceUnavailable` where there is none."""
    headers = {"Content-Type": "application/json"} | _authorise()
    request = Request(f"{api}{path}", data=json.dumps(body).encode(), headers=headers)  # noqa: S310 - http only
    try:
        with urlopen(request, timeout=timeout) as answer:  # noqa: S310
            content = answer.read()
    except (OSError, HTTPException) as error:
        raise SourceUnavailable(
            "the Prefect server does not answer",
            where=f"{api}{path}",
            found=str(error),
            next="see whether `trona up` or the server of PREFECT_API_URL is running: trona doctor",
        ) from error
    try:
        return json.loads(content) if content else None
    except ValueError:
        raise SourceUnavailable(
            "another program answers where a Prefect server should",
            where=f"{api}{path}",
            found=content[:80].decode("utf-8", "replace"),
            next="correct PREFECT_API_URL or `port`: trona doctor",
        ) from None


def _authorise() -> dict[str, str]:
    """What a server that asks for a password, or a hosted one, wants to see; as Prefect's own client sends it."""
    password, key = os.environ.get("PREFECT_API_AUTH_STRING", ""), os.environ.get("PREFECT_API_KEY", "")
    if password:
        return {"Authorization": f"Basic {b64encode(password.encode()).decode()}"}
    return {"Authorization": f"Bearer {key}"} if key else {}
