"""The processes under `trona up`: the Prefect server, the runner of flows, the watcher of the inbox, the page.

`python -m flows.service.processes ROLE` with everything in the environment. A child that loses its parent
stops by itself.
"""

import asyncio
import logging
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from contracts.settings import Settings, load_settings
from flows.run.deployment_names import ARRIVAL

ROLES = ("server", "runner", "watcher", "page")
_MOST_IN_A_RUN = 200


def main(role: str) -> None:
    """Be one of the children until told to stop."""
    stop_without_parent()
    settings = load_settings()
    {"server": _serve, "runner": _run_flows, "watcher": _watch, "page": _show_page}[role](settings)


def stop_without_parent() -> None:
    """Send this process SIGTERM once its parent is gone (killed, so that it could not say goodbye)."""
    parent = os.getppid()

    def look() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(5)
        os.killpg(os.getpgid(0), signal.SIGKILL)

    threading.Thread(target=look, name="parent", daemon=True).start()


def report_ready(role: str) -> None:
    """Let the parent know that this child is at work."""
    folder = os.environ.get("TRONA_READY")
    if folder:
        (Path(folder) / role).write_text(str(os.getpid()))


def _serve(settings: Settings) -> None:
    import uvicorn  # noqa: PLC0415 - only the server needs it
    from prefect.server.api.server import create_app  # noqa: PLC0415

    logging.getLogger("uvicorn.error").addFilter(_is_worth_a_line)
    from flows.service.access import list_addresses  # noqa: PLC0415
    from flows.service.web_guard import OwnPageOnly  # noqa: PLC0415

    own = list_addresses(settings.host, settings.port, settings.page_names)
    is_open = settings.host in {"0.0.0.0", "::", ""}  # noqa: S104 - recognised, not bound
    uvicorn.run(
        OwnPageOnly(create_app(final=True), own, is_open=is_open),
        host=settings.host,
        port=settings.port,
        log_level="error",
        timeout_keep_alive=5,
        timeout_graceful_shutdown=1,  # an open page holds its connection for ever
    )


def _show_page(settings: Settings) -> None:
    import uvicorn  # noqa: PLC0415 - only the servers need it

    from flows.service.access import list_addresses  # noqa: PLC0415
    from flows.service.page_server import build_page_app  # noqa: PLC0415

    folder = settings.page_folder
    if folder is None:
        raise ValueError("no folder of the page is set")  # `trona up` starts this child only with one
    own = list_addresses(settings.host, settings.page_at, settings.page_names)
    is_open = settings.host in {"0.0.0.0", "::", ""}  # noqa: S104 - recognised, not bound
    app = build_page_app(folder, own, settings.page_password, is_open=is_open)
    config = uvicorn.Config(
        app, host=settings.host, port=settings.page_at, log_level="error", timeout_graceful_shutdown=1
    )

    class Server(uvicorn.Server):
        async def startup(self, sockets: "list[socket.socket] | None" = None) -> None:
            await super().startup(sockets)
            report_ready("page")

    Server(config).run()


def _is_worth_a_line(record: logging.LogRecord) -> bool:
    """An open page is cut off when the server stops; uvicorn logs that as an error, with its traceback."""
    is_cut = record.exc_info is not None and isinstance(record.exc_info[1], asyncio.CancelledError)
    return not is_cut and "timeout graceful shutdown exceeded" not in str(record.msg)


def _run_flows(settings: Settings) -> None:
    from prefect.runner import Runner  # noqa: PLC0415 - only the runner loads Prefect

    from contracts.chain import chain_paths, load_chain  # noqa: PLC0415
    from flows.service.deployments import deploy  # noqa: PLC0415
    from flows.service.forkserver import start_warm  # noqa: PLC0415
    from flows.service.orphaned_runs import recover  # noqa: PLC0415

    folder = settings.chains_folder
    chains = {name: load_chain(name, folder) for name in chain_paths(folder)}

    start_warm()

    async def work() -> None:
        runner = Runner(
            name="trona",
            limit=settings.runs_at_once,
            query_seconds=settings.poll_seconds,
            pause_on_shutdown=False,
        )
        await deploy(runner, settings, chains)
        await recover()
        started = asyncio.create_task(runner.start())
        await asyncio.sleep(0)  # it has set a handler of its own by now, which leaves in the middle of a callback
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, started.cancel)
        report_ready("runner")
        with suppress(asyncio.CancelledError):
            await started

    asyncio.run(work())


def _watch(settings: Settings) -> None:
    from flows.inbox.stores import open_inbox  # noqa: PLC0415
    from flows.inbox.watcher import Watch, watch_inbox  # noqa: PLC0415

    api = os.environ["PREFECT_API_URL"]
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    inbox = open_inbox(settings.inbox_address)
    watch = Watch(inbox, settings.settle_seconds, is_busy=lambda: is_arrival_running(api), say=_say)
    report_ready("watcher")
    watch_inbox(
        watch,
        lambda documents: announce_landed(api, settings, documents, stop),
        poll_seconds=settings.poll_seconds,
        stop=stop,
        say=_say,
    )


def announce_landed(api: str, settings: Settings, documents: "Sequence[object]", stop: threading.Event) -> None:
    """Send one event per document, the first of a batch leading; again and again until the server has taken them."""
    from contracts.errors import SourceUnavailable  # noqa: PLC0415
    from flows.inbox.stores import Landed  # noqa: PLC0415
    from flows.run.events import Event, post_events  # noqa: PLC0415

    landed = [document for document in documents if isinstance(document, Landed)]
    batches = [landed[i : i + _MOST_IN_A_RUN] for i in range(0, len(landed), _MOST_IN_A_RUN)]
    for batch in batches:
        names = [document.name for document in batch]
        events = [
            Event(
                "trona.document.landed",
                f"trona.document.{document.name}",
                {
                    "lake": settings.lake_address,
                    "inbox": settings.inbox_address,
                    "name": document.name,
                    "size": document.size,
                    "landed": names if document is batch[0] else [],
                },
                {"trona.leads": "yes" if document is batch[0] else "no"},
            )
            for document in batch
        ]
        while not stop.is_set():
            try:
                post_events(api, events)
            except SourceUnavailable:
                stop.wait(1.0)
            else:
                _say(f"landed: {', '.join(names[:5])}{f' and {len(names) - 5} more' if len(names) > 5 else ''}")
                break


def is_arrival_running(api: str) -> bool:
    """Whether a run for documents that arrived is waiting or at work; true where the server does not say."""
    from contracts.errors import SourceUnavailable  # noqa: PLC0415
    from flows.run.events import ask_server  # noqa: PLC0415

    asked = {
        "deployments": {"name": {"any_": [ARRIVAL]}},
        "flow_runs": {"state": {"type": {"any_": ["SCHEDULED", "PENDING", "RUNNING", "CANCELLING"]}}},
    }
    try:
        return bool(ask_server(api, "/flow_runs/count", asked))
    except SourceUnavailable:
        return True


def _say(text: str) -> None:
    from flows.service.log_format import write_line  # noqa: PLC0415

    write_line("inbox", text)


if __name__ == "__main__":
    main(sys.argv[1])
