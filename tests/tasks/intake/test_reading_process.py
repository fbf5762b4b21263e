"""Documents are read in a process with limits: what breaks it is refused, and the next document is read."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from contracts.errors import UsageError
from tasks.intake.reading_process import ReaderFailed, ReadingLimits, call_guarded
from tests.tasks.intake import bad_readers

ROOT = Path(__file__).parents[3]
SMALL = ReadingLimits(memory_bytes=2 << 30, answer_bytes=1 << 20, cpu_seconds=1, clock_seconds=60)


@pytest.mark.parametrize(
    ("reader", "found"),
    [
        (bad_readers.take_memory, "more memory than a document may"),
        (bad_readers.abort, "more than 2,048 MiB of memory, or broke its reader"),
        (bad_readers.leave, "its reader ended (9)"),
        (bad_readers.take_time, "more than 1 s of processor time"),
        (bad_readers.say_much, "it says more than 1 MiB"),
        (bad_readers.fail, "IndexError: list index out of range"),
        (bad_readers.panic, "called `Option::unwrap()`"),
    ],
)
def test_what_breaks_its_reader_is_refused_and_the_next_document_is_read(reader, found, capfd):
    with pytest.raises(ReaderFailed, match="its reader failed") as caught:
        call_guarded(reader, document="a.csv", limits=SMALL)
    assert found in caught.value.found
    assert caught.value.where == "a.csv"
    assert call_guarded(bad_readers.read_well, 1, document="b.csv", limits=SMALL) == 2
    assert capfd.readouterr() == ("", "")


def test_a_reader_that_waits_is_ended_by_the_clock():
    limits = ReadingLimits(clock_seconds=1)
    with pytest.raises(ReaderFailed) as caught:
        call_guarded(bad_readers.wait, document="a.csv", limits=limits)
    assert caught.value.found == "it took more than 1 s"


def test_a_reader_writes_no_files(tmp_path):
    with pytest.raises(ReaderFailed, match="its reader failed") as caught:
        call_guarded(bad_readers.write_file, tmp_path / "x", document="a.csv", limits=SMALL)
    assert "File too large" in caught.value.found


def test_errors_of_a_document_arrive_whole_and_keep_the_process():
    before = call_guarded(bad_readers.say_process, document="a.csv")
    with pytest.raises(UsageError) as caught:
        call_guarded(bad_readers.refuse, document="a.csv")
    error = caught.value
    assert (error.what, error.found, error.next) == ("nothing says the source", "no column", "say it")
    assert call_guarded(bad_readers.say_process, document="b.csv") == before != os.getpid()


def test_a_script_without_a_main_guard_runs_once(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        "import sys; sys.path.insert(0, sys.argv[1]); print('started')\n"
        "from tasks.intake.reading_process import call_guarded\n"
        "from tests.tasks.intake.bad_readers import read_well\n"
        "print(call_guarded(read_well, 1, document='a.csv'))\n"
    )
    done = subprocess.run([sys.executable, str(script), str(ROOT)], capture_output=True, text=True, check=True)
    assert (done.stdout.split(), done.stderr) == (["started", "2"], "")
