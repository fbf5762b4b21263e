"""`trona up`, for real: documents become alerts, and nothing that breaks loses or doubles one."""

import json
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import polars as pl
import pytest

from contracts.chain import chain_paths
from contracts.releases import RELEASES
from data_lake.lake import open_lake
from data_lake.ledger import read_ledger
from flows.run.events import Event, post_events
from tests.flows.conftest import free_port

pytestmark = pytest.mark.timeout(600)


def recorded(up) -> list[str]:
    """Reviewed months of the releases in the lake, one entry per release."""
    rows = open_lake(up.lake).table(RELEASES).scan().filter(pl.col("event") == "recorded").collect()
    return sorted(rows["review_month"])


def alerts_of(up, month: str, rule: str) -> pl.DataFrame:
    return read_ledger(open_lake(up.lake)).filter(
        pl.col("month") == pl.lit(f"{month}-01").str.to_date(), pl.col("rule") == rule
    )


def told(up, text: str) -> list[dict]:
    return [m for m in up.receiver.got if text in json.dumps(m, ensure_ascii=False)]


def events_of(up, event: str, documents: set[str]) -> dict[str, dict]:
    """Payloads of this event by document; empty until all of them are there."""
    found = up.ask("/events/filter", {"filter": {"event": {"name": [event]}}, "limit": 50})["events"]
    payloads = {e["payload"]["document"]: e["payload"] for e in found}
    return payloads if documents <= set(payloads) else {}


def test_a_server_at_rest_takes_next_to_no_time(up):
    (server,) = up.processes("flows.service.processes server")

    def rests() -> bool:
        before = sum(server.cpu_times()[:2])
        time.sleep(2)
        return sum(server.cpu_times()[:2]) - before < 0.4

    up.wait_for(rests, 60, "rest")


def test_a_document_becomes_an_alert(up, review):
    up.drop("2020-01.csv", review("2020-01", "2020-02-05", 10, forecast=5, after="2020-02"))
    up.wait_for(lambda: up.dealt_with("2020-01.csv"), 60, "first document")
    up.drop("2020-02.csv", review("2020-02", "2020-03-05", -40))
    begun = time.time()
    up.wait_for(lambda: told(up, "2020"), 60, "message")
    assert up.dealt_with("2020-01.csv").parent.name == "done"
    up.wait_for(lambda: up.dealt_with("2020-02.csv"), 30, "second document")
    (missed,) = alerts_of(up, "2020-02", "forecast_miss").filter(pl.col("state") == "fired").to_dicts()
    assert missed["segment"] == "cathode"
    assert time.time() - begun < 60


def test_events_tell_what_happened(up):
    wanted = {"trona.document.landed", "trona.release.recorded", "trona.forecasts.scored", "trona.alert.raised"}

    def newest():
        """The newest event of each name; releases of this file's own source, since other tests share the server."""
        found = {}
        for name in wanted:
            asked = {"filter": {"event": {"name": [name]}}, "limit": 50}
            own = [e for e in up.ask("/events/filter", asked)["events"] if e["payload"].get("source", "test") == "test"]
            found |= {name: own[0]} if own else {}
        return found if set(found) == wanted else None

    events = up.wait_for(newest, 40, "events")
    assert events["trona.release.recorded"]["payload"]["month"].startswith("2020-0")
    assert events["trona.release.recorded"]["resource"]["prefect.resource.id"].startswith("trona.release.test.sodium_")


