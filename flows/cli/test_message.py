"""A test message to every receiver, straight through its channel: nothing is told, nobody is alerted."""

import secrets
import sys
from datetime import datetime

from contracts.errors import TronaError
from contracts.settings import Settings
from data_lake.lake import Lake, open_lake
from flows.cli.health_checks import HealthFinding, receivers_of
from flows.run.secret_blocks import resolve_secret
from tasks.delivery import Receiver
from tasks.delivery.senders import Sent
from tasks.delivery.summary import send_test


def send_tests(settings: Settings, now: datetime) -> list[HealthFinding]:
    """What became of the test message, by receiver."""
    lake, run_id = open_lake(settings.lake), secrets.token_hex(4)
    return [_send_test(lake, receiver, now, run_id) for receiver in receivers_of(settings)]


def _send_test(lake: Lake, receiver: Receiver, now: datetime, run_id: str) -> HealthFinding:
    try:
        outcome = send_test(lake, receiver, resolve_secret, now, run_id=run_id, console=_tell)
    except TronaError as error:
        return HealthFinding("test", "wrong", f"{receiver.name}: {error.what}", error.next)
    if isinstance(outcome, Sent):
        return HealthFinding("test", "ok", f"{receiver.name} ({receiver.kind}) took a test message")
    again = "correct receivers.toml, then trona doctor --send-test"
    return HealthFinding("test", "wrong", f"{receiver.name}: {outcome.reason}", again)


def _tell(text: str) -> None:
    sys.stderr.write(text + "\n")
