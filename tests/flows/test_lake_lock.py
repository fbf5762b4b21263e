"""One `trona up` per lake, and a lock that dies with its holder."""

import subprocess
import sys
from pathlib import Path

import pytest

from contracts.errors import UsageError
from contracts.settings import Settings
from flows.service.lake_lock import find_up, hold_lock, lock_path

ROOT = Path(__file__).parents[2]


@pytest.fixture
def settings(tmp_path):
    return Settings(lake=str(tmp_path / "lake"), home=str(tmp_path / "home"))


def test_the_second_is_told_of_the_first(settings):
    with hold_lock(settings, {"page": "http://127.0.0.1:4200"}):
        assert find_up(settings)["page"] == "http://127.0.0.1:4200"
        with pytest.raises(UsageError, match="already running on this lake") as refused, hold_lock(settings, {}):
            pass
        assert "http://127.0.0.1:4200" in refused.value.found
    assert find_up(settings) == {}


def test_a_killed_holder_leaves_no_lock(settings):
    code = (
        "import os, signal, sys\nfrom flows.service.lake_lock import hold_lock\nfrom contracts.settings import Settings\n"
        "with hold_lock(Settings(lake=sys.argv[1]), {}):\n    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    killed = subprocess.run([sys.executable, "-c", code, settings.lake], cwd=ROOT, check=False)
    assert killed.returncode == -9
    assert lock_path(settings).read_text() != ""  # what it said is still there
    assert find_up(settings) == {}
    with hold_lock(settings, {}):
        pass


def test_a_lake_in_a_store_is_locked_at_home(tmp_path):
    settings = Settings(lake="s3://bucket/lake", home=str(tmp_path))
    with hold_lock(settings, {"page": "p"}):
        assert find_up(settings)["page"] == "p"
    assert [p.parent for p in tmp_path.iterdir()] == [tmp_path]
