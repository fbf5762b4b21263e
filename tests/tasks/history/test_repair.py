"""A lake that is harmed is told so in full and repaired from what was kept, on a disk and in an object store."""

import polars as pl
import pytest

from contracts.errors import SourceUnavailable
from contracts.figures import FIGURES
from contracts.readings import Document, DocumentHints
from contracts.releases import QUARANTINE, RELEASES
from contracts.runs import RUNS
from contracts.scores import SCORES
from data_lake.audit import audit_lake, glance_at
from data_lake.damage import tell_damage
from data_lake.figures import read_figures
from data_lake.lake import Lake, open_lake
from data_lake.opening import forget_open_tables
from data_lake.releases import retract_release
from tasks.comparing.refresh import load_chains, refresh_derived
from tasks.history.repair import Repair
from tasks.intake.ingest import ingest_document
from tests.builders import day
from tests.data_lake.harm import HARMS, cut, data_files, everything, remove

NOW = day("2026-03-20")
HEAD = "source,chain,published_at,review_month,segment,metric,measure,period,kind,value\n"
DOCUMENTS = {
    "2026-01.csv": HEAD
    + "smm,sodium_ion,2026-02-05,2026-01,cathode,production,mom_pct,2026-01,actual,2\n"
    + "smm,sodium_ion,2026-02-05,2026-01,cathode,production,mom_pct,2026-02,forecast,-70\n"
    + "smm,sodium_ion,2026-02-05,2026-01,cathode,production,share_pct,2026-01,actual,910\n",
    "2026-02.csv": HEAD
    + "smm,sodium_ion,2026-03-05,2026-02,cathode,production,mom_pct,2026-02,actual,-60\n"
    + "smm,sodium_ion,2026-03-05,2026-02,anode,production,mom_pct,2026-02,actual,-55\n",
}


@pytest.fixture
def made(tmp_path) -> Lake:
    """A lake on the disk with two releases, a refused row, comparisons and scores."""
    return make(open_lake(tmp_path / "My Lake"))


def make(lake: Lake) -> Lake:
    """Fill it."""
    for name, text in DOCUMENTS.items():
        ingest_document(lake, Document(name, text.encode()), DocumentHints(), now=NOW, run_id="r1")
    refresh_derived(lake, load_chains(lake), as_of=NOW)
    forget_open_tables()
    assert [*audit_lake(lake)] == []
    assert lake.table(FIGURES).scan().collect().height == 4
    assert lake.table(SCORES).scan().collect()["surprise_pp"].to_list() == [10.0]  # −60 − −70
    return lake


def repair(lake: Lake, **options: object) -> list[str]:
    return [f"{m.fault.name.partition('/')[0]}: {m.did}" for m in Repair(lake, NOW, **options).run()]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("table", "harm"),
    [(t, HARMS["gone"]) for t in ("releases", "figures", "comparisons", "scores")]
    + [("figures", HARMS["cut"]), ("figures", HARMS["one bit"])],
)
def test_lost_data_files_are_told_and_rebuilt_to_the_same_bytes(made, table, harm):
    before = everything(made)
    for name in data_files(made, table):
        harm(made.storage, name)
    forget_open_tables()
    faults = {fault.name for fault in audit_lake(made)}
    assert faults >= {*data_files(made, table)} | {n for n in before if n.startswith(f"{table}/") and "/_" not in n}
    if harm is not HARMS["one bit"]:
        assert {f.name for f in glance_at(made)} == {n for n in before if n.startswith(f"{table}/") and "/_" not in n}
    said = repair(made)
    assert len(said) == len([n for n in before if n.startswith(f"{table}/") and "/_" not in n])
    assert [*audit_lake(made)] == []
    after = everything(made)
    assert {n: after[n] for n in before if "/_" not in n} == {n: before[n] for n in before if "/_" not in n}
    assert repair(made) == []


def test_in_an_object_store_damage_is_told_and_repaired_too(object_store):
    """A figures file gone, a release cut, scores with one bit another, an entry cut: the same bytes afterwards."""
    lake = make(open_lake("s3://bucket/repair/My Lake", object_store))
    before = everything(lake)
    remove(lake.storage, data_files(lake, "figures")[0])
    cut(lake.storage, data_files(lake, "releases")[0])
    HARMS["one bit"](lake.storage, data_files(lake, "scores")[0])
    cut(lake.storage, "comparisons/_delta_log/00000000000000000000.json")
    forget_open_tables()
    assert sorted(fault.kind for fault in audit_lake(lake)) == ["entry", "file", "file", "file"]
    with pytest.raises(SourceUnavailable, match="data file"), tell_damage():
        read_figures(lake)
    assert len(repair(lake)) == 4
    assert [*audit_lake(lake)] == []
    after = everything(lake)
    assert {n: after[n] for n in before if "/_" not in n} == {n: before[n] for n in before if "/_" not in n}


@pytest.mark.parametrize("harm", [HARMS["gone"], HARMS["one bit"]], ids=["gone", "one bit"])
def test_damaged_log_entries_are_put_back_from_their_copies(made, harm):
    before = everything(made)
    for name in [n for n in before if "/_delta_log/" in n and n.endswith(".json")]:
        harm(made.storage, name)
    assert sum(fault.kind == "entry" for fault in audit_lake(made)) == sum("/_kept/" in name for name in before)
    assert {said.partition(": ")[2] for said in repair(made)} == {"put back from its copy"}
    assert everything(made) == before
    assert read_figures(made).height == 4


