"""Releases that once gave wrong alerts, loaded one by one live and all at once by a backfill: the same, and right."""

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from contracts.readings import DocumentHints
from contracts.scores import SCORES
from contracts.secret import Secret
from data_lake.lake import open_lake
from data_lake.ledger import read_alerts, read_ledger
from data_lake.releases import restore_release, retract_release, visible_releases
from tasks.alerts.steps import pending_changes
from tasks.comparing.refresh import load_chains
from tasks.delivery import Hands, OutboxWorker, deliver, start_clock
from tasks.delivery.channels.console import ConsoleReceiver
from tasks.history.replay import compare_lakes, find_settled, rebuild
from tasks.intake.ingest import ingest_file
from tests.tasks.alerts.worlds import run

CASES = Path(__file__).parent / "cases"
LATER = datetime(2030, 1, 1, tzinfo=UTC)


def ingest(lake, path: Path, number: int) -> datetime:
    """Take the release in, the so-many-th, two days after it was published; and say when that was."""
    stated = datetime.fromisoformat(pl.read_csv(path, infer_schema=False)["published"][0])
    now = stated.replace(tzinfo=UTC) + timedelta(days=2, seconds=number)
    (outcome,) = ingest_file(lake, path, DocumentHints(), now=now, run_id="r")
    assert outcome.status == "recorded", outcome
    return visible_releases(lake).select(pl.col("published_at").max()).collect().item()


@pytest.fixture
def load(tmp_path):
    """A case loaded live, one release after the other, once its backfill is known to give the same ledger."""

    def load_case(name: str):
        live, filled = open_lake(tmp_path / "live"), fill(tmp_path, name)
        for number, path in enumerate(sorted((CASES / name).iterdir())):
            run(live, ingest(live, path, number))
        assert stand(live).equals(stand(filled))
        return live

    return load_case


def fill(folder: Path, name: str, chosen: slice = slice(None), *, is_live: bool = False):
    """A lake with the case, or some of its releases, loaded by one run: a backfill unless it is live."""
    lake = open_lake(folder / "filled")
    paths = sorted((CASES / name).iterdir())[chosen]
    end = max(ingest(lake, path, number) for number, path in enumerate(paths))
    run(lake, end, is_live=is_live)
    return lake


def stand(lake) -> pl.DataFrame:
    """What stands now, and since when."""
    alerts = read_alerts(lake).filter(~pl.col("state").is_in(["retracted", "resolved"]))
    return alerts.select("rule", "segment", "product", "measure", "month", "severity", "title", "first_at")


def find_differences(lake, folder: Path, now: datetime) -> pl.DataFrame:
    fresh = open_lake(folder)
    rebuild(lake, fresh, load_chains(lake), as_of=now)
    return compare_lakes(lake, fresh, find_settled(lake, now))


def said(lake, rule: str) -> list[tuple[str, str]]:
    rows = stand(lake).filter(pl.col("rule") == rule).sort("month", "segment")
    return [(f"{month:%Y-%m}", title) for month, title in rows.select("month", "title").iter_rows()]


def test_a_level_inside_its_own_past_is_no_alert(tmp_path):
    """Errors of ±10 % all along, then 1060 against 1000: inside the band of 10.56 % and the tolerance."""
    assert [month for month, _ in said(fill(tmp_path, "level_band"), "forecast_miss")] == ["2025-02", "2025-04"]


def test_an_uneven_band_is_judged_by_its_ends(tmp_path):
    """Past errors of up to 49 %: the band around +100 % is −66 to +98.5. +31 lies outside, +185 inside."""
    lake = fill(tmp_path, "uneven_band")
    months = [month for month, _ in said(lake, "forecast_miss")]
    assert "2025-10" in months
    assert "2025-09" not in months
    detail = json.loads(read_alerts(lake, full=True).filter(rule="forecast_miss")["detail"][-1])
    assert (round(detail["band_lower"], 1), round(detail["band_upper"], 1)) == (-66.0, 98.5)
    assert detail["band_kind"] == "usual error, 9 of 10"


def test_a_run_of_misses_is_told_each_three_months_and_never_taken_back(tmp_path):
    lake = fill(tmp_path, "repeated_miss_24_months", slice(11))
    assert [month for month, _ in said(lake, "repeated_miss")] == ["2024-04", "2024-07", "2024-10"]
    assert set(read_ledger(lake).filter(kind="event")["state"]) == {"fired"}


def test_share_shifts_are_told_once_and_never_taken_back(tmp_path):
    lake = fill(tmp_path, "share_shift_flips", slice(10))
    assert read_ledger(lake).filter(rule="share_shift")["change"].to_list() == [1] * 3
    assert set(read_ledger(lake).filter(kind="event")["state"]) == {"fired"}


@pytest.mark.soak
@pytest.mark.parametrize(
    ("name", "rule", "told"), [("repeated_miss_24_months", "repeated_miss", 7), ("share_shift_flips", "share_shift", 5)]
)
def test_two_years_release_by_release_are_the_same_as_in_one_go(load, name, rule, told):
    lake = load(name)
    assert len(said(lake, rule)) == told
    assert set(read_ledger(lake).filter(kind="event")["state"]) == {"fired"}


