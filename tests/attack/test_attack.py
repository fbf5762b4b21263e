"""A short form of each attack of `make attack`, and that its checker sees harm where there is some."""

import random
import shutil
from http.client import HTTPException
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from tests.attack.checker import Checker, Verdict, check_site, check_workbook
from tests.attack.crowd import attack_together
from tests.attack.documents import write_documents
from tests.attack.faulty_store import MIXES, FaultyProxy, attack_store
from tests.attack.full_disk import fill_disks
from tests.attack.kills import attack
from tests.tasks.delivery.servers import HttpServer
from tests.tasks.interrupted import take_in_all


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_twenty_kills_lose_double_halve_and_tell_twice_nothing(tmp_path):
    outcome = attack(tmp_path, kills=20, seed=7)
    assert outcome.done.total() == 20
    assert outcome.verdict.counts == {}, outcome.describe()


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_a_disk_that_is_full_at_any_write_leaves_nothing_half_written(tmp_path):
    outcome = fill_disks(tmp_path, commands=("ingest", "retract", "notify", "export"), most=20)
    if outcome.skipped:
        pytest.skip(outcome.skipped[0])
    assert outcome.done.total() >= 8
    assert outcome.verdict.counts == {}, outcome.describe()


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_a_faulty_store_loses_and_doubles_nothing(tmp_path):
    outcome = attack_store(tmp_path, rounds=2, seed=7)
    assert outcome.done.total() == 2 * len(MIXES)
    assert outcome.verdict.counts == {}, outcome.describe()


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_writers_and_readers_at_once_lose_and_double_nothing(tmp_path):
    outcome = attack_together(tmp_path, minutes=0.5, seed=7)
    assert outcome.done.total() > 5
    assert outcome.verdict.counts == {}, outcome.describe()


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole")
    stated = write_documents(folder / "documents", 2)
    take_in_all(str(folder / "lake"), sorted(str(path) for path in (folder / "documents").iterdir()))
    return folder, stated


def test_the_checker_finds_nothing_in_a_lake_that_is_whole(whole):
    folder, stated = whole
    assert Checker(folder / "lake").check_end(stated).counts == {}


def test_the_checker_sees_what_is_lost_doubled_half_written_or_unreadable(whole, tmp_path):
    folder, stated = whole
    assert Checker(folder / "lake").check({"2030-01.csv"}).counts == {"lost": 1}
    assert Checker(folder / "lake").check_end(stated[1:]).counts == {"doubled": 1}
    assert Checker(folder / "lake").check_end([*stated, stated[0]]).counts == {"lost": 1}

    half = tmp_path / "half"
    shutil.copytree(folder / "lake", half)
    _newest(half / "figures" / "_delta_log").unlink()
    assert Checker(half).check(()).counts == {"half-written": 1}

    twice = tmp_path / "twice"
    shutil.copytree(folder / "lake", twice)
    newest = _newest(twice / "figures" / "_delta_log")
    again = newest.with_name(f"{int(newest.stem) + 1:020}.json")
    data = next((twice / "figures").rglob("*2021-02/*.parquet"))
    shutil.copy(data, data.with_name("again.parquet"))
    again.write_text(newest.read_text().replace(data.name, "again.parquet"))
    assert Checker(twice).check(()).counts["doubled"] == 3

    torn = tmp_path / "torn"
    shutil.copytree(folder / "lake", torn)
    _newest(torn / "figures" / "_delta_log").write_text('{"add"')
    assert Checker(torn).check(()).counts["unreadable"] == 1


def test_the_checker_sees_half_a_workbook_and_half_a_page(tmp_path):
    verdict = Verdict()
    check_workbook(tmp_path / "absent.xlsx", verdict)
    assert verdict.counts == {}
    (tmp_path / "book.xlsx").write_bytes(b"PK\x03\x04half")
    (tmp_path / "index.html").write_text("<html><body>")
    check_workbook(tmp_path / "book.xlsx", verdict)
    check_site(tmp_path, verdict)
    assert verdict.counts == {"half-written": 2}


def _told(tmp_path, *, notify="first", covers="a:1", receiver="hook", event="sent"):
    """A lake of two tables that says: the change a:1 is to be told, and who has it."""
    write_deltalake(str(tmp_path / "alerts"), pa.table({"alert_id": ["a"], "change": [1], "notify": [notify]}))
    row = {"delivery_id": ["m1"], "step": [1], "receiver": [receiver], "covers": [covers], "event": [event]}
    write_deltalake(str(tmp_path / "deliveries"), pa.table(row))
    return Checker(tmp_path)


def test_the_checker_sees_who_was_told_twice_or_not(tmp_path):
    assert _told(tmp_path / "well").check_told({"hook": ["m1", "m1"]}).counts == {}
    assert _told(tmp_path / "not").check_told({"hook": []}).counts == {"not told": 1}
    assert _told(tmp_path / "nobody", notify="").check_told({"hook": []}).counts == {}
    assert _told(tmp_path / "unwanted", receiver="", event="unwanted").check_told({"hook": []}).counts == {}
    assert _told(tmp_path / "unknown").check_told({"hook": ["m1", "m2"]}).counts == {"lost": 1}
    twice = tmp_path / "twice"
    _told(twice)
    row = {"delivery_id": ["m2"], "step": [1], "receiver": ["hook"], "covers": ["a:1"], "event": ["sent"]}
    write_deltalake(str(twice / "deliveries"), pa.table(row), mode="append")
    assert Checker(twice).check_told({"hook": ["m1", "m2"]}).counts == {"told twice": 1}


def test_the_checker_sees_a_retraction_that_is_gone(whole):
    folder, _ = whole
    checker = Checker(folder / "lake")
    checker.check_turned({("2021-01.csv", "recorded")})
    assert checker.verdict.counts == {}
    checker.check_turned({("2021-01.csv", "retracted")})
    assert checker.verdict.counts == {"lost": 1}


@pytest.mark.parametrize(
    ("fault", "arrives", "answers"),
    [("", 1, True), ("reset", 0, False), ("500", 0, True), ("lost", 1, False), ("half", 1, False)],
)
def test_the_proxy_fails_as_asked(fault, arrives, answers):
    """What arrives at the store, and whether whoever asked got a whole answer."""
    store = HttpServer(answers=[(200, {}, "whole")])
    proxy = FaultyProxy(store.url, random.Random(1))
    proxy.chances = {fault: 1.0} if fault else {}
    try:
        try:
            with urlopen(Request(f"{proxy.url}/x", data=b"b", method="POST"), timeout=5) as answer:
                assert answer.read() == b"whole"
            answered = True
        except HTTPError as error:
            answered = error.code == int(fault)
        except (OSError, HTTPException):
            answered = False
        assert (len(store.requests), answered) == (arrives, answers)
    finally:
        proxy.close()
        store.close()


def _newest(log: Path) -> Path:
    return max(log.glob("*.json"))
