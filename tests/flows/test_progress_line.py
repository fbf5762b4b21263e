"""What a running command waits for: one line of a terminal, gone when anything is printed, and nowhere else."""

import io
import re
import sys
from datetime import date

import pytest

from flows.cli.output import print_message
from flows.cli.progress_line import LINE, ProgressLine, waiting_for
from flows.run.evaluating import describe_steps


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def see(written: str) -> list[str]:
    """The lines as a terminal shows them, when everything is written."""
    return [re.split(r"\r\x1b\[2K", line)[-1] for line in written.split("\n")]


def open_terminal(monkeypatch) -> Terminal:
    """A terminal of 40 columns in the place of stderr, which pytest takes anew for the call of each test."""
    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "40")
    return stream


@pytest.fixture(autouse=True)
def nothing_waits():
    yield
    LINE.hide()


def test_what_is_waited_for_stands_below_what_is_said_and_goes(monkeypatch):
    terminal = open_terminal(monkeypatch)
    with waiting_for("reading documents"):
        assert see(terminal.getvalue()) == ["reading documents …"]
        print_message("one is read")
        assert see(terminal.getvalue()) == ["one is read", "reading documents …"]
        LINE.show("comparing and scoring")
        assert see(terminal.getvalue()) == ["one is read", "comparing and scoring …"]
    print_message("done")
    assert see(terminal.getvalue()) == ["one is read", "done", ""]


def test_a_line_that_is_too_long_is_cut_and_time_is_told(monkeypatch):
    terminal = open_terminal(monkeypatch)
    line, clock = ProgressLine(), [0.0]
    monkeypatch.setattr("flows.cli.progress_line.time.monotonic", lambda: clock[0])
    line.show("a document with a very long name, 2026-01 and more.csv")
    clock[0] = 75.0
    with line.printing():
        pass
    (shown,) = see(terminal.getvalue())
    assert shown.startswith("a document with a very long")
    assert shown.endswith("… 75 s")
    assert len(shown) <= 40
    line.hide()


def test_a_file_or_pipe_gets_nothing_of_it(monkeypatch):
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    with waiting_for("reading documents"):
        print_message("one is read")
    assert stream.getvalue() == "one is read\n"


def test_a_terminal_that_cannot_move_its_cursor_gets_nothing_of_it(monkeypatch):
    terminal = open_terminal(monkeypatch)
    monkeypatch.setenv("TERM", "dumb")
    with waiting_for("reading documents"):
        pass
    assert terminal.getvalue() == ""


def test_an_error_takes_the_place_of_the_line(monkeypatch):
    terminal = open_terminal(monkeypatch)
    from contracts.errors import UsageError
    from flows.cli import _tell

    monkeypatch.setenv("NO_COLOR", "1")
    LINE.show("starting the Prefect server")
    _tell(UsageError("no chain 'x'", next="trona doctor"))
    assert see(terminal.getvalue()) == ["no chain 'x'", "  next    trona doctor", ""]


def test_steps_are_one_line():
    import polars as pl

    from tasks.alerts.steps import Step
    from tests.builders import day

    january = date(2026, 1, 1)
    steps = [Step(day(f"2026-0{n}-05T16:00"), ("sodium_ion",), january, january) for n in (1, 2, 3)]
    some, none = pl.DataFrame({"a": [1, 2]}), pl.DataFrame({"a": []})
    assert describe_steps(steps, [none, some, none]) == (
        "3 steps evaluated, as of 2026-01-05 to 2026-03-05: 2 changes in the ledger of alerts, made by 1 of them"
    )
    assert describe_steps(steps[:1], [none]) == "1 step evaluated, as of 2026-01-05: 0 changes in the ledger of alerts"
