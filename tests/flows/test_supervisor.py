"""What watches over the children of `trona up`, on the lightest of them: the page's own process.

`test_up.py` kills the others under soak, in the middle of their work.
"""

import json
import os
import signal
import subprocess
import sys
import time

import psutil
import pytest

from contracts.settings import Settings
from flows.service.supervisor import Child, Tree, build_environment, open_page
from tests.flows.conftest import ROOT, free_port

PARENT = """
import json, sys, time
from pathlib import Path
from flows.service.supervisor import Child
child = Child("page", json.loads(sys.argv[1]), Path(sys.argv[2]))
child.start()
while not child.is_ready:
    time.sleep(0.05)
print(child.process.pid, flush=True)
time.sleep(60)
"""


@pytest.fixture
def child(tmp_path) -> Child:
    """The page's process of a service, not started yet."""
    (tmp_path / "page").mkdir()
    (tmp_path / "ready").mkdir()
    home = tmp_path / "home"
    settings = Settings(lake=str(tmp_path / "lake"), home=str(home), page=str(tmp_path / "page"), page_port=free_port())
    settings = open_page(settings, home, "")
    return Child("page", build_environment(settings, "http://127.0.0.1:9/api", tmp_path / "ready"), tmp_path / "ready")


def wait_for(is_so, seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_a_killed_child_is_told_and_started_again_and_all_stop_together(child, capfd):
    tree = Tree([child], "http://127.0.0.1:9/api")
    tree._start_all()
    try:
        first = child.process.pid
        tree._look_after()
        assert child.process.pid == first
        os.kill(first, signal.SIGKILL)
        child.process.wait(10)
        tree._look_after()
        wait_for(lambda: tree._look_after() or child.is_ready)
        second = child.process.pid
        assert second != first
        assert "the page stopped (exit code -9): starting it again" in capfd.readouterr().err
        os.kill(second, signal.SIGKILL)  # soon again: with a pause that doubles
        child.process.wait(10)
        before = time.monotonic()
        tree._look_after()
        assert child.restart_at >= before + 4  # 1, 2, then 4 seconds
        tree._look_after()
        assert child.process.pid == second
    finally:
        tree._stop_all()
    assert not child.is_alive
    assert capfd.readouterr().err.endswith("stopped\n")


def test_a_child_whose_parent_was_killed_ends_by_itself(child):
    words = [sys.executable, "-c", PARENT]
    words += [json.dumps(dict(child.environment)), str(child.ready_folder)]
    parent = subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env=os.environ | {"PYTHONPATH": str(ROOT)})
    orphan = psutil.Process(int(parent.stdout.readline()))
    parent.kill()
    parent.wait(10)
    parent.stdout.close()
    wait_for(lambda: not orphan.is_running() or orphan.status() == psutil.STATUS_ZOMBIE)


def test_a_child_that_does_not_start_is_an_error_and_leaves_nothing(child):
    from contracts.errors import SourceUnavailable

    broken = Child("page", {**child.environment, "TRONA_PAGE_PORT": "no port"}, child.ready_folder)
    tree = Tree([broken], "http://127.0.0.1:9/api")
    with pytest.raises(SourceUnavailable, match="the page did not start"):
        tree._start_all()
    tree._stop_all()
    assert not broken.is_alive
