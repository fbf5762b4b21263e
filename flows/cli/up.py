"""Commands that keep running: `up` with a server, a schedule and a page; `watch` with the inbox alone."""

import signal
import sys
import threading
from datetime import UTC, datetime

from contracts.errors import Exit, TronaError
from contracts.settings import load_settings
from flows.cli.options import LakeOption
from flows.cli.output import print_message

_DEFAULT_LAKE = LakeOption()


def up(
    *,
    inbox: str = "",
    port: int | None = None,
    host: str = "",
    database: str = "",
    lake: LakeOption = _DEFAULT_LAKE,
) -> int:
    """Everything that runs by itself, in one process tree: server and page, schedule, inbox. Ctrl-C stops it.

    With PREFECT_API_URL set, that server is used and none is started.

    Parameters
    ----------
    inbox
        Folder or object-store prefix in which documents land.
    port
        Port of the page and the server.
    host
        Address at which they listen; 0.0.0.0 = reachable from other machines.
    database
        postgresql+asyncpg://… for the server; else SQLite. Better set as TRONA_DATABASE.
    """
    from flows.service.supervisor import run_up  # noqa: PLC0415 - not for --help

    return run_up(load_settings(lake=lake.lake, inbox=inbox, port=port, host=host, database=database), _show)


def watch(*, inbox: str = "", source: str = "", once: bool = False, lake: LakeOption = _DEFAULT_LAKE) -> int:
    """Take in every document that lands in the inbox, in this process, until Ctrl-C.

    Documents go to done/ or, with the reason beside them, to refused/.

    Parameters
    ----------
    inbox
        Folder or object-store prefix in which documents land.
    source
        Who published them, where they do not say it.
    once
        Take in what lies there, then end.
    """
    from flows.cli.run import call_flow  # noqa: PLC0415 - not for --help
    from flows.inbox.stores import Landed, open_inbox  # noqa: PLC0415
    from flows.inbox.watcher import Watch, watch_inbox  # noqa: PLC0415

    settings = load_settings(lake=lake.lake, inbox=inbox)
    print_message(f"lake      {settings.lake}")
    print_message(f"inbox     {settings.inbox_address}")
    failed: list[TronaError] = []

    def take(documents: list[Landed]) -> None:
        names = [document.name for document in documents]
        try:
            call_flow(
                "monthly_run",
                settings,
                documents=[],
                inbox=settings.inbox_address,
                landed=names,
                source=source,
                usual_source=settings.source,
                now=datetime.now(UTC),
            )
        except TronaError as error:  # the next document is none the worse for it
            print_message(str(error))
            failed.append(error)
            if not error.may_pass:
                landing.leave(documents)
                if any(document in landing.inbox.list() for document in documents):
                    print_message("what still lies in the inbox is taken again once it changes, or watch starts anew")

    landing, stop = (
        Watch(open_inbox(settings.inbox_address), settings.settle_seconds, say=print_message),
        threading.Event(),
    )
    if once:
        take(landing.inbox.list())
        return failed[0].exit_code if failed else Exit.DONE
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that a temporary server is stopped too
    sys.stdout.write(f"ready     drop a document into {settings.inbox_address}; Ctrl-C stops\n")
    sys.stdout.flush()
    watch_inbox(landing, take, poll_seconds=settings.poll_seconds, stop=stop, say=print_message)
    return Exit.DONE


def _show(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def server_settings() -> int:
    """The settings that `trona up` gives its server, for one that you start yourself: lines of a shell or of `.env`.

    A server's own settings do not come from those who report to it. Without these, SQLite is written for every task run
    and refuses others for seconds.
    """
    from flows.service.prefect_server import ALWAYS  # noqa: PLC0415 - not for --help

    for name, value in ALWAYS.items():
        print(f"export {name}={value}")
    print_message('eval "$(trona server-settings)" && prefect server start; or write them to a file of your service')
    return Exit.DONE
