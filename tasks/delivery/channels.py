"""Which sender serves which kind of receiver."""

from typing import TYPE_CHECKING

from data_lake.lake import Lake
from tasks.delivery.local import ConsoleSender, FileSender
from tasks.delivery.senders import Write

if TYPE_CHECKING:
    from tasks.delivery.sending import Senders


def build_senders(lake: Lake, console: Write) -> "Senders":
    """The sender of every kind."""

    def keep(name: str, content: bytes) -> str:
        lake.storage.put(name, content)
        return lake.storage.address(name)

    return {
        "console": ConsoleSender(console),
        "file": FileSender(keep),
    }
