"""`trona init` and `trona doctor`: what is wrong, and the next command."""

import json
import os
import subprocess
import sys
import tomllib
from dataclasses import fields, replace
from pathlib import Path

import pytest

from contracts.errors import UsageError
from contracts.settings import Settings, load_settings
from flows.cli import health_checks
from tasks.delivery import load_receivers

ROOT = Path(__file__).parents[2]


def trona(*arguments, cwd, **environment):
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("PREFECT_", "TRONA_"))}
    return subprocess.run(
        [sys.executable, "-c", "from flows.cli import main; main()", *arguments],
        cwd=cwd,
        env=clean | {"PYTHONPATH": str(ROOT), "TRONA_PORT": "9"} | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_init_writes_every_setting_as_it_is_without_the_file(tmp_path, monkeypatch):
    assert trona("init", cwd=tmp_path).returncode == 0
    text = (tmp_path / "trona.toml").read_text()
    said = tomllib.loads("\n".join(line.removeprefix("# ") for line in text.splitlines() if " = " in line))
    assert set(said) == {f.name for f in fields(Settings)}
    shipped = {f.name: f.default for f in fields(Settings)}
    examples = {
        "source",
        "chains",
        "receivers",
        "database",
        "dask",
        "forecasters",
        "lake_must_exist",
        "owner",
        "page",
        "page_address",
        "page_password",
    }  # shown with another value
    assert {k: v for k, v in said.items() if k not in examples} == {
        k: v for k, v in shipped.items() if k not in examples
    }
    assert said["lake_must_exist"] is True
    monkeypatch.setenv("TRONA_CONFIG", str(tmp_path))
    assert load_settings() == replace(Settings(), lake_must_exist=True, page="./page")
    assert [r.kind for r in load_receivers(tmp_path / "receivers.toml")] == ["console", "file"]
    assert (tmp_path / "inbox" / "done").is_dir()


def test_every_receiver_that_init_shows_can_be_used(tmp_path):
    trona("init", cwd=tmp_path)
    shown = [line.removeprefix("# ") for line in (tmp_path / "receivers.toml").read_text().splitlines()]
    start = shown.index("[[receiver]]")
    (tmp_path / "all.toml").write_text("\n".join(line for line in shown[start:] if not line.startswith("Who")))
    kinds = [r.kind for r in load_receivers(tmp_path / "all.toml")]
    assert kinds == ["console", "file", "slack", "email", "webhook"]


def test_init_overwrites_nothing_unasked(tmp_path):
    (tmp_path / "trona.toml").write_text('lake = "mine"\n')
    refused = trona("init", cwd=tmp_path)
    assert refused.returncode == 2
    assert "is there already" in refused.stderr
    assert (tmp_path / "trona.toml").read_text() == 'lake = "mine"\n'
    assert trona("init", "--overwrite", cwd=tmp_path).returncode == 0


def test_nothing_is_wrong_after_init(tmp_path):
    trona("init", cwd=tmp_path)
    seen = trona("doctor", "--json", cwd=tmp_path)
    assert seen.returncode == 0, seen.stdout
    findings = json.loads(seen.stdout)
    assert {"python", "packages", "lake", "inbox", "receivers", "server", "clock", "disk"} <= {
        f["about"] for f in findings
    }
    assert all(f["next"] for f in findings if f["state"] == "wrong")


@pytest.mark.parametrize(
    ("breaks", "about", "said"),
    [
        ({"PREFECT_API_URL": "http://127.0.0.1:9/api"}, "server", "does not answer"),
        ({"TRONA_CHAINS": "own"}, "chains", "iron.toml · the file is not TOML"),
        ({"TRONA_CHAINS": "typing"}, "chains", 'unknown threshold "level_pt"'),
        ({"TRONA_LAKE": "a-file"}, "lake", "is a file"),
        ({"TRONA_LAKE": "not-mounted", "TRONA_LAKE_MUST_EXIST": "true"}, "lake", "is not there"),
        ({"TRONA_RECEIVERS": "slack.toml"}, "receivers", "NOT_SET"),
        ({"TRONA_RECEIVERS": "absent.toml"}, "receivers", "absent.toml"),
    ],
)
def test_says_what_is_wrong_and_what_to_do(tmp_path, breaks, about, said):
    (tmp_path / "a-file").write_text("")
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "iron.toml").write_text("title = \n")
    (tmp_path / "typing").mkdir()
    shipped = (ROOT / "contracts" / "chains" / "sodium_ion.toml").read_text(encoding="utf-8")
    typed = shipped.replace("[thresholds.forecast_miss]\n", "[thresholds.forecast_miss]\nlevel_pt = 5.0\n", 1)
    (tmp_path / "typing" / "sodium_ion.toml").write_text(typed, encoding="utf-8")
    (tmp_path / "slack.toml").write_text('[[receiver]]\nname = "s"\nkind = "slack"\nurl = { env = "NOT_SET" }\n')
    seen = trona("doctor", cwd=tmp_path, **breaks)
    assert seen.returncode == 4
    lines = seen.stdout.splitlines()
    wrong = [i for i, line in enumerate(lines) if line.startswith("wrong")]
    assert any(about in lines[i] and said in lines[i] for i in wrong), seen.stdout


