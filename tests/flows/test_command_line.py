"""Commands as a person types them: what they print, where, and how they leave."""

import io
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import openpyxl
import polars as pl
import pytest

from flows.cli.app import COMMANDS
from tests.flows.command import Command
from tests.tasks.interrupted import take_in_all

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples" / "figures" / "smm"
FIXED = (
    *("source", "chain", "segment", "product", "metric", "measure", "period", "kind", "value", "lower", "upper"),
    *("unit", "qualifier", "published_at", "recorded_at", "release_id", "figure_id"),
)


@pytest.fixture
def trona(capfdbinary, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    return Command(capfdbinary, monkeypatch, tmp_path / "lake")


@pytest.fixture(scope="module")
def example_lake(tmp_path_factory):
    """The real figures, taken in once."""
    folder = tmp_path_factory.mktemp("example") / "lake"
    take_in_all(str(folder), [str(path) for path in sorted(EXAMPLES.rglob("*.csv"))])
    return folder


@pytest.fixture
def loaded(trona, example_lake):
    shutil.copytree(example_lake, trona.lake)
    return trona


def test_a_table_is_taken_in_and_the_same_file_again_is_nothing_new(trona):
    first = trona("ingest", EXAMPLES / "sodium_ion" / "2026-01.csv")
    assert "recorded" in first.out
    assert re.search(r"\b22\b", first.out)
    again = trona("ingest", EXAMPLES / "sodium_ion" / "2026-01.csv")
    assert "nothing new: everything was in the lake already" in again.err
    assert len(json.loads(trona("figures", "--json").out)) == 22


def test_a_table_keeps_its_own_source_whatever_the_settings_say(trona, monkeypatch):
    table = EXAMPLES / "sodium_ion" / "2026-01.csv"
    assert "22 figures" in trona("extract", table, on_lake=False).err
    monkeypatch.setenv("TRONA_SOURCE", "another")
    assert "22 figures" in trona("extract", table, on_lake=False).err
    trona("ingest", table)
    assert {row["source"] for row in json.loads(trona("figures", "--json").out)} == {"smm"}
    trona("ingest", table, "--source", "another", code=3)


def test_a_dry_run_writes_nothing(trona):
    called = trona("ingest", EXAMPLES / "sodium_ion" / "2026-01.csv", "--dry-run")
    assert "readable" in called.out
    assert not trona.lake.exists()


def test_figures_have_the_fixed_columns_in_every_format(loaded):
    csv = pl.read_csv(io.StringIO(loaded("figures", "--chain", "sodium_ion", "--format", "csv").out))
    assert tuple(csv.columns[: len(FIXED)]) == FIXED
    rows = json.loads(loaded("figures", "--chain", "sodium_ion", "--format", "json").out)
    assert tuple(rows[0])[: len(FIXED)] == FIXED
    assert len(rows) == csv.height
    assert rows[0]["published_at"].endswith("Z")


def test_parquet_goes_to_a_pipe_whole(loaded, capfdbinary, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["trona", "figures", "--format", "parquet", "--lake", str(loaded.lake)])
    capfdbinary.readouterr()
    with pytest.raises(SystemExit):
        from flows.cli import main

        main()
    frame = pl.read_parquet(io.BytesIO(capfdbinary.readouterr().out))
    assert tuple(frame.columns[: len(FIXED)]) == FIXED
    assert frame.height == len(json.loads(loaded("figures", "--json").out))


def test_filters_and_as_of_narrow_the_rows(loaded):
    one = loaded(
        "figures",
        "--segment",
        "ternary_cathode",
        "--measure",
        "mom_pct",
        "--from",
        "2025-09",
        "--to",
        "2025-09",
        "--kind",
        "actual",
        "--json",
    )
    assert [row["value"] for row in json.loads(one.out)] == [13.55]
    before = loaded(
        "figures",
        "--segment",
        "ternary_cathode",
        "--measure",
        "mom_pct",
        "--from",
        "2025-09",
        "--to",
        "2025-09",
        "--kind",
        "actual",
        "--json",
        "--as-of",
        "2025-09-30",
    )
    assert [row["value"] for row in json.loads(before.out)] == [2.61]
    nothing = loaded("figures", "--segment", "separator", "--json")
    assert json.loads(nothing.out) == []
    assert "no figures" in nothing.err


def test_a_day_in_shanghai_is_the_day_before_in_utc(loaded):
    """The review of 30 September 2025 came out on that day in Shanghai: 29 September, 16:00 UTC."""
    query = (
        "figures",
        "--segment",
        "ternary_cathode",
        "--measure",
        "mom_pct",
        "--from",
        "2025-09",
        "--to",
        "2025-09",
        "--kind",
        "actual",
        "--json",
        "--as-of",
    )
    assert json.loads(loaded(*query, "2025-09-29T15:59:59+00:00").out) == []
    assert len(json.loads(loaded(*query, "2025-09-30T00:00:00+08:00").out)) == 1


def test_scores_show_the_real_cases(loaded):
    rows = json.loads(loaded("scores", "--json").out)
    found = {(r["segment"], r["measure"], r["month"]): r for r in rows if r["status"] == "scored"}
    ternary = found["ternary_cathode", "mom_pct", "2025-08-01"]
    assert (ternary["forecast"], ternary["actual"], round(ternary["surprise_pp"], 2)) == (3.07, 6.99, 3.92)
    lfp = found["lfp", "level", "2023-12-01"]
    assert round(lfp["level_surprise_pct"], 2) == 4.35  # 100 (95,010/91,050 - 1)
    pending = [r for r in rows if r["status"] == "pending" and r["month"] == "2026-02-01"]
    assert len(pending) == 8


def test_comparisons_show_the_gap_between_cathode_and_cells(loaded):
    rows = json.loads(
        loaded("comparisons", "--chain", "sodium_ion", "--from", "2026-01", "--to", "2026-01", "--json").out
    )
    gaps = {r["segment"]: r["value"] for r in rows if r["basis"] == "divergence"}
    assert gaps["cathode"] == 43  # +2 - (-41)


def test_restatements_and_two_versions(loaded):
    rows = json.loads(loaded("restatements", "--json").out)
    assert [(r["before"], r["value"], r["class"]) for r in rows if r["measure"] == "mom_pct"] == [
        (2.61, 13.55, "preliminary")
    ]
    between = json.loads(loaded("restatements", "--between", "2025-09-30..2025-10-10", "--json").out)
    assert between[0]["tier"] == "changed beyond rounding"
    assert {r["tier"] for r in between} == {"changed beyond rounding", "new"}


def test_a_release_is_retracted_with_a_reason_and_lost_rows_are_on_top(loaded):
    releases = json.loads(loaded("releases", "--chain", "lithium_ion", "--json").out)
    second = next(r for r in releases if r["document_name"] == "2025-09_ternary_cathode_2.csv")
    loaded("retract", second["release_id"], "--reason", "", code=2)
    dry = loaded("retract", second["release_id"], "--reason", "keyed in twice", "--dry-run")
    assert "would be withdrawn" in dry.err
    loaded("retract", second["release_id"], "--reason", "keyed in twice")
    events = json.loads(loaded("releases", "--json").out)
    chain = [r["event"] for r in events if r["release_id"] == second["release_id"]]
    assert chain == ["recorded", "retracted"]
    values = json.loads(
        loaded(
            "figures",
            "--segment",
            "ternary_cathode",
            "--measure",
            "mom_pct",
            "--from",
            "2025-09",
            "--to",
            "2025-09",
            "--kind",
            "actual",
            "--json",
        ).out
    )
    assert [row["value"] for row in values] == [2.61]


def test_a_number_is_explained_by_its_cells_and_vintages(loaded):
    rows = json.loads(
        loaded(
            "figures",
            "--segment",
            "ternary_cathode",
            "--from",
            "2025-09",
            "--to",
            "2025-09",
            "--measure",
            "mom_pct",
            "--kind",
            "actual",
            "--json",
        ).out
    )
    text = loaded("explain", rows[0]["figure_id"]).out
    assert "13.55 % (± 0.005 by rounding)" in text
    assert "2.61 %" in text
    assert "2025-09_ternary_cathode_2.csv" in text
    loaded("explain", "no-such-id", code=2)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("figures", "--from", "2026-13"), "not a month"),
        (("figures", "--as-of", "soon"), "not a date or an instant"),
        (("figures", "--as-of", "2999-01-01"), "lies in the future"),
        (("restatements", "--between", "2025"), "not two versions"),
        (("alerts", "--severity", "loud"), "no severity"),
    ],
)
def test_options_that_cannot_be_read_are_told_with_exit_2(loaded, words, said):
    called = loaded(*words, code=2)
    assert said in called.err
    assert "next" in called.err
    assert called.out == ""


