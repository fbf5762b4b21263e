"""README's commands, run as they stand there, from a folder that holds its examples."""

import json
import re
import shlex
from pathlib import Path

import pytest

from tests.flows.command import Command
from tests.flows.test_command_line import example_lake  # noqa: F401 - a fixture

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
LOADING = re.search(r"## Load a month\n\n```\n(.*?)```", README, re.DOTALL)[1]
ASKING = re.findall(r"^\| [^|]+\? \| `trona ([^`]+)` \|$", README, re.MULTILINE)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_what_stands_under_loading_works(folder, capfdbinary, monkeypatch):
    trona = Command(capfdbinary, monkeypatch, folder / "lake")
    commands = [shlex.split(line, comments=True)[1:] for line in LOADING.splitlines()]
    assert [words[0] for words in commands] == ["ingest", "extract", "ingest", "run", "backfill"]
    for words in commands:
        if words[0] in {"ingest", "extract"}:  # the others run a flow: tests/flows/test_month.py
            trona(*words, on_lake=words[0] != "extract")
    assert "+14 % MoM" in trona("figures", "--source", "example").out


@pytest.mark.parametrize("asked", ASKING)
def test_every_question_has_an_answer(asked, folder, capfdbinary, monkeypatch, example_lake):  # noqa: F811
    words, trona = shlex.split(asked), Command(capfdbinary, monkeypatch, example_lake)
    if words[0] in {"page", "chart"}:  # of one month, since one of all the examples takes long
        trona = Command(capfdbinary, monkeypatch, folder / "lake")
        trona("ingest", "examples/figures/smm/sodium_ion/2026-01.csv")
    if "FIGURE_ID" in words:
        figure = json.loads(trona("figures", "--limit", "1", "--json").out)[0]["figure_id"]
        words = [figure[:8] if word == "FIGURE_ID" else word for word in words]
    called = trona(*words, on_lake=words[0] != "score")
    assert called.out or called.err
