"""The flows against a real Prefect server: a month, a backfill, and what they leave in the lake and the UI."""

import json
import re
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest

from contracts.errors import ContractBroken
from contracts.readings import DocumentHints
from contracts.runs import RUNS
from data_lake.lake import open_lake
from data_lake.ledger import read_alerts
from tasks.intake.ingest import ingest_file
from tests.builders import day

EXAMPLES = Path(__file__).parents[2] / "examples" / "figures" / "smm"
NOW = day("2026-02-10T12:00")


@pytest.fixture(scope="module")
def backfilled(prefect_api, tmp_path_factory):
    """The real figures, loaded by the backfill as `make run` does."""
    from flows.backfill import backfill
    from flows.run.progress import Reporter, use_reporter

    lake = str(tmp_path_factory.mktemp("backfilled") / "lake")
    said, shown = [], []
    with use_reporter(Reporter(said.append, shown.append, report=True)):
        backfill(lake, documents=[EXAMPLES], now=NOW)
    return lake, said, "\n".join(shown)


def test_a_backfill_says_how_far_it_is_and_that_nothing_was_taken_away(backfilled):
    _, said, _ = backfilled
    assert sum("figures" in line for line in said) >= 31
    assert said[-1].endswith("existing rows removed or changed: 0")
    (steps,) = [line for line in said if "in the ledger of alerts" in line and "evaluated" in line]
    assert re.fullmatch(
        r"  26 steps evaluated, as of 2023-12-04 to 2026-02-04: \d+ changes in the ledger of alerts, made by \d+ of them",
        steps,
    )


def test_the_overview_shows_the_real_cases(backfilled):
    """Every number here is in the published figures; surprises by hand: 6.99 - 3.07, 100 (95,010/91,050 - 1)."""
    _, _, shown = backfilled
    rows = {tuple(line.split()) for line in shown.splitlines()}
    ternary = "2025-08 Ternary cathode +3.07 % MoM +6.99 % MoM +3.92 pp +3.8 % miss"
    assert {
        tuple(ternary.split()),
        ("2023-12", "LFP", "cathode", "91,050", "t", "95,010", "t", "+4.3", "%", "hit"),
    } <= rows
    assert "Battery cells −41 % while cathode materials +2 %" in shown
    assert ("2026-02", "Sodium-ion", "batteries", "8") in rows
    assert "the most surprising month" in shown
    assert "The largest forecast misses (8 of 8 forecasts that were scored)" in shown


def test_a_backfill_again_finds_nothing_new_and_tells_nobody(backfilled):
    from flows.backfill import backfill
    from flows.run.progress import Reporter, use_reporter

    lake, _, _ = backfilled
    before = read_alerts(open_lake(lake))
    said, shown = [], []
    with use_reporter(Reporter(said.append, shown.append)):
        run_id = backfill(lake, documents=[EXAMPLES], now=NOW + timedelta(hours=1))
    assert said[-1] == f"run {run_id}: nothing new, existing rows removed or changed: 0"
    assert shown == []
    assert read_alerts(open_lake(lake)).equals(before)


def test_each_month_was_judged_with_the_knowledge_of_its_time(backfilled):
    """The first review of September 2025 was judged on its day, before the second one contradicted it."""
    lake, _, _ = backfilled
    store = open_lake(lake)
    as_of = read_alerts(store, as_of=day("2025-10-01"))
    assert not as_of.filter(pl.col("rule").str.contains("differ|restate|disagree")).height
    september = as_of.filter(pl.col("month") == day("2025-09-01").date(), pl.col("rule") == "forecast_miss")
    assert any("+2.61 %" in title for title in september["title"])
    later = read_alerts(store, as_of=day("2025-10-11"))
    assert later.height > as_of.height


def test_the_run_is_kept_with_its_counts(backfilled):
    lake, _, _ = backfilled
    runs = open_lake(lake).table(RUNS).scan().sort("started_at").collect()
    first = runs.row(0, named=True)
    assert (first["flow"], first["outcome"], first["releases"], first["figures"]) == ("backfill", "done", 31, 217)
    assert first["rows_removed"] == first["rows_changed"] == 0
    assert first["chain"] == "lithium_ion sodium_ion"


