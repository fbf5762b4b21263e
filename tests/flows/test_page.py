"""The page in a run and under `trona up`: drawn for what changed, served to who may read it, and never in the way."""

import json
import os
import time
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import replace
from http.client import HTTPConnection
from pathlib import Path

import pytest

from contracts.errors import UsageError
from contracts.secret import Secret
from contracts.settings import Settings, load_settings
from flows.service.supervisor import Child, build_environment, check_port, open_page
from tests.builders import day
from tests.flows.conftest import free_port

JANUARY = Path(__file__).parents[2] / "examples" / "figures" / "smm" / "sodium_ion" / "2026-01.csv"
NOW = day("2026-02-10T12:00")


def run_month(lake: Path, **parameters) -> tuple[list[str], str]:
    """What a run said, and what its receivers were shown."""
    from flows.monthly import monthly_run
    from flows.run.progress import Reporter, use_reporter

    said, shown = [], []
    with use_reporter(Reporter(said.append, shown.append)):
        monthly_run(str(lake), documents=[JANUARY], now=NOW, **parameters)
    return said, "\n".join(shown)


def test_a_run_draws_the_page_and_links_to_it_and_a_page_that_cannot_be_drawn_stops_nothing(
    prefect_api, tmp_path, monkeypatch
):
    from prefect.client.orchestration import get_client

    folder = tmp_path / "page"
    folder.write_text("no folder")
    monkeypatch.setenv("TRONA_PAGE", str(folder))
    monkeypatch.setenv("TRONA_PAGE_ADDRESS", "https://page.example/trona/")
    monkeypatch.setenv("TRONA_OWNER", "data desk")
    said, shown = run_month(tmp_path / "lake")
    (line,) = [line for line in said if "the page was not drawn" in line]
    assert "FileExistsError" in line
    assert f"trona page --out {folder}" in line
    assert "Battery cells −41 % while cathode materials +2 %" in shown
    assert "https://page.example/trona/sodium_ion/2026-01.html" in shown
    assert "Owner data desk · Told console, file" in shown
    with get_client(sync_client=True) as client:
        told = [a.data for a in client.read_artifacts() if a.key == "trona-summary"]
    (linked,) = [text for text in told if "https://page.example/trona/sodium_ion/2026-01.html" in text]
    assert "| Battery cells | −41 % MoM |" in linked

    folder.unlink()
    said, _ = run_month(tmp_path / "lake")  # nothing is new, and there is no page yet
    page = folder / "sodium_ion" / "2026-01.html"
    assert "−41 %" in page.read_text().replace("\N{NO-BREAK SPACE}", " ")
    assert any(line.startswith("  page: ") and "new or changed" in line for line in said)


def test_a_page_is_drawn_where_one_is_kept_and_something_is_new(tmp_path, monkeypatch):
    from contracts.alerts import ALERTS
    from flows.run import page
    from flows.run.progress import Progress
    from flows.run.request import Ingested, RunRequest, RunResult

    drawn = []
    monkeypatch.setattr(page, "draw_page", lambda request, folder, **_: drawn.append(folder) or State())
    quiet = RunResult(RunRequest("lake", "monthly_run", run_id="r"), NOW, Ingested(), (), ALERTS.empty())
    news = replace(quiet, alerts=ALERTS.empty().clear(1))
    progress = Progress(print, print)
    page.refresh_page(news, progress)
    assert drawn == []  # no setting, no page
    monkeypatch.setenv("TRONA_PAGE", str(tmp_path))
    page.refresh_page(quiet, progress)
    assert drawn == [tmp_path]  # there is none yet
    (tmp_path / "index.html").write_text("a page")
    page.refresh_page(quiet, progress)
    assert drawn == [tmp_path]
    page.refresh_page(news, progress)
    assert drawn == [tmp_path, tmp_path]


class State:
    """What became of a task that changed no file."""

    def result(self, *, raise_on_failure: bool) -> int:
        return 0