def test_a_command_or_option_that_does_not_exist_leaves_with_2(trona):
    assert trona("figurs", code=2, on_lake=False).err
    assert trona("figures", "--segmen", "x", code=2, on_lake=False).err


def test_reading_where_no_lake_is_says_what_to_do(trona):
    called = trona("figures", code=4)
    assert "there is no lake here yet" in called.err
    assert not trona.lake.exists()


def test_settings_come_from_option_environment_file_and_default_in_that_order(trona, monkeypatch, tmp_path):
    (tmp_path / "trona.toml").write_text('lake = "from-file"\n')
    assert "from-file" in trona("figures", code=4, on_lake=False).err
    monkeypatch.setenv("TRONA_LAKE", "from-environment")
    assert "from-environment" in trona("figures", code=4, on_lake=False).err
    assert "from-option" in trona("figures", "--lake", "from-option", code=4, on_lake=False).err
    (tmp_path / "trona.toml").write_text('lak = "x"\n')
    assert "unknown setting 'lak'" in trona("figures", code=2, on_lake=False).err


def test_every_command_has_a_help_text(trona):
    for names in (names for modules in COMMANDS.values() for names in modules.values()):
        for name in names:
            assert "Usage: trona" in trona(name, "--help", on_lake=False).out


def test_help_and_reading_import_neither_prefect_nor_pandera():
    script = "import sys\nfrom flows.cli import main\nsys.argv = ['trona', 'figures', {!r}]\ntry: main()\nexcept SystemExit: pass\n"
    script += "print([m for m in ('prefect', 'pandera', 'scipy', 'pandas') if m in sys.modules], file=sys.stderr)"
    for option in ("--help", "--json"):
        done = subprocess.run(
            [sys.executable, "-c", script.format(option)], capture_output=True, text=True, check=True, cwd=ROOT
        )
        assert done.stderr.strip().endswith("[]")