@pytest.mark.soak
@pytest.mark.parametrize("name", ["level_band", "uneven_band"])
def test_bands_release_by_release_are_the_same_as_in_one_go(load, name):
    assert said(load(name), "forecast_miss") != []


def test_points_far_from_zero(load):
    """−96 against −92 is output doubled, −70 against −66 is 13 %; +400 against +412 is 2.4 % and no miss."""
    assert [title for _, title in said(load("far_from_zero"), "forecast_miss")] == [
        "Battery cells output beat the forecast: −66 % against −70 % MoM; level 13 % higher",
        "Electrolyte output beat the forecast: −92 % against −96 % MoM; level 100 % higher",
    ]


def test_gaps_far_from_zero(load):
    """+185 and +150 are 14 % apart; −85 and −70 are 100 %, −90 and −70 are 200 %."""
    assert [title for _, title in said(load("divergence_pp"), "chain_divergence")] == [
        "Cathode materials −85 % while battery cells −70 % MoM: 100 % apart (15 pp), limit 20 %",
        "Electrolyte −90 % while battery cells −70 % MoM: 200 % apart (20 pp), limit 20 %",
    ]


def test_an_outcome_in_dispute_leaves_the_first_one_standing(load):
    """12 first, then 20 and 4 at one instant against a forecast of 10: the first counts, and it is no miss."""
    lake = load("latest_disputed")
    assert said(lake, "forecast_miss") == []
    assert len(said(lake, "reviews_disagree")) == 1


def test_two_releases_of_one_instant_contradict_each_other(load):
    assert [title for _, title in said(load("tie"), "reviews_disagree")] == [
        "Electrolyte output of May 2025 differs between two reviews: +3 % first, now +12 % MoM"
    ]


def test_a_withdrawn_release_takes_back_what_rested_on_it_and_says_so(tmp_path):
    """May's outcome of +60 % against +11 % is withdrawn in October, five months later: no watched month any more.

    Then the last release but one: its forecast for September is scored no more.
    """
    lake, told = fill(tmp_path, "retract_docs", slice(7, None), is_live=True), []
    desk = ConsoleReceiver(name="desk")

    def tell(at: datetime) -> None:
        post = OutboxWorker(lake, [desk], lambda _: Secret(), "run", told.append, Hands(start_clock(at)))
        deliver(post, load_chains(lake), at)

    def withdraw(review_month: str, at: datetime) -> None:
        release = visible_releases(lake).filter(review_month=review_month).collect()["release_id"].item()
        retract_release(lake, release, reason="wrong date keyed in", at=at)
        run(lake, at + timedelta(hours=1))
        assert find_differences(lake, tmp_path / f"after {review_month}", at + timedelta(hours=1)).is_empty()

    end = visible_releases(lake).select(pl.col("published_at").max()).collect().item()
    tell(end)
    told.clear()
    first = end + timedelta(days=3)
    withdraw("2026-05", first)
    (taken,) = read_ledger(lake).filter(kind="event", state="retracted").to_dicts()
    assert (taken["rule"], f"{taken['month']:%Y-%m}", taken["notify"]) == ("forecast_miss", "2026-05", "retracted")
    assert taken["updated_at"] == first
    tell(first + timedelta(hours=1))
    assert len(told) == 1
    assert "Retracted: Electrolyte output beat the forecast: +60 % against +11 % MoM" in told[0]

    september = lake.table(SCORES).scan().filter(pl.col("month") == date(2026, 9, 1))
    assert september.collect()["status"].to_list() == ["scored"]
    withdraw("2026-08", first + timedelta(days=1))
    september = lake.table(SCORES).scan().filter(pl.col("month") == date(2026, 9, 1))
    assert september.collect().is_empty()


def test_reviews_that_disagree_do_so_no_longer_when_one_is_withdrawn(load):
    lake = load("tie")
    release = visible_releases(lake).sort("at").collect()["release_id"][-1]
    at = LATER
    retract_release(lake, release, reason="wrong", at=at)
    run(lake, at + timedelta(hours=1))
    assert said(lake, "reviews_disagree") == []


def test_a_restored_release_brings_back_what_rested_on_it(tmp_path):
    """The second of two contradicting reviews is withdrawn, restored, and withdrawn again; a run after each."""
    lake = fill(tmp_path, "tie")
    release = visible_releases(lake).sort("at").collect()["release_id"][-1]
    for count, turn in enumerate((retract_release, restore_release, retract_release)):
        at = LATER + timedelta(days=count)
        turn(lake, release, reason="a second thought", at=at)
        assert pending_changes(lake)["release_id"].to_list() == [release]
        run(lake, at + timedelta(hours=1))
        assert pending_changes(lake).is_empty()
        assert len(said(lake, "reviews_disagree")) == count % 2