class Served:
    """The page's own process, as `trona up` starts it, with a folder that holds a page and a neighbour that does not."""

    def __init__(self, folder: Path) -> None:
        self.root = folder
        self.page = folder / "page"
        for path, text in {
            "page/index.html": "first page",
            "page/sodium_ion/2026-01.html": "January",
            "diary": "x",
        }.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text)
        (self.page / "out").symlink_to(folder / "diary")
        self.port = free_port()
        home = folder / "home"
        settings = Settings(
            lake=str(folder / "lake"),
            home=str(home),
            page=str(self.page),
            page_port=self.port,
            page_names="page.example",
        )
        settings = open_page(settings, home, "")
        self.password = settings.page_password.reveal()
        ready = folder / "ready"
        ready.mkdir()
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("PREFECT_", "TRONA_"))}
        environment = build_environment(settings, "http://127.0.0.1:9/api", ready)
        ours = {k: v for k, v in environment.items() if k not in os.environ or k in clean}
        self.child = Child("page", ours, ready)
        self.child.start()
        end = time.monotonic() + 60
        while not self.child.is_ready:
            assert self.child.is_alive
            assert time.monotonic() < end
            time.sleep(0.05)

    def ask(
        self, path: str, method: str = "GET", *, password: str | None = None, **headers: str
    ) -> tuple[int, str, dict]:
        """Status, text and headers of the answer; `password` as the page's own where none is given."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=30)
        word = self.password if password is None else password
        login = {"Authorization": f"Basic {b64encode(word.encode()).decode()}"} if word else {}
        connection.putrequest(method, path, skip_host="Host" in headers)
        for name, value in {**login, **headers}.items():
            connection.putheader(name, value)
        connection.endheaders()
        answer = connection.getresponse()
        found = answer.status, answer.read().decode(), {k.lower(): v for k, v in answer.getheaders()}
        connection.close()
        return found


@pytest.fixture(scope="module")
def served(tmp_path_factory) -> Iterator[Served]:
    made = Served(tmp_path_factory.mktemp("served"))
    yield made
    made.child.signal_all(15)
    made.child.wait(10)
    assert not made.child.is_alive


def test_the_page_is_served_to_who_has_the_password(served):
    assert served.ask("/")[:2] == (200, "first page")
    assert served.ask("/sodium_ion/2026-01.html")[:2] == (200, "January")
    assert served.ask("/sodium_ion/2026-01.html", "HEAD")[:2] == (200, "")
    assert served.ask("/sodium_ion/2025-01.html")[0] == 404
    for word in ("", "trona:wrong", "trona:", "nonsense", served.password + "x"):
        status, text, headers = served.ask("/", password=word)
        assert (status, "first page" in text) == (401, False)
        assert headers["www-authenticate"].startswith("Basic ")
    assert served.ask("/", password="", Authorization="Basic %%%")[0] == 401
    assert (
        served.ask("/", password="", Authorization=f"Bearer {b64encode(served.password.encode()).decode()}")[0] == 401
    )


def test_the_page_is_read_only_and_nothing_beside_it_is_reached(served):
    for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS"):
        assert served.ask("/index.html", method)[0] == 405
    for path in (
        "/../diary",
        "/..%2fdiary",
        "/%2e%2e/diary",
        "/sodium_ion/../../diary",
        "//diary",
        "/..\\diary",
        "/out",
    ):
        assert served.ask(path)[0] in {400, 404}, path
    assert (served.root / "diary").read_text() == "x"


def test_the_page_has_the_door_of_the_server(served):
    for foreign in (
        {"Host": f"evil.example:{served.port}"},
        {"Host": ""},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
    ):
        assert served.ask("/", **foreign)[0] == 403
    assert served.ask("/", Host="page.example")[0] == 200
    assert served.ask("/", Origin=f"http://127.0.0.1:{served.port}")[0] == 200


def test_a_page_is_asked_for_again_and_sent_only_where_it_changed(served):
    _, _, headers = served.ask("/")
    assert headers["cache-control"] == "no-cache"
    assert "default-src 'self'" in headers["content-security-policy"]
    assert served.ask("/", **{"If-None-Match": headers["etag"]})[:2] == (304, "")


def test_before_the_first_run_the_page_says_so(served):
    first = served.page / "index.html"
    kept = first.read_bytes()
    first.unlink()
    try:
        status, text, _ = served.ask("/")
    finally:
        first.write_bytes(kept)
    assert status == 404
    assert "The next run writes it" in text


def test_who_may_read_the_page_need_not_run_anything(tmp_path):
    usual = Settings(page="page")
    shared = open_page(usual, tmp_path, "").page_password
    assert (tmp_path / "password").read_text().strip() == shared.reveal()
    own = open_page(replace(usual, page_password=Secret("reader:word")), tmp_path, "")
    assert own.page_password.reveal() == "reader:word"
    assert Path(own.page).is_absolute()
    for wrong in ("word", ":word", "reader:"):
        with pytest.raises(UsageError, match="page_password"):
            open_page(replace(usual, page_password=Secret(wrong)), tmp_path, "")
    assert open_page(Settings(), tmp_path / "none", "") == Settings()
    assert not (tmp_path / "none").exists()


def test_the_page_has_the_port_after_the_servers_and_a_taken_one_is_named():
    import socket

    assert Settings(port=4200).page_at == 4201
    assert Settings(port=4200, page_port=80).page_at == 80
    assert Settings(host="0.0.0.0").page_served == "http://127.0.0.1:4201"
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(UsageError, match="cannot listen") as caught:
            check_port(Settings(), taken.getsockname()[1], "TRONA_PAGE_PORT")
    assert "set TRONA_PAGE_PORT" in caught.value.next


def test_an_address_that_is_none_is_refused(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TRONA_PAGE_ADDRESS", "page.example")
    with pytest.raises(UsageError, match="page_address is not a web address"):
        load_settings()


def test_a_reader_of_the_ui_is_led_to_where_up_serves_the_page(monkeypatch):
    from flows.run.page import find_page_link
    from flows.run.pinned import PINNED

    kept = Settings(page="page", port=4300)
    assert find_page_link(kept) == ""
    monkeypatch.setenv(PINNED, "yes")
    assert find_page_link(kept) == "http://127.0.0.1:4301"
    assert find_page_link(replace(kept, page_address="https://page.example/")) == "https://page.example"
    assert find_page_link(Settings()) == ""


def test_the_month_in_the_ui_is_text_whatever_a_chain_is_called():
    from flows.run.ui_tables import _escape

    hostile = "a | b [x](https://evil.example) <img src=x> **c**"
    assert (
        json.dumps(_escape(hostile)).count("\\\\") == hostile.count("|") + hostile.count("[") + hostile.count("]") + 6
    )
