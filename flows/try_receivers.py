"""A test message to every receiver, straight through its channel: nothing is kept, nobody is alerted."""

import sys
from datetime import datetime

from contracts.errors import TronaError
from data_lake.lake import open_lake
from flows.checkup import Finding, receivers_of
from flows.settings import Settings
from tasks.delivery import Receiver, resolve_environment
from tasks.delivery.channels import build_senders
from tasks.delivery.secrets import hide_secrets, quiet_libraries
from tasks.delivery.senders import Parcel, Sent
from tasks.delivery.sending import Senders
from tasks.messages.neutral import Message


def send_tests(settings: Settings, now: datetime) -> list[Finding]:
    """What became of the test message, by receiver."""
    senders = build_senders(open_lake(settings.lake), _tell)
    return [_send_test(receiver, senders, now) for receiver in receivers_of(settings)]


def _send_test(receiver: Receiver, senders: "Senders", now: datetime) -> Finding:
    message = Message(
        marker=f"test-{receiver.name}-{now:%Y%m%dT%H%M%S}",
        thread=f"test-{receiver.name}",
        severity="info",
        headline=f"Trona can reach {receiver.name}",
        notes=("Sent by hand with `trona doctor --send-test`. Nothing needs to be done.",),
        is_test=True,
    )
    secrets: dict[str, str] = {}
    try:
        secrets = {setting: resolve_environment(name) for setting, name in receiver.secret_names.items()}
        with quiet_libraries(secrets):
            outcome = senders[receiver.kind](Parcel(message, receiver, secrets, now))
    except TronaError as error:
        return Finding("test", "wrong", f"{receiver.name}: {hide_secrets(error.what, secrets)}", error.next)
    if isinstance(outcome, Sent):
        return Finding("test", "ok", f"{receiver.name} ({receiver.kind}) took a test message")
    reason = hide_secrets(outcome.reason, secrets)
    return Finding(
        "test", "wrong", f"{receiver.name}: {reason}", "correct receivers.toml, then trona doctor --send-test"
    )


def _tell(text: str) -> None:
    sys.stderr.write(text + "\n")
