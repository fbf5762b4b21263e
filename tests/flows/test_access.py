"""Who may talk to the server of `trona up`: with its password, under its own name, from its own page."""

import asyncio
import json
import stat
from http.client import HTTPConnection
from pathlib import Path

import pytest

from contracts.errors import UsageError
from flows.run.pinned import PINNED, refuse_other_places
from flows.service.access import list_addresses, make_password, read_password
from flows.service.web_guard import OwnPageOnly

OWN = list_addresses("127.0.0.1", 4200, "trona.example")


def knock(host: str, origin: str | None, *, kind: str = "http", own=OWN, is_open: bool = False) -> int:
    """Status of the answer to a request with these headers; 200 where the application was asked."""
    sent: list[dict] = []

    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def receive():
        return {"type": "websocket.connect"}

    async def send(message):
        sent.append(message)

    headers = [(b"host", host.encode())] + ([(b"origin", origin.encode())] if origin is not None else [])
    asyncio.run(OwnPageOnly(app, own, is_open=is_open)({"type": kind, "headers": headers}, receive, send))
    return sent[0].get("status") or sent[0]["code"]


@pytest.mark.parametrize(
    ("host", "origin", "status"),
    [
        ("127.0.0.1:4200", None, 200),
        ("localhost:4200", None, 200),
        ("127.0.0.1:4200", "http://localhost:4200", 200),
        ("trona.example", "https://trona.example", 200),
        ("127.0.0.1:4200", "https://evil.example", 403),
        ("127.0.0.1:4200", "http://127.0.0.1:9999", 403),
        ("127.0.0.1:4200", "null", 403),
        ("127.0.0.1:4200", "http://127.0.0.1:4200.evil.example", 403),
        ("evil.example:4200", None, 403),
        ("evil.example:4200", "http://evil.example:4200", 403),
        ("192.168.1.7:4200", None, 403),
        ("", None, 403),
    ],
)
def test_only_its_own_name_and_its_own_page(host, origin, status):
    assert knock(host, origin) == status
    assert knock(host, origin, kind="websocket") == (1008 if status == 403 else 200)


def test_a_server_open_to_other_machines_is_reached_by_number_and_not_by_a_foreign_name():
    own = list_addresses("0.0.0.0", 4200)
    assert knock("192.168.1.7:4200", "http://192.168.1.7:4200", own=own, is_open=True) == 200
    assert knock("[fe80::1]:4200", None, own=own, is_open=True) == 200
    assert knock("evil.example:4200", None, own=own, is_open=True) == 403
    assert knock("192.168.1.7:4200", "http://evil.example", own=own, is_open=True) == 403


def test_the_password_is_made_once_and_for_its_owner_alone(tmp_path):
    path = make_password(tmp_path / "home")
    first = read_password(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert read_password(make_password(tmp_path / "home")) == first
    assert read_password(make_password(tmp_path / "other")) != first
    assert len(first.reveal()) > 30
    assert first.reveal() not in f"{first} {first!r} {[first]}"


def ask(up, path: str, body: object = None, **headers: str) -> tuple[int, bytes, dict[str, str]]:
    connection = HTTPConnection("127.0.0.1", up.port, timeout=30)
    content = None if body is None else json.dumps(body)
    connection.request("POST" if content else headers.pop("method", "GET"), path, content, headers)
    answer = connection.getresponse()
    found = answer.status, answer.read(), {k.lower(): v for k, v in answer.getheaders()}
    connection.close()
    return found


def test_the_running_server_answers_its_page_with_the_password_and_nobody_else(up):
    blocks = "/api/block_documents/filter"
    asked = {"include_secrets": True}
    own = {"Content-Type": "application/json"}
    assert ask(up, blocks, asked, **own)[0] == 401
    assert ask(up, blocks, asked, **own, Authorization="Basic d3Jvbmc6d3Jvbmc=")[0] == 401
    assert ask(up, blocks, asked, **own, **up.headers)[0] == 200
    assert ask(up, blocks, asked, **own, **up.headers, Origin=f"http://localhost:{up.port}")[0] == 200
    for foreign in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {"Host": f"evil.example:{up.port}"}):
        assert ask(up, blocks, asked, **own, **up.headers, **foreign)[0] == 403
        assert ask(up, "/", **foreign)[0] == 403
    assert ask(up, "/api/health")[0] == 200
    preflight = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST", "method": "OPTIONS"}
    status, _, headers = ask(up, blocks, **preflight)
    assert (status, headers.get("access-control-allow-origin")) == (403, None)
    same = ask(up, blocks, asked, **own, **up.headers, Origin=f"http://127.0.0.1:{up.port}")[2]
    assert same.get("access-control-allow-origin") == f"http://127.0.0.1:{up.port}"


def test_a_run_of_the_service_cannot_be_sent_to_another_folder(up, tmp_path):
    victim = tmp_path / "private"
    victim.mkdir()
    (victim / "diary.csv").write_text("dear,diary\n")
    for parameters in ({"inbox": str(victim)}, {"documents": [str(victim / "diary.csv")]}, {"lake": str(victim)}):
        run = up.run("arrival", parameters)
        assert run["state_type"] == "FAILED"
        assert "does not work on another" in run["state"]["message"]
    assert [path.name for path in victim.rglob("*")] == ["diary.csv"]


def test_a_command_is_not_pinned(monkeypatch, tmp_path):
    from flows.run.request import RunRequest

    request = RunRequest(str(tmp_path / "elsewhere"), "monthly_run", run_id="r")
    refuse_other_places(request)
    monkeypatch.setenv(PINNED, "yes")
    with pytest.raises(UsageError, match="another lake"):
        refuse_other_places(request)


def test_the_service_and_its_runs_agree_on_their_places_from_any_working_directory(tmp_path, monkeypatch):
    """Relative paths of the settings are the service's; a run may start elsewhere."""
    from contracts.readings import DocumentHints
    from contracts.settings import load_settings
    from flows.run.request import RunRequest
    from flows.service.deployments import plan_deployments
    from flows.service.supervisor import build_environment

    monkeypatch.chdir(tmp_path)
    (tmp_path / "receivers.toml").write_text("")
    (tmp_path / "own").mkdir()
    monkeypatch.setenv("TRONA_CHAINS", "own")
    settings = load_settings()
    environment = build_environment(settings, "http://127.0.0.1:1/api", tmp_path / "ready")
    asked = dict(plan_deployments(settings, {})[0].parameters)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    for name in [name for name in environment if name.startswith("TRONA_")]:
        monkeypatch.setenv(name, environment[name])
    hints = DocumentHints(chains_folder=Path(asked["chains_folder"]))
    places = {name: asked[name] for name in ("lake", "inbox", "receivers")}
    assert places["receivers"] == str(tmp_path / "receivers.toml")
    refuse_other_places(RunRequest(flow="monthly_run", run_id="r", hints=hints, **places))
