"""One look: overviews, closing tables, errors and findings as a person sees them, wide and narrow, bold and plain."""

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest

from contracts.errors import UsageError
from contracts.text_table import BOLD, PLAIN, Look
from data_lake.lake import open_lake
from flows.cli import error_text
from flows.cli.doctor import lay_out_findings
from flows.cli.error_text import lay_out_error
from flows.cli.health_checks import HealthFinding
from tasks.comparing.refresh import load_chains
from tasks.history.overview import write_overview
from tests.flows.test_command_line import example_lake, loaded, trona  # noqa: F401 - fixtures
from tests.flows.test_text_tables import draw_width

GOLDEN = Path(__file__).parent / "golden"
ROOT = Path(__file__).parents[2]
BOLDLY = re.compile(re.escape(BOLD) + "|" + re.escape(PLAIN))


def compare(text: str, name: str) -> None:
    """To renew after a wanted change: delete the file, run once, look at what it says now."""
    path = GOLDEN / name
    if not path.exists():
        path.write_text(text, encoding="utf-8")
        pytest.fail(f"{name} was written: look at it")
    assert text == path.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def overviews(example_lake):  # noqa: F811
    lake = open_lake(example_lake)
    chains = load_chains(lake, None)
    looks = [Look(80), Look(120), Look(200), Look(80, color=True)]
    return {look: write_overview(lake, chains, look).replace(lake.uri, "LAKE") for look in looks}


@pytest.mark.parametrize("width", [80, 120, 200])
def test_the_overview_fits(overviews, width):
    compare(overviews[Look(width)], f"overview_{width}.txt")
    assert all(draw_width(line) <= width for line in overviews[Look(width)].splitlines())


def test_the_overview_is_bold_in_its_headings_alone(overviews):
    bold = overviews[Look(80, color=True)]
    compare(bold, "overview_80_bold.txt")
    assert BOLDLY.sub("", bold) == overviews[Look(80)]


@pytest.mark.parametrize("width", [80, 120, 200])
@pytest.mark.parametrize("name", ["scores", "restatements"])
def test_tables_as_a_person_sees_them(loaded, monkeypatch, name, width):  # noqa: F811
    monkeypatch.setenv("COLUMNS", str(width))
    compare(loaded(name, "--limit", "9").out, f"{name}_{width}.txt")


def test_a_forecast_stands_beside_its_outcome_in_the_narrowest_terminal(loaded, monkeypatch):  # noqa: F811
    monkeypatch.setenv("COLUMNS", "80")
    heading = loaded("scores").out.splitlines()[0].split()
    assert heading[:4] == ["month", "series", "forecast", "outcome"]


ERROR = UsageError(
    "2 of 840 rows break contract `figures`: share_pct must be within 0 and 100, and these two are not",
    where="releases/smm 2026-01 · sheet \x1b[2J rows 14, 31",
    found="nfpp 2026-01 share_pct=910 %; o3 2026-01 share_pct=−6 %; and what else a long line of a document may say",
    effect="838 rows kept; the 2 are in quarantine, run 3f2c",
    next="trona quarantine --run 3f2c",
)


def test_an_error_is_its_own_text_where_nobody_looks(monkeypatch):
    assert list(lay_out_error(ERROR)) == str(ERROR).replace("\x1b", r"\x1b").splitlines()


@pytest.mark.parametrize("width", [60, 80])
def test_an_error_fits_and_what_is_wrong_stands_out(monkeypatch, width):
    monkeypatch.setattr(error_text, "_find_look", lambda: Look(width, color=True))
    lines = list(lay_out_error(ERROR))
    compare("\n".join(lines) + "\n", f"error_{width}_bold.txt")
    plain = [BOLDLY.sub("", line) for line in lines]
    assert all(draw_width(line) <= width for line in plain)
    assert " ".join(" ".join(plain).split()) == " ".join(str(ERROR).replace("\x1b", r"\x1b").split())


def test_findings_fit_and_what_is_wrong_stands_out():
    findings = [
        HealthFinding("lake", "ok", "/srv/trona/lake, 31 releases"),
        HealthFinding("receivers", "wrong", "a setting that is long enough to be cut " * 3, "mend receivers.toml"),
    ]
    lines = list(lay_out_findings(findings, Look(60, color=True)))
    assert lines[0] == "ok     lake       /srv/trona/lake, 31 releases"
    assert lines[1].startswith(f"{BOLD}wrong  receivers  a setting")
    assert lines[-1] == f"{'':18}next: mend receivers.toml"
    assert all(draw_width(BOLDLY.sub("", line)) <= 60 for line in lines)


def test_long_sentences_of_a_message_are_cut_and_tables_are_not(monkeypatch):
    from flows.cli import output

    text = (
        "▲ Warning: a finding with very many words in its title, +2 % MoM\n\nSegment  Measure   Actual  Forecast\n  note "
        + "x " * 30
    )
    assert output.fit_text(text) == text
    monkeypatch.setattr(output, "find_look", lambda: Look(30))
    lines = output.fit_text(text).split("\n")
    assert lines[:4] == ["▲ Warning: a finding with", "very many words in its", "title, +2 % MoM", ""]
    assert lines[4] == "Segment  Measure   Actual  Forecast"
    assert all(len(line) <= 30 for line in lines[5:])


def test_reasons_are_told_of_the_same_rows_as_the_table_shows(loaded):  # noqa: F811
    shown = loaded("findings", "--limit", "2").out.splitlines()[1:]
    told = loaded("findings", "--why", "--limit", "2")
    assert [line.split()[-1] for line in shown] == re.findall(r"^\w+ · \w+ · (\w{8})$", told.out, re.MULTILINE)
    assert re.search(r"^2 of \d; all of them: --limit 0$", told.err, re.MULTILINE)


def test_commands_are_listed_by_task_and_the_month_is_the_first_to_look_at(loaded):  # noqa: F811
    listed = re.findall(r"^│ ([a-z-]+)  ", loaded("--help", on_lake=False).out, re.MULTILINE)
    assert listed.index("ingest") < listed.index("run") < listed.index("month") < listed.index("figures")
    assert listed.index("month") + 1 == listed.index("figures")


def see_in_terminal(*command: str, columns: int, **environment: str) -> str:
    """What a pseudo terminal of so many columns gets from a command."""
    parent, child = pty.openpty()
    fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    clean = {k: v for k, v in os.environ.items() if not k.startswith("TRONA_") and k not in {"COLUMNS", "NO_COLOR"}}
    process = subprocess.Popen(
        [sys.executable, "-c", "from flows.cli import main; main()", *command],
        stdin=subprocess.DEVNULL,
        stdout=child,
        stderr=child,
        env=clean | {"TERM": "xterm", "PYTHONPATH": str(ROOT)} | environment,
    )
    os.close(child)
    written = b""
    while select.select([parent], [], [], 60)[0]:
        try:
            written += os.read(parent, 65536)
        except OSError:  # the command has ended
            break
    os.close(parent)
    process.wait(10)
    return written.decode().replace("\r\n", "\n")


def test_a_real_terminal_gets_its_width_and_bold_headings(example_lake, loaded, monkeypatch):  # noqa: F811
    asked = ("scores", "--limit", "9", "--lake", str(example_lake))
    golden = (GOLDEN / "scores_80.txt").read_text(encoding="utf-8")
    heading, body = golden.split("\n", 1)
    seen = see_in_terminal(*asked, columns=80)
    assert f"{BOLD}{heading}{PLAIN}\n{body}" in seen
    assert golden in see_in_terminal(*asked, columns=80, NO_COLOR="1")
