"""Upkeep changes no row: not alone, not beside writers, not on an object store; and a repair still knows the way."""

import threading
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from contracts.figures import FIGURES
from contracts.readings import Document, DocumentHints
from contracts.releases import QUARANTINE, RELEASES
from contracts.settlements import SETTLEMENTS
from data_lake.audit import audit_lake
from data_lake.delta import ClaimTaken
from data_lake.entries import Entries
from data_lake.figures import read_figures
from data_lake.lake import Lake, open_lake
from data_lake.maintenance import _list_groups, maintain_lake
from data_lake.opening import forget_open_tables
from data_lake.releases import retract_release, stated_releases
from data_lake.tables import FROM_DOCUMENTS, LAKE_TABLES
from tasks.history.repair import Repair
from tasks.intake.ingest import ingest_document
from tests.builders import day, head, record
from tests.data_lake.harm import data_files, everything, remove

NOW = day("2026-03-20")
NEVER = datetime(1970, 1, 2, tzinfo=UTC)
AGENCIES = ("aa", "bb", "cc", "dd", "ee", "ff")


def tomorrow() -> datetime:
    return datetime.now(UTC) + timedelta(days=1)


def fill(lake: Lake) -> Lake:
    """Two months, six sources each, one of them withdrawn."""
    for month in ("2026-01", "2026-02"):
        for source in AGENCIES:
            release = head(source=source, review_month=month, document=f"{source}{month}".ljust(64, "0"))
            record(lake, release, {"period": month, "value": float(len(source) + AGENCIES.index(source))})
    retract_release(lake, release.release_id, reason="wrong", at=day("2026-03-01"))
    return lake


def rows(lake: Lake) -> dict[str, pl.DataFrame]:
    return {table.name: lake.table(table).scan().collect().sort(table.key) for table in LAKE_TABLES}


def assert_same_rows(lake: Lake, before: dict[str, pl.DataFrame]) -> None:
    forget_open_tables()
    for name, frame in rows(lake).items():
        assert_frame_equal(frame, before[name])


@pytest.mark.parametrize("where", ["disk", "store"])
def test_many_files_become_few_and_no_row_changes(tmp_path, object_store, where):
    lake = fill(open_lake(tmp_path / "lake") if where == "disk" else open_lake("s3://bucket/upkeep", object_store))
    before, known = rows(lake), read_figures(lake)
    done = {upkeep.table: upkeep for upkeep in maintain_lake(lake, before=NEVER)}
    assert (done["figures"].files_before, done["figures"].files_after, done["figures"].removed) == (12, 2, 0)
    assert (done["releases"].files_before, done["releases"].files_after) == (13, 1)
    assert len(data_files(lake, "figures")) == 12 + 2  # the old ones stay for whoever reads them
    again = [*maintain_lake(lake, before=tomorrow())]
    assert {u.table: u.removed for u in again} == {"figures": 12, "releases": 13}
    assert len(data_files(lake, "figures")) == 2
    assert_same_rows(lake, before)
    assert_frame_equal(read_figures(lake), known)
    assert [fault for fault in audit_lake(lake) if fault.kind != "document"] == []
    assert [u.removed for u in maintain_lake(lake, before=tomorrow())] == [0, 0]


def test_a_dry_run_says_what_would_be_done_and_writes_nothing(lake):
    before = everything(fill(lake))
    told = {u.table: (u.files_before, u.files_after) for u in maintain_lake(lake, before=tomorrow(), dry_run=True)}
    assert told == {"releases": (13, 1), "figures": (12, 2)}
    assert everything(lake) == before


def test_a_file_that_a_writer_counts_on_again_is_not_removed(lake):
    fill(lake)
    name = data_files(lake, "figures")[0]
    size = lake.storage.size(name)
    moment = datetime.now(UTC) + timedelta(milliseconds=1)
    while datetime.now(UTC) < moment + timedelta(milliseconds=20):
        pass
    assert lake.storage.renew(name, size)
    assert not lake.storage.remove(name, moment)
    assert lake.storage.size(name) == size
    assert lake.storage.remove(name, tomorrow())
    assert lake.storage.size(name) is None
    assert not lake.storage.remove(name, tomorrow())
    assert not lake.storage.renew(name, size)


