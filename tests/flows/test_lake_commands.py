"""The commands that look after a lake, as a person types them: damage, withdrawal, ids, filters, places."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from data_lake.lake import open_lake
from data_lake.opening import forget_open_tables
from tests.data_lake.harm import cut, data_files, remove
from tests.flows.command import Command
from tests.tasks.interrupted import take_in_all

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples" / "figures" / "smm" / "sodium_ion"
NAMES = ("My Documents", "100% #1", "{month}", "数据湖", "source=smm", "[a-z]?*")
READING = ("figures", "comparisons", "scores", "record", "alerts", "quarantine", "releases", "runs", "restatements")


@pytest.fixture
def trona(capfdbinary, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    return Command(capfdbinary, monkeypatch, tmp_path / "lake")


@pytest.fixture(scope="module")
def one_release(tmp_path_factory):
    folder = tmp_path_factory.mktemp("one") / "lake"
    take_in_all(str(folder), [str(EXAMPLES / "2026-01.csv")])
    return folder


@pytest.fixture
def loaded(trona, one_release):
    shutil.copytree(one_release, trona.lake)
    forget_open_tables()
    return trona


@pytest.mark.parametrize("name", NAMES)
def test_every_command_works_on_a_lake_in_a_folder_of_any_name(trona, one_release, tmp_path, name):
    (tmp_path / name).mkdir()
    trona.lake = tmp_path / name / "lake"
    assert "recorded" in trona("ingest", EXAMPLES / "2026-01.csv").out
    for command in READING:
        rows = json.loads(trona(command, "--json").out)
        assert rows or command in {"alerts", "quarantine", "record", "runs", "restatements"}
    assert len(json.loads(trona("figures", "--json").out)) == 22
    figure = json.loads(trona("figures", "--json").out)[0]
    assert "read from   2026-01.csv" in trona("explain", figure["figure_id"]).out
    assert "nothing is damaged" in trona("repair").err
    release = json.loads(trona("releases", "--json").out)[0]["release_id"]
    trona("retract", release, "--reason", "wrong month")
    trona("restore", release, "--reason", "it was right")
    assert len(json.loads(trona("figures", "--json").out)) == 22
    assert [p.name for p in tmp_path.iterdir() if p.name != name] == []


def test_a_lake_in_an_impossible_folder_is_refused(trona, tmp_path):
    trona.lake = tmp_path / "back\\slash" / "lake"
    assert "a lake cannot lie below a name that holds" in trona("ingest", EXAMPLES / "2026-01.csv", code=2).err
    assert not list(tmp_path.iterdir())


def test_a_closed_pipe_is_no_error(loaded, tmp_path):
    """As `trona figures --format csv | head -1`, by a real shell."""
    for form in ("csv", "json", "table"):
        command = (
            f"{sys.executable} -c 'from flows.cli import main; main()' figures --format {form} --lake {loaded.lake} "
            "2> errors.txt | head -1; echo ${PIPESTATUS[0]}"
        )
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=tmp_path,
            env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout.splitlines()[-1] == "0", (tmp_path / "errors.txt").read_text()
        assert "Traceback" not in (tmp_path / "errors.txt").read_text()


def test_damage_is_told_in_five_parts_and_repaired(loaded):
    lake = open_lake(loaded.lake)
    (name,) = data_files(lake, "figures")
    for harm in (remove, cut):
        harm(lake.storage, name)
        told = loaded("figures", code=4).err
        assert "data file of the table figures is damaged or gone" in told
        assert all(f"\n  {part}" in told for part in ("where", "found", "effect", "next"))
        assert "Traceback" not in told
        assert name in loaded("repair", "--dry-run", code=4).out
        assert "wrong" in loaded("doctor", code=4).out
        deep = loaded("doctor", "--deep", code=4).out
        assert name in deep
        assert "trona repair" in deep
        assert "rebuilt, byte for byte" in loaded("repair").out
        assert len(json.loads(loaded("figures", "--json").out)) == 22
    assert "hashes, counts, keys and lineage are right" in loaded("doctor", "--deep", code=None).out


def test_a_torn_entry_of_an_acknowledged_release_is_told_by_every_reading_command(loaded):
    entry = max((loaded.lake / "releases" / "_delta_log").glob("*.json"))
    entry.write_bytes(b"")
    for command in ("figures", "releases", "scores"):
        forget_open_tables()
        told = loaded(command, code=4).err
        assert "was acknowledged and is damaged" in told
        assert "2026-01.csv, 22 figures" in told
    assert entry.read_bytes() == b""
    assert "put back from its copy" in loaded("repair").out
    assert len(json.loads(loaded("figures", "--json").out)) == 22


def test_a_retraction_is_undone_and_a_withdrawn_file_says_so(loaded):
    release = json.loads(loaded("releases", "--json").out)[0]["release_id"]
    digest = release.rpartition("-")[2]
    assert "was not" in loaded("restore", release, "--reason", "x", code=2).err.replace("is not", "was not")
    loaded("retract", digest[:6], "--reason", "keyed in twice")
    again = loaded("ingest", EXAMPLES / "2026-01.csv")
    assert f"withdrawn: `trona restore {release} --reason …` brings it back" in again.err
    assert "nothing new" not in again.err
    assert json.loads(loaded("figures", "--json").out) == []
    loaded("restore", release, "--reason", "", code=2)
    assert "would be back" in loaded("restore", release[:-4], "--reason", "it was right", "--dry-run").err
    loaded("restore", release[:-4], "--reason", "it was right")
    assert len(json.loads(loaded("figures", "--json").out)) == 22
    events = [(r["event"], r["reason"]) for r in json.loads(loaded("releases", "--json").out)]
    assert events == [("recorded", ""), ("retracted", "keyed in twice"), ("restored", "it was right")]
    assert "nothing is damaged" in loaded("repair").err


@pytest.mark.parametrize(
    ("words", "option"),
    [
        (("releases", "--from", "2026-01"), "--from"),
        (("releases", "--segment", "cathode"), "--segment"),
        (("runs", "--source", "smm"), "--source"),
        (("runs", "--as-of", "2026-02-01"), "--as-of"),
        (("quarantine", "--to", "2026-01"), "--to"),
        (("quarantine", "--as-of", "2026-02-01"), "--as-of"),
        (("comparisons", "--kind", "actual"), "--kind"),
        (("scores", "--kind", "forecast"), "--kind"),
        (("record", "--kind", "forecast"), "--kind"),
    ],
)
def test_a_filter_that_a_command_cannot_apply_is_refused(loaded, words, option):
    told = loaded(*words, code=2).err
    assert f"this command cannot filter by {option}\n" in told
    assert re.search(r"next +it can by --", told)


def test_ids_are_taken_by_their_beginning(loaded):
    shown = loaded("figures", "--columns", "figure_id", "--limit", "1").out.split()[-1]
    assert "read from   2026-01.csv" in loaded("explain", shown[:8]).out
    assert "unknown figure" in loaded("explain", "ffff0000ffff", code=2).err
    assert "too short" in loaded("explain", shown[:2], code=2).err
    assert "unknown run" in loaded("quarantine", "--run", "ffffffff", code=2).err


def test_a_lake_that_is_made_where_none_was_says_so(trona, monkeypatch):
    assert "new lake  there was none at" in trona("ingest", EXAMPLES / "2026-01.csv").err
    assert "new lake" not in trona("ingest", EXAMPLES / "2026-01.csv").err
    monkeypatch.setenv("TRONA_LAKE_MUST_EXIST", "true")
    trona("ingest", EXAMPLES / "2026-01.csv")
    lake, trona.lake = trona.lake, trona.lake.parent / "mount" / "lake"
    told = trona("ingest", EXAMPLES / "2026-01.csv", code=4).err
    assert "there is no lake here, and none may be made" in told
    trona.lake.mkdir(parents=True)  # the mount point of a share that is not there
    for words in (("ingest", EXAMPLES / "2026-01.csv"), ("run",), ("backfill",), ("up",), ("watch", "--once")):
        told = trona(*words, code=4).err
        assert "there is no lake here, and none may be made" in told
    assert list(trona.lake.iterdir()) == []
    assert lake.exists()


def test_a_chain_without_a_definition_is_left_out_and_the_others_are_read(loaded, monkeypatch, tmp_path):
    """An own chain whose folder is gone: its figures stay, the shipped chain is read as before."""
    (own := tmp_path / "own").mkdir()
    shipped = (ROOT / "contracts" / "chains" / "sodium_ion.toml").read_text(encoding="utf-8")
    (own / "potash.toml").write_text(shipped, encoding="utf-8")
    text = (EXAMPLES / "2026-01.csv").read_text(encoding="utf-8")
    (tmp_path / "potash.csv").write_text(text.replace("sodium_ion", "potash"), encoding="utf-8")
    monkeypatch.setenv("TRONA_CHAINS", str(own))
    loaded("ingest", tmp_path / "potash.csv")
    both = json.loads(loaded("comparisons", "--json").out)
    assert {row["chain"] for row in both} == {"potash", "sodium_ion"}
    monkeypatch.setenv("TRONA_CHAINS", str(tmp_path / "gone"))
    seen = loaded("comparisons", "--json")
    assert "chain potash is left out: unknown chain 'potash'" in seen.err
    assert json.loads(seen.out) == [row for row in both if row["chain"] == "sodium_ion"]
    assert {row["chain"] for row in json.loads(loaded("figures", "--json").out)} == {"potash", "sodium_ion"}
    told = loaded("doctor", code=4).out
    assert "the lake has releases of potash, and there is no definition of it" in told


def test_run_and_ingest_of_a_file_with_refused_rows_leave_with_the_same_code(trona, tmp_path):
    """A share of 910 % is refused, the row beside it recorded: 3, and 0 when the file comes again."""
    (tmp_path / "a.csv").write_text(
        "source,chain,published_at,review_month,segment,metric,measure,period,kind,value\n"
        "smm,sodium_ion,2026-02-05,2026-01,cathode,production,mom_pct,2026-01,actual,2\n"
        "smm,sodium_ion,2026-02-05,2026-01,cathode,production,share_pct,2026-01,actual,910\n"
    )
    trona("ingest", tmp_path / "a.csv", code=3)
    trona("ingest", tmp_path / "a.csv", code=0)
    trona.lake = tmp_path / "another lake"
    assert "refused rows: trona quarantine --run" in trona("run", tmp_path / "a.csv", code=3).err
    trona("run", tmp_path / "a.csv", code=0)
    trona("replay", code=0)
    lake = open_lake(trona.lake)
    remove(lake.storage, data_files(lake, "comparisons")[0])
    trona("repair")
    trona("replay", code=0)


def test_upkeep_says_what_it_did_table_by_table(loaded):
    figures = loaded("figures", "--format", "csv").out
    planned = loaded("maintain", "--dry-run", "--keep-days", "0")
    assert re.search(r"^figures +1 → +1 data files, 0 files removed", planned.out, re.MULTILINE)
    assert "dry run: nothing is written" in planned.err
    assert "no row changed" in loaded("maintain").err
    assert loaded("figures", "--format", "csv").out == figures
