"""Commands that run a flow: they need a Prefect server, and start a temporary one where none is running."""

import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import polars as pl
from cyclopts import Parameter

from contracts.errors import Exit, UsageError
from contracts.settings import Settings, load_settings
from contracts.text import count_noun
from flows.cli.options import LakeOption, parse_instant, parse_published
from flows.cli.output import find_look, fit_text, print_message
from flows.cli.printable_paths import use_printable_paths
from flows.cli.progress_line import LINE, waiting_for
from flows.cli.query import open_to_write
from flows.service.prefect_server import announce, choose_server_for
from flows.service.server_loss import watch_server

if TYPE_CHECKING:
    from data_lake.lake import Lake

_DEFAULT_LAKE = LakeOption()


def run(
    *documents: Path,
    chain: str = "",
    month: str = "",
    source: str = "",
    published: str = "",
    notify: Literal["live", "digest", "none"] = "live",
    as_of: str = "",
    accept_doubtful: bool = False,
    lake: LakeOption = _DEFAULT_LAKE,
) -> int:
    """The month: ingest what has landed, check, compare, score, notify.

    Parameters
    ----------
    documents
        Files and folders to ingest; else the inbox, where there is one.
    chain
        Only this chain is evaluated and notified.
    month
        Only reviews of this month, YYYY-MM, are evaluated and notified; documents that say no month review it.
    source
        Who published them, where they do not say it.
    published
        When they were published, where they do not say it: a date (in the chain's time zone) or an instant.
    notify
        live = notify matching receivers, digest = one summary, none = nobody.
    as_of
        Evaluate with the knowledge of this date or instant instead of now.
    accept_doubtful
        Record doubtful readings of reviews as figures too.
    """
    settings = _start(lake)
    takes_inbox = not documents and ("://" in settings.inbox or Path(settings.inbox).is_dir())
    now = datetime.now(UTC)
    return call_flow(
        "monthly_run",
        settings,
        documents=list(documents),
        inbox=settings.inbox_address if takes_inbox else "",
        chain=chain,
        month=month,
        source=source,
        usual_source=settings.source,
        published=parse_published(published) if published else None,
        notify=notify,
        now=now,
        as_of=_read_as_of(as_of, settings, chain, now),
        accept_doubtful=accept_doubtful,
    )


def backfill(
    *,
    from_month: Annotated[str, Parameter(name="--from")] = "",
    to_month: Annotated[str, Parameter(name="--to")] = "",
    documents: list[Path] | None = None,
    chain: str = "",
    source: str = "",
    notify: Literal["none", "digest"] = "none",
    as_of: str = "",
    accept_doubtful: bool = False,
    report: bool = False,
    lake: LakeOption = _DEFAULT_LAKE,
) -> int:
    """Many months by hand, each evaluated with only the knowledge of its time. Can be stopped and started again.

    Parameters
    ----------
    from_month
        First month to ingest, YYYY-MM.
    to_month
        Last month to ingest, YYYY-MM.
    documents
        Files and folders to ingest; else only what the lake holds already.
    chain
        Only this chain.
    source
        Who published the documents, where they do not say it.
    notify
        none = nobody is told, digest = one summary.
    as_of
        Evaluate with the knowledge of this date or instant instead of now.
    accept_doubtful
        Record doubtful readings of reviews as figures too.
    report
        Say at the end what stands out.
    """
    settings = _start(lake)
    now = datetime.now(UTC)
    return call_flow(
        "backfill",
        settings,
        report=report,
        documents=documents or [],
        from_month=from_month,
        to_month=to_month,
        chain=chain,
        source=source,
        usual_source=settings.source,
        notify=notify,
        now=now,
        as_of=_read_as_of(as_of, settings, chain, now),
        accept_doubtful=accept_doubtful,
    )