def test_rows_are_put_in_the_place_of_files_once(lake):
    fill(lake)
    log = lake.table(FIGURES)
    group = {path for path, month in log.files().items() if month == "2026-01"}
    log.swap(log.read_files(group), set(group))
    with pytest.raises(ClaimTaken):
        log.swap(log.read_files(group), set(group))
    assert log.scan().collect().height == 12


def test_beside_writers_and_another_upkeep_nothing_is_lost_or_doubled(lake):
    fill(lake)
    stop, failed = threading.Event(), []

    def work(act) -> None:
        try:
            while not stop.is_set():
                act()
        except Exception as error:  # noqa: BLE001 - told by the test
            failed.append(error)

    seen = []
    workers = [
        threading.Thread(target=work, args=(lambda: [*maintain_lake(lake, before=NEVER)],)),
        threading.Thread(target=work, args=(lambda: [*maintain_lake(lake, before=NEVER)],)),
        threading.Thread(target=work, args=(lambda: seen.append(read_figures(lake).height),)),
    ]
    for worker in workers:
        worker.start()
    for number in range(12):
        release = head(source=f"late{number}", document=f"{number}".ljust(64, "x"))
        record(lake, release, {"value": float(number)})
    stop.set()
    for worker in workers:
        worker.join()
    assert failed == []
    assert seen == sorted(seen)
    assert lake.table(FIGURES).scan().collect().height == 24
    assert lake.table(RELEASES).scan().collect().height == 13 + 12
    assert [fault for fault in audit_lake(lake) if fault.kind != "document"] == []


def test_files_are_put_together_up_to_a_size_so_that_no_month_must_fit_into_memory():
    months = {f"{month}/{n}": month for month in ("01", "02") for n in range(9)} | {"02/large": "02", "03/one": "03"}
    sizes = dict.fromkeys(months, 20) | {"02/large": 90}
    groups = [*_list_groups(months, sizes, whole=100)]
    assert [len(group) for group in groups] == [5, 4, 5, 4]
    assert all(len({months[path] for path in group}) == 1 for group in groups)
    assert not {"02/large", "03/one"} & {path for group in groups for path in group}


@pytest.mark.parametrize("table", FROM_DOCUMENTS, ids=lambda table: table.name)
def test_a_merge_states_the_releases_of_every_table_that_documents_say_again(lake, table):
    fill(lake)
    ids = lake.table(RELEASES).scan().filter(event="recorded").collect()["release_id"].head(6).to_list()
    if table in (QUARANTINE, SETTLEMENTS):  # none of the reviews made here has any
        for release_id in ids:
            lake.table(table).append(pl.DataFrame({"release_id": release_id, "review_month": "2026-01"}))
    assert {u.table: u.files_after < u.files_before for u in maintain_lake(lake, before=NEVER)}[table.name]
    entries = Entries(lake.storage, table.name)
    stated = [stated_releases(entries.actions(version)) for version in entries.versions()[-2:]]
    assert set(ids) <= {release_id for rows in stated for release_id in rows["release_id"]}


@pytest.mark.parametrize("table", [RELEASES, FIGURES], ids=lambda table: table.name)
def test_what_is_lost_after_an_upkeep_is_rebuilt_byte_for_byte(lake, table):
    columns = "source,chain,published_at,review_month,segment,metric,measure,period,kind,value"
    for source in AGENCIES:
        text = f"{columns}\n{source},sodium_ion,2026-02-05,2026-01,cathode,production,mom_pct,2026-01,actual,2\n"
        ingest_document(lake, Document(f"{source}.csv", text.encode()), DocumentHints(), now=NOW, run_id="r1")
    before = rows(lake)
    assert [u.removed for u in maintain_lake(lake, before=tomorrow())] == [6, 6]
    [name] = data_files(lake, table.name)
    remove(lake.storage, name)
    forget_open_tables()
    assert [mended.did for mended in Repair(lake, NOW).run()] == ["rebuilt, byte for byte"]
    assert_same_rows(lake, before)
    assert [*audit_lake(lake)] == []