def test_a_live_month_tells_once_and_shows_its_tables_in_the_ui(prefect_api, tmp_path):
    from prefect.client.orchestration import get_client

    from flows.backfill import backfill
    from flows.monthly import monthly_run
    from flows.run.progress import Reporter, use_reporter

    lake = str(tmp_path / "lake")
    old = [p for p in sorted((EXAMPLES / "sodium_ion").iterdir()) if p.name != "2026-01.csv"]
    shown: list[str] = []
    with use_reporter(Reporter(lambda _: None, shown.append)):
        backfill(lake, documents=old, now=day("2026-02-04T00:00"))
        assert [text.split()[0] for text in shown] == ["month"]  # the closing table: nobody is told
        shown.clear()
        run_id = monthly_run(lake, documents=[EXAMPLES / "sodium_ion" / "2026-01.csv"], now=NOW)
        told = len(shown)
        assert any("cathode materials" in text.lower() and "−41 %" in text for text in shown)
        monthly_run(lake, documents=[EXAMPLES / "sodium_ion" / "2026-01.csv"], now=NOW + timedelta(minutes=5))
        assert len(shown) == told
    with get_client(sync_client=True) as client:
        runs = client.read_flow_runs()
        assert {"all chains what has landed", "all chains the first month to the last"} <= {r.name for r in runs}
        artifacts = client.read_artifacts()
    assert {"trona-month", "trona-scores", "trona-alerts", "trona-quarantine", "trona-monthly-run"} <= {
        a.key for a in artifacts
    }
    months = [json.loads(a.data) if isinstance(a.data, str) else a.data for a in artifacts if a.key == "trona-month"]
    assert any(row["segment"] == "cell" and row["value"] == -41 for month in months for row in month)
    assert run_id


def test_a_refused_release_fails_the_run_after_everything_else_is_done(prefect_api, tmp_path):
    from flows.monthly import monthly_run
    from flows.run.progress import Reporter, use_reporter

    folder = tmp_path / "documents"
    folder.mkdir()
    (folder / "good.csv").write_bytes((EXAMPLES / "sodium_ion" / "2026-01.csv").read_bytes())
    (folder / "wrong.csv").write_text("segmnt,valu\ncathode,2\n")
    lake = str(tmp_path / "lake")
    with use_reporter(Reporter(lambda _: None, lambda _: None)), pytest.raises(ContractBroken) as caught:
        monthly_run(lake, documents=[folder], source="smm", now=NOW)
    assert "the rest of the run was recorded" in caught.value.effect
    runs = open_lake(lake).table(RUNS).scan().collect()
    assert runs["outcome"].to_list() == ["contract_broken"]
    assert runs["figures"].to_list() == [22]


def test_a_month_limits_what_a_backfill_takes_in(prefect_api, tmp_path):
    from flows.backfill import backfill
    from flows.run.progress import Reporter, use_reporter

    said: list[str] = []
    with use_reporter(Reporter(said.append, lambda _: None)):
        backfill(str(tmp_path / "lake"), "2025-07", "2025-08", documents=[EXAMPLES / "sodium_ion"], now=NOW)
    taken = [line for line in said if " figures" in line and "run " not in line]
    assert {line.split(": ")[1].split()[1] for line in taken} == {"2025-07", "2025-08"}


def test_judging_as_of_an_instant_leaves_later_releases_for_later(prefect_api, tmp_path):
    from flows.backfill import backfill
    from flows.run.progress import Reporter, use_reporter
    from tasks.alerts.steps import pending_changes

    lake = str(tmp_path / "lake")
    with use_reporter(Reporter(lambda _: None, lambda _: None)):
        backfill(lake, documents=[EXAMPLES / "sodium_ion"], now=NOW, as_of=day("2025-12-31"))
    store = open_lake(lake)
    assert pending_changes(store)["review_month"].to_list() == ["2026-01"]
    assert read_alerts(store).filter(pl.col("month") >= day("2026-01-01").date()).is_empty()
    assert store.table(RUNS).scan().collect()["as_of"].to_list() == [day("2025-12-31")]
    with use_reporter(Reporter(lambda _: None, lambda _: None)):
        backfill(lake, now=NOW)
    assert pending_changes(store).is_empty()
    assert read_alerts(store).filter(pl.col("month") == day("2026-01-01").date()).height


def test_the_first_live_run_on_history_is_one_digest_and_a_month_limits_what_is_evaluated_and_told(
    prefect_api, tmp_path
):
    from flows.monthly import monthly_run
    from flows.run.progress import Reporter, use_reporter
    from tasks.alerts.steps import pending_changes

    lake, said, shown = str(tmp_path / "lake"), [], []
    late = [EXAMPLES / "sodium_ion" / name for name in ("2025-11.csv", "2026-01.csv")]
    history = [path for path in sorted((EXAMPLES / "sodium_ion").glob("*.csv")) if path not in late]
    with use_reporter(Reporter(said.append, shown.append)):
        monthly_run(lake, documents=history, now=day("2026-02-09T00:00"))
        (digest,) = shown
        assert f"Loaded {len(history)} releases of smm" in digest
        assert "A summary of history" in digest
        shown.clear()
        for path in late:
            ingest_file(open_lake(lake), path, DocumentHints(), now=NOW, run_id="by hand")
        monthly_run(lake, month="2026-01", now=NOW)
        assert pending_changes(open_lake(lake))["review_month"].to_list() == ["2025-11"]
        assert any("1 release of other months or chains left to another run" in line for line in said)
        assert all("January 2026" in text for text in shown)
        monthly_run(lake, now=NOW + timedelta(minutes=5))
    assert pending_changes(open_lake(lake)).is_empty()
