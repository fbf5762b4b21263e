"""`trona up` with Postgres for its server, where this machine has one."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.flows.conftest import Up, free_port

pytestmark = pytest.mark.timeout(400)
_PLACES = [*map(str, sorted(Path("/usr/lib/postgresql").glob("*/bin"))), *os.environ.get("PATH", "").split(os.pathsep)]
INITDB = shutil.which("initdb", path=os.pathsep.join(_PLACES))
# Postgres refuses to run as root; its packages bring a user of its own
USER = "postgres" if os.geteuid() == 0 else None


def can_run() -> str:
    if INITDB is None:
        return "no Postgres is installed"
    if USER:
        try:
            subprocess.run([INITDB, "--version"], user=USER, check=True, capture_output=True)
        except (LookupError, OSError, subprocess.CalledProcessError):
            return "Postgres cannot be run as root, and there is no user postgres"
    return ""


REASON = can_run()


@pytest.fixture
def database(tmp_path_factory):
    folder = Path(tmp_path_factory.mktemp("postgres"))
    for place in (folder, *folder.parents[:2]):
        place.chmod(0o755)
    if USER:
        shutil.chown(folder, USER)
    bin_folder = Path(INITDB).resolve().parent
    data, port = folder / "data", free_port()
    options = {"user": USER, "cwd": folder, "capture_output": True}
    subprocess.run([INITDB, "-D", str(data), "-U", "trona", "-A", "trust", "--no-sync"], check=True, **options)
    control = [str(bin_folder / "pg_ctl"), "-D", str(data), "-w"]
    settings = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c fsync=off"
    started = {**options, "capture_output": False, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    subprocess.run([*control, "-l", str(folder / "log"), "-o", settings, "start"], check=True, **started)
    try:
        address = ["-h", "127.0.0.1", "-p", str(port), "-U", "trona"]
        subprocess.run([str(bin_folder / "createdb"), *address, "prefect"], check=True, **options)
        yield f"postgresql+asyncpg://trona@127.0.0.1:{port}/prefect"
    finally:
        subprocess.run([*control, "-m", "immediate", "stop"], check=True, **options)


@pytest.mark.skipif(bool(REASON), reason=REASON or "it is there")
@pytest.mark.soak
def test_runs_with_postgres(database, tmp_path, receiver, review):
    (tmp_path / "receivers.toml").write_text(
        '[[receiver]]\nname = "hook"\nkind = "webhook"\nurl = { env = "TEST_WEBHOOK" }\n'
    )
    up = Up(tmp_path, free_port(), receiver)
    up.start(TRONA_DATABASE=database)
    try:
        up.drop("2020-01.csv", review("2020-01", "2020-02-05", 10))
        up.drop("2020-02.csv", review("2020-02", "2020-03-05", 20))
        for name in ("2020-01.csv", "2020-02.csv"):
            up.wait_for(lambda name=name: up.dealt_with(name), 90, name)
            assert up.dealt_with(name).parent.name == "done"
        assert not list((tmp_path / "home").rglob("prefect.db"))
        assert "database is locked" not in up.log
    finally:
        up.stop()
    assert up.processes() == []
