"""Readers that go wrong in every way in which one can, for a process that reads documents."""

import os
import time
from pathlib import Path

from contracts.errors import UsageError


def read_well(number):
    """A reader that works."""
    return number + 1


def say_process():
    """Which process reads."""
    return os.getpid()


def take_memory():
    """More memory than a document may take."""
    return len(bytearray(64 << 30))


def abort():
    """What a library does that cannot allocate."""
    os.abort()


def leave():
    """An end without an answer."""
    os._exit(9)


def take_time():
    """Processor time without end."""
    while True:
        pass


def wait():
    """Time on the clock without end."""
    time.sleep(600)


def say_much():
    """More than a document can say, also to the terminal."""
    print("x" * 1000)  # noqa: T201 - what is printed must go nowhere
    return b"x" * (5 << 20)


def write_file(path):
    """A file, which a reader does not write."""
    return Path(path).write_bytes(b"x" * 100)


def fail():
    """A defect."""
    raise IndexError("list index out of range")


def panic():
    """A panic of a library, which is no `Exception`."""
    raise BaseException("called `Option::unwrap()` on a `None` value")  # noqa: TRY002


def refuse():
    """An error told in five parts."""
    raise UsageError("nothing says the source", where="a.csv", found="no column", effect="nothing", next="say it")