def test_text_of_a_document_cannot_steer_a_terminal(trona, tmp_path):
    header = "source,chain,review_month,published,segment,product,metric,period,kind,measure,value,unit,note\n"
    evil = tmp_path / "evil.csv"
    evil.write_text(
        header + "smm,sodium_ion,2026-01,2026-02-05,\x1b[31mcathode,,production,2026-01,actual,mom_pct,2,%,\n"
    )
    trona("ingest", evil, code=None)
    called = trona("quarantine")
    assert "\x1b[31m" not in called.out
    assert "cathode" in called.out


@pytest.mark.parametrize(
    ("words", "environment", "code", "said"),
    [
        (("run", "january.cvs"), {}, 4, "january.cvs"),
        (("backfill", "--documents", "absent"), {}, 4, "absent"),
        (("run",), {"TRONA_RECEIVERS": "absent.toml"}, 2, "absent.toml"),
    ],
)
def test_what_is_mistyped_is_refused_before_a_server_is_started(trona, monkeypatch, words, environment, code, said):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    called = trona(*words, code=code)
    assert said in called.err
    assert "Prefect" not in called.err
    assert not trona.lake.exists()


def test_a_workbook_holds_what_the_lake_holds_and_overwrites_nothing_unasked(loaded, tmp_path):
    path = tmp_path / "trona.xlsx"
    said = loaded("export", path, "--chain", "sodium_ion").err
    book = openpyxl.load_workbook(path, read_only=True)
    tables = ["Figures", "Comparisons", "Scores", "Record", "Findings", "Alerts", "Sources", "Releases"]
    assert book.sheetnames == ["About", "Month", *tables]
    figures = len(json.loads(loaded("figures", "--chain", "sodium_ion", "--json").out))
    assert sum(1 for _ in book["Figures"].iter_rows()) == figures + 1
    assert f"{figures} figures" in said
    assert "there already" in loaded("export", path, code=2).err
    assert "ends in .xlsx" in loaded("export", tmp_path / "trona.csv", code=2).err
