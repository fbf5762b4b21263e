"""Which sender serves which kind of receiver."""

from typing import TYPE_CHECKING

from data_lake.lake import Lake
from tasks.delivery.local import ConsoleSender, FileSender
from tasks.delivery.senders import SendOutcome, SendRequest, Write

if TYPE_CHECKING:
    from tasks.delivery.sending import Senders


def build_senders(lake: Lake, console: Write) -> "Senders":
    """The sender of every kind; network clients are imported with the first message they carry."""

    def keep(name: str, content: bytes) -> str:
        lake.storage.put(name, content)
        return lake.storage.address(name)

    return {
        "console": ConsoleSender(console),
        "file": FileSender(keep),
        "slack": _send_slack,
        "email": _send_mail,
        "webhook": _send_webhook,
    }


def _send_slack(request: SendRequest) -> SendOutcome:
    from tasks.delivery.slack import send_slack  # noqa: PLC0415 - only who uses Slack pays for its client

    return send_slack(request)


def _send_mail(request: SendRequest) -> SendOutcome:
    from tasks.delivery.mail import send_mail  # noqa: PLC0415

    return send_mail(request)


def _send_webhook(request: SendRequest) -> SendOutcome:
    from tasks.delivery.webhook import send_webhook  # noqa: PLC0415

    return send_webhook(request)
