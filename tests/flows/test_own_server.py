"""A Prefect server of one's own: `trona up` beside it, with lake and inbox in an object store; and `prefect.yaml`."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import polars as pl
import pytest
from obstore.store import from_url

from contracts.releases import RELEASES
from data_lake.lake import open_lake
from flows.run.events import Event, post_events
from flows.service.prefect_server import ALWAYS, is_running
from tests.flows.conftest import ROOT, Up, free_port

pytestmark = [pytest.mark.soak, pytest.mark.timeout(400)]


def call_prefect(environment, *words):
    return [sys.executable, "-m", "prefect", *words], {"env": environment, "stdin": subprocess.DEVNULL}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """`prefect server start`, as somebody runs it who does not know of Trona."""
    folder, port = tmp_path_factory.mktemp("server"), free_port()
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("PREFECT_", "TRONA_"))}
    environment = clean | ALWAYS | {"PREFECT_HOME": str(folder), "PREFECT_SERVER_API_PORT": str(port)}
    command, options = call_prefect(environment, "server", "start", "--port", str(port), "--no-ui")
    with (folder / "log.txt").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, **options)
    api = f"http://127.0.0.1:{port}/api"
    end = time.monotonic() + 120
    while not is_running(api):
        assert process.poll() is None, (folder / "log.txt").read_text()
        assert time.monotonic() < end, "the server did not start"
        time.sleep(0.2)
    yield port
    process.terminate()
    process.wait(20)


@pytest.fixture
def beside(server, receiver, tmp_path):
    """What works on that server: a folder, an inbox, a receiver."""
    (tmp_path / "receivers.toml").write_text(
        '[[receiver]]\nname = "hook"\nkind = "webhook"\nurl = { env = "TEST_WEBHOOK" }\n'
    )
    (tmp_path / "inbox").mkdir()
    up = Up(tmp_path, server, receiver)
    yield up
    if up.process is not None and up.process.poll() is None:
        up.stop()


def test_up_beside_a_server_with_everything_in_an_object_store(beside, review, object_store):
    lake, inbox = "s3://bucket/team/lake", "s3://bucket/team/inbox"
    beside.start(PREFECT_API_URL=beside.api, TRONA_LAKE=lake, TRONA_INBOX=inbox, **object_store)
    assert "server" not in {p.cmdline()[-1] for p in beside.processes("flows.service.processes")}
    options = {name.lower(): value for name, value in object_store.items() if name != "AWS_ALLOW_HTTP"}
    store = from_url("s3://bucket/team/inbox", client_options={"allow_http": True}, **options)
    messages = len(beside.receiver.got)
    store.put("2020-01.csv", review("2020-01", "2020-02-05", 10, forecast=5, after="2020-02").encode())
    store.put("bad.csv", b"this,is\nno,review\n")

    def there():
        return sorted(o["path"].removeprefix("team/inbox/") for o in store.list().collect())

    wanted = ["done/2020-01.csv", "refused/bad.csv", "refused/bad.csv.reason.txt"]
    beside.wait_for(lambda: there() == wanted, 90, "what landed")
    store.put("2020-02.csv", review("2020-02", "2020-03-05", -40).encode())
    beside.wait_for(lambda: "done/2020-02.csv" in there(), 90, "the second month")
    recorded = open_lake(lake, object_store).table(RELEASES).scan().filter(pl.col("event") == "recorded").collect()
    assert sorted(recorded["review_month"]) == ["2020-01", "2020-02"]
    beside.wait_for(lambda: len(beside.receiver.got) > messages, 30, "the message")
    code, _ = beside.stop(signal.SIGINT)
    assert (code, beside.processes()) == (130, [])
    assert is_running(beside.api)


def test_prefect_yaml_is_deployed_again_and_again_and_a_worker_does_the_work(beside, review, tmp_path):
    shutil.copy(ROOT / "prefect.yaml", tmp_path)  # as beside an installed Trona
    environment = beside.environment | ALWAYS | {"PREFECT_API_URL": beside.api, "TRONA_SOURCE": "test"}
    own = tmp_path / "chains"
    own.mkdir()
    environment["TRONA_CHAINS"] = str(own)

    def prefect(*words):
        command, options = call_prefect(environment, "--no-prompt", *words)
        done = subprocess.run(
            command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False, **options
        )
        assert done.returncode == 0, done.stdout + done.stderr

    prefect("work-pool", "create", "trona", "--type", "process")
    prefect("work-pool", "set-concurrency-limit", "trona", "2")
    known = []
    for _ in range(2):
        prefect("deploy", "--all")
        deployments = beside.ask("/deployments/filter", {})
        ours = sorted(d["name"] for d in deployments if d["work_pool_name"] == "trona")
        assert ours == ["arrival", "by-hand", "deadline", "lithium_ion", "sodium_ion"]
        assert all(d["tags"] == ["trona"] and d["concurrency_limit"] is None for d in deployments if d["name"] in ours)
        assert {d["parameters"].get("chains_folder") for d in deployments if d["name"] in ours} == {str(own), None}
        assert {d["global_concurrency_limit"]["limit"] for d in deployments if d["name"] in ours} == {1}
        known.append(sorted(a["name"] for a in beside.ask("/automations/filter", {})))
    assert known[0] == known[1]

    beside.drop("2020-01.csv", review("2020-01", "2020-02-05", 10))
    quick = environment | {"PREFECT_WORKER_QUERY_SECONDS": "1"}
    command, options = call_prefect(quick, "worker", "start", "--pool", "trona")
    with (tmp_path / "log.txt").open("w") as log:
        worker = subprocess.Popen(command, cwd=tmp_path, stdout=log, stderr=log, **options)
    try:
        names = {"name": "2020-01.csv", "size": 1, "landed": ["2020-01.csv"]}
        payload = {"lake": str(beside.lake), "inbox": str(beside.inbox), **names}
        landed = Event("trona.document.landed", "trona.document.2020-01.csv", payload, {"trona.leads": "yes"})
        post_events(beside.api, [landed])
        beside.wait_for(lambda: beside.dealt_with("2020-01.csv"), 90, "the document")
        assert beside.dealt_with("2020-01.csv").parent.name == "done"
        run = beside.run("deadline", {})
        assert run["state_type"] == "COMPLETED", Path(tmp_path / "log.txt").read_text()
        assert run["work_pool_name"] == "trona"
    finally:
        worker.send_signal(signal.SIGINT)
        worker.wait(30)
