"""The page after a run: what changed is drawn anew. A failure is said, and stops neither the run nor a message."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from prefect import task

from contracts.settings import Settings, load_settings
from contracts.text import count_noun
from data_lake.lake import open_lake
from flows.run.pinned import PINNED
from flows.run.progress import Progress
from flows.run.request import RunRequest, RunResult
from tasks.comparing.refresh import load_chains
from tasks.pages import build_site

_MOST_SECONDS = 900
INDEX = "index.html"


def refresh_page(result: RunResult, progress: Progress) -> None:
    """Bring the page's folder up to date where a folder is set and the run changed something that it shows.

    Comes after people are told and documents are moved: nothing waits for it, and nothing but the page is lost with it.
    """
    folder = load_settings().page_folder
    if folder is None or not (_has_news(result) or not (folder / INDEX).exists()):
        return
    progress.wait("drawing the page")
    state = draw_page(result.request, folder, return_state=True)
    found = state.result(raise_on_failure=False)
    if isinstance(found, BaseException):
        said = str(found).strip().splitlines()
        what = f"{type(found).__name__}: {said[0]}" if said else type(found).__name__
        progress.say(
            f"  the page was not drawn ({what}); everything else is done. Again by `trona page --out {folder}`"
        )
    else:
        progress.say(f"  page: {count_noun(found, 'file')} new or changed in {folder / INDEX}")


@task(name="page", task_run_name="draw the page", tags=["trona", "page"], timeout_seconds=_MOST_SECONDS)
def draw_page(request: RunRequest, folder: Path) -> int:
    """Write the site with the knowledge of now; the number of files that changed."""
    lake = open_lake(request.lake)
    with _one_at_a_time(folder):  # of two runs at once the later one draws what both recorded
        return len(build_site(lake, load_chains(lake, request.chains_folder), folder, as_of=request.instant))


def find_page_link(settings: Settings) -> str:
    """Where a person who sees the Prefect UI finds the page: its address, else where `trona up` serves it; or empty."""
    served = settings.page_served if settings.page and PINNED in os.environ else ""
    return settings.page_address.rstrip("/") or served


def _has_news(result: RunResult) -> bool:
    return bool(result.steps or result.ingested.with_status("recorded") or result.alerts.height)


@contextmanager
def _one_at_a_time(folder: Path) -> Iterator[None]:
    folder.mkdir(parents=True, exist_ok=True)
    with folder.with_name(f".{folder.name}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