def test_the_page_is_looked_at(tmp_path):
    def look(**values) -> tuple[str, str]:
        (found,) = health_checks.check_page(Settings(**values))
        return found.state, found.found

    folder = tmp_path / "page"
    assert look() == ("note", "no page is kept")
    assert look(page=str(folder)) == ("note", f"nothing is drawn in {folder} yet")
    folder.write_text("no folder")
    state, said = look(page=str(folder))
    assert (state, "not a folder that can be written" in said) == ("wrong", True)
    folder.unlink()
    folder.mkdir()
    (folder / "index.html").write_text("a page")
    state, said = look(page=str(folder), page_address="https://page.example")
    assert state == "ok"
    assert said.endswith("UTC, at https://page.example")


def test_a_library_that_breaks_the_server_is_named(monkeypatch):
    versions = {"sqlalchemy": "2.1.9", "fastapi": "0.150.0"}
    monkeypatch.setattr(health_checks.importlib.metadata, "version", lambda name: versions.get(name, "1.0"))
    (wrong,) = [f for f in health_checks.check_versions() if f.state == "wrong"]
    assert "sqlalchemy 2.1.9" in wrong.found
    assert wrong.next == 'pip install "sqlalchemy<2.1"'


def test_a_test_message_arrives_and_a_failure_is_told_without_the_secret(tmp_path, receiver):
    (tmp_path / "receivers.toml").write_text(
        '[[receiver]]\nname = "hook"\nkind = "webhook"\nurl = { env = "HOOK" }\n'
        '[[receiver]]\nname = "gone"\nkind = "webhook"\nurl = { env = "GONE" }\n'
    )
    before = len(receiver.got)
    secret = "http://127.0.0.1:9/very-secret-path"
    seen = trona("doctor", "--send-test", cwd=tmp_path, HOOK=receiver.url, GONE=secret)
    assert seen.returncode == 5
    assert "hook (webhook) took a test message" in seen.stdout
    assert len(receiver.got) == before + 1
    assert "very-secret-path" not in seen.stdout + seen.stderr
    assert any(line.startswith("wrong  test") and "gone" in line for line in seen.stdout.splitlines())


@pytest.mark.parametrize(("name", "value"), [("port", "http"), ("settle_seconds", "soon")])
def test_a_setting_of_another_kind_is_refused(monkeypatch, name, value):
    monkeypatch.setenv(f"TRONA_{name.upper()}", value)
    with pytest.raises(UsageError, match=name) as refused:
        load_settings()
    assert refused.value.where == f"TRONA_{name.upper()}"


def test_every_setting_is_documented():
    text = (ROOT / "docs" / "operate.md").read_text(encoding="utf-8")
    table = text.split("## Settings", 1)[1].split("## Events", 1)[0]
    assert [f.name for f in fields(Settings) if f"`{f.name}`" not in table] == []