def replay(*, as_of: str = "", folder: Path | None = None, lake: LakeOption = _DEFAULT_LAKE) -> int:
    """Rebuild every computed table in a fresh folder and say what differs from the lake's; nothing is changed.

    Parameters
    ----------
    as_of
        With the knowledge of this date or instant; else of now.
    folder
        Keep the rebuilt tables here; else they are removed.
    """
    from tempfile import TemporaryDirectory  # noqa: PLC0415 - not needed for --help

    from data_lake.lake import open_lake  # noqa: PLC0415
    from flows.cli.output import print_frame  # noqa: PLC0415
    from tasks.comparing.refresh import load_chains  # noqa: PLC0415
    from tasks.history.replay import compare_lakes, find_settled, rebuild  # noqa: PLC0415

    settings = _start(lake)
    if folder and folder.exists() and any(folder.iterdir()):
        raise UsageError("the folder for the rebuilt tables is not empty", where=str(folder), next="name a fresh one")
    now = datetime.now(UTC)
    store = open_lake(settings.lake)
    instant = _read_as_of(as_of, settings, "", now) or now
    with TemporaryDirectory() as temporary, waiting_for("rebuilding every computed table and comparing it"):
        fresh = open_lake(folder or temporary)
        rebuild(store, fresh, load_chains(store, settings.chains_folder), as_of=instant)
        settled = find_settled(store, instant)
        differences = compare_lakes(store, fresh, settled)
    if settled.waiting:
        waiting = count_noun(settled.waiting, "change")
        print_message(f"{waiting} of releases not evaluated yet: what rests on them is left out; run `trona run`")
    if differences.is_empty():
        print_message("rebuilt: byte-identical")
        return Exit.DONE
    print_frame(differences, nothing="")
    print_message(f"rebuilt: {differences.height} differences")
    return Exit.CONTRACT


def _read_as_of(text: str, settings: Settings, chain: str, now: datetime) -> datetime | None:
    """The instant of --as-of, None where it is not given."""
    from data_lake.lake import open_lake  # noqa: PLC0415 - not needed for --help
    from flows.cli.query import days_zone  # noqa: PLC0415 - only where it is given

    return parse_instant(text, now=now, zone=days_zone(open_lake(settings.lake), settings, chain)) if text else None


def _start(lake: LakeOption) -> Settings:
    settings = load_settings(lake=lake.lake)
    print_message(f"lake      {settings.lake}")
    return settings


def call_flow(
    name: str, settings: Settings, *, documents: Sequence[Path], report: bool = False, **parameters: object
) -> int:
    """Call a flow with the reporter of this command, at the running server or a temporary one; the exit code."""
    refuse_mistakes(settings, list(documents))
    server = choose_server_for(settings)
    store = open_to_write(settings)
    announce(server)
    LINE.show("loading what runs flows" if server.address else "loading what runs flows, then the server")
    from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings  # noqa: PLC0415

    from flows import backfill as backfill_module  # noqa: PLC0415 - Prefect reads its settings at import
    from flows import monthly  # noqa: PLC0415
    from flows.run.progress import Reporter, use_reporter  # noqa: PLC0415

    flow = monthly.monthly_run if name == "monthly_run" else backfill_module.backfill
    call: Callable[..., str] = flow.with_options(retries=0)  # a person sees the error, and may mend what is behind it
    reporter = Reporter(say=print_message, show=_show, report=report, wait=LINE.show, look=find_look())
    # the heartbeat of a flow sleeps a second at its end; a command that a person waits for needs none
    with (
        temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}),
        use_reporter(reporter),
        watch_server(server),
        use_printable_paths(documents) as paths,
        waiting_for("asking the Prefect server for a run" if server.address else "starting the Prefect server"),
    ):
        run_id = call(
            documents=paths,
            lake=settings.lake if "://" in settings.lake else str(Path(settings.lake).absolute()),
            chains_folder=settings.chains_folder,
            receivers=settings.receivers_address,
            **parameters,
        )
    return _exit_code(store, run_id)


def _exit_code(store: "Lake", run_id: str) -> int:
    """As `trona ingest` leaves: 3 where rows were refused, although the run itself went well."""
    from contracts.runs import RUNS  # noqa: PLC0415 - not needed for --help

    refused = store.table(RUNS).scan().filter(run_id=run_id).select(pl.col("quarantined").sum()).collect().item()
    if refused:
        print_message(f"refused rows: trona quarantine --run {run_id}")
    return Exit.CONTRACT if refused else Exit.DONE


def refuse_mistakes(settings: Settings, documents: list[Path]) -> None:
    """Raise what a person mistyped before a server is started: documents that are not there, receivers that are not."""
    from tasks.delivery import choose_receivers  # noqa: PLC0415 - not needed for --help
    from tasks.intake.documents import find_documents  # noqa: PLC0415

    find_documents(documents)
    choose_receivers(settings.receivers_address)


def _show(text: str) -> None:
    with LINE.printing():
        sys.stdout.write(fit_text(text).removesuffix("\n") + "\n")
        sys.stdout.flush()