def test_two_documents_at_once_and_a_bad_one_between(up, review):
    before = recorded(up)
    up.drop("bad.csv", "this,is\nno,review\n")
    up.drop("2020-03.csv", review("2020-03", "2020-04-05", 3))
    up.drop("2020-04.csv", review("2020-04", "2020-05-05", 4))
    up.drop("picture.png", "no document")
    for name in ("bad.csv", "2020-03.csv", "2020-04.csv", "picture.png"):
        up.wait_for(lambda name=name: up.dealt_with(name), 60, name)
    assert up.dealt_with("2020-03.csv").parent.name == "done"
    assert up.dealt_with("2020-04.csv").parent.name == "done"
    reason = up.dealt_with("bad.csv").with_name("bad.csv.reason.txt").read_text()
    assert "bad.csv was refused" in reason
    assert (
        "unsupported file type '.png'" in up.dealt_with("picture.png").with_name("picture.png.reason.txt").read_text()
    )
    assert recorded(up) == sorted([*before, "2020-03", "2020-04"])
    refused = up.wait_for(lambda: events_of(up, "trona.contract.broken", {"bad.csv", "picture.png"}), 40, "events")
    assert refused["picture.png"]["what"] == "unsupported file type '.png'"
    assert refused["bad.csv"]["rows"] == 0


@pytest.mark.soak
def test_fifty_documents_at_once(up, review):
    before = recorded(up)
    months = [f"{year}-{month:02}" for year in range(2010, 2015) for month in range(1, 11)]
    for month in months:
        year, number = int(month[:4]), int(month[5:])
        up.drop(f"many-{month}.csv", review(month, f"{year}-{number + 1:02}-05", number))
    up.wait_for(lambda: all(up.dealt_with(f"many-{m}.csv") for m in months), 180, "fifty documents")
    assert recorded(up) == sorted([*before, *months])
    assert not list((up.inbox / "refused").glob("many-*"))


