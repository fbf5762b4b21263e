"""Which Prefect server a command uses, and what it says where that one is stale, another program, or goes away."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from contracts.errors import SourceUnavailable
from flows.cli.up import server_settings
from flows.run.events import ask_server
from flows.service.prefect_profile import find_named_server
from flows.service.prefect_server import ALWAYS, choose_server, is_running
from flows.service.server_loss import GONE_SECONDS, is_of_prefect
from tests.flows.conftest import free_port
from tests.tasks.delivery.servers import HttpServer

CLEAN = {k: v for k, v in os.environ.items() if not k.startswith(("PREFECT_", "TRONA_"))}
TRONA = [sys.executable, "-c", "from flows.cli import main; main()"]


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A working directory and a Prefect home of its own, and nothing of Prefect in the environment."""
    for name in [name for name in os.environ if name.startswith(("PREFECT_", "TRONA_"))]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PREFECT_HOME", str(tmp_path / "prefect"))
    (tmp_path / "prefect").mkdir()
    return tmp_path


@pytest.fixture
def program():
    """Another program: it answers everything with 200 and a page."""
    server = HttpServer()
    server.answers += [(200, {"Content-Type": "text/html"}, "<html>hello</html>")] * 20
    yield server
    server.close()


def profile(place, address: str) -> None:
    (place / "prefect" / "profiles.toml").write_text(
        f'active = "work"\n[profiles.work]\nPREFECT_API_URL = "{address}"\n[profiles.other]\n'
    )


def test_a_server_is_found_wherever_prefect_lets_it_be_named(place, monkeypatch):
    assert find_named_server() is None
    profile(place, "http://from-profile/api")
    assert find_named_server().address == "http://from-profile/api"
    assert "profile 'work'" in find_named_server().by
    monkeypatch.setenv("PREFECT_PROFILE", "other")
    assert find_named_server() is None
    monkeypatch.delenv("PREFECT_PROFILE")
    for name, text in (
        ("pyproject.toml", '[tool.prefect.api]\nurl = "http://pyproject.toml/api"\n'),
        ("prefect.toml", '[api]\nurl = "http://prefect.toml/api"\n'),
        (".env", "A=b\nexport PREFECT_API_URL='http://.env/api'\n"),
    ):
        (place / name).write_text(text)
        assert (find_named_server().address, find_named_server().by) == (f"http://{name}/api", name)
    monkeypatch.setenv("PREFECT_API_URL", "http://environment/api")
    assert find_named_server().by == "PREFECT_API_URL"
    (place / "prefect.toml").write_text("no toml [")
    assert find_named_server().address == "http://environment/api"


def test_a_stale_profile_is_told_before_anything_is_done(place):
    profile(place, "http://127.0.0.1:9/api")
    with pytest.raises(SourceUnavailable, match="does not answer") as caught:
        choose_server()
    assert "profile 'work'" in caught.value.found
    done = subprocess.run(
        [*TRONA, "run", "--lake", "lake"], env={**os.environ}, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 4
    assert "named by profile 'work'" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (place / "lake").exists()


def test_another_program_at_the_address_is_no_prefect_server(place, program, monkeypatch):
    api = f"{program.url}/api"
    assert not is_running(api)
    with pytest.raises(SourceUnavailable, match="another program"):
        ask_server(api, "/deployments/filter", {})
    monkeypatch.setattr("flows.service.prefect_server._DEFAULT_API", api)
    assert choose_server().address == ""  # a temporary one
    seen = subprocess.run(
        [*TRONA, "doctor", "--lake", "lake"],
        env={**CLEAN, "PREFECT_API_URL": api, "PREFECT_HOME": str(place / "prefect")},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert seen.returncode == 4
    assert "Traceback" not in seen.stderr
    assert f"{api} does not answer" in seen.stdout


def test_the_server_of_trona_up_comes_before_a_profile_and_is_named(up, place, monkeypatch):
    profile(place, "http://127.0.0.1:9/api")
    assert choose_server(up.api).address == up.api
    assert os.environ["PREFECT_API_URL"] == up.api


def test_a_server_that_cannot_serve_is_told_in_our_words(tmp_path, review):
    """It says that it is well, and answers nothing else as Prefect does."""
    stand_in = HttpServer()
    stand_in.answers += [(200, {}, "true")] * 500
    document = tmp_path / "2020-01.csv"
    document.write_text(review("2020-01", "2020-02-05", 10))
    environment = {**CLEAN, "PREFECT_API_URL": f"{stand_in.url}/api", "PREFECT_HOME": str(tmp_path / "prefect")}
    command = [*TRONA, "run", str(document), "--lake", "lake"]
    done = subprocess.run(
        command, env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False
    )
    stand_in.close()
    assert done.returncode == 4, done.stderr
    assert "Traceback" not in done.stderr
    for part in ("where", "found", "effect", "next"):
        assert f"  {part}" in done.stderr


LONG_RUN = """
import sys, time
from flows.service.prefect_server import ChosenServer
from flows.service.server_loss import watch_server
with watch_server(ChosenServer(sys.argv[1], "")):
    print("at work", flush=True)
    time.sleep(120)
"""


def test_a_server_that_goes_away_ends_the_command_within_half_a_minute():
    server = HttpServer()
    server.answers += [(200, {}, "true")] * 500
    process = subprocess.Popen(
        [sys.executable, "-c", LONG_RUN, f"{server.url}/api"],
        env={**CLEAN, "PYTHONPATH": str(Path.cwd())},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "at work\n"
    time.sleep(1.5)
    server.close()
    begun = time.monotonic()
    _, said = process.communicate(timeout=60)
    assert process.returncode == 4, said
    assert GONE_SECONDS - 2 < time.monotonic() - begun < 30
    assert said.splitlines()[0] == "the Prefect server has gone away"
    for part in ("where", "found", "effect", "next"):
        assert f"  {part}" in said


@pytest.mark.parametrize(("error", "is_so"), [(ValueError("ours"), False), (SourceUnavailable("ours"), False)])
def test_an_error_of_ours_stays_what_it_is(error, is_so):
    with pytest.raises(type(error)) as caught:
        raise error
    assert is_of_prefect(caught.value) is is_so


def test_a_server_of_ones_own_gets_the_settings_of_ours(capsys):
    assert server_settings() == 0
    printed = capsys.readouterr().out.splitlines()
    assert [line.removeprefix("export ").split("=", 1) for line in printed] == [[*pair] for pair in ALWAYS.items()]
    in_shell = subprocess.run(["sh", "-ec", "\n".join([*printed, "env"])], capture_output=True, text=True, check=True)
    assert {f"{name}={value}" for name, value in ALWAYS.items()} <= {*in_shell.stdout.splitlines()}


def test_a_port_of_nobody(place):
    assert not is_running(f"http://127.0.0.1:{free_port()}/api")


def test_a_proxy_of_the_environment_does_not_stand_before_a_server_on_this_machine(place, monkeypatch):
    """A company's proxy cannot reach this machine's own ports: it answers 503, or nobody does."""
    server = HttpServer(answers=[(200, {}, "true")])
    monkeypatch.setenv("NO_PROXY", "intern.example")
    monkeypatch.setenv("no_proxy", "")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("PREFECT_API_URL", f"{server.url}/api")
    try:
        assert choose_server().address == f"{server.url}/api"
    finally:
        server.close()
    assert os.environ["NO_PROXY"] == os.environ["no_proxy"] == "intern.example,127.0.0.1,localhost,::1"
