"""An inbox, a chains folder and a receivers file in folders of any name, and what lies in an inbox beside documents."""

import json
import os
import time
from pathlib import Path

import pytest

from contracts.settings import load_settings
from flows.inbox.pickup import take_from_inbox
from flows.inbox.stores import open_inbox
from flows.inbox.watcher import Watch
from tasks.intake.documents import find_documents
from tests.flows.command import Command
from tests.flows.test_days import STEEL

NAMES = ("My Documents", "100% off", "50%20", "a#b", "{month} {}", "数据湖", "[a-z]?*", "back\\slash", "a;b&c'd\"")
TABLE = (
    "source,chain,review_month,published,segment,period,measure,value\n"
    "desk,works,2026-01,2026-02-05,crude steel,2026-01,mom_pct,3\n"
)


@pytest.fixture
def trona(capfdbinary, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    return Command(capfdbinary, monkeypatch, tmp_path / "lake")


@pytest.mark.parametrize("name", NAMES)
def test_inbox_chains_and_receivers_lie_in_folders_of_any_name(trona, tmp_path, monkeypatch, name):
    place = tmp_path / name
    (place / "chains").mkdir(parents=True)
    (place / "chains" / "works.toml").write_text(STEEL, encoding="utf-8-sig")  # as Notepad saves it
    (place / "receivers.toml").write_text('[[receiver]]\nname = "here"\nkind = "file"\n', encoding="utf-8-sig")
    (place / "inbox").mkdir()
    (place / "inbox" / "a.csv").write_text(TABLE, encoding="utf-8")
    (tmp_path / "trona.toml").write_text(
        "\n".join(f"{key} = {json.dumps(str(place / file), ensure_ascii=False)}" for key, file in PLACES.items()),
        encoding="utf-8-sig",
    )
    settings = load_settings()
    with take_from_inbox(settings.inbox_address, None, lambda _: None) as pickup:
        (path,) = pickup.paths
        trona("ingest", path)
        pickup.settle({path: None})
    assert [p.name for p in (place / "inbox" / "done").iterdir()] == ["a.csv"]
    (row,) = json.loads(trona("figures", "--chain", "works", "--json").out)
    assert (row["segment"], row["value"]) == ("crude_steel", 3.0)
    trona("notify", "--test", "here")
    assert len(list((trona.lake / "messages").iterdir())) == 1
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted({name, "lake", "trona.toml"})


PLACES = {"inbox": "inbox", "chains": "chains", "receivers": "receivers.toml"}
LEFT = (
    *(".DS_Store", "._2026-01.xlsx", "~$2026-01.xlsx", ".~lock.2026-01.xlsx#", "2026-01.csv~", "Desktop.ini"),
    *("Thumbs.db", "@eaDir/2026-01.csv/notes.csv", "#recycle/old.csv", ".stfolder/a.csv", "2026-01.xlsx.part"),
)


def test_what_programs_leave_beside_documents_is_neither_taken_nor_moved(tmp_path):
    inbox = open_inbox(str(tmp_path / "in"))
    for name in (*LEFT, "2026-01.csv"):
        path = inbox.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x", encoding="utf-8")
    assert [document.name for document in inbox.list()] == ["2026-01.csv"]
    assert [path.name for path in find_documents([tmp_path / "in"])] == ["2026-01.csv"]


def test_a_download_under_a_passing_name_is_taken_when_it_has_its_own(tmp_path):
    """`a.csv.aBcDeF` while it is written, then `a.csv`: taken once, and never under the first name."""
    inbox = open_inbox(str(tmp_path / "in"))
    watch = Watch(inbox, settle_seconds=5.0)
    passing = inbox.folder / "a.csv.aBcDeF"
    with passing.open("w", encoding="utf-8") as file:
        file.write("half")
        file.flush()
        assert [watch.look(float(at)) for at in range(5)] == [[]] * 5
    passing.rename(inbox.folder / "a.csv")
    taken = [document.name for at in range(5, 16) for document in watch.look(float(at))]
    assert taken == ["a.csv"]


def test_a_document_seen_many_times_is_handed_over_once(tmp_path):
    """As a share tells of one file again and again while a scanner writes its attributes."""
    inbox = open_inbox(str(tmp_path / "in"))
    watch = Watch(inbox, settle_seconds=1.0)
    path = inbox.folder / "a.csv"
    path.write_text("x", encoding="utf-8")
    (document,) = [d for at in range(4) for d in watch.look(float(at))]
    path.chmod(0o600)
    os.utime(path, ns=(time.time_ns(), path.stat().st_mtime_ns))  # read, not written
    assert [watch.look(4.0 + at / 10) for at in range(20)] == [[]] * 20
    inbox.accept(document)
    assert not Path(inbox.folder / "a.csv").exists()
