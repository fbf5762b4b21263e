"""A test message to every receiver, straight through its channel: nothing is told, nobody is alerted."""

import secrets
import sys
from datetime import datetime

from contracts.errors import TronaError
from data_lake.lake import Lake, open_lake
from flows.blocks import resolve_secret
from flows.checkup import Finding, receivers_of
from flows.settings import Settings
from tasks.delivery import Receiver
from tasks.delivery.senders import Sent
from tasks.delivery.summary import send_test


def send_tests(settings: Settings, now: datetime) -> list[Finding]:
    """What became of the test message, by receiver."""
    lake, run_id = open_lake(settings.lake), secrets.token_hex(4)
    return [_send_test(lake, receiver, now, run_id) for receiver in receivers_of(settings)]


def _send_test(lake: Lake, receiver: Receiver, now: datetime, run_id: str) -> Finding:
    try:
        outcome = send_test(lake, receiver, resolve_secret, now, run_id=run_id, console=_tell)
    except TronaError as error:
        return Finding("test", "wrong", f"{receiver.name}: {error.what}", error.next)
    if isinstance(outcome, Sent):
        return Finding("test", "ok", f"{receiver.name} ({receiver.kind}) took a test message")
    again = "correct receivers.toml, then trona doctor --send-test"
    return Finding("test", "wrong", f"{receiver.name}: {outcome.reason}", again)


def _tell(text: str) -> None:
    sys.stderr.write(text + "\n")