def test_a_damaged_checkpoint_is_set_aside(made):
    for number in range(12):
        made.table(RUNS).append(_run(f"run{number:02}"))
    (checkpoint,) = [name for name in made.storage.list("runs") if name.endswith(".checkpoint.parquet")]
    cut(made.storage, checkpoint)
    forget_open_tables()
    assert [fault.kind for fault in audit_lake(made)] == ["log"]
    assert repair(made) == ["runs: checkpoints set aside; readers take every entry of the log"]
    assert made.table(RUNS).scan().collect().height == 12
    assert [*audit_lake(made)] == []


def test_refused_rows_are_read_again(made):
    before = made.table(QUARANTINE).scan().collect().drop("run_id")
    remove(made.storage, data_files(made, "quarantine")[0])
    assert repair(made) == ["quarantine: rebuilt with 1 row: today's reader gives other rows than were recorded"]
    after = made.table(QUARANTINE).scan().collect()
    assert after.drop("run_id").equals(before)
    assert after["run_id"].to_list() == ["repair"]


def test_a_document_that_is_lost_is_found_among_those_that_were_taken(made, tmp_path):
    (taken := tmp_path / "done").mkdir()
    (taken / "renamed.csv").write_text(DOCUMENTS["2026-01.csv"])
    first, second = (name for name in made.storage.list("documents"))
    remove(made.storage, first)
    cut(made.storage, second)
    assert sorted(f.kind for f in audit_lake(made)) == ["document", "document"]
    mended = {m.is_mended for m in Repair(made, NOW, taken=taken).run()}
    assert mended == {True, False}
    assert len([*audit_lake(made)]) == 1
    ingest_document(
        made, Document("2026-02.csv", DOCUMENTS["2026-02.csv"].encode()), DocumentHints(), now=NOW, run_id="r2"
    )
    assert [*audit_lake(made)] == []


def test_what_stands_nowhere_else_is_given_up_only_when_asked(made):
    made.table(RUNS).append(_run("run1"))
    made.table(RUNS).append(_run("run2"))
    remove(made.storage, data_files(made, "runs")[0])
    (said,) = repair(made)
    assert said.startswith("runs: its rows stand nowhere else: restore it from a backup")
    (said,) = repair(made, accept_loss=True)
    assert said == "runs: given up, as asked for: 1 row in 1 file"
    assert made.table(RUNS).scan().collect().height == 1
    assert [*audit_lake(made)] == []


def test_a_figure_file_and_its_document_lost_together_is_said_to_be_lost(made):
    remove(made.storage, data_files(made, "figures")[0])
    for name in made.storage.list("documents"):
        remove(made.storage, name)
    said = repair(made)
    assert next(s for s in said if s.startswith("figures")).startswith("figures: a file of the lake cannot be read")
    assert {fault.kind for fault in audit_lake(made)} == {"file", "document"}


def test_a_retraction_that_is_lost_is_put_back_from_the_log(made):
    release = made.table(RELEASES).scan().collect()["release_id"][0]
    retract_release(made, release, reason="wrong month", at=NOW)
    before = everything(made)
    for name in data_files(made, "releases"):
        remove(made.storage, name)
    assert set(repair(made)) == {"releases: rebuilt, byte for byte"}
    assert everything(made) == before


def test_counts_keys_and_lineage_are_recomputed(made):
    """One figure more than its release states, twice; a score of a figure that is none."""
    figures = made.table(FIGURES).scan().collect()
    made.table(FIGURES).append(figures.head(1))
    scores = made.table(SCORES).scan().collect()
    made.table(SCORES).append(scores.with_columns(forecast_id=pl.lit("nobody")))
    found = {fault.kind: fault.found for fault in audit_lake(made)}
    assert found.keys() == {"key", "count", "lineage"}
    assert "states 1 and has 2" in found["count"] or "states 2 and has 3" in found["count"]
    assert found["lineage"] == "1 forecast_id of no figure: nobody"


def test_a_reader_is_told_in_five_parts_which_file_is_gone(made):
    names = data_files(made, "figures")
    remove(made.storage, names[0])
    cut(made.storage, names[1])
    with pytest.raises(SourceUnavailable) as caught, tell_damage():
        read_figures(made)
    told = str(caught.value)
    assert told.startswith("2 data files of the table figures are damaged or gone")
    assert names[0].partition("/")[2] + ": missing" in told
    assert all(f"  {part} " in told for part in ("where", "found", "effect", "next"))


def _run(name: str) -> pl.DataFrame:
    texts = {column: "x" for column, dtype in RUNS.schema.items() if dtype == pl.String} | {"run_id": name}
    return RUNS.conform(pl.DataFrame([texts]).with_columns(started_at=pl.lit(NOW)))


def test_what_was_recorded_though_doubtful_is_read_so_again(tmp_path):
    lake = open_lake(tmp_path / "lake")
    text = "Published: 2025-06-05\n\nCathode output fell 3% MoM in May. Cathode output rose 9% MoM in May.\n"
    hints = DocumentHints(source="test", chain="sodium_ion", review_month="2025-05", accept_doubtful=True)
    ingest_document(lake, Document("review.txt", text.encode()), hints, now=NOW, run_id="r1")
    before = everything(lake)
    assert read_figures(lake)["note"].str.starts_with("accepted though doubtful").to_list() == [True]
    remove(lake.storage, data_files(lake, "figures")[0])
    forget_open_tables()
    assert repair(lake) == ["figures: rebuilt, byte for byte"]
    after = everything(lake)
    assert {n: after[n] for n in before if "/_" not in n} == {n: before[n] for n in before if "/_" not in n}