def test_a_second_up_says_so(up):
    second = subprocess.run(
        [sys.executable, "-c", "from flows.cli import main; main()", "up"],
        env=up.environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert second.returncode == 2
    assert "already running on this lake" in second.stderr
    assert str(up.process.pid) in second.stderr


def test_the_form_has_choices_and_refuses_what_is_no_month(up):
    schema = up.deployment("by-hand")["parameter_openapi_schema"]
    assert schema["definitions"]["ChainChoice"]["enum"] == ["all", *sorted(chain_paths())]
    assert schema["properties"]["notify"]["enum"] == ["none", "digest"]
    assert schema["properties"]["from_month"]["pattern"]
    made = f"/deployments/{up.deployment('by-hand')['id']}/create_flow_run"
    for bad in ({"from_month": "2026-13"}, {"to_month": "January"}, {"chain": "iron"}, {"notify": "everybody"}):
        with pytest.raises(HTTPError) as refused:
            up.ask(made, {"parameters": bad})
        assert 400 <= refused.value.code < 500
        refused.value.close()


def test_a_backfill_by_hand_can_be_rehearsed_and_run(up, review):
    folder = up.folder / "old"
    folder.mkdir()
    (folder / "2008-01.csv").write_text(review("2008-01", "2008-02-05", 1))
    (folder / "2008-02.csv").write_text(review("2008-02", "2008-03-05", 2))
    before, messages = recorded(up), len(up.receiver.got)
    wanted = {"folder": str(folder), "from_month": "2008-02", "chain": "sodium_ion"}
    assert up.run("by-hand", wanted | {"dry_run": True})["state_type"] == "COMPLETED"
    assert recorded(up) == before
    run = up.run("by-hand", wanted)
    assert run["state_type"] == "COMPLETED"
    assert "sodium_ion 2008-02" in run["name"]
    assert recorded(up) == sorted([*before, "2008-02"])
    assert len(up.receiver.got) == messages


@pytest.mark.soak
def test_the_watchdog_fires_and_resolves_with_the_calendar(up, review):
    """A review of April is due on 5 May and five business days (1 to 3 May are days off): late from 13 May on."""
    (up.folder / "march").mkdir()
    (up.folder / "march" / "2021-03.csv").write_text(review("2021-03", "2021-04-05", 1))
    up.run("by-hand", {"folder": str(up.folder / "march")})
    assert up.run("deadline", {"now": "2021-05-12T15:00:00Z"})["state_type"] == "COMPLETED"
    assert alerts_of(up, "2021-04", "release_missing").is_empty()
    for _ in range(2):
        assert up.run("deadline", {"now": "2021-05-13T01:00:00Z"})["state_type"] == "COMPLETED"
    assert alerts_of(up, "2021-04", "release_missing")["state"].to_list() == ["fired"]
    assert len(told(up, "No review of sodium-ion batteries for April 2021")) == 1
    april = {"id": ["trona.release.test.sodium_ion.2021-04"]}
    missing = {"filter": {"event": {"name": ["trona.release.missing"]}, "resource": april}}
    (event,) = up.wait_for(lambda: up.ask("/events/filter", missing)["events"], 40, "event")
    assert event["payload"]["month"] == "2021-04"
    # a backfill of another month changes nothing
    (up.folder / "older").mkdir()
    (up.folder / "older" / "2021-02.csv").write_text(review("2021-02", "2021-03-05", 2))
    up.run("by-hand", {"folder": str(up.folder / "older")})
    up.run("deadline", {"now": "2021-05-14T01:00:00Z"})
    assert alerts_of(up, "2021-04", "release_missing")["state"].to_list() == ["fired"]
    (up.folder / "late").mkdir()
    (up.folder / "late" / "2021-04.csv").write_text(review("2021-04", "2021-05-15", 3))
    up.run("by-hand", {"folder": str(up.folder / "late")})
    up.run("deadline", {"now": "2021-05-16T01:00:00Z"})
    assert alerts_of(up, "2021-04", "release_missing").sort("change")["state"].to_list() == ["fired", "resolved"]


@pytest.mark.soak
def test_a_month_that_was_awaited_and_did_not_come_is_looked_at_again(up):
    """The second line, with a window of ten seconds instead of its days; it never fires for what was recorded."""
    from prefect.automations import Automation

    from flows.run.events import KINDS
    from flows.service.deployments import look_again

    watchdog = up.deployment("deadline")["id"]
    second = look_again(watchdog, timedelta(seconds=10)).model_copy(update={"name": "soon"})
    body = second.model_dump(mode="json", include=set(Automation.model_fields) - {"id"}, exclude_none=True)
    made = up.ask("/automations/", body)
    about = dict.fromkeys(KINDS["trona.release.awaited"].payload, "")
    come = dict.fromkeys(KINDS["trona.release.recorded"].payload, "")

    def runs() -> int:
        wanted = {"deployments": {"id": {"any_": [watchdog]}}, "flow_runs": {"tags": {"all_": ["auto-scheduled"]}}}
        total = up.ask("/flow_runs/count", {"deployments": wanted["deployments"]})
        return total - up.ask("/flow_runs/count", wanted)

    before = runs()
    time.sleep(3)  # the server reads new automations now and then
    post_events(up.api, [Event("trona.release.awaited", f"trona.release.x.{m}", about) for m in ("here", "gone")])
    time.sleep(3)
    post_events(up.api, [Event("trona.release.recorded", "trona.release.x.here", come)])
    up.wait_for(lambda: runs() > before, 60, "the second look")
    time.sleep(12)
    assert runs() == before + 1
    request = Request(f"{up.api}/automations/{made['id']}", method="DELETE", headers=up.headers)
    urlopen(request, timeout=10).close()


@pytest.mark.soak
def test_a_message_that_does_not_get_through_is_sent_again_by_itself(up, review):
    up.drop("2006-01.csv", review("2006-01", "2006-02-05", 10, forecast=5, after="2006-02"))
    up.wait_for(lambda: up.dealt_with("2006-01.csv"), 60, "first document")
    up.receiver.answers.append((503, {}, "busy"))
    up.drop("2006-02.csv", review("2006-02", "2006-03-05", -40))
    up.wait_for(lambda: up.dealt_with("2006-02.csv"), 60, "second document")
    assert not up.receiver.answers
    up.wait_for(lambda: told(up, "February 2006"), 90, "the message, half a minute later")
    assert "retry notification at" in up.log
    time.sleep(5)
    assert len(told(up, "February 2006")) == 1


def test_the_calendar_poll_says_whether_the_month_is_here(up, review):
    (up.folder / "polled").mkdir()
    (up.folder / "polled" / "2021-04.csv").write_text(review("2021-04", "2021-05-15", 3))
    up.run("by-hand", {"folder": str(up.folder / "polled")})
    for day, said in (
        ("2021-05-20", "2021-04 is here: nothing to do"),
        ("2021-06-04", "2021-05 is not here: expected"),
    ):
        run = up.run("sodium_ion", {"now": f"{day}T02:00:00Z"})
        assert run["state_type"] == "COMPLETED"
        up.wait_for(lambda said=said: f"test sodium_ion {said}" in up.log, 20, "what the poll says")


def test_watch_takes_in_and_goes_on_after_a_bad_one(up, review, tmp_path):
    """`trona watch` in its own process, on a lake and an inbox of its own; the running server keeps its runs."""
    environment = up.environment | {
        "TRONA_LAKE": str(tmp_path / "lake"),
        "TRONA_INBOX": str(tmp_path / "inbox"),
        "TRONA_RECEIVERS": str(tmp_path / "nobody.toml"),
        "PREFECT_API_URL": up.api,
        **up.access,
    }
    (tmp_path / "nobody.toml").write_text("")
    (tmp_path / "inbox").mkdir()
    (tmp_path / "inbox" / "bad.csv").write_text("this,is\nno,review\n")
    watcher = subprocess.Popen(
        [sys.executable, "-c", "from flows.cli import main; main()", "watch"],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        up.wait_for((tmp_path / "inbox/refused/bad.csv.reason.txt").exists, 60, "refusal")
        (tmp_path / "inbox" / "2020-01.csv").write_text(review("2020-01", "2020-02-05", 10))
        up.wait_for((tmp_path / "inbox/done/2020-01.csv").exists, 60, "the good one")
        watcher.send_signal(signal.SIGINT)
        assert watcher.wait(15) == 130
    finally:
        watcher.kill()
        watcher.wait()
    releases = open_lake(tmp_path / "lake").table(RELEASES).scan().filter(pl.col("event") == "recorded").collect()
    assert releases["review_month"].to_list() == ["2020-01"]


@pytest.mark.soak
@pytest.mark.parametrize("role", ["watcher", "runner", "server"])
def test_a_killed_child_comes_back_and_nothing_is_lost_or_doubled(up, review, role):
    year = {"watcher": 2001, "runner": 2002, "server": 2003}[role]
    before = recorded(up)
    (victim,) = [p for p in up.processes(f"flows.service.processes {role}") if p.ppid() == up.process.pid]
    up.drop(f"{year}-01.csv", review(f"{year}-01", f"{year}-02-05", 1))
    if role != "watcher":  # in the middle: the run has begun
        up.wait_for(lambda: f"landed: {year}-01.csv" in up.log, 30, "landing")
        time.sleep(2.5)
    victim.send_signal(signal.SIGKILL)
    up.wait_for(lambda: f"the {role} stopped (exit code -9): starting it again" in up.log, 20, "report")
    up.drop(f"{year}-02.csv", review(f"{year}-02", f"{year}-03-05", 2))
    for name in (f"{year}-01.csv", f"{year}-02.csv"):
        up.wait_for(lambda name=name: up.dealt_with(name), 120, name)
        assert up.dealt_with(name).parent.name == "done"
    assert recorded(up) == sorted([*before, f"{year}-01", f"{year}-02"])


@pytest.mark.soak
def test_a_backfill_by_hand_goes_on_after_a_kill(up, review):
    before = recorded(up)
    folder = up.folder / "long"
    folder.mkdir()
    months = [f"1999-{month:02}" for month in range(1, 12)]
    for month in months:
        (folder / f"{month}.csv").write_text(review(month, f"1999-{int(month[5:]) + 1:02}-05", 1))
    made = f"/deployments/{up.deployment('by-hand')['id']}/create_flow_run"
    run = up.ask(made, {"parameters": {"folder": str(folder), "to_month": "1999-12"}})
    up.wait_for(lambda: "1999-03" in recorded(up), 60, "the first months")
    (victim,) = [p for p in up.processes("flows.service.processes runner") if p.ppid() == up.process.pid]
    victim.send_signal(signal.SIGKILL)
    ended = up.wait_for(lambda: up.final(run["id"]), 120, "the end of the backfill")
    assert ended["state_type"] == "COMPLETED"
    assert recorded(up) == sorted([*before, *months])


@pytest.mark.soak
def test_a_killed_run_is_made_good(up, review):
    before = recorded(up)
    known = {p.pid for p in up.processes()}
    months = [f"2004-{m:02}" for m in range(1, 11)]
    for month in months:
        up.drop(f"{month}.csv", review(month, f"2004-{int(month[5:]) + 1:02}-05", 1))
    (run, *_) = up.wait_for(lambda: [p for p in up.processes() if p.pid not in known], 30, "run")
    time.sleep(1.0)
    run.send_signal(signal.SIGKILL)
    up.wait_for(lambda: all(up.dealt_with(f"{m}.csv") for m in months), 120, "documents")
    assert recorded(up) == sorted([*before, *months])


@pytest.mark.soak
@pytest.mark.parametrize("log_format", ["json"])
def test_sigterm_leaves_no_process_and_a_new_start_takes_what_lies_there(up, review, log_format):
    up.drop("2005-01.csv", review("2005-01", "2005-02-05", 1))
    code, seconds = up.stop(signal.SIGTERM)
    assert (code, up.processes()) == (0, [])
    assert seconds < 10
    before = len(up.log)
    port = free_port()
    up.start(TRONA_LOG_FORMAT=log_format, TRONA_PAGE=str(up.folder / "page"), TRONA_PAGE_PORT=str(port))
    up.wait_for(lambda: up.dealt_with("2005-01.csv"), 60, "the document that lay there")
    assert f"page      http://127.0.0.1:{port}" in (up.folder / "out.txt").read_text()
    page = Request(f"http://127.0.0.1:{port}/sodium_ion/2005-01.html", headers=up.headers)
    up.wait_for((up.folder / "page" / "sodium_ion" / "2005-01.html").exists, 120, "the page of the month")
    with urlopen(page, timeout=30) as answer:
        assert "January 2005" in answer.read().decode()
    lines = [line for line in up.log[before:].splitlines() if line.startswith("{")]
    assert {json.loads(line)["level"] for line in lines} >= {"INFO"}
    assert any("2005-01.csv" in json.loads(line)["message"] for line in lines)
    assert recorded(up).count("2005-01") == 1
    deployments = up.ask("/deployments/filter", {})
    assert sorted(d["name"] for d in deployments) == sorted(["arrival", "by-hand", "deadline", *chain_paths(None)])
    names = sorted(a["name"] for a in up.ask("/automations/filter", {}))
    assert len(names) == len(set(names)) == 3


def test_schedules_are_planned_ahead(up):
    """The server's scheduler has entered runs for the calendar and the deadlines."""

    def planned():
        wanted = {"flow_runs": {"state": {"type": {"any_": ["SCHEDULED"]}}}, "limit": 200}
        return {run["deployment_id"] for run in up.ask("/flow_runs/filter", wanted)}

    wanted = {up.deployment(name)["id"] for name in ("deadline", "sodium_ion", "lithium_ion")}
    up.wait_for(lambda: wanted <= planned(), 90, "scheduled runs")


@pytest.mark.soak
def test_sigint_leaves_no_process(up):
    code, seconds = up.stop(signal.SIGINT)
    assert (code, up.processes()) == (130, [])
    assert seconds < 10


@pytest.mark.soak
def test_killed_as_a_whole_it_leaves_no_process_and_no_lock(up):
    if up.process.poll() is not None:
        up.start()
    up.process.kill()
    up.process.wait(10)
    end = time.monotonic() + 15
    while up.processes() and time.monotonic() < end:
        time.sleep(0.2)
    assert up.processes() == []
    up.start()  # no lock is left; and tests that follow find it running


def test_nothing_of_prefect_is_imported_by_the_watcher():
    code = "import sys, flows.service.processes, flows.inbox.watcher, flows.inbox.stores, flows.run.events; print('prefect' in sys.modules)"
    root = Path(__file__).parents[2]
    said = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "False"
