"""Twenty kills of the attack of `make attack`, and that its checker sees harm where there is some."""

import shutil
from pathlib import Path

import pytest

from tests.attack.checker import Checker, Verdict, check_site, check_workbook
from tests.attack.documents import write_documents
from tests.attack.kills import attack
from tests.tasks.interrupted import take_in_all


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_twenty_kills_lose_double_and_halve_nothing(tmp_path):
    outcome = attack(tmp_path, kills=20, seed=7)
    assert outcome.kills.total() == 20
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


def _newest(log: Path) -> Path:
    return max(log.glob("*.json"))
