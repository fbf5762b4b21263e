"""Runs of a service work where its settings say, and nowhere else, whoever starts them and with what parameters."""

import os

from contracts.errors import UsageError
from contracts.settings import load_settings
from flows.run.request import RunRequest

PINNED = "TRONA_PINNED"
"""Set in the environment of whatever `trona up` starts."""


def refuse_other_places(request: RunRequest) -> None:
    """Raise `UsageError` where a run of the service names another lake, inbox, receivers or chains than its settings.

    Documents come from the inbox alone (and from the folder of the backfill's form): a run that could be given any
    folder would move or read whatever its account can.
    """
    if not os.environ.get(PINNED):
        return
    settings = load_settings()
    chains = str(settings.chains_folder.absolute()) if settings.chains_folder else ""
    own = {
        "lake": (request.lake, {settings.lake_address}),
        "inbox": (request.inbox, {"", settings.inbox_address}),
        "receivers": (request.receivers, {"", settings.receivers_address}),
        "chains_folder": (str(request.chains_folder.absolute()) if request.chains_folder else "", {"", chains}),
        "documents": ("" if request.flow == "backfill" else " ".join(map(str, request.documents)), {""}),
        "mapping": (str(request.hints.mapping or ""), {""}),
    }
    for name, (given, allowed) in own.items():
        if given not in allowed:
            raise UsageError(
                f"this service does not work on another {name}",
                found=given,
                effect="nothing was read or moved",
                next="change the settings of `trona up` and start it again, or use the command line",
            )
